//! What an owner reference stands for now.

use super::is_foreground;
use crate::registry::{Registry, Store};
use apimachinery::meta::{ObjectMeta, OwnerReference};
use apimachinery::status::ApiError;
use std::sync::Arc;

/// Whether an owner keeps its dependent.
pub(super) enum Standing {
    /// It is there.
    Holds,
    /// It is there, and waits for its dependents to be deleted.
    Waits,
    /// It is gone.
    Absent,
    /// That cannot be known here.
    Unknown,
}

/// Looks an owner up, in its newest state.
pub(super) async fn standing(
    registry: &Registry,
    dependents: &Store,
    dependent: &ObjectMeta,
    reference: &OwnerReference,
) -> Result<Standing, ApiError> {
    let Some(store) = store_of(registry, reference) else { return Ok(Standing::Unknown) };
    if store.definition.namespaced && !dependents.definition.namespaced {
        warn(dependents, dependent, reference);
        return Ok(Standing::Unknown);
    }
    let namespace = if store.definition.namespaced { dependent.namespace.as_str() } else { "" };
    match store.get(namespace, &reference.name).await {
        Ok(owner) if owner.uid() == reference.uid => {
            Ok(if is_foreground(owner.object().meta()) { Standing::Waits } else { Standing::Holds })
        }
        Err(error) if !error.is_not_found() => Err(error),
        _ => elsewhere(store, dependents, dependent, reference).await,
    }
}

/// An owner that is not where its reference says. One that lives under another name or in another namespace does not own
/// the object, and is no reason to delete it either.
async fn elsewhere(
    store: &Store,
    dependents: &Store,
    dependent: &ObjectMeta,
    reference: &OwnerReference,
) -> Result<Standing, ApiError> {
    let snapshot = store.latest().await?;
    let is_owner = |uid: &str| uid == reference.uid;
    if snapshot.iter().filter_map(|entry| store.value(entry).ok()).any(|stored| is_owner(stored.uid())) {
        warn(dependents, dependent, reference);
        return Ok(Standing::Unknown);
    }
    Ok(Standing::Absent)
}

/// The store of the owner's kind, where this server serves it in that version.
fn store_of<'a>(registry: &'a Registry, reference: &OwnerReference) -> Option<&'a Arc<Store>> {
    let (group, version) = reference.api_version.split_once('/').unwrap_or(("", &reference.api_version));
    registry.stores().iter().find(|store| {
        let definition = store.definition;
        definition.group == group
            && definition.kind == reference.kind
            && definition.versions.iter().any(|served| served.name == version)
    })
}

fn warn(dependents: &Store, dependent: &ObjectMeta, reference: &OwnerReference) {
    tracing::warn!(
        kind = dependents.definition.kind,
        namespace = dependent.namespace,
        name = dependent.name,
        owner = format!("{}/{}", reference.kind, reference.name),
        "an owner reference names an object that is not in the namespace of its dependent; nothing is collected for it"
    );
}
