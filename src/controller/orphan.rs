//! Deletes objects whose namespace is gone.
//!
//! The host cluster empties a namespace before it goes, unless it does not know of our group just then: our server was not
//! registered, or the cluster's discovery was stale. Nobody else would ever come back for what was left.

use super::namespace::empty;
use super::runtime::{Controller, Outcome, Reconciler};
use crate::cluster::HostNamespaces;
use crate::registry::Registry;
use apimachinery::status::ApiError;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often all objects are looked at, besides at the start and when a namespace goes.
const PERIOD: Duration = Duration::from_secs(600);
/// How soon again, when something is still there.
const AGAIN: Duration = Duration::from_secs(5);
/// Looks at all of them together.
const ALL: &str = "namespaces";

struct Orphans {
    registry: Arc<Registry>,
    namespaces: HostNamespaces,
}

/// Runs until the server ends.
pub async fn run(registry: Arc<Registry>, namespaces: HostNamespaces, ended: CancellationToken) {
    let gone = futures_util::stream::unfold(namespaces.gone(), async |mut gone| {
        gone.changed().await.ok().map(|()| (ALL.to_owned(), gone))
    });
    let orphans = Orphans { registry, namespaces };
    Controller::new(orphans).begins_with(ALL.to_owned()).wakes(gone).run(ended).await;
}

impl Reconciler for Orphans {
    type Key = String;
    type Error = ApiError;
    const NAME: &'static str = "deleting what is in no namespace";

    async fn reconcile(&self, _: &String) -> Result<Outcome, ApiError> {
        let left = sweep(&self.registry, &self.namespaces).await?;
        if left == 0 {
            return Ok(Outcome::Again(PERIOD));
        }
        tracing::info!(left, "objects of namespaces that are gone wait for their finalizers");
        Ok(Outcome::Again(AGAIN))
    }
}

/// Deletes what is in no namespace; how many objects are left. One namespace holds up no other.
async fn sweep(registry: &Registry, namespaces: &HostNamespaces) -> Result<usize, ApiError> {
    let mut left = Ok(0);
    for name in used(registry) {
        if namespaces.known(&name).is_some() {
            continue;
        }
        // What the watch has not shown may be newer than the watch.
        let newest = namespaces.newest(&name).await;
        if newest.map_err(|error| ApiError::internal(&error.to_string()))?.is_none() {
            tracing::info!(namespace = name, "the namespace is gone; what is left of it is deleted");
            let emptied = empty(registry, &name).await.map(|remaining| remaining.count());
            left = left.and_then(|left| emptied.map(|more| left + more));
        }
    }
    left
}

/// The namespaces that objects are in.
fn used(registry: &Registry) -> BTreeSet<String> {
    let mut used = BTreeSet::new();
    for store in registry.stores().iter().filter(|store| store.definition.namespaced) {
        for entry in store.snapshot().iter() {
            // By the key: what cannot be read is in a namespace, too.
            used.insert(store.place(&entry.key).0.to_owned());
        }
    }
    used
}
