//! A thousand databases that a backend answers which does nothing: what each costs this server until it is ready, at rest, and
//! when its class changes; and a thousand more: what they take of memory where what has one size however many there are has it
//! already, and what it takes to start with all of them.

pub mod null;

use crate::content::{self, create};
use crate::error::Error;
use crate::limit::own_program;
use crate::load::{Until, closed_loop};
use crate::options::Options;
use crate::process::{Process, cpu};
use crate::server::{Launch, Server};
use crate::service::{STREAMS, Service};
use crate::words::{Api, Words};
use bytes::Bytes;
use hyper::Method;
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// As the command line names it.
pub const TITLE: &str = "instances";
/// How many there are.
pub const COUNT: u64 = 1000;
/// How many in the end.
pub const ALL: u64 = 2 * COUNT;
/// So many are created at once.
const WORKERS: usize = 32;
/// After so long the first are looked at again.
const RESYNC: Duration = Duration::from_secs(30);
/// From then on the server is watched for so long.
const REST: Duration = Duration::from_secs(60);
/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(300);
/// Where all objects of the kind are.
const OBJECTS: &str = "/apis/databases.standard.k8s.io/v1/postgresqls";
const EVENTS: &str = "/api/v1/events";
const CLASSES: &str = "/apis/databases.standard.k8s.io/v1/databaseclasses";

/// What was measured.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// From the first creation until the server rests.
    pub ready: Work,
    /// How many of those writes were events.
    pub events: u64,
    /// What the server used of a core at rest.
    pub idle: f64,
    /// Writes at rest.
    pub idle_writes: u64,
    /// How much memory each takes, in bytes.
    pub memory: f64,
    /// After the class's defaults changed.
    pub class: Work,
    /// From the start until the server rests.
    pub start: Work,
}

/// What something took.
#[derive(Clone, Copy, Debug)]
pub struct Work {
    /// CPU of the server.
    pub cpu: Duration,
    /// Time, with the moment of rest that ends it.
    pub wall: Duration,
    /// Writes to storage: one for each write of the API.
    pub writes: u64,
}

/// Measures all of it; nothing where it is not asked for.
pub async fn measure(options: &Options) -> Result<Option<Facts>, Error> {
    if !options.only.as_deref().is_none_or(|only| TITLE.contains(only)) {
        return Ok(None);
    }
    eprintln!("{COUNT} instances");
    let folder = tempfile::tempdir().map_err(|source| Error::file(Path::new("/tmp"), source))?;
    let socket = folder.path().join("null.sock");
    let _null = null_backend(&socket)?;
    let flags = vec!["--backend".to_owned(), format!("{}=unix://{}", null::NAME, socket.display())];
    let launch = Launch::new(&options.server, folder.path().join("instances"), flags);
    let server = launch.start().await?;
    let lab = Lab { service: service(&server) };
    lab.prepare().await?;
    let told = lab.items(EVENTS).await?.len();
    let ready = lab.work(lab.create("db")).await?;
    lab.are_ready(COUNT).await?;
    let events = (lab.items(EVENTS).await?.len() - told) as u64;
    let before = server.process.resident();
    tokio::time::sleep(RESYNC).await;
    let at_rest = lab.work(async {
        tokio::time::sleep(REST).await;
        Ok(())
    });
    let at_rest = at_rest.await?;
    let class = lab.work(lab.change_class()).await?;
    lab.work(lab.create("other")).await?;
    lab.are_ready(ALL).await?;
    let memory = server.process.resident().saturating_sub(before) as f64 / COUNT as f64;

    let before = lab.revision().await?;
    server.process.stop();
    let server = launch.start().await?;
    let lab = Lab { service: service(&server) };
    lab.rest().await;
    let (cpu, wall) = (server.process.cpu(), server.started.elapsed());
    let start = Work { cpu, wall, writes: lab.revision().await? - before };
    let idle = at_rest.cpu.as_secs_f64() / at_rest.wall.as_secs_f64();
    Ok(Some(Facts { ready, events, idle, idle_writes: at_rest.writes, memory, class, start }))
}

fn null_backend(socket: &Path) -> Result<Process, Error> {
    let mut command = Command::new(own_program()?);
    command.arg("null-backend").arg("--socket").arg(socket);
    Process::spawn(command, &socket.with_extension("log"))
}

fn service(server: &Server) -> Service {
    let (target, process) = (server.target.clone(), server.process.pid());
    Service { target, words: Words::of(Api::Ours), process, front: None, etcd: None }
}

/// A server with the backend.
struct Lab {
    service: Service,
}

impl Lab {
    async fn read(&self, path: &str) -> Result<Value, Error> {
        let mut connection = self.service.target.connect().await?;
        let body = connection.read(Method::GET, path, Bytes::new()).await?;
        serde_json::from_slice(&body).map_err(|error| Error::Wrong(format!("{path}: {error}")))
    }

    async fn items(&self, path: &str) -> Result<Vec<Value>, Error> {
        Ok(self.read(path).await?["items"].as_array().cloned().unwrap_or_default())
    }

    /// The revision of the store.
    async fn revision(&self) -> Result<u64, Error> {
        let list = self.read(&format!("{CLASSES}?limit=1")).await?;
        let revision = list["metadata"]["resourceVersion"].as_str().and_then(|text| text.parse().ok());
        revision.ok_or_else(|| Error::Wrong("a list has no resource version".to_owned()))
    }

    /// Makes the namespaces and the class, and waits until the class is accepted.
    async fn prepare(&self) -> Result<(), Error> {
        content::namespaces(&self.service.target).await?;
        let class = json!({
            "apiVersion": "databases.standard.k8s.io/v1", "kind": "DatabaseClass", "metadata": {"name": "null"},
            "spec": {"controllerName": (null::NAME)},
        });
        create(&mut self.service.target.connect().await?, CLASSES, class.to_string()).await?;
        let begin = Instant::now();
        while !is_true(&self.read(&format!("{CLASSES}/null")).await?, "Accepted") {
            if begin.elapsed() > PATIENCE {
                return Err(Error::Wrong("the class of the null backend was not accepted".to_owned()));
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }

    /// Creates so many, whose names begin with this.
    async fn create(&self, name: &'static str) -> Result<(), Error> {
        let connections = self.service.connect(WORKERS).await?;
        let path = self.service.words.collection("bench");
        let until = Until { period: PATIENCE, operations: COUNT };
        closed_loop(WORKERS, until, move |worker, number| {
            let (mut connection, path) = (connections[worker / STREAMS].clone(), path.clone());
            async move {
                let object = json!({
                    "apiVersion": "databases.standard.k8s.io/v1", "kind": "PostgreSQL",
                    "metadata": {"name": format!("{name}-{number:04}")},
                    "spec": {"className": "null", "storage": {"size": "1Gi"}},
                });
                create(&mut connection, &path, object.to_string()).await
            }
        })
        .await
        .map(drop)
    }

    async fn are_ready(&self, count: u64) -> Result<(), Error> {
        let all = self.items(OBJECTS).await?;
        let ready = all.iter().filter(|object| is_true(object, "Ready")).count() as u64;
        match ready == count {
            true => Ok(()),
            false => {
                Err(Error::Wrong(format!("{ready} of {count} instances are ready when the server rests")))
            }
        }
    }

    /// Changes what the class decides for new objects: nothing of those that are there.
    async fn change_class(&self) -> Result<(), Error> {
        let path = format!("{CLASSES}/null");
        let mut class = self.read(&path).await?;
        class["spec"]["defaults"] = json!({"deletionPolicy": "Delete"});
        let mut connection = self.service.target.connect().await?;
        connection.exchange(Method::PUT, &path, class.to_string().into()).await.map(drop)
    }

    /// What something takes, with all that the server does because of it.
    async fn work(&self, work: impl Future<Output = Result<(), Error>>) -> Result<Work, Error> {
        self.rest().await;
        let (before, used, begin) = (self.revision().await?, cpu(self.service.process), Instant::now());
        work.await?;
        self.rest().await;
        let (cpu, wall) = (cpu(self.service.process) - used, begin.elapsed());
        Ok(Work { cpu, wall, writes: self.revision().await? - before })
    }

    /// Waits until the server rests.
    async fn rest(&self) {
        const LOOK: Duration = Duration::from_secs(2);
        const LITTLE: Duration = Duration::from_millis(100);
        let begin = Instant::now();
        while begin.elapsed() < PATIENCE {
            let before = cpu(self.service.process);
            tokio::time::sleep(LOOK).await;
            if cpu(self.service.process) - before <= LITTLE {
                return;
            }
        }
    }
}

fn is_true(object: &Value, condition: &str) -> bool {
    let conditions = object["status"]["conditions"].as_array().into_iter().flatten();
    conditions.into_iter().any(|found| found["type"] == condition && found["status"] == "True")
}
