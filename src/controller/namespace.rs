//! Deletes what is in a namespace that goes, then lets it go.

use super::remaining::Remaining;
use super::runtime::{Controller, Outcome, Reconciler};
use crate::registry::{DeleteRequest, Objects, Part, Registry, Store};
use apimachinery::meta::{DeleteOptions, ObjectMeta, Preconditions, PropagationPolicy};
use apimachinery::status::ApiError;
use core_v1::Namespace;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How soon a namespace is looked at again whose contents wait for finalizers.
const AGAIN: Duration = Duration::from_millis(250);

struct Namespaces {
    registry: Arc<Registry>,
    namespaces: Objects<Namespace>,
}

/// Runs until the server ends.
pub(super) async fn run(registry: Arc<Registry>, ended: CancellationToken) {
    let Some(namespaces) = registry.objects::<Namespace>("namespace-controller") else { return };
    let store = namespaces.store().clone();
    let controller = Controller::new(Namespaces { registry, namespaces }).follows(&store, |stored, queue| {
        if stored.object().meta().deletion_timestamp.is_some() {
            queue.add(&stored.name().to_owned());
        }
    });
    controller.run(ended).await;
}

impl Reconciler for Namespaces {
    type Key = String;
    type Error = ApiError;
    const NAME: &'static str = "emptying a namespace";

    /// It says what is left in it; with nothing left, it is finalized.
    async fn reconcile(&self, name: &String) -> Result<Outcome, ApiError> {
        let Some(namespace) = self.namespaces.get("", name).await? else { return Ok(Outcome::Settled) };
        let seen = &namespace.metadata;
        if seen.deletion_timestamp.is_none() {
            return Ok(Outcome::Settled);
        }
        let mut left = empty(&self.registry, name).await?;
        if left.count() == 0 {
            // Who was let in before the deletion may write only now; who comes later is not let in.
            for store in contained(&self.registry) {
                store.creations_ended().await;
            }
            left = empty(&self.registry, name).await?;
        }
        // Others may hold it longer, and whoever looks then is to see that nothing is left. Of one that is finalized nothing is said.
        if !namespace.spec.finalizers.is_empty() {
            self.update(seen, Part::Status, |namespace| left.tell(&mut namespace.status.conditions)).await?;
        }
        if left.count() > 0 {
            return Ok(Outcome::Again(AGAIN));
        }
        // The update that takes the last finalizer off deletes it.
        let own = |finalizer: &String| finalizer == Namespace::FINALIZER;
        self.update(seen, Part::Finalize, |namespace| namespace.spec.finalizers.retain(|one| !own(one)))
            .await?;
        Ok(Outcome::Settled)
    }
}

impl Namespaces {
    async fn update(
        &self,
        seen: &ObjectMeta,
        part: Part,
        change: impl Fn(&mut Namespace) + Send + Sync,
    ) -> Result<(), ApiError> {
        self.namespaces.update(seen, part, change).await.map(drop)
    }
}

/// The stores of what is in namespaces.
fn contained(registry: &Registry) -> impl Iterator<Item = &Arc<Store>> {
    registry.stores().iter().filter(|store| store.definition.namespaced)
}

/// Deletes everything in the namespace, and says what is left. Secrets go last: they open what may have to stay.
pub(super) async fn empty(registry: &Registry, name: &str) -> Result<Remaining, ApiError> {
    let (secrets, others): (Vec<_>, Vec<_>) = contained(registry)
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
            Ok(deleted) if deleted.is_gone() => {}
            Ok(deleted) => left.add(store.definition, deleted.stored().object().meta()),
            Err(error) if error.is_not_found() => {}
            Err(error) => {
                left.add(store.definition, stored.object().meta());
                left.refused(&error);
            }
        }
    }
    Ok(())
}
