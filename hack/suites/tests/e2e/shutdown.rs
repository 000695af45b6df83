//! Line 20: SIGTERM under load, with a thousand watches open.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use controlplane::databases::DatabasesServer;
use futures_util::future::join_all;
use hyper::Method;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use quickstart::apply::apply;
use quickstart::client::Client;
use serde_json::{Value, json};
use suites::http::{Http, Reply};
use suites::wait::until;
use suites::{Cluster, Etcd, Sandbox};
use tokio::task::JoinHandle;

use crate::peers::{POSTGRESQL, class, program};
use crate::target::{JSON, Kind};

const NAMESPACE: &str = "drained";
/// A thousand watches, over a few connections as clients have them.
const CONNECTIONS: usize = 10;
const WATCHES: usize = 100;
const WRITERS: usize = 8;
/// How many writes are acknowledged before the signal comes.
const WARM: usize = 200;

/// What the clients saw until the server was gone.
struct Seen {
    /// Names that were acknowledged.
    acknowledged: Vec<String>,
    /// How many watches came to their end in good order, and how the others broke.
    ended: usize,
    broken: Vec<String>,
}

fn collection(kind: &Kind) -> String {
    format!("/apis/{}/namespaces/{NAMESPACE}/{}", kind.api_version(), kind.plural)
}

/// Whether an answer is one that a client takes for what it is: done, or come back later.
fn is_fair(reply: &Reply) -> bool {
    match reply.status {
        200..300 => true,
        429 | 503 => !reply.header("retry-after").is_empty(),
        _ => false,
    }
}

/// Whether a request that got no answer was never taken, so that a client may send it again.
fn is_untaken(error: &str) -> bool {
    error.contains("Canceled") || error.contains("refused") || error.contains("GoAway")
}

/// Creates objects until the server takes no more; gives the names of those that were acknowledged.
fn write(kind: Kind, kubeconfig: &Path, writer: usize, count: &Arc<AtomicUsize>) -> JoinHandle<Vec<String>> {
    let (http, count) = (Http::of(kubeconfig), Arc::clone(count));
    tokio::spawn(async move {
        let mut acknowledged = Vec::new();
        for number in 0.. {
            let name = format!("w{writer}-{number:06}");
            let object = json!({
                "apiVersion": kind.api_version(), "kind": kind.kind,
                "metadata": {"name": name, "namespace": NAMESPACE},
                "spec": serde_json::from_str::<Value>(kind.spec).expect("a spec"),
            });
            let path = collection(&kind);
            match http.attempt(Method::POST, &path, &[JSON], object.to_string()).await {
                Ok(reply) if reply.status == 201 => {
                    acknowledged.push(name);
                    count.fetch_add(1, Ordering::Relaxed);
                }
                Ok(reply) => {
                    assert!(is_fair(&reply), "{}: {}", reply.status, reply.text());
                    return acknowledged;
                }
                Err(error) => {
                    assert!(is_untaken(&error), "a request was lost: {error}");
                    return acknowledged;
                }
            }
        }
        acknowledged
    })
}

/// Opens the watches, writes, ends the server with `terminate`, and says what was seen.
async fn drain(kind: Kind, kubeconfig: &Path, terminate: impl FnOnce()) -> Seen {
    let mut watches = Vec::new();
    for _ in 0..CONNECTIONS {
        let http = Http::of(kubeconfig);
        let path = format!("{}?watch=true&resourceVersion=0", collection(&kind));
        let opened = join_all((0..WATCHES).map(|_| http.watch(&path, &[]))).await;
        assert!(opened.iter().all(|events| events.status == 200));
        watches.extend(opened.into_iter().map(|events| tokio::spawn(events.end())));
    }
    let count = Arc::default();
    let writers: Vec<_> = (0..WRITERS).map(|writer| write(kind, kubeconfig, writer, &count)).collect();
    until("the load is on", async || (count.load(Ordering::Relaxed) >= WARM).then_some(())).await;
    terminate();
    let mut seen = Seen { acknowledged: Vec::new(), ended: 0, broken: Vec::new() };
    for writer in writers {
        seen.acknowledged.extend(writer.await.expect("a fair end"));
    }
    for watch in watches {
        match watch.await.expect("an end") {
            Ok(_) => seen.ended += 1,
            Err(error) => seen.broken.push(error),
        }
    }
    seen
}

fn terminate(pid: u32) {
    let pid = i32::try_from(pid).expect("a process id");
    kill(Pid::from_raw(pid), Signal::SIGTERM).expect("it takes signals");
}

async fn namespace(client: &Client) {
    let object = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}});
    apply(client, &object).await.expect("a namespace");
}

/// Every watch came to an end in good order.
fn assert_ended(seen: &Seen) {
    assert_eq!(seen.broken.first(), None, "{} of {} watches broke", seen.broken.len(), CONNECTIONS * WATCHES);
    assert_eq!(seen.ended, CONNECTIONS * WATCHES);
}

/// Every acknowledged name is in the list.
async fn assert_kept(kind: Kind, kubeconfig: &Path, seen: &Seen) {
    let list = Http::of(kubeconfig).get(&collection(&kind), &[]).await.expect(200);
    let kept: std::collections::HashSet<&str> = crate::target::names(&list).into_iter().collect();
    let lost: Vec<&String> = seen.acknowledged.iter().filter(|name| !kept.contains(name.as_str())).collect();
    assert!(lost.is_empty(), "{} of {} are lost: {:?}", lost.len(), seen.acknowledged.len(), lost.first());
}

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_under_load_loses_nothing() {
    let Some(sandbox) = Sandbox::new() else { return };
    let Some(etcd) = Etcd::start(sandbox.folder()).await else { return };
    let mut sandbox = sandbox.with_flags(["--storage", "etcd", "--etcd-servers", &etcd.url]);
    let client = sandbox.start().await;
    class(&client).await;
    namespace(&client).await;
    let kubeconfig = sandbox.launch.kubeconfig();
    let pid = sandbox.pid();
    let seen = drain(POSTGRESQL, &kubeconfig, || terminate(pid)).await;
    sandbox.stop().await;
    assert_ended(&seen);
    sandbox.start().await;
    assert_kept(POSTGRESQL, &kubeconfig, &seen).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_under_load_loses_nothing_in_a_cluster() {
    let Some(program) = program() else { return };
    let Some(cluster) = Cluster::start().await else { return };
    let name = "databases-apiserver";
    let server = DatabasesServer::start(&cluster, &program, name).await.expect("it starts");
    let (registration, address) = (server.registration(), server.address());
    cluster.register(&registration, &cluster.pki.serving.pem()).await.expect("it is registered");
    cluster.available(&registration).await.expect("it becomes available");
    class(cluster.admin()).await;
    namespace(cluster.admin()).await;
    let kubeconfig = cluster.kubeconfig_at(&address, "admin", &["system:masters"]).expect("a kubeconfig");
    let seen = drain(POSTGRESQL, &kubeconfig, || terminate(server.process.pid())).await;
    assert!(server.process.stop().await.expect("it ends").success());
    assert_ended(&seen);
    let again = DatabasesServer::spawn(&cluster, &program, name, registration.port).await;
    let mut again = again.expect("it starts");
    again.ready(&cluster).await.expect("it is ready");
    assert_kept(POSTGRESQL, &kubeconfig, &seen).await;
}
