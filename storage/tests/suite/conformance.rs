//! Every engine passes the conformance suite.

use databases_storage::conformance::{CHECKS, Subject, run};
use databases_storage::engine::{self, Config, memory, redb};

pub(crate) async fn passes(subject: Subject<'_>) {
    let outcomes = run(&subject).await.unwrap();
    assert_eq!(outcomes.len(), CHECKS.len() + 1);
    let failures: Vec<_> = outcomes
        .iter()
        .filter_map(|outcome| Some(format!("{}: {}", outcome.check, outcome.result.as_ref().err()?)))
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn memory() {
    let open = || engine::open(Config::Memory(memory::Config));
    passes(Subject { open: Box::new(move || Box::pin(open())), durable: false }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn redb() {
    let folder = tempfile::tempdir().unwrap();
    let config = redb::Config::new(folder.path().join("deep/store.redb"));
    let open = move || engine::open(Config::Redb(config.clone()));
    passes(Subject { open: Box::new(move || Box::pin(open())), durable: true }).await;
}

#[cfg(feature = "etcd")]
#[tokio::test(flavor = "multi_thread")]
async fn etcd() {
    let Some(etcd) = crate::support::Etcd::start().await else { return };
    let open = || async {
        drop(etcd.open(etcd.config()).await);
        engine::open(Config::Etcd(etcd.config())).await
    };
    passes(Subject { open: Box::new(move || Box::pin(open())), durable: true }).await;
}
