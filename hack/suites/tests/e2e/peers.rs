//! The servers that are compared.

use std::process::Command;

use controlplane::Aggregated;
use controlplane::databases::DatabasesServer;
use controlplane::process::Process;
use controlplane::sample::SampleServer;
use suites::{Cluster, programs};

use crate::target::Kind;

const FLUNDER: Kind = Kind {
    group: "wardle.example.com",
    version: "v1alpha1",
    plural: "flunders",
    kind: "Flunder",
    spec: r#"{"reference": "one", "referenceType": "Flunder"}"#,
    change: r#"{"spec": {"reference": "two"}}"#,
    has_status: false,
};

const POSTGRESQL: Kind = Kind {
    group: "databases.standard.k8s.io",
    version: "v1",
    plural: "postgresqls",
    kind: "PostgreSQL",
    spec: r#"{"className": "nobody", "storage": {"size": "1Gi"}}"#,
    change: r#"{"spec": {"storage": {"size": "2Gi"}}}"#,
    has_status: true,
};

/// A server that is registered and Available.
pub(crate) struct Peer {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) address: String,
    /// Whether some lines may wait for an issue of their own.
    pub(crate) may_be_due: bool,
    _process: Process,
}

/// Every peer that is wanted by its name, and is there.
pub(crate) async fn peers(cluster: &Cluster, is_wanted: impl Fn(&str) -> bool) -> Vec<Peer> {
    let mut peers = Vec::new();
    if is_wanted("sample") {
        peers.push(sample(cluster).await);
    }
    if is_wanted("ours") {
        peers.extend(databases(cluster).await);
    }
    peers
}

/// Upstream's sample-apiserver: what passes there is a fair line.
async fn sample(cluster: &Cluster) -> Peer {
    let server = SampleServer::start(cluster).await.expect("sample-apiserver starts");
    register(cluster, &server.registration()).await;
    let address = format!("127.0.0.1:{}", server.port);
    Peer { name: "sample", kind: FLUNDER, address, may_be_due: false, _process: server.process }
}

/// Our server; `None` (and said so) when it is not built.
async fn databases(cluster: &Cluster) -> Option<Peer> {
    let Some(program) = programs::server() else {
        programs::skipped("databases-apiserver is not built (cargo build --release)");
        return None;
    };
    let serves = Command::new(&program).args(["serve", "--help"]).output().expect("it runs");
    if !serves.status.success() {
        programs::skipped("databases-apiserver cannot be aggregated yet: it has no command serve");
        return None;
    }
    let server = DatabasesServer::start(cluster, &program, "databases-apiserver").await;
    let server = server.expect("databases-apiserver starts");
    register(cluster, &server.registration()).await;
    let address = server.address();
    Some(Peer { name: "ours", kind: POSTGRESQL, address, may_be_due: true, _process: server.process })
}

async fn register(cluster: &Cluster, registration: &Aggregated<'_>) {
    cluster.register(registration, &cluster.pki.serving.pem()).await.expect("it is registered");
    cluster.available(registration).await.expect("it becomes available");
}
