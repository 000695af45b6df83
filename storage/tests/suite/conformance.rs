//! Every engine passes the conformance suite.

use std::sync::Arc;

use databases_storage::conformance::{CHECKS, Subject, run};
use databases_storage::engine::{self, Config, memory, redb};
use databases_storage::{Error, Storage};
use futures_util::future::BoxFuture;

pub(crate) async fn passes(subject: Subject<'_>) {
    let outcomes = run(&subject).await.unwrap();
    assert_eq!(outcomes.len(), CHECKS.len() + 1);
    let failures: Vec<_> = outcomes
        .iter()
        .filter_map(|outcome| Some(format!("{}: {}", outcome.check, outcome.result.as_ref().err()?)))
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// How the store of a configuration is opened.
pub(crate) type Opens = fn(Config) -> BoxFuture<'static, Result<Arc<dyn Storage>, Error>>;

pub(crate) async fn memory_passes(opens: Opens) {
    let open = move || opens(Config::Memory(memory::Config));
    passes(Subject { open: Box::new(open), durable: false }).await;
}

pub(crate) async fn redb_passes(opens: Opens) {
    let folder = tempfile::tempdir().unwrap();
    let config = redb::Config::new(folder.path().join("deep/store.redb"));
    let open = move || opens(Config::Redb(config.clone()));
    passes(Subject { open: Box::new(open), durable: true }).await;
}

#[cfg(feature = "etcd")]
pub(crate) async fn etcd_passes(opens: Opens) {
    let Some(etcd) = crate::support::Etcd::start().await else { return };
    let open = || async {
        drop(etcd.open(etcd.config()).await);
        opens(Config::Etcd(etcd.config())).await
    };
    passes(Subject { open: Box::new(move || Box::pin(open())), durable: true }).await;
}

pub(crate) fn plain(config: Config) -> BoxFuture<'static, Result<Arc<dyn Storage>, Error>> {
    Box::pin(engine::open(config))
}

#[tokio::test(flavor = "multi_thread")]
async fn memory() {
    memory_passes(plain).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn redb() {
    redb_passes(plain).await;
}

#[cfg(feature = "etcd")]
#[tokio::test(flavor = "multi_thread")]
async fn etcd() {
    etcd_passes(plain).await;
}
