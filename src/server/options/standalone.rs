//! Flags of `standalone`.

use super::super::Error;
use super::{AuditFlags, EncryptionFlags, Etcd, Work};
use clap::{Args, ValueEnum};
use databases_storage::engine;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

/// Flags of `standalone`.
#[derive(Args, Debug)]
pub(in crate::server) struct Standalone<F: Args> {
    /// Where certificates, the kubeconfig, the store and all that is made here lie; created if missing.
    #[arg(long)]
    pub data_dir: PathBuf,

    /// The address to listen on.
    #[arg(long, default_value = "127.0.0.1")]
    pub bind_address: IpAddr,

    /// The port to listen on; 0 takes a free one, which stands in the kubeconfig.
    #[arg(long, default_value_t = 6443)]
    pub port: u16,

    /// Which engine stores the objects.
    #[arg(long, value_enum, default_value_t = Engine::Redb)]
    pub storage: Engine,

    /// Where etcd is.
    #[command(flatten)]
    pub etcd: Etcd,

    /// How values are encrypted.
    #[command(flatten)]
    pub encryption: EncryptionFlags,

    /// What is recorded of requests.
    #[command(flatten)]
    pub audit: AuditFlags,

    /// How requests are worked on.
    #[command(flatten)]
    pub work: Work,

    /// Flags of the API.
    #[command(flatten)]
    pub own: F,

    /// How many seconds requests may take to finish when the server ends.
    #[arg(long, default_value_t = 30)]
    pub drain_seconds: u64,
}

/// Engines by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::server) enum Engine {
    /// One file in the data directory.
    Redb,
    /// Nothing survives the process.
    Memory,
    /// Servers of etcd.
    Etcd,
}

impl<F: Args> Standalone<F> {
    pub(in crate::server) fn address(&self) -> SocketAddr {
        SocketAddr::new(self.bind_address, self.port)
    }

    pub(in crate::server) fn drain_timeout(&self) -> Duration {
        Duration::from_secs(self.drain_seconds)
    }

    pub(in crate::server) fn engine(&self) -> Result<engine::Config, Error> {
        let has_servers = !self.etcd.etcd_servers.is_empty();
        if self.storage != Engine::Etcd && has_servers {
            return Err(Error::Flags("--etcd-servers needs --storage etcd".into()));
        }
        Ok(match self.storage {
            Engine::Memory => engine::Config::Memory(engine::memory::Config),
            Engine::Redb => engine::Config::Redb(engine::redb::Config::new(self.data_dir.join("store.redb"))),
            Engine::Etcd if has_servers => self.etcd.engine()?,
            Engine::Etcd => {
                return Err(Error::Flags(
                    "--storage etcd needs --etcd-servers, such as http://127.0.0.1:2379".into(),
                ));
            }
        })
    }
}
