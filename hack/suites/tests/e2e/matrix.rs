//! The smoke matrix: every line, for every target, and the table.
//!
//! `E2E_LINES=4,5` runs those lines alone; `E2E_TARGETS=sample` those targets alone whose name
//! contains the word.

use std::any::Any;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;

use futures_util::FutureExt;
use quickstart::apply::apply;
use quickstart::client::Client;
use serde_json::json;
use suites::http::Http;
use suites::{Cluster, Kubectl, programs};

use crate::peers::{Peer, Way, peers};
use crate::report::{Outcome, Report};
use crate::target::{Kind, Target};
use crate::{
    clients, collected, discovered, flux, helm, listed, patched, python, replayed, replicated, rust, shown,
    users, watched, written,
};

type Run = fn(Arc<Target>) -> Pin<Box<dyn Future<Output = ()>>>;

/// One line of the matrix.
struct Line {
    number: &'static str,
    what: &'static str,
    run: Run,
    /// For what it makes sense.
    applies: fn(&Kind, &Way) -> bool,
}

macro_rules! lines {
    ($($number:literal $what:literal => $module:ident::$run:ident $(if $applies:expr)?;)+) => {
        [$(Line {
            number: $number,
            what: $what,
            run: |target| Box::pin(async move { $module::$run(&target).await }),
            applies: lines!(@applies $($applies)?),
        }),+]
    };
    (@applies) => { |_, _| true };
    (@applies $applies:expr) => { $applies };
}

fn has_status(kind: &Kind, _: &Way) -> bool {
    kind.has_status
}

fn has_python(_: &Kind, _: &Way) -> bool {
    programs::python().is_some()
}

fn has_clients(_: &Kind, _: &Way) -> bool {
    programs::clients().is_some()
}

fn scaled(kind: &Kind, way: &Way) -> bool {
    has_clients(kind, way) && kind.has_scale
}

fn has_flux(_: &Kind, _: &Way) -> bool {
    programs::flux().is_some()
}

/// What Helm remembers of a release is a Secret of the cluster.
fn has_helm(kind: &Kind, way: &Way) -> bool {
    programs::helm().is_some() && is_aggregated(kind, way)
}

/// Leases are the cluster's, so that a client of both must go through it.
fn led(kind: &Kind, way: &Way) -> bool {
    has_clients(kind, way) && is_aggregated(kind, way)
}

fn is_aggregated(_: &Kind, way: &Way) -> bool {
    way.word == "aggregated"
}

fn has_replica(_: &Kind, way: &Way) -> bool {
    way.replica.is_some()
}

fn lines() -> Vec<Line> {
    lines! {
        "1" "health with its list of checks" => discovered::health;
        "2" "discovery of both formats, api-resources" => discovered::discovery;
        "3" "OpenAPI v2 and v3, explain" => discovered::openapi;
        "3b" "definitions that others have, too, need no other name" => discovered::shared_definitions if is_aggregated;
        "4" "create: 201, 409, 500, unknown fields" => written::create;
        "5" "update: stale, without and with the same content" => written::update;
        "6" "JSON and merge patch, 415, 422" => patched::patch;
        "6b" "strategic merge patch" => patched::strategic_merge;
        "7" "server-side apply" => patched::apply;
        "8" "status and generation" => written::status if has_status;
        "9" "pages at one revision, compaction, 410 and its token" => listed::pages;
        "10" "lists by resource version and match" => listed::by_revision;
        "11" "watches by resource version, end of a watch" => watched::by_revision;
        "12" "initial events of an empty namespace" => watched::initial_events;
        "13" "a watch with a label selector" => watched::selected;
        "14" "tables and metadata" => shown::tables;
        "15" "client-go informers, with initial events and without" => clients::informers if has_clients;
        "15b" "client-go's paged lister" => clients::pager if has_clients;
        "15c" "controller-runtime: manager, cache, patches" => clients::controller if has_clients;
        "15d" "the official Python client: dynamic, custom objects, watches" => python::client if has_python;
        "15e" "kube-rs: watchers and reflectors" => rust::watched;
        "15f" "kube-rs: watches that end" => rust::again;
        "15g" "kube-rs: lists, writes, subresources, finalizers" => rust::written;
        "15h" "client-go: a typed clientset" => clients::clientset if has_clients;
        "15i" "client-go: metadata as protobuf" => clients::metadata if has_clients;
        "15j" "client-go: leader election beside the kind" => clients::leaders if led;
        "15k" "kube-rs: discovery, a controller" => rust::controlled;
        "15l" "client-go: the autoscaler's client" => clients::scales if scaled;
        "16" "garbage collection in both directions" => collected::garbage;
        "17" "namespace deletion with 500 objects" => collected::namespace;
        "18" "rights, and who is believed" => users::rights;
        "19" "kubectl's commands" => shown::kubectl;
        "19b" "Helm: a release" => helm::release if has_helm;
        "19c" "Flux's library: applies, drift, managers, readiness, pruning" => flux::kind if has_flux;
        "21" "two replicas are one server" => replicated::replicas if has_replica;
        "22" "the same requests as for sample-apiserver, answered alike" => replayed::replay;
    }
    .into()
}

fn chosen(variable: &str, found: impl Fn(&str) -> bool) -> bool {
    std::env::var(variable).map_or(true, |words| words.split(',').any(found))
}

fn is_target(peer: &str, way: &str) -> bool {
    chosen("E2E_TARGETS", |word| format!("{peer} {way}").contains(word))
}

/// A peer reached in one way, in a namespace of the line's own.
async fn target(cluster: &Arc<Cluster>, peer: &Peer, way: &Way, line: &Line) -> Target {
    let namespace = format!("line-{}-{}-{}", line.number, peer.name, way.word);
    let object = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}});
    let host = Client::from_kubeconfig(&way.host).expect("a kubeconfig");
    apply(&host, &object).await.expect("a namespace");
    Target {
        kind: peer.kind,
        http: Http::of(&way.kubeconfig),
        host: Http::of(&way.host),
        kubeconfig: way.kubeconfig.clone(),
        kubectl: Kubectl::at(way.kubeconfig.clone(), cluster.folder().to_owned()).expect("kubectl"),
        cluster: Arc::clone(cluster),
        namespace,
        address: way.address.clone(),
        replica: way.replica.as_deref().map(Http::of),
        held: Arc::default(),
    }
}

/// What came of a line, and what it saw to hold until then.
async fn run(cluster: &Arc<Cluster>, peer: &Peer, way: &Way, line: &Line) -> (Outcome, Vec<String>) {
    if !(line.applies)(&peer.kind, way) || peer.without.contains(&line.number) {
        return (Outcome::NotApplicable, Vec::new());
    }
    let target = Arc::new(target(cluster, peer, way, line).await);
    let held = Arc::clone(&target.held);
    let outcome = match AssertUnwindSafe((line.run)(target)).catch_unwind().await {
        Ok(()) => Outcome::Passed,
        Err(panic) => Outcome::Failed(reason(panic.as_ref())),
    };
    let held = held.lock().expect("no check panics here").clone();
    (outcome, held)
}

/// What a failed assertion said.
fn reason(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default()
}

/// `test-logs/e2e-VERSION.md` in cargo's target folder.
async fn table(cluster: &Cluster) -> PathBuf {
    let test = std::env::current_exe().expect("a test binary");
    let folder = test.ancestors().nth(3).expect("cargo's target folder").join("test-logs");
    std::fs::create_dir_all(&folder).expect("a folder for the report");
    let version = cluster.admin().read("/version").await.expect("a version");
    folder.join(format!("e2e-{}.md", version["gitVersion"].as_str().unwrap_or("unknown")))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_smoke_matrix_holds_through_the_aggregator_and_directly() {
    let Some(cluster) = Cluster::start().await else { return };
    if cluster.kubectl().is_none() {
        return;
    }
    if programs::clients().is_none() {
        programs::skipped("the Go clients are not built (hack/lib/clients.sh)");
    }
    if programs::flux().is_none() {
        programs::skipped("Flux's library is not built (hack/lib/flux.sh)");
    }
    let is_wanted = |name: &str| ["aggregated", "direct"].iter().any(|way| is_target(name, way));
    let peers = peers(&cluster, is_wanted).await;
    let cluster = Arc::new(cluster);
    let mut report = Report::default();
    for peer in &peers {
        for way in peer.ways.iter().filter(|way| is_target(peer.name, way.word)) {
            let name = format!("{} {}", peer.name, way.word);
            for line in lines().iter().filter(|line| chosen("E2E_LINES", |word| word == line.number)) {
                let (outcome, held) = run(&cluster, peer, way, line).await;
                report.set((line.number, line.what), &name, outcome);
                for what in held {
                    report.set((line.number, &what), &name, Outcome::Passed);
                }
            }
        }
    }
    let path = table(&cluster).await;
    std::fs::write(&path, report.to_string()).expect("the report");
    println!("{report}\n{}", path.display());
    let failures = report.failures();
    assert!(failures.is_empty(), "{} failed:\n{}", failures.len(), failures.join("\n"));
}
