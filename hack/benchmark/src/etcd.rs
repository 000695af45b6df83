//! The etcd behind this server, with its writes on the disk.

use crate::error::Error;
use crate::process::Process;
use crate::server::free_port;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// How long it may take to listen.
const START: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(20);

/// A running etcd.
pub struct Etcd {
    /// Its process.
    pub process: Process,
    /// Where it is.
    pub url: String,
}

impl Etcd {
    /// Starts one that keeps everything below a folder, and waits until it listens.
    pub async fn start(program: &Path, folder: &Path) -> Result<Etcd, Error> {
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
            if begin.elapsed() > START {
                return Err(Error::program(program, "it does not listen"));
            }
            tokio::time::sleep(POLL).await;
        }
        Ok(Etcd { process, url })
    }

    /// The flags of a server that keeps its objects here, below a prefix.
    pub fn flags(&self, prefix: &str) -> Vec<String> {
        let flags = ["--storage", "etcd", "--etcd-servers", &self.url, "--etcd-prefix", prefix];
        flags.map(str::to_owned).into()
    }
}
