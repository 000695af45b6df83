//! Lines 15 to 15c and 15h to 15j, and 15l: the field's own Go clients, which do not know that we exist.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::{Value, json};
use suites::programs;
use suites::wait::{DEADLINE, until};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

use crate::target::{Kind, Target, revision};

/// More than two pages of the paged lister.
const OBJECTS: usize = 7;

/// What a reflector says that could not use what the server gave it, or gave up on it.
const COMPLAINTS: [&str; 6] = [
    "data inconsistency detected",
    "is different than received by the standard list",
    "Failed to list data from the server",
    "Skipping the data consistency check",
    "Falling back to regular list",
    "doesn't support WatchList semantics",
];

/// A running Go client.
pub(crate) struct GoClient {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    /// What it complains of.
    log: PathBuf,
}

impl GoClient {
    fn start(target: &Target, client: &str, watch_list: bool) -> Self {
        let log = format!("clients-{}-{client}-{watch_list}.log", target.namespace);
        let log = target.cluster.logs().join(log);
        Self::start_at(&target.kubeconfig, target.kind, &target.namespace, &log, (client, watch_list))
    }

    /// The same without a target: which client, and whether it may ask for initial events.
    pub(crate) fn start_at(
        kubeconfig: &Path,
        kind: Kind,
        namespace: &str,
        log: &Path,
        (client, watch_list): (&str, bool),
    ) -> Self {
        let program = programs::clients().expect("the Go clients are built");
        let status = format!("-status={}", kind.has_status);
        let stderr = File::options().create(true).append(true).open(log).expect("a log");
        let mut child = Command::new(program)
            .args([
                "-v",
                "4",
                "-client",
                client,
                "-spec",
                kind.spec,
                &status,
                "-namespace",
                namespace,
                "-group",
                kind.group,
            ])
            .args(["-version", kind.version, "-resource", kind.plural, "-kind", kind.kind, "-kubeconfig"])
            .arg(kubeconfig)
            .env("KUBE_FEATURE_WatchListClient", watch_list.to_string())
            // It compares what a watch gave with a list, and panics when they differ.
            .env("KUBE_WATCHLIST_INCONSISTENCY_DETECTOR", "true")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(stderr)
            .kill_on_drop(true)
            .spawn()
            .expect("it starts");
        let lines = BufReader::new(child.stdout.take().expect("its stdout")).lines();
        Self { child, lines, log: log.to_owned() }
    }

    async fn line(&mut self) -> Value {
        let line = timeout(DEADLINE, self.lines.next_line()).await.expect("a line in time");
        let line = line.expect("its stdout").expect("the client goes on");
        serde_json::from_str(&line).expect("JSON")
    }

    pub(crate) async fn synced(&mut self, count: usize) {
        assert_eq!(self.line().await, json!({"event": "synced", "count": count}));
    }

    /// The next line is about this change.
    pub(crate) async fn sees(&mut self, event: &str, object: &Value) {
        let seen = self.line().await;
        let at = seen["revision"].as_str().and_then(|text| text.parse().ok());
        assert_eq!(seen["event"], event, "{seen}");
        assert_eq!(seen["name"], object["metadata"]["name"], "{seen}");
        assert_eq!(at, Some(revision(object)), "{seen}");
    }

    /// Ends it; it must have nothing to complain about.
    pub(crate) async fn stop(mut self) {
        self.end().await;
    }

    async fn end(&mut self) {
        drop(self.child.stdin.take());
        let status = timeout(DEADLINE, self.child.wait()).await.expect("it ends").expect("an exit code");
        assert!(status.success(), "{status}");
    }

    /// Ends an informer that could use what it was given: with initial events, it compared them with a list.
    async fn stop_content(mut self, watch_list: bool) {
        self.end().await;
        let log = std::fs::read_to_string(&self.log).expect("its log");
        let complaint = COMPLAINTS.into_iter().find(|complaint| log.contains(complaint));
        assert_eq!(complaint, None, "{log}");
        assert_eq!(log.contains("data consistency check is enabled"), watch_list, "{log}");
        assert!(log.contains("Caches populated"), "{log}");
    }
}

pub(crate) async fn informers(target: &Target) {
    target.create_many("n", OBJECTS).await;
    for client in ["dynamic", "metadata", "typed"] {
        for watch_list in [true, false] {
            let mut running = GoClient::start(target, client, watch_list);
            running.synced(OBJECTS).await;
            let created = target.create("late").await;
            running.sees("added", &created).await;
            let change = serde_json::from_str(target.kind.change).expect("a change");
            running.sees("updated", &target.merge("late", change).await).await;
            target.delete("late", json!({})).await.expect(200);
            let deleted = running.line().await;
            assert_eq!((&deleted["event"], &deleted["name"]), (&json!("deleted"), &json!("late")));
            running.stop_content(watch_list).await;
            let way = if watch_list { "initial events" } else { "lists" };
            target.holds(format!(
                "client-go: a {client} informer tells what there is and what happens, by {way}"
            ));
            if watch_list {
                target.holds(format!("client-go: the initial events of a {client} informer are as its list"));
            }
        }
    }
}

pub(crate) async fn pager(target: &Target) {
    target.create_many("n", OBJECTS).await;
    let mut running = GoClient::start(target, "pager", false);
    running.synced(OBJECTS).await;
    running.stop().await;
}

pub(crate) async fn controller(target: &Target) {
    target.create("a").await;
    let mut running = GoClient::start(target, "controller-runtime", true);
    target.create("b").await;
    for name in ["a", "b"] {
        let labelled = until(&format!("{name} is labelled"), async || {
            let object = target.read(name).await;
            (object["metadata"]["labels"]["seen-by"] == "controller").then_some(object)
        })
        .await;
        target.holds(format!("controller-runtime: {name} is labelled by a patch with an optimistic lock"));
        if target.kind.has_status {
            let generation = &labelled["metadata"]["generation"];
            until(&format!("{name} has a status"), async || {
                (&target.read(name).await["status"]["observedGeneration"] == generation).then_some(())
            })
            .await;
            target.holds(format!("controller-runtime: the status of {name} is patched"));
        }
    }
    target.delete("b", json!({})).await.expect(200);
    while running.line().await != json!({"event": "deleted", "name": "b"}) {}
    running.stop().await;
}

pub(crate) async fn clientset(target: &Target) {
    writes(target, "typed-writes").await;
}

pub(crate) async fn metadata(target: &Target) {
    writes(target, "metadata-writes").await;
}

pub(crate) async fn scales(target: &Target) {
    writes(target, "scales").await;
}

/// A client that says itself what it saw to hold.
async fn writes(target: &Target, client: &str) {
    let mut running = GoClient::start(target, client, false);
    loop {
        let line = running.line().await;
        if line["event"] == "done" {
            break;
        }
        assert_eq!(line["event"], "holds", "{line}");
        target.holds(line["name"].as_str().expect("what holds"));
    }
    running.stop().await;
}

/// Of two candidates one leads and informs itself; the other does when the first has ended.
pub(crate) async fn leaders(target: &Target) {
    let leading = json!({"event": "leading"});
    target.create_many("n", OBJECTS).await;
    let mut first = GoClient::start(target, "leader", true);
    assert_eq!(first.line().await, leading);
    first.synced(OBJECTS).await;
    let lease = format!("/apis/coordination.k8s.io/v1/namespaces/{}/leases/e2e", target.namespace);
    let holder = async || target.host.get(&lease, &[]).await.expect(200)["spec"]["holderIdentity"].clone();
    let one = holder().await;
    let mut second = GoClient::start(target, "leader", true);
    let created = target.create("late").await;
    first.sees("added", &created).await;
    assert_eq!(holder().await, one, "while one leads, no other does");
    target.holds("client-go: who holds a Lease of the cluster leads, and sees ours change");
    first.stop().await;
    assert_eq!(second.line().await, leading);
    second.synced(OBJECTS + 1).await;
    assert_ne!(holder().await, one);
    target.holds("client-go: a Lease that is let go goes to the next");
    second.stop().await;
}
