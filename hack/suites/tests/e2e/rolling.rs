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
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

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
                let Ok((mut client, _)) = listener.accept().await else { return };
                let replicas = known.lock().expect("the replicas").clone();
                let replica = replicas[turn % replicas.len()];
                tokio::spawn(async move {
                    let mut server = TcpStream::connect(("127.0.0.1", replica)).await.expect("a replica");
                    let _ = copy_bidirectional(&mut client, &mut server).await;
                });
            }
        });
        Balancer { port, replicas }
    }

    fn set(&self, replicas: &[u16]) {
        *self.replicas.lock().expect("the replicas") = replicas.to_vec();
    }
}

fn collection(namespace: &str) -> String {
    let Kind { plural, .. } = POSTGRESQL;
    format!("/apis/{}/namespaces/{namespace}/{plural}", POSTGRESQL.api_version())
}

/// Creates objects, one after the other, until it is told to stop; every one must be created. Gives their names.
fn write(
    http: Http,
    namespace: String,
    stop: CancellationToken,
    count: watch::Sender<usize>,
) -> JoinHandle<BTreeSet<String>> {
    tokio::spawn(async move {
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
    })
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
                    let object = &event["object"];
                    assert!(revision(object) > after, "events are in order");
                    after = revision(object);
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
        watchers.extend(
            (0..WATCHES).map(|_| {
                tokio::spawn(follow(http.clone(), namespace.clone(), revision(&empty), names.clone()))
            }),
        );
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
