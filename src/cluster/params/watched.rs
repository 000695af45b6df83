//! Parameters that are watched as long as somebody holds them: a request that is judged by them asks the cluster for nothing.
//!
//! Until they are known, and while their kind is not served or may not be watched, they are read for each request.

use super::{Found, Sought};
use crate::cluster::follow::{ASK_AGAIN, RETRY};
use crate::cluster::{Cluster, Error, chain};
use arc_swap::ArcSwapOption;
use kube::api::DynamicObject;
use kube::discovery::Scope;
use kube::runtime::watcher;
use serde_json::Value;
use std::collections::HashMap;
use std::sync::Arc;
use tokio_util::sync::{CancellationToken, DropGuard};

/// Parameters of a binding, as what they are judged by. The watch ends with this.
pub struct Watched<T> {
    pub(super) watch: Arc<Watch<T>>,
    _ended: DropGuard,
}

/// What is watched, and what is known of it.
pub(super) struct Watch<T> {
    cluster: Cluster,
    sought: Sought,
    make: fn(Value) -> T,
    pub(super) seen: ArcSwapOption<Seen<T>>,
}

/// What the cluster told of last.
pub(super) struct Seen<T> {
    scope: Scope,
    /// By namespace, in the order of their names.
    objects: HashMap<String, Vec<T>>,
}

impl Cluster {
    /// Watches what is sought, and keeps what `make` makes of each object.
    pub fn watch_params<T: Clone + Send + Sync + 'static>(
        &self,
        sought: Sought,
        make: fn(Value) -> T,
    ) -> Watched<T> {
        let ended = CancellationToken::new();
        let watch = Arc::new(Watch { cluster: self.clone(), sought, make, seen: ArcSwapOption::empty() });
        tokio::spawn(watch.clone().run(ended.clone()));
        Watched { watch, _ended: ended.drop_guard() }
    }
}

impl<T: Clone> Watched<T> {
    /// What a request in this namespace is judged by.
    pub async fn of(&self, namespace: &str) -> Result<Vec<T>, Error> {
        if let Some(known) = self.known(namespace) {
            return Ok(known);
        }
        let Watch { cluster, sought, make, .. } = &*self.watch;
        let read = cluster.params(sought, namespace).await?;
        Ok(read.into_iter().map(make).collect())
    }

    /// The same, where it is known. One that is missing by name may have been made a moment ago, as Kubernetes has it.
    pub(super) fn known(&self, namespace: &str) -> Option<Vec<T>> {
        let (seen, sought) = (self.watch.seen.load(), &self.watch.sought);
        let Seen { scope, objects } = &**seen.as_ref()?;
        let found = objects.get(sought.place(scope, namespace)?).cloned().unwrap_or_default();
        (sought.name.is_none() || !found.is_empty()).then_some(found)
    }
}

impl<T> Watch<T> {
    async fn run(self: Arc<Self>, ended: CancellationToken) {
        while !ended.is_cancelled() {
            let pause = match self.cluster.kind_of(&self.sought).await {
                Ok(found) => {
                    self.follow(found, &ended).await;
                    self.seen.store(None);
                    RETRY
                }
                Err(error) => {
                    let (error, missing) = (chain(&error), error.is_missing());
                    let kind = &self.sought.kind;
                    tracing::warn!(
                        error,
                        kind,
                        "cannot watch the parameters of policies; they are read one by one"
                    );
                    if missing { ASK_AGAIN } else { RETRY }
                }
            };
            tokio::select! {
                () = ended.cancelled() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    async fn follow(&self, found: Found, ended: &CancellationToken) {
        let namespace = self.sought.namespace.as_deref().unwrap_or_default();
        let api = found.objects(self.cluster.client.clone(), namespace);
        let Found { resource, scope } = found;
        let config = match &self.sought.name {
            Some(name) => watcher::Config::default().fields(&format!("metadata.name={name}")),
            None => watcher::Config::default().labels(&self.sought.labels),
        };
        let changed = |objects| self.seen.store(Some(Arc::new(self.seen(scope.clone(), objects))));
        self.cluster.follow(resource, api, config, ended, &changed, true).await;
    }

    fn seen(&self, scope: Scope, mut all: Vec<Arc<DynamicObject>>) -> Seen<T> {
        all.sort_by(|a, b| a.metadata.name.cmp(&b.metadata.name));
        let mut objects: HashMap<String, Vec<T>> = HashMap::new();
        for object in all {
            let namespace = object.metadata.namespace.clone().unwrap_or_default();
            let tree = serde_json::to_value(&*object).unwrap_or_default();
            objects.entry(namespace).or_default().push((self.make)(tree));
        }
        Seen { scope, objects }
    }
}
