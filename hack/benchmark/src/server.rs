//! This server under measurement, and the objects it is measured with.

use crate::client::{Connection, Target};
use crate::error::Error;
use crate::load::closed_loop;
use crate::process::Process;
use bytes::Bytes;
use hyper::Method;
use quickstart::kubeconfig::Kubeconfig;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// The group's path.
const GROUP: &str = "/apis/databases.standard.k8s.io/v1";
/// How long a server may take to start.
const START: Duration = Duration::from_secs(60);
/// How often a starting server is asked; each question costs it a TLS handshake.
const POLL: Duration = Duration::from_millis(5);

/// How a server is started.
#[derive(Clone)]
pub struct Launch {
    program: PathBuf,
    data_dir: PathBuf,
    port: u16,
    storage: Vec<String>,
}

/// A running server.
pub struct Server {
    /// Its process.
    pub process: Process,
    /// How to reach it.
    pub target: Target,
    /// How long it took to be ready, and the CPU it had used by then.
    pub start: (Duration, Duration),
}

impl Launch {
    /// In a folder of its own, with the flags of its storage.
    pub fn new(program: &Path, data_dir: PathBuf, storage: Vec<String>) -> Self {
        Launch { program: program.to_owned(), data_dir, port: free_port(), storage }
    }

    /// Keeps what the stopped server stored, for [`Launch::copy`].
    pub fn keep_copy(&self) -> Result<(), Error> {
        let (store, folder) = (self.data_dir.join("store.redb"), self.data_dir.with_extension("copy"));
        std::fs::create_dir(&folder).map_err(|source| Error::file(&folder, source))?;
        if store.exists() {
            std::fs::copy(&store, folder.join("store.redb")).map_err(|source| Error::file(&store, source))?;
        }
        Ok(())
    }

    /// Another server with the same content.
    pub fn copy(&self) -> Launch {
        Launch { data_dir: self.data_dir.with_extension("copy"), port: free_port(), ..self.clone() }
    }

    /// Starts it and waits for `/readyz`.
    pub async fn start(&self) -> Result<Server, Error> {
        let log = self.data_dir.with_extension("log");
        let mut command = Command::new(&self.program);
        command.args(["standalone", "--log", "warn", "--port", &self.port.to_string()]);
        command.arg("--data-dir").arg(&self.data_dir).args(&self.storage);
        let begin = Instant::now();
        let mut process = Process::spawn(command, &log)?;
        while begin.elapsed() < START {
            process.check(&log)?;
            if let Ok(target) = self.ready().await {
                let start = (begin.elapsed(), process.cpu());
                return Ok(Server { process, target, start });
            }
            tokio::time::sleep(POLL).await;
        }
        Err(Error::Wrong(format!("the server was not ready within {START:?}; its log is {}", log.display())))
    }

    async fn ready(&self) -> Result<Target, Error> {
        let tls = Kubeconfig::read(&self.data_dir.join("kubeconfig"))?.tls;
        let target = Target::new(self.port, tls);
        target.connect().await?.exchange(Method::GET, "/readyz", Bytes::new()).await?;
        Ok(target)
    }
}

impl Server {
    /// Makes what objects need: a class that nobody here answers, so that nothing but the API is measured, and namespaces.
    pub async fn prepare(&self) -> Result<(), Error> {
        let mut connection = self.target.connect().await?;
        let class = r#"{"apiVersion":"databases.standard.k8s.io/v1","kind":"DatabaseClass","metadata":{"name":"nobody"},
            "spec":{"controllerName":"nobody.databases.standard.k8s.io/none"}}"#;
        create(&mut connection, &format!("{GROUP}/databaseclasses"), class.into()).await?;
        for name in ["bench", "watched"] {
            let namespace =
                format!(r#"{{"apiVersion":"v1","kind":"Namespace","metadata":{{"name":"{name}"}}}}"#);
            create(&mut connection, "/api/v1/namespaces", namespace).await?;
        }
        Ok(())
    }

    /// Fills namespace `bench` with so many objects.
    pub async fn fill(&self, count: u64) -> Result<(), Error> {
        let connection = self.target.connect().await?;
        let filled = closed_loop(32, Duration::from_secs(3600), move |_, number| {
            let mut connection = connection.clone();
            async move {
                if number >= count {
                    return Err(Error::Wrong("full".into()));
                }
                create(&mut connection, &collection("bench"), object("bench", number)).await
            }
        });
        match filled.await {
            Err(Error::Wrong(_)) => Ok(()),
            outcome => outcome.map(drop),
        }
    }
}

/// Creates one object.
pub async fn create(connection: &mut Connection, path: &str, body: String) -> Result<(), Error> {
    connection.exchange(Method::POST, path, Bytes::from(body)).await.map(drop)
}

/// The path of the objects of a namespace.
pub fn collection(namespace: &str) -> String {
    format!("{GROUP}/namespaces/{namespace}/postgresqls")
}

/// The path of all objects.
pub fn everything() -> String {
    format!("{GROUP}/postgresqls")
}

/// An object as a person would write it, and an annotation that brings it to 2 KB.
pub fn object(namespace: &str, number: u64) -> String {
    let note = "x".repeat(1500);
    format!(
        r#"{{"apiVersion":"databases.standard.k8s.io/v1","kind":"PostgreSQL","metadata":{{"name":"db-{number:08}","namespace":"{namespace}","labels":{{"app":"bench","shard":"s{shard}"}},"annotations":{{"note":"{note}"}}}},"spec":{{"className":"nobody","version":"17","storage":{{"size":"10Gi"}},"resources":{{"requests":{{"cpu":"500m","memory":"1Gi"}},"limits":{{"memory":"1Gi"}}}},"parameters":{{"max_connections":"200","shared_buffers":"256MB"}},"databases":[{{"name":"app","owner":"app"}}],"users":[{{"name":"reader"}}]}}}}"#,
        shard = number % 16,
    )
}

/// A port of 127.0.0.1 that nobody listens on.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr());
    listener.map_or(0, |address| address.port())
}
