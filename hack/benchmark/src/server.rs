//! This server alone, under measurement.

use crate::client::Target;
use crate::error::Error;
use crate::process::Process;
use bytes::Bytes;
use hyper::Method;
use quickstart::kubeconfig::Kubeconfig;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

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
    /// When it was started.
    pub started: Instant,
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
                return Ok(Server { process, target, start, started: begin });
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

/// A port of 127.0.0.1 that nobody listens on; 0 when there is none.
pub fn free_port() -> u16 {
    controlplane::process::free_port().unwrap_or_default()
}
