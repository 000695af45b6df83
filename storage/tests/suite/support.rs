//! A real etcd for tests, and certificates.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use databases_storage::Error;
use databases_storage::engine::etcd::{self, Config};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tempfile::TempDir;
use tokio::process::{Child, Command};

/// How long etcd may take to start.
const DEADLINE: Duration = Duration::from_secs(60);

/// A running etcd with a data folder of its own. Dropped, it is killed and its data removed.
pub(crate) struct Etcd {
    binary: PathBuf,
    folder: TempDir,
    client: SocketAddr,
    peer: SocketAddr,
    flags: Vec<String>,
    scheme: &'static str,
    process: Option<Child>,
}

impl Etcd {
    /// Starts etcd; `None`, with a line that says so, when there is none on this machine.
    pub(crate) async fn start() -> Option<Self> {
        let etcd = Self::prepare("http", |_, _| Vec::new())?;
        Some(etcd.started().await)
    }

    /// An etcd that is not started yet, with further flags that may depend on its folder and address.
    pub(crate) fn prepare(
        scheme: &'static str,
        flags: impl FnOnce(&Path, IpAddr) -> Vec<String>,
    ) -> Option<Self> {
        let Some(binary) = built("ETCD_BIN", "etcd") else {
            eprintln!(
                "SKIPPED: no etcd; build it with hack/lib/etcd.sh, or set ETCD_BIN to one of version 3.5 or newer"
            );
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        let (client, peer) = addresses();
        let flags = flags(folder.path(), client.ip());
        Some(Self { binary, folder, client, peer, flags, scheme, process: None })
    }

    /// Starts it and waits until it accepts connections.
    pub(crate) async fn started(mut self) -> Self {
        self.run().await;
        self
    }

    /// Runs the process on the data that is there.
    pub(crate) async fn run(&mut self) {
        let client = format!("{}://{}", self.scheme, self.client);
        let peer = format!("http://{}", self.peer);
        let process = Command::new(&self.binary)
            .arg("--data-dir")
            .arg(self.folder.path().join("data"))
            .args(["--name", "test", "--log-level", "error"])
            .args(["--listen-client-urls", &client, "--advertise-client-urls", &client])
            .args(["--listen-peer-urls", &peer, "--initial-advertise-peer-urls", &peer])
            .args(["--initial-cluster", &format!("test={peer}")])
            .args(&self.flags)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        self.process = Some(process);
        listens(self.client).await;
    }

    /// Kills the process; its data stays.
    pub(crate) async fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().await.unwrap();
        }
    }

    /// Where its files are.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// How to reach it.
    pub(crate) fn config(&self) -> Config {
        Config::new([format!("{}://{}", self.scheme, self.client)])
    }

    /// Opens the engine, once etcd answers.
    pub(crate) async fn open(&self, config: Config) -> etcd::Etcd {
        answer(config).await.expect("it does as etcd does")
    }
}

/// What comes of opening the engine, once somebody answers.
pub(crate) async fn answer(config: Config) -> Result<etcd::Etcd, Error> {
    let answered = async {
        loop {
            match etcd::open(config.clone()).await {
                Err(Error::Unavailable(reason)) => eprintln!("nobody answers yet: {reason}"),
                answer => return answer,
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(DEADLINE, answered).await.expect("somebody answers")
}

/// Waits until somebody accepts connections.
pub(crate) async fn listens(address: SocketAddr) {
    let connected = async {
        while tokio::net::TcpStream::connect(address).await.is_err() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(DEADLINE, connected).await.expect("somebody accepts connections");
}

/// The program that a variable names, or the newest that `hack/lib/PROGRAM.sh` built.
pub(crate) fn built(variable: &str, program: &str) -> Option<PathBuf> {
    if let Some(binary) = std::env::var_os(variable) {
        return Some(binary.into());
    }
    let folder = |name: &str| std::env::var_os(name).map(PathBuf::from);
    let cache = folder("DATABASES_CACHE").or_else(|| {
        let caches = folder("XDG_CACHE_HOME").or_else(|| Some(folder("HOME")?.join(".cache")));
        Some(caches?.join("databases-standard"))
    });
    let tools = cache?.join("bin");
    let folders = std::fs::read_dir(tools).ok()?.filter_map(Result::ok);
    let versions =
        folders.filter(|entry| entry.file_name().to_string_lossy().starts_with(&format!("{program}-")));
    versions.map(|entry| entry.path().join(program)).filter(|path| path.is_file()).max()
}

/// Two free ports on a loopback address that no other process and no other test uses.
pub(crate) fn addresses() -> (SocketAddr, SocketAddr) {
    static NUMBER: AtomicU8 = AtomicU8::new(1);
    let [.., high, low] = std::process::id().to_be_bytes();
    let address = Ipv4Addr::new(127, high, low, NUMBER.fetch_add(1, Ordering::Relaxed));
    let bound = [0; 2].map(|port| TcpListener::bind((address, port)).unwrap());
    let [client, peer] = bound.map(|listener| listener.local_addr().unwrap());
    (client, peer)
}

/// An authority, and what it signs, in PEM.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    pub(crate) fn pem(&self) -> String {
        self.0.pem()
    }

    pub(crate) fn sign(&self, name: &str) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let certificate =
            CertificateParams::new([name.to_owned()]).unwrap().signed_by(&key, &self.0).unwrap();
        (certificate.pem(), key.serialize_pem())
    }
}
