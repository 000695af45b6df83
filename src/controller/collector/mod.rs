//! Collects what nobody owns any more, where no cluster does it.
//!
//! The contract is that of kube-controller-manager's collector, over the kinds that this server serves:
//! - An object whose owners are all gone, by uid, is deleted. An owner is looked up anew before anything is deleted for it.
//! - A reference to a kind that is not served here, or out of its scope, holds the object.
//! - An owner deleted in the foreground waits for the dependents that block it; one that orphans lets them go first.
//!
//! Feeds say what may have changed; what is done follows from the newest state alone.

mod graph;
mod references;
mod write;

use super::runtime::{Controller, Outcome, Queue, Reconciler};
use crate::registry::{FOREGROUND, ORPHAN, Object, Registry, Store, Stored};
use apimachinery::meta::{ObjectMeta, PropagationPolicy};
use apimachinery::status::ApiError;
use graph::{Graph, Node};
use references::Standing;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// An owner that waits is looked at again so often, against changes that were missed.
const AGAIN: Duration = Duration::from_secs(10);
/// And every dependent so often.
const RESYNC: Duration = Duration::from_secs(600);

/// What an object must say of itself for the collector to look into it.
const MARKS: [&str; 2] = ["\"ownerReferences\"", "\"deletionTimestamp\""];

struct Collector {
    registry: Arc<Registry>,
    graph: Arc<Known>,
    queue: Arc<Queue<String>>,
}

/// What feeds have told.
#[derive(Default)]
struct Known(Mutex<Graph>);

/// Runs until the server ends. Behind a cluster, which has the namespaces, its own collector knows our objects.
pub(super) async fn run(registry: Arc<Registry>, ended: CancellationToken) {
    if registry.store("", "namespaces").is_none() {
        return;
    }
    let (stores, graph) = (registry.stores().to_vec(), Arc::<Known>::default());
    let known = graph.clone();
    let mut controller = Controller::with_queue(|queue| Collector { registry, graph, queue });
    for (index, store) in stores.iter().enumerate() {
        let (store, known) = (store.clone(), known.clone());
        controller =
            controller.follows(&store.clone(), move |stored, queue| known.seen(index, &store, stored, queue));
    }
    controller.run(ended).await;
}

fn is_marked(store: &Store, stored: &Stored) -> bool {
    let definition = store.definition;
    let mut versions = definition.versions.iter();
    let Some(version) = versions.find(|version| version.name == definition.storage_version) else {
        return true;
    };
    std::str::from_utf8(stored.json(version))
        .is_ok_and(|json| MARKS.into_iter().any(|mark| json.contains(mark)))
}

fn has_finalizer(meta: &ObjectMeta, name: &str) -> bool {
    meta.finalizers.iter().any(|finalizer| finalizer == name)
}

/// Whether the object waits for its dependents to be deleted.
fn is_foreground(meta: &ObjectMeta) -> bool {
    meta.deletion_timestamp.is_some() && has_finalizer(meta, FOREGROUND)
}

impl Known {
    fn graph(&self) -> MutexGuard<'_, Graph> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An object changed or went.
    fn seen(&self, index: usize, store: &Store, stored: &Stored, queue: &Queue<String>) {
        let node = Node::new(index, stored);
        let marked = is_marked(store, stored).then(|| stored.object());
        let owners = marked.as_ref().map_or_else(Vec::new, |object| {
            object.meta().owner_references.iter().map(|reference| reference.uid.clone()).collect()
        });
        let going = marked.is_some_and(|object| object.meta().deletion_timestamp.is_some());
        let (concerned, waiting) = {
            let mut graph = self.graph();
            let changed = graph.put(&node, owners);
            (changed || going || graph.has_dependents(&node.uid), graph.waiting_owners(&node))
        };
        if concerned {
            queue.add(&node.key());
        }
        waiting.iter().for_each(|owner| queue.add(owner));
    }
}

impl Reconciler for Collector {
    type Key = String;
    type Error = ApiError;
    const NAME: &'static str = "collecting";

    /// Does for one object what its newest state asks for.
    async fn reconcile(&self, key: &String) -> Result<Outcome, ApiError> {
        Ok(self.look(key).await?.map_or(Outcome::Settled, Outcome::Again))
    }
}

impl Collector {
    fn graph(&self) -> MutexGuard<'_, Graph> {
        self.graph.graph()
    }

    /// When to look again.
    async fn look(&self, key: &str) -> Result<Option<Duration>, ApiError> {
        let Some(node) = Node::parse(key) else { return Ok(None) };
        let Some(store) = self.registry.stores().get(node.store) else { return Ok(None) };
        let found = match store.get(&node.namespace, &node.name).await {
            Ok(stored) => Some(stored).filter(|stored| stored.uid() == node.uid),
            Err(error) if error.is_not_found() => None,
            Err(error) => return Err(error),
        };
        let Some(stored) = found else {
            self.gone(&node);
            return Ok(None);
        };
        let object = stored.object();
        let meta = object.meta();
        match meta.deletion_timestamp {
            Some(_) if has_finalizer(meta, ORPHAN) => self.orphan(&node, store).await,
            Some(_) if has_finalizer(meta, FOREGROUND) => self.foreground(&node, store).await,
            Some(_) => Ok(None),
            None => self.collect(&node, store, &object).await,
        }
    }

    /// Whoever depended on it, or waited for it, is looked at.
    fn gone(&self, node: &Node) {
        let concerned = {
            let mut graph = self.graph();
            let mut concerned = graph.waiting_owners(node);
            graph.remove(node);
            concerned.extend(graph.dependents(&node.uid));
            concerned
        };
        concerned.iter().for_each(|key| self.queue.add(key));
    }

    /// Lets the dependents live on without this owner, then lets the owner go.
    async fn orphan(&self, node: &Node, store: &Store) -> Result<Option<Duration>, ApiError> {
        for (dependent, _) in self.dependents(node).await? {
            let owned = &self.registry.stores()[dependent.store];
            write::drop_references(owned, &dependent, &[node.uid.as_str()]).await?;
        }
        write::drop_finalizer(store, node, ORPHAN).await?;
        Ok(None)
    }

    /// Lets the owner go once no dependent blocks it; until then the dependents go.
    async fn foreground(&self, node: &Node, store: &Store) -> Result<Option<Duration>, ApiError> {
        let dependents = self.dependents(node).await?;
        let blocks = |object: &Arc<Object>| {
            let mut references = object.meta().owner_references.iter();
            references
                .any(|reference| reference.uid == node.uid && reference.block_owner_deletion == Some(true))
        };
        let blocked = dependents.iter().any(|(_, object)| blocks(object));
        if !blocked {
            self.graph().settled(&node.uid);
            write::drop_finalizer(store, node, FOREGROUND).await?;
            return Ok(None);
        }
        self.graph().waits(node);
        for (dependent, object) in &dependents {
            if object.meta().deletion_timestamp.is_none() {
                self.queue.add(&dependent.key());
            }
        }
        Ok(Some(AGAIN))
    }

    /// Deletes an object that none of its owners keeps; of owners that are gone, only the references go while others live.
    async fn collect(
        &self,
        node: &Node,
        store: &Store,
        object: &Object,
    ) -> Result<Option<Duration>, ApiError> {
        let meta = object.meta();
        let (mut held, mut waited, mut lost) = (false, false, Vec::new());
        for reference in &meta.owner_references {
            match references::standing(&self.registry, store, meta, reference).await? {
                Standing::Unknown => return Ok(Some(RESYNC)),
                Standing::Holds => held = true,
                Standing::Waits => {
                    waited = true;
                    lost.push(reference.uid.as_str());
                }
                Standing::Absent => lost.push(reference.uid.as_str()),
            }
        }
        if lost.is_empty() {
            return Ok(held.then_some(RESYNC));
        }
        if held {
            write::drop_references(store, node, &lost).await?;
            return Ok(Some(RESYNC));
        }
        let policy =
            if waited { self.policy_below(node, store).await? } else { PropagationPolicy::Background };
        if policy == PropagationPolicy::Foreground {
            return write::delete(store, node, None, policy).await.map(|()| None);
        }
        write::delete(store, node, Some(&meta.resource_version), policy).await.map(|()| None)
    }

    /// How to delete what a waiting owner waits for: in the foreground as well, where it has dependents of its own. Of
    /// objects that wait for each other in a circle, this one waits no more.
    async fn policy_below(&self, node: &Node, store: &Store) -> Result<PropagationPolicy, ApiError> {
        let dependents = self.dependents(node).await?;
        if dependents.is_empty() {
            return Ok(PropagationPolicy::Background);
        }
        if dependents.iter().any(|(_, object)| is_foreground(object.meta())) {
            write::unblock_owners(store, node).await?;
        }
        Ok(PropagationPolicy::Foreground)
    }

    /// The objects that name this one as an owner, by the newest state of every kind.
    async fn dependents(&self, node: &Node) -> Result<Vec<(Node, Arc<Object>)>, ApiError> {
        let mut found = Vec::new();
        for (index, store) in self.registry.stores().iter().enumerate() {
            let here = store.definition.namespaced || node.namespace.is_empty();
            if !here {
                continue;
            }
            let snapshot = store.latest().await?;
            let prefix = store.prefix(&node.namespace);
            for stored in snapshot.range(&prefix, None).filter_map(|entry| store.value(entry).ok()) {
                if !is_marked(store, stored) {
                    continue;
                }
                let object = stored.object();
                if object.meta().owner_references.iter().any(|reference| reference.uid == node.uid) {
                    found.push((Node::new(index, stored), object));
                }
            }
        }
        Ok(found)
    }
}
