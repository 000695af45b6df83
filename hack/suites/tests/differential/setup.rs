//! The two servers, each over an etcd of its own: what one writes moves no revision of the other.

use controlplane::sample::SampleServer;
use quickstart::apply::apply;
use serde_json::json;
use suites::http::Http;
use suites::{Cluster, Etcd, Wardle, sandbox};
use tempfile::TempDir;

/// The namespaces that there are.
const NAMESPACES: [&str; 2] = ["one", "two"];

/// Both servers, which end when dropped.
pub(crate) struct Servers {
    /// An administrator of sample-apiserver.
    pub(crate) sample: Http,
    /// An administrator of ours.
    pub(crate) ours: Http,
    _processes: (SampleServer, Wardle),
    _etcds: [(Etcd, TempDir); 2],
    _cluster: Cluster,
}

impl Servers {
    /// Starts them; `None` (and said so) when a program is missing.
    pub(crate) async fn start() -> Option<Self> {
        let cluster = Cluster::start().await?;
        for name in NAMESPACES {
            let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
            apply(cluster.admin(), &namespace).await.expect("a namespace");
        }
        let etcds = [etcd().await?, etcd().await?];
        let sample = SampleServer::start_over(&cluster, &etcds[0].0.url).await.expect("it starts");
        let ours = Wardle::start(&cluster, &etcds[1].0.url).await?;
        let client = |port: u16| {
            let kubeconfig =
                cluster.kubeconfig_at(&format!("127.0.0.1:{port}"), "admin", &["system:masters"]);
            Http::of(&kubeconfig.expect("a kubeconfig"))
        };
        let (at_sample, at_ours) = (client(sample.port), client(ours.registration.port));
        let processes = (sample, ours);
        Some(Self {
            sample: at_sample,
            ours: at_ours,
            _processes: processes,
            _etcds: etcds,
            _cluster: cluster,
        })
    }
}

async fn etcd() -> Option<(Etcd, TempDir)> {
    let folder = sandbox::temporary_folder();
    Some((Etcd::start(folder.path()).await?, folder))
}
