//! The servers that are compared, and the ways to reach each.

use std::any::Any;
use std::path::PathBuf;
use std::process::Command;

use controlplane::Aggregated;
use controlplane::databases::DatabasesServer;
use controlplane::sample::SampleServer;
use quickstart::apply::apply;
use quickstart::client::Client;
use serde_json::json;
use suites::{Cluster, Sandbox, programs};

use crate::target::Kind;

pub(crate) const FLUNDER: Kind = Kind {
    group: "wardle.example.com",
    version: "v1alpha1",
    plural: "flunders",
    kind: "Flunder",
    spec: r#"{"reference": "one", "referenceType": "Flunder"}"#,
    change: r#"{"spec": {"reference": "two"}}"#,
    has_status: false,
    has_scale: false,
};

/// Of a class that nobody serves, so that nobody but the line changes an object.
pub(crate) const POSTGRESQL: Kind = Kind {
    group: "databases.standard.k8s.io",
    version: "v1",
    plural: "postgresqls",
    kind: "PostgreSQL",
    spec: r#"{"className": "nobody", "storage": {"size": "1Gi"}}"#,
    change: r#"{"spec": {"storage": {"size": "2Gi"}}}"#,
    has_status: true,
    has_scale: true,
};

/// A running server.
pub(crate) struct Peer {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) ways: Vec<Way>,
    /// Lines that make no sense for it.
    pub(crate) without: &'static [&'static str],
    /// What runs.
    _server: Box<dyn Any>,
}

/// How a server is reached.
#[derive(Clone)]
pub(crate) struct Way {
    pub(crate) word: &'static str,
    /// `host:port` of what is asked.
    pub(crate) address: String,
    /// An administrator there.
    pub(crate) kubeconfig: PathBuf,
    /// An administrator of where namespaces are.
    pub(crate) host: PathBuf,
    /// An administrator of another replica.
    pub(crate) replica: Option<PathBuf>,
}

/// Every peer that is wanted by its name, and is there.
pub(crate) async fn peers(cluster: &Cluster, is_wanted: impl Fn(&str) -> bool) -> Vec<Peer> {
    let mut peers = Vec::new();
    if is_wanted("sample") {
        peers.push(sample(cluster).await);
    }
    if is_wanted("standalone") {
        peers.extend(standalone(cluster).await);
    }
    if is_wanted("ours") {
        peers.extend(databases(cluster).await);
    }
    peers
}

/// Through the aggregator, and directly at either of two replicas.
fn both(cluster: &Cluster, ports: [u16; 2]) -> Vec<Way> {
    let kubeconfig =
        |address: &str| cluster.kubeconfig_at(address, "admin", &["system:masters"]).expect("a kubeconfig");
    let way = |word, address: String, replica| Way {
        word,
        kubeconfig: kubeconfig(&address),
        address,
        host: cluster.kubeconfig(),
        replica,
    };
    let [one, other] = ports.map(|port| format!("127.0.0.1:{port}"));
    vec![way("aggregated", cluster.address(), None), way("direct", one, Some(kubeconfig(&other)))]
}

/// Upstream's sample-apiserver: what passes there is a fair line.
async fn sample(cluster: &Cluster) -> Peer {
    let start = async || SampleServer::start(cluster).await.expect("sample-apiserver starts");
    let servers = [start().await, start().await];
    register(cluster, &servers[0].registration()).await;
    let ways = both(cluster, [servers[0].port, servers[1].port]);
    let server = Box::new(servers);
    // Flunders have no protobuf, which a collection of them would be answered in.
    let without = &["15i"];
    Peer { name: "sample", kind: FLUNDER, ways, without, _server: server }
}

/// Our server without a cluster; `None` (and said so) when it is not built.
async fn standalone(cluster: &Cluster) -> Option<Peer> {
    let url = cluster.etcd_url();
    let flags = ["--storage", "etcd", "--etcd-servers", &url, "--etcd-prefix", "/standalone"];
    let (mut one, mut other) = (Sandbox::new()?.with_flags(flags), Sandbox::new()?.with_flags(flags));
    class(&one.start().await).await;
    other.start().await;
    let (kubeconfig, replica) = (one.launch.kubeconfig(), Some(other.launch.kubeconfig()));
    let (address, host) = (one.launch.address(), kubeconfig.clone());
    let ways = vec![Way { word: "direct", address, kubeconfig, host, replica }];
    // Without a cluster there is no aggregator, no garbage collector, and nobody but its administrator; the answers of
    // line 22 are those of the server behind a cluster.
    let without = &["2", "16", "17", "18", "22"];
    let server = Box::new([one, other]);
    Some(Peer { name: "standalone", kind: POSTGRESQL, ways, without, _server: server })
}

/// Our server; `None` (and said so) when it cannot be aggregated.
async fn databases(cluster: &Cluster) -> Option<Peer> {
    let program = program()?;
    let start = async |name| DatabasesServer::start(cluster, &program, name).await.expect("it starts");
    let servers = [start("databases-apiserver").await, start("databases-apiserver-2").await];
    register(cluster, &servers[0].registration()).await;
    class(cluster.admin()).await;
    let ways = both(cluster, [servers[0].port, servers[1].port]);
    let server = Box::new(servers);
    Some(Peer { name: "ours", kind: POSTGRESQL, ways, without: &[], _server: server })
}

/// Our program, if it is built and can be aggregated; said when not.
pub(crate) fn program() -> Option<PathBuf> {
    let Some(program) = programs::server() else {
        programs::skipped("databases-apiserver is not built (cargo build --release)");
        return None;
    };
    let help = Command::new(&program).args(["serve", "--help"]).output().expect("it runs");
    if !help.status.success() {
        programs::skipped("databases-apiserver cannot be aggregated yet: it has no command serve");
        return None;
    }
    Some(program)
}

pub(crate) async fn class(client: &Client) {
    let object = json!({
        "apiVersion": POSTGRESQL.api_version(), "kind": "DatabaseClass", "metadata": {"name": "nobody"},
        "spec": {"controllerName": "example.com/nobody"},
    });
    apply(client, &object).await.expect("a class");
}

async fn register(cluster: &Cluster, registration: &Aggregated<'_>) {
    cluster.register(registration, &cluster.pki.serving.pem()).await.expect("it is registered");
    cluster.available(registration).await.expect("it becomes available");
}
