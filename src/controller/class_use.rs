//! A class that somebody uses stays until nobody does.
//!
//! The finalizer is put on before the first object is taken up, and taken off when the last one is gone. While the class
//! is being deleted no new object may choose it; those that have it are kept, and can be deleted, as ever.

use crate::registry::{Objects, Part, Registry, Store, Stored, readable};
use apimachinery::meta::{ConditionStatus, set_condition};
use apimachinery::status::ApiError;
use databases_api::databaseclass::DatabaseClass;
use databases_api::instance;
use std::sync::Arc;

/// Keeps a class that is used.
const FINALIZER: &str = "databases.standard.k8s.io/class-in-use";
/// Says how many use a class. Who they are is for those alone who may list them: a class may be read by everybody.
pub(super) const CONDITION: &str = "InUse";

/// The objects that may name a class: those of all kinds of databases.
pub(super) fn stores(registry: &Registry) -> Vec<Arc<Store>> {
    let kinds = instance::all().iter().map(|facts| facts.definition);
    kinds.filter_map(|kind| registry.store(kind.group, kind.plural).cloned()).collect()
}

/// The objects that name a class.
#[derive(Debug, Default)]
pub(super) struct Users {
    count: usize,
}

impl Users {
    /// Those of a class, by the newest state.
    pub(super) async fn of(stores: &[Arc<Store>], class: &str) -> Result<Self, ApiError> {
        let mut users = Users::default();
        for store in stores {
            let snapshot = store.latest().await?;
            let named = |stored: &&Arc<Stored>| stored.field("spec.className") == Some(class);
            users.count += readable(&snapshot).filter(named).count();
        }
        Ok(users)
    }

    pub(super) fn is_none(&self) -> bool {
        self.count == 0
    }

    /// Writes to a class how many use it.
    pub(super) fn tell(&self, class: &mut DatabaseClass) {
        let going = class.metadata.deletion_timestamp.is_some();
        let waits = if going { "; the class goes when they are gone" } else { "" };
        let (status, reason, message) = match self.count {
            0 => (ConditionStatus::False, "Unused", "no object uses this class".to_owned()),
            1 => (ConditionStatus::True, "InUse", format!("1 object uses this class{waits}")),
            count => (ConditionStatus::True, "InUse", format!("{count} objects use this class{waits}")),
        };
        let generation = class.metadata.generation;
        set_condition(&mut class.status.conditions, CONDITION, status, reason, &message, generation);
    }
}

/// Keeps a class, as it is now, for whoever takes it up; false where it is going already.
pub(super) async fn hold(classes: &Objects<DatabaseClass>, class: &DatabaseClass) -> Result<bool, ApiError> {
    if class.metadata.deletion_timestamp.is_none() && is_held(class) {
        return Ok(true);
    }
    let held = classes.update(&class.metadata, Part::Main, |class| {
        if class.metadata.deletion_timestamp.is_none() && !is_held(class) {
            class.metadata.finalizers.push(FINALIZER.into());
        }
    });
    Ok(held.await?.is_some_and(|class| class.metadata.deletion_timestamp.is_none()))
}

/// Lets a class go that nobody uses.
pub(super) async fn release(classes: &Objects<DatabaseClass>, class: &DatabaseClass) -> Result<(), ApiError> {
    let free =
        |class: &mut DatabaseClass| class.metadata.finalizers.retain(|finalizer| finalizer != FINALIZER);
    classes.update(&class.metadata, Part::Main, free).await.map(drop)
}

pub(super) fn is_held(class: &DatabaseClass) -> bool {
    class.metadata.finalizers.iter().any(|finalizer| finalizer == FINALIZER)
}
