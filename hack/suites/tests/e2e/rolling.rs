//! A rolling restart of two replicas behind kube-apiserver, under a thousand watches and a write load: every write is
//! done, and every watcher learns of it.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, Mutex};

use controlplane::databases::DatabasesServer;
use controlplane::process::free_port;
use futures_util::future::join_all;
use hyper::Method;
use quickstart::apply::apply;
use serde_json::{Value, json};
use suites::Cluster;
use suites::http::{Events, Http};
use suites::wait::until;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::peers::{POSTGRESQL, class, program};
use crate::target::{JSON, Kind, revision};

const NAMESPACES: usize = 10;
const WATCHES: usize = 100;
/// How many writes each namespace sees between two steps of the restart.
const WARM: usize = 10;

/// What a Service is to those who connect: each connection goes to one of the replicas that are ready just then.
struct Balancer {
    port: u16,
    replicas: Arc<Mutex<Vec<u16>>>,
}

impl Balancer {
    async fn start(replicas: Vec<u16>) -> Balancer {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let replicas = Arc::new(Mutex::new(replicas));
        let known = replicas.clone();
        tokio::spawn(async move {
            for turn in 0.. {
                let Ok((client, _)) = listener.accept().await else { return };
                let replicas = known.lock().expect("the replicas").clone();
                let replica = replicas[turn % replicas.len()];
                tokio::spawn(async move {
                    let server = TcpStream::connect(("127.0.0.1", replica)).await.expect("a replica");
                    let ((from, to), (back, answers)) = (client.into_split(), server.into_split());
                    tokio::join!(pass(from, answers), pass(back, to));
                });
            }
        });
        Balancer { port, replicas }
    }

    fn set(&self, replicas: &[u16]) {
        *self.replicas.lock().expect("the replicas") = replicas.to_vec();
    }
}

/// One direction of a connection. It does not end with the other: what a Service passes on is not lost because nothing goes
/// back any more.
async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf) {
    // Who broke off has told the other side by that.
    let _ = tokio::io::copy(&mut from, &mut to).await;
}

fn collection(namespace: &str) -> String {
    let Kind { plural, .. } = POSTGRESQL;
    format!("/apis/{}/namespaces/{namespace}/{plural}", POSTGRESQL.api_version())
}

/// Creates objects, one after the other, until it is told to stop; every one must be created. Gives their names. It ends with the
/// test, as watchers do: nobody complains of servers that the test took away because it failed.
fn write(
    http: Http,
    namespace: String,
    stop: CancellationToken,
    count: watch::Sender<usize>,
) -> AbortOnDropHandle<BTreeSet<String>> {
    AbortOnDropHandle::new(tokio::spawn(async move {
        let mut names = BTreeSet::new();
        while !stop.is_cancelled() {
            let name = format!("w{:06}", names.len());
            let object = json!({
                "apiVersion": POSTGRESQL.api_version(), "kind": POSTGRESQL.kind,
                "metadata": {"name": name, "namespace": namespace},
                "spec": serde_json::from_str::<Value>(POSTGRESQL.spec).expect("a spec"),
            });
            let reply = http.send(Method::POST, &collection(&namespace), &[JSON], object.to_string()).await;
            assert_eq!(reply.status, 201, "{}", reply.text());
            names.insert(name);
            count.send_replace(names.len());
        }
        names
    }))
}

/// Watches from a revision on, again and again, until `names` are given and all of them were seen created, in the order
/// in which that was done.
async fn follow(
    http: Http,
    namespace: String,
    mut after: u64,
    mut names: watch::Receiver<Option<BTreeSet<String>>>,
) {
    let mut seen = BTreeSet::new();
    let mut events: Option<Events> = None;
    loop {
        let complete = names.borrow_and_update().as_ref().is_some_and(|names| names.is_subset(&seen));
        if complete {
            return;
        }
        let open = match &mut events {
            Some(open) => open,
            None => events.insert(open(&http, &namespace, after).await),
        };
        tokio::select! {
            event = open.next() => match event {
                None => events = None,
                Some(event) => {
                    let (object, seen_before) = (&event["object"], after);
                    after = revision(object);
                    // A bookmark says how far the watch is, which may be where its last change was.
                    let is_in_order = after > seen_before || event["type"] == "BOOKMARK" && after == seen_before;
                    assert!(is_in_order, "{seen_before} came before {event}");
                    if event["type"] == "ADDED" {
                        let name = object["metadata"]["name"].as_str().expect("a name").to_owned();
                        assert!(seen.insert(name), "an object is created once");
                    }
                }
            },
            _ = names.changed() => {}
        }
    }
}

async fn open(http: &Http, namespace: &str, after: u64) -> Events {
    let path =
        format!("{}?watch=true&resourceVersion={after}&allowWatchBookmarks=true", collection(namespace));
    let events = http.watch(&path, &[]).await;
    assert_eq!(events.status, 200);
    events
}

async fn replica(cluster: &Cluster, program: &Path, name: &str) -> DatabasesServer {
    let port = free_port().expect("a port");
    let delay = vec!["--shutdown-delay-seconds=2".to_owned()];
    let mut server =
        DatabasesServer::spawn_with(cluster, program, name, port, delay).await.expect("it starts");
    server.ready(cluster).await.expect("it is ready");
    server
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rolling_restart_loses_no_request_and_no_event() {
    let Some(program) = program() else { return };
    let Some(cluster) = Cluster::start().await else { return };
    let first = replica(&cluster, &program, "databases-apiserver-1").await;
    let second = replica(&cluster, &program, "databases-apiserver-2").await;
    let balancer = Balancer::start(vec![first.port, second.port]).await;
    let mut registration = first.registration();
    registration.port = balancer.port;
    cluster.register(&registration, &cluster.pki.serving.pem()).await.expect("it is registered");
    cluster.available(&registration).await.expect("it becomes available");
    class(cluster.admin()).await;

    let (stop, mut writers, mut watchers, mut finals, mut counts) =
        (CancellationToken::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for number in 0..NAMESPACES {
        let namespace = format!("rolling-{number}");
        let object = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}});
        apply(cluster.admin(), &object).await.expect("a namespace");
        let http = Http::of(&cluster.kubeconfig());
        let empty = until("the list is served", async || {
            let list = http.get(&collection(&namespace), &[]).await;
            (list.status == 200).then(|| list.json())
        })
        .await;
        let (tell, names) = watch::channel(None);
        watchers.extend((0..WATCHES).map(|_| {
            let watcher = follow(http.clone(), namespace.clone(), revision(&empty), names.clone());
            AbortOnDropHandle::new(tokio::spawn(watcher))
        }));
        let count = watch::Sender::new(0);
        counts.push(count.subscribe());
        writers.push(write(Http::of(&cluster.kubeconfig()), namespace, stop.clone(), count));
        finals.push(tell);
    }
    // Every writer gets on with its work, whichever replicas there are.
    let progress = async || {
        let goals: Vec<usize> = counts.iter().map(|count| *count.borrow() + WARM).collect();
        for (count, goal) in counts.iter().zip(goals) {
            count.clone().wait_for(|count| *count >= goal).await.expect("the writer goes on");
        }
    };
    progress().await;
    let third = replica(&cluster, &program, "databases-apiserver-3").await;
    balancer.set(&[second.port, third.port]);
    assert!(first.process.stop().await.expect("it ends").success());
    progress().await;
    let fourth = replica(&cluster, &program, "databases-apiserver-4").await;
    balancer.set(&[third.port, fourth.port]);
    assert!(second.process.stop().await.expect("it ends").success());
    progress().await;

    stop.cancel();
    let mut written = 0;
    for (writer, tell) in writers.into_iter().zip(finals) {
        let names = writer.await.expect("every write was done");
        written += names.len();
        tell.send_replace(Some(names));
    }
    for watcher in join_all(watchers).await {
        watcher.expect("every event was seen");
    }
    println!("{written} writes, each seen by {WATCHES} of {} watchers", NAMESPACES * WATCHES);
}
