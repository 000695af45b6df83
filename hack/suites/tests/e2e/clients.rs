//! Line 15: the field's own clients, which do not know that we exist.

use std::fs::File;
use std::path::Path;
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

/// A running Go client.
pub(crate) struct GoClient {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl GoClient {
    fn start(target: &Target, client: &str, watch_list: bool) -> Self {
        let log = target.cluster.logs().join("clients.log");
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
        let log = File::options().create(true).append(true).open(log).expect("a log");
        let mut child = Command::new(program)
            .args(["-client", client, "-namespace", namespace, "-group", kind.group])
            .args(["-version", kind.version, "-resource", kind.plural, "-kind", kind.kind, "-kubeconfig"])
            .arg(kubeconfig)
            .env("KUBE_FEATURE_WatchListClient", watch_list.to_string())
            // It compares what a watch gave with a list, and panics when they differ.
            .env("KUBE_WATCHLIST_INCONSISTENCY_DETECTOR", "true")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .expect("it starts");
        let lines = BufReader::new(child.stdout.take().expect("its stdout")).lines();
        Self { child, lines }
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
        drop(self.child.stdin.take());
        let status = timeout(DEADLINE, self.child.wait()).await.expect("it ends").expect("an exit code");
        assert!(status.success(), "{status}");
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
            running.stop().await;
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
        until(&format!("{name} is labelled"), async || {
            (target.read(name).await["metadata"]["labels"]["seen-by"] == "controller").then_some(())
        })
        .await;
    }
    target.delete("b", json!({})).await.expect(200);
    while running.line().await != json!({"event": "deleted", "name": "b"}) {}
    running.stop().await;
}
