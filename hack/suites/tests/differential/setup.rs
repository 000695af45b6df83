//! The servers, each over a store of its own: what one writes moves no revision of another.

use std::path::Path;

use controlplane::Aggregated;
use controlplane::sample::SampleServer;
use quickstart::apply::apply;
use serde_json::json;
use suites::http::Http;
use suites::{Cluster, Etcd, Sandbox, Wardle, sandbox};
use tempfile::TempDir;

use crate::answer::second;
use crate::peer::Server;
use crate::settle::furnish;
use crate::world::{NAMESPACES, World};

/// Upstream's servers write each few minutes how far they compacted, which is a revision of nobody's.
const UNCOMPACTED: &str = "--etcd-compaction-interval=0";

/// sample-apiserver and our server of its group, each registered with a control plane of its own; they end when dropped.
pub(crate) struct Sample {
    /// Theirs and ours, asked directly.
    pub(crate) direct: [Server; 2],
    /// The same through kube-apiserver.
    pub(crate) behind: [Server; 2],
    _processes: (SampleServer, Wardle),
    _etcds: [(Etcd, TempDir); 2],
    _clusters: [Cluster; 2],
}

/// kube-apiserver without controllers and ours without a cluster, which end when dropped.
pub(crate) struct Core {
    pub(crate) theirs: Server,
    pub(crate) ours: Server,
    _cluster: Cluster,
    _etcd: (Etcd, TempDir),
    _sandbox: Sandbox,
}

impl Sample {
    /// Starts them; `None` (and said so) when a program is missing.
    pub(crate) async fn start() -> Option<Self> {
        let (theirs, ours) = tokio::join!(cluster(), cluster());
        let clusters = [theirs?, ours?];
        let etcds = [etcd().await?, etcd().await?];
        let theirs = SampleServer::start_over(&clusters[0], &etcds[0].0.url, vec![UNCOMPACTED.to_owned()])
            .await
            .expect("it starts");
        let ours = Wardle::start(&clusters[1], &etcds[1].0.url).await?;
        let (of_theirs, of_ours) = tokio::join!(
            both_ways(&clusters[0], theirs.registration()),
            both_ways(&clusters[1], ours.registration)
        );
        let (direct, behind) = ([of_theirs.0, of_ours.0], [of_theirs.1, of_ours.1]);
        Some(Self { direct, behind, _processes: (theirs, ours), _etcds: etcds, _clusters: clusters })
    }
}

/// A control plane with the namespaces to write in.
async fn cluster() -> Option<Cluster> {
    let cluster = Cluster::start_alone(Vec::new()).await?;
    for name in NAMESPACES {
        let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
        apply(cluster.admin(), &namespace).await.expect("a namespace");
    }
    Some(cluster)
}

/// A server of the group as its administrator asks it, and through the control plane with which it is registered.
async fn both_ways(cluster: &Cluster, registration: Aggregated<'static>) -> (Server, Server) {
    let authority = cluster.pki.serving.pem();
    cluster.register(&registration, &authority).await.expect("it is registered");
    cluster.available(&registration).await.expect("it is available");
    let address = format!("127.0.0.1:{}", registration.port);
    let direct = cluster.kubeconfig_at(&address, "admin", &["system:masters"]).expect("a kubeconfig");
    let server = |kubeconfig: &Path| Server {
        http: Http::of(kubeconfig),
        world: World::Sample,
        since: second(),
        is_bare: true,
    };
    (server(&direct), server(&cluster.kubeconfig()))
}

impl Core {
    /// Starts them; `None` (and said so) when a program is missing.
    pub(crate) async fn start() -> Option<Self> {
        let etcd = etcd().await?;
        let kinds = ["configmaps", "secrets", "events", "namespaces"];
        let own: Vec<String> = kinds.iter().map(|kind| format!("/{kind}#{}", etcd.0.url)).collect();
        let flags = vec![format!("--etcd-servers-overrides={}", own.join(",")), UNCOMPACTED.to_owned()];
        let mut sandbox = Sandbox::new()?.with_flags(["--storage=memory", "--delete-collection-workers=1"]);
        let (cluster, _) = tokio::join!(Cluster::start_alone(flags), sandbox.start());
        let cluster = cluster?;
        let (theirs, ours) = (Http::of(&cluster.kubeconfig()), Http::of(&sandbox.launch.kubeconfig()));
        furnish(&theirs, &ours).await;
        let since = second();
        let server = |http, is_bare| Server { http, world: World::Core, since: since.clone(), is_bare };
        let (theirs, ours) = (server(theirs, true), server(ours, false));
        Some(Self { theirs, ours, _cluster: cluster, _etcd: etcd, _sandbox: sandbox })
    }
}

async fn etcd() -> Option<(Etcd, TempDir)> {
    let folder = sandbox::temporary_folder();
    Some((Etcd::start(folder.path()).await?, folder))
}
