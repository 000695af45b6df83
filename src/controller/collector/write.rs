//! The collector's writes. Each is for one uid, and an object that is gone or another one by now is left as it is.

use super::graph::Node;
use crate::registry::{DeleteRequest, Part, Store, UpdateOptions};
use apimachinery::meta::{DeleteOptions, ObjectMeta, Preconditions, PropagationPolicy};
use apimachinery::status::ApiError;

const MANAGER: &str = "garbage-collector";

/// Takes the references to these owners off.
pub(super) async fn drop_references(store: &Store, node: &Node, owners: &[&str]) -> Result<(), ApiError> {
    let lost = |uid: &str| owners.contains(&uid);
    update(store, node, |meta| meta.owner_references.retain(|reference| !lost(&reference.uid))).await
}

/// Takes a finalizer off; with the last one the object goes.
pub(super) async fn drop_finalizer(store: &Store, node: &Node, name: &str) -> Result<(), ApiError> {
    update(store, node, |meta| meta.finalizers.retain(|finalizer| finalizer != name)).await
}

/// Its owners wait for it no more.
pub(super) async fn unblock_owners(store: &Store, node: &Node) -> Result<(), ApiError> {
    let unblock = |meta: &mut ObjectMeta| {
        for reference in &mut meta.owner_references {
            reference.block_owner_deletion = Some(false);
        }
    };
    update(store, node, unblock).await
}

/// Deletes the object as it was seen. Whoever changed it since is told of by a feed, and it is judged again.
pub(super) async fn delete(
    store: &Store,
    node: &Node,
    seen: Option<&str>,
    policy: PropagationPolicy,
) -> Result<(), ApiError> {
    let preconditions =
        Preconditions { uid: Some(node.uid.clone()), resource_version: seen.map(str::to_owned) };
    let options = DeleteOptions {
        preconditions: Some(preconditions),
        propagation_policy: Some(policy),
        ..DeleteOptions::default()
    };
    let request = DeleteRequest { options, ..DeleteRequest::default() };
    let outcome = store.delete(&node.namespace, &node.name, &request).await;
    if outcome.is_ok() {
        tracing::info!(
            kind = store.definition.kind,
            namespace = node.namespace,
            name = node.name,
            "collected"
        );
    }
    settled(outcome.map(drop))
}

async fn update(
    store: &Store,
    node: &Node,
    change: impl Fn(&mut ObjectMeta) + Send + Sync,
) -> Result<(), ApiError> {
    let options = UpdateOptions {
        part: Part::Main,
        status_too: false,
        dry_run: false,
        origin: None,
        manager: MANAGER,
        is_owned: false,
    };
    let outcome = store.update(&node.namespace, &node.name, options, |stored| {
        let mut object = stored.object().boxed();
        object.meta_mut().uid.clone_from(&node.uid);
        change(object.meta_mut());
        Ok(object)
    });
    settled(outcome.await.map(drop))
}

/// An object that is gone, or was changed, is no failure.
fn settled(outcome: Result<(), ApiError>) -> Result<(), ApiError> {
    match outcome {
        Err(error) if !(error.is_not_found() || error.is_conflict()) => Err(error),
        _ => Ok(()),
    }
}
