//! Raw hyper, started with the answers of a server.

use crate::client::Target;
use crate::error::Error;
use crate::process::Process;
use crate::service::Service;
use crate::words::{Api, Words};
use bytes::Bytes;
use hyper::Method;
use rustls::ClientConfig;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// How long it may take to listen.
const START: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(20);

/// What it answers.
pub struct Answers {
    object: Bytes,
    list: Bytes,
}

impl Answers {
    /// As a server gives them.
    pub async fn of(service: &Service) -> Result<Self, Error> {
        let mut connection = service.target.connect().await?;
        let object = connection.read(Method::GET, &service.words.one("bench", 0), Bytes::new()).await?;
        let list = connection.read(Method::GET, &service.words.collection("bench"), Bytes::new()).await?;
        Ok(Answers { object, list })
    }

    /// How many bytes an object has.
    pub fn object_size(&self) -> usize {
        self.object.trim_ascii_end().len()
    }

    fn event(&self) -> Vec<u8> {
        [&br#"{"type":"ADDED","object":"#[..], self.object.trim_ascii_end(), b"}\n"].concat()
    }
}

/// A serving certificate as PEM, and who trusts it.
pub struct Tls {
    /// The certificate.
    pub certificate: String,
    /// Its key.
    pub key: String,
    /// The client's side.
    pub client: ClientConfig,
}

/// Starts it on a port, with its files in a folder that is not there yet, and waits until it listens.
pub async fn start(
    answers: &Answers,
    tls: Tls,
    port: u16,
    folder: &Path,
) -> Result<(Process, Service), Error> {
    std::fs::create_dir(folder).map_err(|source| Error::file(folder, source))?;
    let files: [(&str, &[u8]); 5] = [
        ("object", &answers.object),
        ("list", &answers.list),
        ("event", &answers.event()),
        ("tls.crt", tls.certificate.as_bytes()),
        ("tls.key", tls.key.as_bytes()),
    ];
    for (name, content) in files {
        let path = folder.join(name);
        std::fs::write(&path, content).map_err(|source| Error::file(&path, source))?;
    }
    let target = Target::new(port, tls.client);
    let mut command = Command::new(own_program()?);
    command.args(["raw-hyper", "--port", &port.to_string(), "--folder"]).arg(folder);
    let log = folder.join("log");
    let mut process = Process::spawn(command, &log)?;
    let begin = Instant::now();
    while let Err(error) = target.connect().await {
        process.check(&log)?;
        if begin.elapsed() > START {
            return Err(error);
        }
        tokio::time::sleep(POLL).await;
    }
    let words = Words::of(Api::Raw);
    let service = Service { target, words, process: process.pid(), front: None, etcd: None };
    Ok((process, service))
}

/// This program.
pub fn own_program() -> Result<PathBuf, Error> {
    std::env::current_exe().map_err(|source| Error::file(Path::new("/proc/self/exe"), source))
}
