//! One replica acts at a time.

use controlplane::databases::DatabasesServer;
use nix::sys::signal::Signal;
use serde_json::Value;
use suites::http::Http;
use suites::wait::until;

use crate::setup::{Setup, program};

const LEASE: &str = "/apis/coordination.k8s.io/v1/namespaces/databases-system/leases/databases-apiserver";

/// Who holds the lease, and how often it went from one to another.
async fn holder(host: &Http) -> Option<(String, u64)> {
    let reply = host.get(LEASE, &[]).await;
    let spec = if reply.status == 200 { reply.json()["spec"].clone() } else { Value::Null };
    let holder = spec["holderIdentity"].as_str().filter(|holder| !holder.is_empty())?;
    Some((holder.to_owned(), spec["leaseTransitions"].as_u64()?))
}

/// Whether a replica's log holds this text.
fn said(server: &DatabasesServer, text: &str) -> bool {
    std::fs::read_to_string(server.process.log()).expect("the log").contains(text)
}

/// Whether a replica has said that it acts under this name.
fn acts(server: &DatabasesServer, holder: &str) -> bool {
    let log = std::fs::read_to_string(server.process.log()).expect("the log");
    log.lines().any(|line| line.contains("this replica acts") && line.contains(holder))
}

/// Waits until this replica holds the lease and acts; gives the number of transitions.
async fn leads(host: &Http, server: &DatabasesServer) -> u64 {
    until("the replica acts", async || {
        let (holder, transitions) = holder(host).await?;
        acts(server, &holder).then_some(transitions)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_that_goes_leaves_the_lease_to_another() {
    let Some(setup) = Setup::start().await else { return };
    let Some(program) = program() else { return };
    let Setup { server: first, host, mut cluster } = setup;
    let transitions = leads(&host, &first).await;
    let start = async |name| DatabasesServer::start(&cluster, &program, name).await.expect("it starts");
    let mut second = start("databases-apiserver-2").await;
    let (holder, _) = holder(&host).await.expect("a holder");
    assert!(acts(&first, &holder) && !acts(&second, &holder), "the first holds it still");

    // A replica that ends gives the lease back.
    first.process.stop().await.expect("it ends");
    assert_eq!(leads(&host, &second).await, transitions + 1);

    // One that is gone without a word loses it when it has expired.
    let third = start("databases-apiserver-3").await;
    second.process.signal(Signal::SIGKILL);
    assert_eq!(leads(&host, &third).await, transitions + 2);

    // One that cannot renew it stops by itself, and acts again when it can.
    cluster.apiserver.signal(Signal::SIGSTOP);
    until("the replica acts no more", async || said(&third, "this replica acts no more").then_some(())).await;
    cluster.apiserver.signal(Signal::SIGCONT);
    until("the replica acts again", async || {
        let log = std::fs::read_to_string(third.process.log()).expect("the log");
        (log.matches("this replica acts identity").count() == 2).then_some(())
    })
    .await;
}
