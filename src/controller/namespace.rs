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

/// Deletes everything in the namespace; how many objects are left. Secrets go last: they open what may have to stay.
pub(super) async fn empty(registry: &Registry, name: &str) -> Result<usize, ApiError> {
    let (secrets, others): (Vec<_>, Vec<_>) = registry
        .stores()
        .iter()
        .filter(|store| store.definition.namespaced)
        .partition(|store| store.definition.group.is_empty() && store.definition.plural == "secrets");
    let mut left = 0;
    for store in others {
        left += empty_store(store, name).await?;
    }
    if left == 0 {
        for store in secrets {
            left += empty_store(store, name).await?;
        }
    }
    Ok(left)
}

/// Deletes every object of one kind; how many are left.
async fn empty_store(store: &Store, name: &str) -> Result<usize, ApiError> {
    let mut left = 0;
    let snapshot = store.latest().await?;
    let prefix = store.prefix(name);
    for entry in snapshot.range(&prefix, None) {
        let stored = store.value(entry)?;
        let preconditions = Preconditions { uid: Some(stored.uid().into()), resource_version: None };
        let options = DeleteOptions {
            preconditions: Some(preconditions),
            propagation_policy: Some(PropagationPolicy::Background),
            ..DeleteOptions::default()
        };
        let request = DeleteRequest { options, ..DeleteRequest::default() };
        match store.delete(name, stored.name(), &request).await {
            Ok((deleted, _)) if deleted.is_gone() => {}
            Ok(_) => left += 1,
            Err(error) if error.code() == 404 => {}
            // An object that forbids its deletion holds its namespace.
            Err(error) if error.code() == 403 => left += 1,
            Err(error) => return Err(error),
        }
    }
    Ok(left)
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
