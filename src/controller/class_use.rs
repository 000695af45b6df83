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
/// Says who uses a class.
pub(super) const CONDITION: &str = "InUse";
/// So many users are named.
const NAMED: usize = 3;

/// The objects that may name a class: those of all kinds of databases.
pub(super) fn stores(registry: &Registry) -> Vec<Arc<Store>> {
    let kinds = instance::all().iter().map(|facts| facts.definition);
    kinds.filter_map(|kind| registry.store(kind.group, kind.plural).cloned()).collect()
}

/// The objects that name a class.
#[derive(Debug, Default)]
pub(super) struct Users {
    count: usize,
    first: Vec<String>,
}

impl Users {
    /// Those of a class, by the newest state.
    pub(super) async fn of(stores: &[Arc<Store>], class: &str) -> Result<Self, ApiError> {
        let mut users = Users::default();
        for store in stores {
            let snapshot = store.latest().await?;
            readable(&snapshot)
                .filter(|stored| stored.field("spec.className") == Some(class))
                .for_each(|stored| users.add(stored));
        }
        Ok(users)
    }

    fn add(&mut self, stored: &Stored) {
        self.count += 1;
        if self.first.len() < NAMED {
            self.first.push(format!("{}/{}", stored.namespace(), stored.name()));
        }
    }

    pub(super) fn is_none(&self) -> bool {
        self.count == 0
    }

    /// Writes to a class who uses it.
    pub(super) fn tell(&self, class: &mut DatabaseClass) {
        let names = self.first.join(", ");
        let more = self.count - self.first.len();
        let names = if more > 0 { format!("{names} and {more} more") } else { names };
        let going = class.metadata.deletion_timestamp.is_some();
        let waits = if going { "; the class goes when they are gone" } else { "" };
        let (status, reason, message) = match self.count {
            0 => (ConditionStatus::False, "Unused", "no object uses this class".to_owned()),
            1 => (ConditionStatus::True, "InUse", format!("1 object uses this class: {names}{waits}")),
            count => {
                (ConditionStatus::True, "InUse", format!("{count} objects use this class: {names}{waits}"))
            }
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
