//! Everything that is measured, started once for all rounds.

use crate::client::Target;
use crate::error::Error;
use crate::options::Options;
use crate::peer::Peer;
use crate::process::Process;
use crate::raw_etcd::Work;
use crate::sample::Sample;
use crate::server::{self, Launch, Server, collection, everything, free_port, object};
use bytes::Bytes;
use hyper::Method;
use rustls::{ClientConfig, RootCertStore};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Where and how long.
pub struct Lab {
    /// How long a cell lasts.
    pub cell: Duration,
    /// How many objects are listed.
    pub objects: u64,
    /// The server over redb.
    redb: Filled,
    /// The server over etcd.
    over_etcd: Option<Filled>,
    hyper: (Process, Target),
    etcd: Option<Etcd>,
    /// Resident memory of the server over redb: idle, and after a restart with all objects.
    pub resident: [u64; 2],
    /// How many bytes an object has as it is served.
    pub object_size: usize,
    program: PathBuf,
    folder: TempDir,
    numbers: AtomicU64,
}

/// A server with all objects, and how it was started.
struct Filled {
    server: Server,
    launch: Launch,
    resident: [u64; 2],
}

/// A running etcd.
struct Etcd {
    process: Process,
    url: String,
}

impl Lab {
    /// Starts and fills everything.
    pub async fn open(options: &Options) -> Result<Lab, Error> {
        let folder = tempfile::tempdir().map_err(|source| Error::file(Path::new("/tmp"), source))?;
        eprintln!("filling the servers with {} objects", options.objects);
        let etcd = match &options.etcd {
            Some(program) => Some(Etcd::start(program, folder.path()).await?),
            None => None,
        };
        let launch = Launch::new(&options.server, folder.path().join("redb"), Vec::new());
        let redb = filled(launch, options.objects).await?;
        let over_etcd = match &etcd {
            Some(etcd) => {
                let launch =
                    Launch::new(&options.server, folder.path().join("etcd-backed"), etcd.flags("/filled"));
                Some(filled(launch, options.objects).await?)
            }
            None => None,
        };
        let (hyper, object_size) = raw_hyper(&redb.server, folder.path()).await?;
        Ok(Lab {
            cell: options.cell(),
            objects: options.objects,
            resident: redb.resident,
            redb,
            over_etcd,
            hyper,
            etcd,
            object_size,
            program: options.server.clone(),
            folder,
            numbers: AtomicU64::new(0),
        })
    }

    /// Whether a peer can be measured here.
    pub fn has(&self, peer: Peer) -> bool {
        !peer.needs_etcd() || self.etcd.is_some()
    }

    /// A number nobody had before.
    pub fn number(&self) -> u64 {
        self.numbers.fetch_add(1, Ordering::Relaxed)
    }

    /// The peer that has been filled, and its process.
    pub fn filled(&self, peer: Peer) -> Result<(&Target, &Process), Error> {
        match (peer, &self.over_etcd) {
            (Peer::Redb, _) => Ok((&self.redb.server.target, &self.redb.server.process)),
            (Peer::Etcd, Some(filled)) => Ok((&filled.server.target, &filled.server.process)),
            (Peer::RawHyper, _) => Ok((&self.hyper.1, &self.hyper.0)),
            _ => Err(Error::Wrong(format!("{} does not serve HTTP", peer.title()))),
        }
    }

    /// A server of the peer's kind that nothing has been written to, and how to start it again.
    pub fn fresh(&self, peer: Peer) -> Launch {
        let name = format!("fresh-{}", self.number());
        let flags = match (peer, &self.etcd) {
            (Peer::Etcd, Some(etcd)) => etcd.flags(&format!("/{name}")),
            _ => Vec::new(),
        };
        Launch::new(&self.program, self.folder.path().join(name), flags)
    }

    /// A server of the peer's kind that does not run yet and finds all objects when it starts.
    pub fn full(&self, peer: Peer) -> Launch {
        let launch =
            if peer == Peer::Etcd { self.over_etcd.as_ref().map(|filled| &filled.launch) } else { None };
        launch.unwrap_or(&self.redb.launch).copy()
    }

    /// What etcd has used; nothing where it is not part of the work.
    pub fn etcd_cpu(&self, peer: Peer) -> Duration {
        let etcd = self.etcd.as_ref().filter(|_| peer.needs_etcd());
        etcd.map_or(Duration::ZERO, |etcd| etcd.process.cpu())
    }

    /// The client alone, in a process of its own, below a prefix.
    pub fn raw_etcd(&self, work: Work, concurrency: usize, prefix: &str) -> Result<Sample, Error> {
        let etcd = self.etcd.as_ref().ok_or_else(|| Error::Wrong("there is no etcd".into()))?;
        let out = self.folder.path().join("raw-etcd.json");
        let program = own_program()?;
        let work = format!("{work:?}").to_lowercase();
        let ended = Command::new(&program)
            .args(["raw-etcd", "--endpoint", &etcd.url, "--etcd-pid", &etcd.process.pid().to_string()])
            .args(["--prefix", prefix, "--work", &work, "--concurrency", &concurrency.to_string()])
            .args(["--seconds", &self.cell.as_secs_f64().to_string()])
            .arg("--out")
            .arg(&out)
            .status()
            .map_err(|error| Error::program(&program, error))?;
        if !ended.success() {
            return Err(Error::program(&program, ended));
        }
        let text = std::fs::read(&out).map_err(|source| Error::file(&out, source))?;
        serde_json::from_slice(&text).map_err(|error| Error::Wrong(error.to_string()))
    }
}

impl Etcd {
    async fn start(program: &Path, folder: &Path) -> Result<Etcd, Error> {
        let (port, peer) = (free_port(), free_port());
        let (url, peer) = (format!("http://127.0.0.1:{port}"), format!("http://127.0.0.1:{peer}"));
        let mut command = Command::new(program);
        command.arg("--data-dir").arg(folder.join("etcd"));
        command.args(["--listen-client-urls", &url, "--advertise-client-urls", &url]);
        command.args(["--listen-peer-urls", &peer, "--initial-advertise-peer-urls", &peer]);
        command.args(["--initial-cluster", &format!("default={peer}"), "--log-level", "error"]);
        command.args(["--quota-backend-bytes", "8589934592"]);
        let log = folder.join("etcd.log");
        let mut process = Process::spawn(command, &log)?;
        let begin = Instant::now();
        while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            process.check(&log)?;
            if begin.elapsed() > Duration::from_secs(30) {
                return Err(Error::program(program, "it does not listen"));
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(Etcd { process, url })
    }

    fn flags(&self, prefix: &str) -> Vec<String> {
        let flags = ["--storage", "etcd", "--etcd-servers", &self.url, "--etcd-prefix", prefix];
        flags.map(str::to_owned).into()
    }
}

/// A server with objects, started again after it was filled; its memory before and after.
async fn filled(launch: Launch, objects: u64) -> Result<Filled, Error> {
    let server = launch.start().await?;
    let idle = server.process.resident();
    server.prepare().await?;
    server.fill(objects).await?;
    server.process.stop();
    launch.keep_copy()?;
    let server = launch.start().await?;
    let full = server.process.resident();
    Ok(Filled { server, launch, resident: [idle, full] })
}

/// Raw hyper, with the answers that the server itself gives.
async fn raw_hyper(server: &Server, folder: &Path) -> Result<((Process, Target), usize), Error> {
    let folder = folder.join("raw-hyper");
    std::fs::create_dir(&folder).map_err(|source| Error::file(&folder, source))?;
    let mut connection = server.target.connect().await?;
    let object = connection.read(Method::GET, &one(0), Bytes::new()).await?;
    let list = connection.read(Method::GET, &everything(), Bytes::new()).await?;
    let event = [&br#"{"type":"ADDED","object":"#[..], object.trim_ascii_end(), b"}\n"].concat();
    let certificate = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()])
        .map_err(|error| Error::Wrong(format!("no certificate can be made: {error}")))?;
    let (chain, key) = (certificate.cert.pem(), certificate.signing_key.serialize_pem());
    let files: [(&str, &[u8]); 5] = [
        ("object", &object),
        ("list", &list),
        ("event", &event),
        ("tls.crt", chain.as_bytes()),
        ("tls.key", key.as_bytes()),
    ];
    for (name, content) in files {
        let path = folder.join(name);
        std::fs::write(&path, content).map_err(|source| Error::file(&path, source))?;
    }
    let mut roots = RootCertStore::empty();
    roots.add(certificate.cert.der().clone()).map_err(|error| Error::Wrong(error.to_string()))?;
    let tls = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    let target = Target::new(free_port(), tls);
    let mut command = Command::new(own_program()?);
    command.args(["raw-hyper", "--port", &target.port.to_string(), "--folder"]).arg(&folder);
    let log = folder.join("log");
    let mut process = Process::spawn(command, &log)?;
    while target.connect().await.is_err() {
        process.check(&log)?;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(((process, target), object.len()))
}

fn own_program() -> Result<PathBuf, Error> {
    std::env::current_exe().map_err(|source| Error::file(Path::new("/proc/self/exe"), source))
}

/// The path of one object.
pub fn one(number: u64) -> String {
    format!("{}/db-{number:08}", collection("bench"))
}

/// The path and the body of a write that every watcher of `watched` sees.
pub fn event(peer: Peer, number: u64) -> (String, String) {
    match peer {
        Peer::RawHyper => ("/event".into(), String::new()),
        _ => (collection("watched"), object("watched", number)),
    }
}

/// Creates with the peer's own path.
pub fn creation(peer: Peer, number: u64) -> (String, String) {
    let path = if peer == Peer::RawHyper { "/object".into() } else { collection("bench") };
    (path, server::object("bench", number))
}
