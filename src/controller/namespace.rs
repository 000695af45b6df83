//! Deletes what is in a namespace that goes, then lets it go.

use super::feed;
use super::queue::Queue;
use super::remaining::Remaining;
use crate::registry::{DeleteRequest, Part, Registry, Store, UpdateOptions};
use apimachinery::kind::Hub;
use apimachinery::meta::{DeleteOptions, ObjectMeta, Preconditions, PropagationPolicy};
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

/// Empties the namespace; with nothing left in it, it is finalized, else it says what it waits for.
async fn vacate(registry: &Registry, name: &str) -> Result<usize, ApiError> {
    let left = empty(registry, name).await?;
    match left.count() {
        0 => finalize(registry, name).await?,
        _ => explain(registry, name, &left).await?,
    }
    Ok(left.count())
}

/// Deletes everything in the namespace, and says what is left. Secrets go last: they open what may have to stay.
pub(super) async fn empty(registry: &Registry, name: &str) -> Result<Remaining, ApiError> {
    let (secrets, others): (Vec<_>, Vec<_>) = registry
        .stores()
        .iter()
        .filter(|store| store.definition.namespaced)
        .partition(|store| store.definition.group.is_empty() && store.definition.plural == "secrets");
    let mut left = Remaining::default();
    for store in others {
        empty_store(store, name, &mut left).await?;
    }
    if left.count() == 0 {
        for store in secrets {
            empty_store(store, name, &mut left).await?;
        }
    }
    Ok(left)
}

/// Deletes every object of one kind. One that cannot be deleted, or forbids it, holds its namespace and not the others.
async fn empty_store(store: &Store, name: &str, left: &mut Remaining) -> Result<(), ApiError> {
    let snapshot = store.latest().await?;
    let prefix = store.prefix(name);
    for entry in snapshot.range(&prefix, None) {
        let stored = match store.value(entry) {
            Ok(stored) => stored,
            Err(unreadable) => {
                left.add(store.definition, &ObjectMeta::default());
                left.refused(&unreadable);
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
        match store.delete(name, stored.name(), &request).await {
            Ok((deleted, _)) if deleted.is_gone() => {}
            Ok((deleted, _)) => left.add(store.definition, deleted.stored().object().meta()),
            Err(error) if error.code() == 404 => {}
            Err(error) => {
                left.add(store.definition, stored.object().meta());
                left.refused(&error);
            }
        }
    }
    Ok(())
}

/// Writes why the namespace is still there.
async fn explain(registry: &Registry, name: &str, left: &Remaining) -> Result<(), ApiError> {
    update(registry, name, |namespace| left.tell(&mut namespace.status.conditions)).await
}

/// Takes the namespace's own finalizers off; the update that does so deletes it.
async fn finalize(registry: &Registry, name: &str) -> Result<(), ApiError> {
    update(registry, name, |namespace| namespace.spec.finalizers.clear()).await
}

/// Changes a namespace that is going.
async fn update(
    registry: &Registry,
    name: &str,
    change: impl Fn(&mut Namespace) + Send + Sync,
) -> Result<(), ApiError> {
    let Some(store) = registry.store("", "namespaces") else { return Ok(()) };
    let options = UpdateOptions { part: Part::Status, dry_run: false, origin: None };
    let outcome = store.update("", name, options, |stored| {
        let mut namespace = stored.object().downcast::<Namespace>().cloned().unwrap_or_default();
        if namespace.metadata.deletion_timestamp.is_some() {
            change(&mut namespace);
        }
        Ok(Box::new(namespace) as Box<dyn Hub>)
    });
    match outcome.await {
        Err(error) if error.code() != 404 => Err(error),
        _ => Ok(()),
    }
}
