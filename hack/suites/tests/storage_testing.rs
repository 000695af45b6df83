//! Upstream's own tests of `storage.Interface` (`k8s.io/apiserver/pkg/storage/testing`), over HTTP, against a server of the group
//! that they are written for. All of them pass but for a list, of which each entry fails.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;

use bytes::Bytes;
use databases_storage::{ReadAt, Revision, Storage, Update, engine};
use suites::programs::{self, skipped};
use suites::{Etcd, Sandbox};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::Command;
use tokio::time::{Duration, timeout};

/// How long all of them may take.
const LIMIT: Duration = Duration::from_secs(600);
/// Where Pods in namespaces lie.
const PODS: &str = "/example.apiserver.k8s.io/pods/";

/// A server, and what only who started it can do to its store.
struct Stage {
    sandbox: Sandbox,
    /// Where etcd is; `None` where the store is a file.
    etcd: Option<String>,
    /// How often it began anew.
    beginnings: usize,
    spoiled: Option<(String, Bytes)>,
}

impl Stage {
    fn of(program: PathBuf, etcd: Option<String>) -> Self {
        Stage { sandbox: Sandbox::of(program), etcd, beginnings: 0, spoiled: None }
    }

    fn prefix(&self) -> String {
        format!("/registry-{}", self.beginnings)
    }

    /// Does what an order says, while the server does not run.
    async fn obey(&mut self, order: &str) {
        self.sandbox.stop().await;
        match order.split(' ').collect::<Vec<_>>()[..] {
            ["reset"] => self.begin(),
            ["compact", revision] => self.compact(revision.parse().expect("a revision")).await,
            ["spoil", object] => {
                let key = format!("{PODS}{object}");
                let value = self.replace(&key, Bytes::from_static(b"garbage")).await;
                self.spoiled = Some((key, value));
            }
            ["mend"] => {
                let (key, value) = self.spoiled.take().expect("something is spoiled");
                self.replace(&key, value).await;
            }
            _ => panic!("an order that is not known: {order}"),
        }
        self.sandbox.start().await;
    }

    /// Makes the store an empty one.
    fn begin(&mut self) {
        self.beginnings += 1;
        self.sandbox.launch.flags.clear();
        if let Some(url) = &self.etcd {
            let flags = ["--storage=etcd".into(), format!("--etcd-servers={url}")];
            self.sandbox.launch.flags.extend(flags);
            self.sandbox.launch.flags.push(format!("--etcd-prefix={}", self.prefix()));
        }
        let _ = std::fs::remove_file(self.sandbox.launch.data_dir.join("store.redb"));
    }

    async fn store(&self) -> Arc<dyn Storage> {
        let config = if let Some(url) = &self.etcd {
            let mut config = engine::etcd::Config::new([url.as_str()]);
            config.prefix = self.prefix();
            engine::Config::Etcd(config)
        } else {
            let file = self.sandbox.launch.data_dir.join("store.redb");
            engine::Config::Redb(engine::redb::Config::new(file))
        };
        engine::open(config).await.expect("the store opens")
    }

    async fn compact(&self, revision: Revision) {
        self.store().await.compact(revision).await.expect("it is compacted");
    }

    /// Replaces what a key holds, and returns it.
    async fn replace(&self, key: &str, value: Bytes) -> Bytes {
        let store = self.store().await;
        let (found, _) = store.get(key, ReadAt::Latest).await.expect("it is read");
        let found = found.unwrap_or_else(|| panic!("nothing lies at {key}"));
        let done = store.update(key, value, found.revision).await.expect("it is written");
        assert!(matches!(done, Update::Done(_)), "{key} was written");
        found.value
    }

    /// Runs upstream's tests, and returns what they print and whether all passed.
    async fn run(&mut self, program: &Path, arguments: &[&str]) -> (String, bool) {
        self.begin();
        self.sandbox.start().await;
        let mut child = Command::new(program)
            .arg("-kubeconfig")
            .arg(self.sandbox.launch.kubeconfig())
            .arg("-test.v")
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("it starts");
        let mut orders = child.stdin.take().expect("a pipe");
        let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let mut text = String::new();
        while let Some(line) = lines.next_line().await.expect("text") {
            if let Some(order) = line.strip_prefix("ORDER ") {
                self.obey(order).await;
                orders.write_all(b"done\n").await.expect("it listens");
            } else {
                text.extend([&line, "\n"]);
            }
        }
        let status = child.wait().await.expect("it ends");
        self.sandbox.stop().await;
        (text, status.success())
    }
}

/// The names of tests that ended so: `PASS`, `FAIL` or `SKIP`.
fn ended<'a>(text: &'a str, how: &str) -> BTreeSet<&'a str> {
    let mark = format!("--- {how}: ");
    let names = text.lines().filter_map(|line| line.trim_start().strip_prefix(&mark)?.split(' ').next());
    names.collect()
}

async fn known(program: &Path, store: &str) -> String {
    let output = Command::new(program).args(["-list", "-store", store]).output().await.expect("it runs");
    String::from_utf8(output.stdout).expect("text")
}

async fn passes(mut stage: Stage, program: &Path, store: &str) {
    let (text, passed) = timeout(LIMIT, stage.run(program, &["-store", store])).await.expect("it ends");
    let [passing, skipped] = ["PASS", "SKIP"].map(|how| ended(&text, how));
    let functions = passing.iter().filter(|name| !name.contains('/')).count();
    let failing: Vec<_> = ended(&text, "FAIL").into_iter().collect();
    assert!(passed && functions > 0, "over {store} these fail: {failing:#?}\n{text}");

    let list = known(program, store).await;
    let (text, _) = timeout(LIMIT, stage.run(program, &["-known", "-store", store])).await.expect("it ends");
    let failing = ended(&text, "FAIL");
    for (name, why) in list.lines().filter_map(|line| line.split_once('\t')) {
        println!("differs over {store}: {name}: {why}");
        assert!(failing.contains(name), "{name} does not fail over {store}; take it off the list\n{text}");
    }
    println!(
        "MEASURED: {} tests of {functions} functions pass over {store}, {} are skipped by upstream, {} are known to differ",
        passing.len(),
        skipped.len(),
        list.lines().count(),
    );
}

fn programs() -> Option<(PathBuf, PathBuf)> {
    let Some(tests) = programs::storage() else {
        skipped("upstream's tests of a storage are not built (hack/lib/storage.sh)");
        return None;
    };
    let Some(server) = programs::example() else {
        skipped(
            "example-apiserver is not built (cargo build --package example --features databases-apiserver/etcd)",
        );
        return None;
    };
    Some((tests, server))
}

#[tokio::test(flavor = "multi_thread")]
async fn upstreams_tests_of_a_storage_pass_over_redb() {
    let Some((tests, server)) = programs() else { return };
    passes(Stage::of(server, None), &tests, "redb").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn upstreams_tests_of_a_storage_pass_over_etcd() {
    let Some((tests, server)) = programs() else { return };
    let folder = suites::sandbox::temporary_folder();
    let Some(etcd) = Etcd::start(folder.path()).await else { return };
    passes(Stage::of(server, Some(etcd.url.clone())), &tests, "etcd").await;
}
