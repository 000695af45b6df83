//! A real etcd, empty, on free ports.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tokio::net::TcpStream;

use crate::programs::{self, skipped};
use crate::sandbox::free_port;
use crate::wait::until;

/// A running etcd; it ends when dropped.
pub struct Etcd {
    child: Child,
    /// Where clients connect.
    pub url: String,
}

impl Etcd {
    /// Starts one that keeps its data in `folder`; `None` (and said so) when there is no etcd.
    pub async fn start(folder: &Path) -> Option<Self> {
        Self::start_at(folder, free_port()).await
    }

    /// The same on a port that clients know already.
    pub async fn start_at(folder: &Path, client: u16) -> Option<Self> {
        let Some(program) = programs::etcd() else {
            skipped("etcd is not built (hack/lib/etcd.sh)");
            return None;
        };
        let peer = free_port();
        let (url, peer) = (format!("http://127.0.0.1:{client}"), format!("http://127.0.0.1:{peer}"));
        let child = Command::new(program)
            .arg("--data-dir")
            .arg(folder.join("etcd"))
            .args(["--listen-client-urls", &url, "--advertise-client-urls", &url])
            .args(["--listen-peer-urls", &peer, "--initial-advertise-peer-urls", &peer])
            .args(["--initial-cluster", &format!("default={peer}"), "--log-level", "error"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("etcd starts");
        let etcd = Self { child, url };
        let address = ("127.0.0.1", client);
        until("etcd listens", async || {
            tokio::time::timeout(Duration::from_secs(1), TcpStream::connect(address)).await.ok()?.ok()
        })
        .await;
        Some(etcd)
    }
}

impl Drop for Etcd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
