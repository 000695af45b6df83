//! Makes what is stored true: level-triggered, one object at a time, again until it holds.

mod backends;
mod class;
mod class_news;
mod class_use;
mod collector;
mod event_expiry;
mod foresight;
mod instance;
mod namespace;
pub mod orphan;
mod parameters;
mod patience;
mod references;
mod referring;
mod released;
mod remaining;
mod report;
mod runtime;
mod secret;
mod source;
mod stray;

use crate::cluster::Cluster;
use crate::registry::Registry;
use backends::Backends;
pub use backends::{Answering, Kinds};
pub use foresight::Foresight;
pub use released::{Former, Reached, how_to_delete_released, released_secret};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// What is needed to begin is asked for again so soon.
const AGAIN: Duration = Duration::from_secs(1);

/// What controllers work with.
pub struct Controllers {
    /// The objects.
    pub registry: Arc<Registry>,
    /// The host cluster.
    pub cluster: Cluster,
    /// The kinds of databases, and who answers them.
    pub kinds: Kinds,
}

/// Runs the controllers of the standard until the server ends; work that was begun is finished.
pub async fn run(controllers: Controllers, ended: CancellationToken) {
    tokio::select! {
        () = caught_up(&controllers.registry) => {}
        () = ended.cancelled() => return,
    }
    let shared = Arc::new(controllers);
    let mut tasks = JoinSet::new();
    tasks.spawn(class::run(shared.clone(), ended.clone()));
    tasks.spawn(stray::run(shared.clone(), ended.clone()));
    shared.kinds.run(&shared, &ended).for_each(|controller| drop(tasks.spawn(controller)));
    while tasks.join_next().await.is_some() {}
}

/// Nobody begins who does not know what was done before.
async fn caught_up(registry: &Registry) {
    for store in registry.stores() {
        while let Err(error) = store.catch_up().await {
            tracing::warn!(%error, kind = store.definition.kind, "the newest state is not to be had; trying again");
            tokio::time::sleep(AGAIN).await;
        }
    }
}

/// Likewise what a cluster does for every kind, as far as this server holds the kinds that it is about.
pub async fn core(registry: Arc<Registry>, ended: CancellationToken) {
    let mut tasks = JoinSet::new();
    tasks.spawn(namespace::run(registry.clone(), ended.clone()));
    tasks.spawn(collector::run(registry.clone(), ended.clone()));
    tasks.spawn(event_expiry::run(registry, ended));
    while tasks.join_next().await.is_some() {}
}

#[cfg(test)]
mod tests;
