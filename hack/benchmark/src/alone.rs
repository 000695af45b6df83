//! This server without a cluster, over each of its stores, beside raw hyper and raw etcd.

use crate::cell::Cell;
use crate::content;
use crate::error::Error;
use crate::etcd::Etcd;
use crate::limit::{self, Answers, Tls, own_program};
use crate::options::Options;
use crate::peer::Peer;
use crate::process::Process;
use crate::raw_etcd::Work;
use crate::sample::{Results, Sample};
use crate::server::{Launch, Server, free_port};
use crate::service::Service;
use crate::setting::Setting;
use crate::words::{Api, Words};
use crate::workload::Workload;
use rustls::{ClientConfig, RootCertStore};
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// What the report says besides the figures.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// Resident memory of the server over redb: idle, and after a restart with all objects.
    pub resident: [u64; 2],
    /// How many bytes an object has as it is served.
    pub object_size: usize,
    /// Whether there is an etcd.
    pub etcd: bool,
}

/// Everything that is measured, started once for all rounds.
struct Lab {
    cell: Cell,
    redb: Filled,
    over_etcd: Option<Filled>,
    hyper: (Process, Service),
    etcd: Option<Etcd>,
    object_size: usize,
    program: PathBuf,
    folder: TempDir,
}

/// A server with all objects, and how it was started.
struct Filled {
    server: Server,
    launch: Launch,
    resident: [u64; 2],
}

/// Measures all that is chosen; nothing where nothing is.
pub async fn measure(options: &Options, results: &mut Results) -> Result<Option<Facts>, Error> {
    if Setting::Alone.chosen(options).is_empty() {
        return Ok(None);
    }
    let lab = Lab::open(options).await?;
    let measure = async |workload, peer| lab.measure(workload, peer).await;
    Setting::Alone.measure(options, results, measure).await?;
    let (resident, object_size) = (lab.redb.resident, lab.object_size);
    Ok(Some(Facts { resident, object_size, etcd: lab.etcd.is_some() }))
}

impl Lab {
    /// Starts and fills everything.
    async fn open(options: &Options) -> Result<Lab, Error> {
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
                let data = folder.path().join("etcd-backed");
                let launch = Launch::new(&options.server, data, etcd.flags("/filled"));
                Some(filled(launch, options.objects).await?)
            }
            None => None,
        };
        let answers = Answers::of(&service(&redb.server, None)).await?;
        let hyper = limit::start(&answers, tls()?, free_port(), &folder.path().join("raw-hyper")).await?;
        // Each cell that creates begins with an empty store.
        let cell = Cell::new(options, u64::MAX);
        let (object_size, program) = (answers.object_size(), options.server.clone());
        Ok(Lab { cell, redb, over_etcd, hyper, etcd, object_size, program, folder })
    }

    /// One cell; nothing where there is no etcd for it.
    async fn measure(&self, workload: Workload, peer: Peer) -> Result<Option<Sample>, Error> {
        let sample = match (peer, &self.etcd, &self.over_etcd) {
            (Peer::RawHyper, ..) => workload.measure(&self.cell, &self.hyper.1).await?,
            (Peer::Redb, ..) => self.ours(workload, &self.redb, None).await?,
            (Peer::Etcd, Some(etcd), Some(filled)) => self.ours(workload, filled, Some(etcd)).await?,
            (Peer::RawEtcd, Some(etcd), _) => self.raw_etcd(workload, etcd)?,
            _ => return Ok(None),
        };
        Ok(Some(sample))
    }

    /// This server: one that is full, one that is empty where objects are created, one that starts.
    async fn ours(&self, workload: Workload, full: &Filled, etcd: Option<&Etcd>) -> Result<Sample, Error> {
        match workload {
            Workload::Start => {
                let (wall, cpu) = full.launch.copy().start().await?.start;
                Ok(Sample { operations: 1, wall, cpu, p50: wall, p99: wall, ..Sample::default() })
            }
            Workload::Create => {
                let name = format!("fresh-{}", self.cell.numbers.next());
                let flags = etcd.map(|etcd| etcd.flags(&format!("/{name}"))).unwrap_or_default();
                let launch = Launch::new(&self.program, self.folder.path().join(name), flags);
                let server = launch.start().await?;
                let empty = service(&server, etcd);
                prepare(&empty).await?;
                workload.measure(&self.cell, &empty).await
            }
            _ => workload.measure(&self.cell, &service(&full.server, etcd)).await,
        }
    }

    /// The client alone, in a process of its own.
    fn raw_etcd(&self, workload: Workload, etcd: &Etcd) -> Result<Sample, Error> {
        let own = format!("/raw-{}", self.cell.numbers.next());
        let (work, prefix) = match workload {
            Workload::Create | Workload::Apply => (Work::Create, own.as_str()),
            Workload::List | Workload::Start => (Work::List, "/filled"),
            _ => (Work::Get, own.as_str()),
        };
        let out = self.folder.path().join("raw-etcd.json");
        let program = own_program()?;
        let ended = Command::new(&program)
            .args(["raw-etcd", "--endpoint", &etcd.url, "--etcd-pid", &etcd.process.pid().to_string()])
            .args(["--prefix", prefix, "--work", &format!("{work:?}").to_lowercase()])
            .args(["--concurrency", &workload.concurrency().to_string()])
            .args(["--seconds", &self.cell.period.as_secs_f64().to_string()])
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

/// A server with objects, started again after it was filled; its memory before and after.
async fn filled(launch: Launch, objects: u64) -> Result<Filled, Error> {
    let server = launch.start().await?;
    let idle = server.process.resident();
    let empty = service(&server, None);
    prepare(&empty).await?;
    content::objects(&empty, objects).await?;
    server.process.stop();
    launch.keep_copy()?;
    let server = launch.start().await?;
    let full = server.process.resident();
    Ok(Filled { server, launch, resident: [idle, full] })
}

/// What objects need.
async fn prepare(service: &Service) -> Result<(), Error> {
    content::class(service).await?;
    content::namespaces(&service.target).await
}

fn service(server: &Server, etcd: Option<&Etcd>) -> Service {
    let (target, process) = (server.target.clone(), server.process.pid());
    let etcd = etcd.map(|etcd| etcd.process.pid());
    Service { target, words: Words::of(Api::Ours), process, front: None, etcd }
}

/// A certificate that nobody but our own client trusts.
fn tls() -> Result<Tls, Error> {
    let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()])
        .map_err(|error| Error::Wrong(format!("no certificate can be made: {error}")))?;
    let mut roots = RootCertStore::empty();
    roots.add(made.cert.der().clone()).map_err(|error| Error::Wrong(error.to_string()))?;
    let client = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    Ok(Tls { certificate: made.cert.pem(), key: made.signing_key.serialize_pem(), client })
}
