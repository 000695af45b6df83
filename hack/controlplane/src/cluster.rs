//! The three programs, started in order and ready.

use std::path::{Path, PathBuf};

use hyper::StatusCode;
use quickstart::client::Client;
use tokio::net::TcpStream;

use crate::flags::{self, EtcdPorts};
use crate::pki::{Pki, write};
use crate::process::{Process, free_port};
use crate::{Error, Programs, Result};

/// A running control plane; it ends when dropped.
///
/// Programs are dropped in the order in which they are listed: who asks before who answers.
pub struct ControlPlane {
    /// kube-controller-manager; `None` while a test does without it.
    pub controller_manager: Option<Process>,
    /// kube-apiserver.
    pub apiserver: Process,
    /// etcd, which aggregated servers may use as well.
    pub etcd: Process,
    /// Its authorities.
    pub pki: Pki,
    folder: PathBuf,
    programs: Programs,
    client: Client,
    port: u16,
    etcd_port: u16,
}

impl ControlPlane {
    /// Starts one that keeps everything in `folder`, which must be empty, and waits until it is
    /// ready: kube-apiserver says so, and the controllers have made the first service account.
    pub async fn start(programs: &Programs, folder: &Path) -> Result<Self> {
        let mut started = Self::start_alone(programs, folder, Vec::new()).await?;
        started.start_controllers().await?;
        Ok(started)
    }

    /// The same without controllers, and with further flags of kube-apiserver.
    pub async fn start_alone(programs: &Programs, folder: &Path, more: Vec<String>) -> Result<Self> {
        let logs = folder.join("logs");
        std::fs::create_dir_all(&logs).map_err(|source| Error::Write { path: logs.clone(), source })?;
        let pki = Pki::new(folder.join("pki"))?;
        let ports = EtcdPorts { client: free_port()?, peer: free_port()? };
        let mut etcd =
            Process::spawn("etcd", &programs.etcd, flags::etcd(&folder.join("etcd"), &ports), &logs)?;
        etcd.ready(async || listens(ports.client).await).await?;

        let port = free_port()?;
        let admin = pki.clients.client("admin", &["system:masters"])?;
        let kubeconfig = folder.join("kubeconfig");
        write(kubeconfig.clone(), &pki.kubeconfig(&format!("127.0.0.1:{port}"), &admin))?;
        let client = Client::from_kubeconfig(&kubeconfig)?;
        let flags = flags::apiserver(&pki, &logs, ports.client, port)?.into_iter().chain(more);
        let mut apiserver = Process::spawn("kube-apiserver", &programs.apiserver, flags, &logs)?;
        apiserver.ready(async || answers(&client, "/readyz").await).await?;

        let (programs, folder, etcd_port) = (programs.clone(), folder.to_owned(), ports.client);
        Ok(Self { controller_manager: None, apiserver, etcd, pki, folder, programs, client, port, etcd_port })
    }

    /// Starts kube-controller-manager, and waits until it works.
    pub async fn start_controllers(&mut self) -> Result<()> {
        let port = free_port()?;
        let flags = flags::controller_manager(&self.pki, &self.kubeconfig(), port)?;
        let program = &self.programs.controller_manager;
        let mut process = Process::spawn("kube-controller-manager", program, flags, &self.logs())?;
        let itself = self.client.clone().at(format!("127.0.0.1:{port}"));
        process.ready(async || answers(&itself, "/healthz").await).await?;
        let account = "/api/v1/namespaces/default/serviceaccounts/default";
        process.ready(async || answers(&self.client, account).await).await?;
        self.controller_manager = Some(process);
        Ok(())
    }

    /// A client of kube-apiserver that may do everything.
    pub fn admin(&self) -> &Client {
        &self.client
    }

    /// The kubeconfig of the same.
    pub fn kubeconfig(&self) -> PathBuf {
        self.folder.join("kubeconfig")
    }

    /// `host:port` of kube-apiserver.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// The URL of etcd.
    pub fn etcd_url(&self) -> String {
        flags::url(self.etcd_port)
    }

    /// The folder everything is in.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The folder of the logs.
    pub fn logs(&self) -> PathBuf {
        self.folder.join("logs")
    }

    /// What our server, as its service account, has asked of kube-apiserver: one audit event a line.
    pub fn audit_log(&self) -> PathBuf {
        self.logs().join(flags::AUDIT)
    }

    /// The programs it was started from.
    pub fn programs(&self) -> &Programs {
        &self.programs
    }

    /// Writes a kubeconfig for a user, who is known by a client certificate.
    pub fn kubeconfig_of(&self, user: &str, groups: &[&str]) -> Result<PathBuf> {
        self.kubeconfig_at(&self.address(), user, groups)
    }

    /// The same for another server that trusts the same authority, at `address`.
    pub fn kubeconfig_at(&self, address: &str, user: &str, groups: &[&str]) -> Result<PathBuf> {
        let client = self.pki.clients.client(user, groups)?;
        let port = address.rsplit_once(':').map_or(address, |(_, port)| port);
        let name = format!("{port}-{}.kubeconfig", user.replace([':', '/'], "-"));
        write(self.pki.file(&name), &self.pki.kubeconfig(address, &client))
    }

    /// A client of kube-apiserver for a user.
    pub fn client_of(&self, user: &str, groups: &[&str]) -> Result<Client> {
        Ok(Client::from_kubeconfig(&self.kubeconfig_of(user, groups)?)?)
    }
}

/// Whether somebody listens on a port.
async fn listens(port: u16) -> Result<(), String> {
    TcpStream::connect(("127.0.0.1", port)).await.map(drop).map_err(|error| error.to_string())
}

/// Whether a path is answered with 200.
pub(crate) async fn answers(client: &Client, path: &str) -> Result<(), String> {
    match client.get(path).await {
        Ok(answer) if answer.status == StatusCode::OK => Ok(()),
        Ok(answer) => Err(format!("{path}: {} {}", answer.status, answer.message().trim())),
        Err(error) => Err(error.to_string()),
    }
}
