//! Upstream's sample-apiserver: the group `wardle.example.com`, as the field's own libraries serve it.

use quickstart::client::Client;

use crate::cluster::answers;
use crate::process::{Process, free_port};
use crate::{Aggregated, ControlPlane, Error, Result, flags};

/// Its group.
pub const GROUP: &str = "wardle.example.com";

/// A running sample-apiserver; it ends when dropped.
pub struct SampleServer {
    /// The process.
    pub process: Process,
    /// Its port on 127.0.0.1.
    pub port: u16,
}

impl SampleServer {
    /// Starts one over the control plane's etcd and waits until it is ready; it is not registered.
    pub async fn start(cluster: &ControlPlane) -> Result<Self> {
        let mut server = Self::spawn(cluster, free_port()?)?;
        server.ready(cluster).await?;
        Ok(server)
    }

    /// The same over another etcd, with further flags.
    pub async fn start_over(cluster: &ControlPlane, etcd: &str, more: Vec<String>) -> Result<Self> {
        let mut server = Self::run(cluster, etcd, free_port()?, more)?;
        server.ready(cluster).await?;
        Ok(server)
    }

    /// Starts one on a port, without waiting.
    pub fn spawn(cluster: &ControlPlane, port: u16) -> Result<Self> {
        Self::spawn_with(cluster, port, Vec::new())
    }

    /// The same with further flags.
    pub fn spawn_with(cluster: &ControlPlane, port: u16, more: Vec<String>) -> Result<Self> {
        Self::run(cluster, &cluster.etcd_url(), port, more)
    }

    fn run(cluster: &ControlPlane, etcd: &str, port: u16, more: Vec<String>) -> Result<Self> {
        let folder = cluster.folder().join("sample-apiserver");
        std::fs::create_dir_all(&folder).map_err(|source| Error::Write { path: folder.clone(), source })?;
        cluster.serving(&registration(port))?.write(&cluster.pki.folder, "sample-apiserver")?;
        let flags = flags::sample(&folder, &cluster.pki, &cluster.kubeconfig(), etcd, port);
        let flags = flags.into_iter().chain(more);
        let program = &cluster.programs().sample_apiserver;
        Ok(Self { process: Process::spawn("sample-apiserver", program, flags, &cluster.logs())?, port })
    }

    /// Waits until it says that it is ready.
    pub async fn ready(&mut self, cluster: &ControlPlane) -> Result<()> {
        let client = Client::from_kubeconfig(&cluster.kubeconfig())?.at(format!("127.0.0.1:{}", self.port));
        self.process.ready(async || answers(&client, "/readyz").await).await
    }

    /// What is to be registered.
    pub fn registration(&self) -> Aggregated<'static> {
        registration(self.port)
    }
}

fn registration(port: u16) -> Aggregated<'static> {
    Aggregated { group: GROUP, versions: &["v1beta1", "v1alpha1"], namespace: "wardle", service: "api", port }
}
