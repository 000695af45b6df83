//! Our own server, aggregated: a user of its own with the rights that `deploy/base` grants.

use std::path::Path;

use quickstart::apply::apply;
use quickstart::client::Client;
use quickstart::manifests;
use serde_json::{Value, json};

use crate::cluster::answers;
use crate::process::{Process, free_port};
use crate::{Aggregated, ControlPlane, Error, Result};

/// Its group.
pub const GROUP: &str = "databases.standard.k8s.io";

/// Who it is to the control plane.
const USER: &str = "databases-apiserver";

/// A running databases-apiserver; it ends when dropped.
pub struct DatabasesServer {
    /// The process.
    pub process: Process,
    /// Its port on 127.0.0.1.
    pub port: u16,
}

impl DatabasesServer {
    /// Starts `program` over the control plane's etcd and waits until it is ready; it is not
    /// registered. Further replicas go by other names.
    pub async fn start(cluster: &ControlPlane, program: &Path, name: &str) -> Result<Self> {
        let mut server = Self::spawn(cluster, program, name, free_port()?).await?;
        server.ready(cluster).await?;
        Ok(server)
    }

    /// Starts `program` on a port, without waiting.
    pub async fn spawn(cluster: &ControlPlane, program: &Path, name: &str, port: u16) -> Result<Self> {
        Self::spawn_with(cluster, program, name, port, Vec::new()).await
    }

    /// The same with further flags.
    pub async fn spawn_with(
        cluster: &ControlPlane,
        program: &Path,
        name: &str,
        port: u16,
        more: Vec<String>,
    ) -> Result<Self> {
        grant(cluster).await?;
        let serving = cluster.serving(&registration(port))?.write(&cluster.pki.folder, name)?;
        let kubeconfig = cluster.kubeconfig_of(USER, &[])?;
        let flags = [
            "serve".to_owned(),
            format!("--kubeconfig={}", kubeconfig.display()),
            format!("--etcd-servers={}", cluster.etcd_url()),
            "--bind-address=127.0.0.1".to_owned(),
            format!("--secure-port={port}"),
            format!("--tls-cert-file={}", serving.certificate.display()),
            format!("--tls-private-key-file={}", serving.key.display()),
        ];
        let flags = flags.into_iter().chain(more);
        Ok(Self { process: Process::spawn(name, program, flags, &cluster.logs())?, port })
    }

    /// Waits until it says that it is ready.
    pub async fn ready(&mut self, cluster: &ControlPlane) -> Result<()> {
        let client = Client::from_kubeconfig(&cluster.kubeconfig())?.at(self.address());
        self.process.ready(async || answers(&client, "/readyz").await).await
    }

    /// `host:port` for those who connect directly.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// What is to be registered.
    pub fn registration(&self) -> Aggregated<'static> {
        registration(self.port)
    }
}

/// The flags with which databases run as processes of this machine, below `folder`, and end with
/// the server.
pub fn local_backend(folder: &Path) -> Vec<String> {
    let folder = format!("--data-dir={}", folder.display());
    vec!["--local-backend".to_owned(), "--stop-instances-on-exit".to_owned(), folder]
}

/// The namespace and the rights of `deploy/base`, for a user with a certificate as well as for the service account.
async fn grant(cluster: &ControlPlane) -> Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/base");
    let all = manifests::read(&folder).map_err(Error::from)?;
    for kind in ["Namespace", "ServiceAccount", "ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"] {
        // What users may do is each test's own affair.
        let is_ours = |manifest: &&Value| {
            let name = &manifest["metadata"]["labels"]["app.kubernetes.io/name"];
            manifest["kind"] == kind && (kind == "Namespace" || name == USER)
        };
        for manifest in all.iter().filter(is_ours) {
            let mut manifest = manifest.clone();
            if let Some(subjects) = manifest["subjects"].as_array_mut()
                && subjects.iter().any(|subject| subject["name"] == USER)
            {
                subjects.push(json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": USER}));
            }
            apply(cluster.admin(), &manifest).await?;
        }
    }
    Ok(())
}

fn registration(port: u16) -> Aggregated<'static> {
    Aggregated {
        group: GROUP,
        versions: &["v1", "v1alpha1"],
        namespace: "databases-system",
        service: "databases-apiserver",
        port,
    }
}
