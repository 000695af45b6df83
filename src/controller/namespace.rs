//! Deletes what is in a namespace that goes, then lets it go.

use super::feed;
use super::queue::Queue;
use crate::registry::{DeleteRequest, Part, Registry, Store, UpdateOptions};
use apimachinery::kind::Hub;
use apimachinery::meta::{DeleteOptions, Preconditions, PropagationPolicy};
use apimachinery::status::ApiError;
use databases_api::core::Namespace;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How soon a namespace is looked at again whose contents wait for finalizers.
const AGAIN: Duration = Duration::from_millis(250);

pub(super) async fn run(registry: Arc<Registry>, ended: CancellationToken) {
    let Some(store) = registry.store("", "namespaces").cloned() else { return };
    let queue = Queue::default();
    let fed = feed::follow(store, ended.clone(), |stored| {
        if stored.object().meta().deletion_timestamp.is_some() {
            queue.add(stored.name());
        }
    });
    let work = async {
        loop {
            let name = queue.next().await;
            match vacate(&registry, &name).await {
                Ok(0) => queue.done(&name),
                Ok(_) => {
                    queue.done(&name);
                    queue.add_after(&name, AGAIN);
                }
                Err(error) => {
                    tracing::warn!(%error, namespace = name, "a namespace cannot be emptied yet");
                    queue.failed(&name);
                }
            }
        }
    };
    tokio::select! {
        () = fed => {}
        () = work => {}
        () = ended.cancelled() => {}
    }
}

/// Empties the namespace; with nothing left in it, it is finalized.
async fn vacate(registry: &Registry, name: &str) -> Result<usize, ApiError> {
    let left = empty(registry, name).await?;
    if left == 0 {
        finalize(registry, name).await?;
    }
    Ok(left)
}

/// Deletes everything in the namespace; how many objects are left. Secrets go last: they open what may have to stay. What
/// cannot be deleted holds up nothing else; the error names the first of it.
pub(super) async fn empty(registry: &Registry, name: &str) -> Result<usize, ApiError> {
    let (secrets, others): (Vec<_>, Vec<_>) = registry
        .stores()
        .iter()
        .filter(|store| store.definition.namespaced)
        .partition(|store| store.definition.group.is_empty() && store.definition.plural == "secrets");
    let mut left = Ok(0);
    for store in others {
        left = and(left, empty_store(store, name).await);
    }
    if left == Ok(0) {
        for store in secrets {
            left = and(left, empty_store(store, name).await);
        }
    }
    left
}

/// Both counts together, or the first error.
pub(super) fn and(one: Result<usize, ApiError>, other: Result<usize, ApiError>) -> Result<usize, ApiError> {
    one.and_then(|one| other.map(|other| one + other))
}

/// Deletes every object of one kind; how many are left, or why the first of those that cannot be deleted cannot.
async fn empty_store(store: &Store, name: &str) -> Result<usize, ApiError> {
    let mut left = Ok(0);
    let snapshot = store.latest().await?;
    let prefix = store.prefix(name);
    for entry in snapshot.range(&prefix, None) {
        let stored = match store.value(entry) {
            Ok(stored) => stored,
            Err(unreadable) => {
                left = and(left, Err(unreadable));
                continue;
            }
        };
        let preconditions = Preconditions { uid: Some(stored.uid().into()), resource_version: None };
        let options = DeleteOptions {
            preconditions: Some(preconditions),
            propagation_policy: Some(PropagationPolicy::Background),
            ..DeleteOptions::default()
        };
        let request = DeleteRequest { options, ..DeleteRequest::default() };
        let outcome = match store.delete(name, stored.name(), &request).await {
            Ok((deleted, _)) => Ok(usize::from(!deleted.is_gone())),
            Err(error) if error.code() == 404 => Ok(0),
            // An object that forbids its deletion holds its namespace.
            Err(error) if error.code() == 403 => Ok(1),
            Err(error) => Err(error),
        };
        left = and(left, outcome);
    }
    left
}

/// Takes the namespace's own finalizers off; the update that does so deletes it.
async fn finalize(registry: &Registry, name: &str) -> Result<(), ApiError> {
    let Some(store) = registry.store("", "namespaces") else { return Ok(()) };
    let options = UpdateOptions { part: Part::Status, dry_run: false, origin: None };
    let outcome = store.update("", name, options, |stored| {
        let mut namespace = stored.object().downcast::<Namespace>().cloned().unwrap_or_default();
        namespace.spec.finalizers.clear();
        Ok(Box::new(namespace) as Box<dyn Hub>)
    });
    match outcome.await {
        Err(error) if error.code() != 404 => Err(error),
        _ => Ok(()),
    }
}
