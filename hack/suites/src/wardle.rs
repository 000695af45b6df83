//! The server of `wardle.example.com` that is made of ours, behind a cluster.

use controlplane::process::{Process, free_port};
use controlplane::{Aggregated, ControlPlane};
use quickstart::client::Client;

use crate::programs;
use crate::wait::until;

/// A running `wardle-apiserver`; it ends when dropped.
pub struct Wardle {
    /// What is to be registered.
    pub registration: Aggregated<'static>,
    _process: Process,
}

impl Wardle {
    /// Starts one over an etcd and waits until it is ready; `None` (and said so) when it is not built.
    pub async fn start(cluster: &ControlPlane, etcd: &str) -> Option<Self> {
        let Some(program) = programs::wardle() else {
            programs::skipped("wardle-apiserver is not built (cargo build --package wardle)");
            return None;
        };
        let registration = Aggregated {
            group: "wardle.example.com",
            versions: &["v1beta1", "v1alpha1"],
            namespace: "wardle-system",
            service: "wardle-apiserver",
            port: free_port().expect("a port"),
        };
        let serving = cluster.serving(&registration).expect("a certificate");
        let serving = serving.write(&cluster.pki.folder, "wardle").expect("files");
        let kubeconfig =
            cluster.kubeconfig_of("wardle-apiserver", &["system:masters"]).expect("a kubeconfig");
        let flags = [
            "serve".to_owned(),
            format!("--kubeconfig={}", kubeconfig.display()),
            format!("--etcd-servers={etcd}"),
            format!("--secure-port={}", registration.port),
            format!("--tls-cert-file={}", serving.certificate.display()),
            format!("--tls-private-key-file={}", serving.key.display()),
            // As kube-apiserver does unless told otherwise.
            "--delete-collection-workers=1".to_owned(),
        ];
        let process = Process::spawn("wardle", &program, flags, &cluster.logs()).expect("it starts");
        let client = Client::from_kubeconfig(&cluster.kubeconfig()).expect("a kubeconfig");
        let client = client.at(format!("127.0.0.1:{}", registration.port));
        until("wardle-apiserver is ready", async || {
            client.get("/readyz").await.ok().filter(|answer| answer.status.as_u16() == 200)
        })
        .await;
        Some(Self { registration, _process: process })
    }
}
