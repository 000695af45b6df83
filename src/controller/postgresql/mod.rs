//! Every `PostgreSQL`: from what is desired, through its class's backend, to its status and its Secrets.

mod binding;
mod choice;
mod conditions;
mod deletion;
mod facts;
mod news;
mod reconcile;
mod take_up;

use super::Controllers;
use super::class_use;
use super::feed;
use super::queue::Queue;
use crate::registry::{Store, Stored};
use apimachinery::meta::ObjectMeta;
use databases_api::GROUP;
use databases_api::databaseclass::DatabaseClass;
use futures_util::StreamExt;
use reconcile::Reconciler;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// So many objects are worked on at once.
const WORKERS: usize = 8;
/// An object in good order is looked at again so often, against drift that nobody reports.
const RESYNC: Duration = Duration::from_secs(30);

/// What became of one look at an object.
pub(super) enum Outcome {
    /// Nothing to do before something changes.
    Settled,
    /// Look again after a while.
    Again(Duration),
}

pub(super) async fn run(controllers: Arc<Controllers>, ended: CancellationToken) {
    let Some(store) = controllers.registry.store(GROUP, "postgresqls").cloned() else { return };
    let Some(classes) = controllers.registry.store(GROUP, "databaseclasses").cloned() else { return };
    let queue = Arc::new(Queue::default());
    let reconciler = Arc::new(Reconciler::new(controllers.clone(), store.clone(), classes.clone()));
    let changed = |stored: &Arc<Stored>| queue.add(&key(stored));
    let mut outlines = HashMap::new();
    let class_changed = |class: &Arc<Stored>| {
        let now = outline(&classes, class.name());
        if outlines.insert(class.name().to_owned(), now.clone()) != Some(now) {
            requeue_class(&store, &queue, class.name());
        }
    };
    tokio::select! {
        () = feed::follow(store.clone(), ended.clone(), changed) => {}
        () = feed::follow(classes.clone(), ended.clone(), class_changed) => {}
        () = follow_backends(&controllers, &store, &queue) => {}
        () = work(&queue, &reconciler, &ended) => {}
    }
}

fn key(stored: &Stored) -> String {
    format!("{}/{}", stored.namespace(), stored.name())
}

/// What of a class matters to its users; `None` where it is gone. Who uses it is not among that.
fn outline(classes: &Store, name: &str) -> Option<DatabaseClass> {
    let stored = classes.find(&classes.snapshot(), "", name).ok()?;
    let mut class = stored.object().downcast::<DatabaseClass>()?.clone();
    class.metadata = ObjectMeta {
        uid: class.metadata.uid,
        generation: class.metadata.generation,
        deletion_timestamp: class.metadata.deletion_timestamp,
        ..ObjectMeta::default()
    };
    class.status.conditions.retain(|condition| condition.kind != class_use::CONDITION);
    Some(class)
}

/// What uses a class, or waits for one, is looked at again when the class changes.
fn requeue_class(store: &Store, queue: &Queue, class: &str) {
    for stored in store.snapshot().iter().filter_map(|entry| entry.value().ok()) {
        let name = stored.field("spec.className").unwrap_or_default();
        if name == class || name.is_empty() {
            queue.add(&key(stored));
        }
    }
}

/// A database that changed by itself, such as a server that died, is looked at at once.
async fn follow_backends(controllers: &Controllers, store: &Store, queue: &Queue) {
    let changes = controllers.backends.iter().map(|backend| backend.changes());
    let mut changes = futures_util::stream::select_all(changes);
    while let Some(uid) = changes.next().await {
        for stored in store.snapshot().iter().filter_map(|entry| entry.value().ok()) {
            if stored.uid() == uid {
                queue.add(&key(stored));
            }
        }
    }
    std::future::pending().await
}

/// Works until the end; what was begun is finished, so that nothing is left half done.
async fn work(queue: &Arc<Queue>, reconciler: &Arc<Reconciler>, ended: &CancellationToken) {
    let mut running = JoinSet::new();
    loop {
        while running.len() >= WORKERS {
            running.join_next().await;
        }
        let key = tokio::select! {
            key = queue.next() => key,
            Some(_) = running.join_next() => continue,
            () = ended.cancelled() => break,
        };
        let (queue, reconciler) = (queue.clone(), reconciler.clone());
        running.spawn(async move {
            match reconciler.reconcile(&key).await {
                Ok(Outcome::Settled) => queue.done(&key),
                Ok(Outcome::Again(delay)) => {
                    queue.done(&key);
                    queue.add_after(&key, delay);
                }
                Err(error) => {
                    let delay = queue.failed(&key);
                    tracing::warn!(object = key, %error, ?delay, "not reconciled; trying again");
                }
            }
        });
    }
    while running.join_next().await.is_some() {}
}
