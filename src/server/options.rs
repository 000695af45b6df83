//! Flags of the server, and what follows from them.

use super::Error;
use crate::backend::{Backend, LocalPostgreSQL};
use apimachinery::kind::Definition;
use clap::{Args, ValueEnum};
use databases_storage::engine;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Flags of `standalone`.
#[derive(Args, Debug)]
pub struct Standalone {
    /// Where certificates, the kubeconfig, the store and the databases lie; created if missing.
    #[arg(long, env = "DATABASES_DATA_DIR")]
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

    /// URLs of etcd's servers, separated by commas; for `--storage etcd`.
    #[arg(long, value_delimiter = ',')]
    pub etcd_servers: Vec<String>,

    /// The prefix of all keys in etcd.
    #[arg(long, default_value = "/registry/databases.standard.k8s.io")]
    pub etcd_prefix: String,

    /// The CA that etcd's certificate is verified with, a PEM file.
    #[arg(long)]
    pub etcd_cafile: Option<PathBuf>,

    /// The certificate to show to etcd, a PEM file.
    #[arg(long, requires = "etcd_keyfile")]
    pub etcd_certfile: Option<PathBuf>,

    /// The key of that certificate, a PEM file.
    #[arg(long, requires = "etcd_certfile")]
    pub etcd_keyfile: Option<PathBuf>,

    /// Where PostgreSQL's versions are installed, one folder a major version.
    #[arg(long, default_value = "/usr/lib/postgresql")]
    pub postgresql_dir: PathBuf,

    /// The user PostgreSQL runs as when this server runs as root.
    #[arg(long, default_value = "postgres")]
    pub postgresql_user: String,

    /// Stop the databases of this machine when the server ends; else they run on and are taken up again.
    #[arg(long)]
    pub stop_instances_on_exit: bool,

    /// How many seconds requests may take to finish when the server ends.
    #[arg(long, default_value_t = 30)]
    pub drain_seconds: u64,
}

/// Engines by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Engine {
    /// One file in the data directory.
    Redb,
    /// Nothing survives the process.
    Memory,
    /// Servers of etcd.
    Etcd,
}

/// Everything that is served: the standard, and the kinds a cluster would serve beside it.
pub(super) fn definitions() -> Vec<&'static Definition> {
    databases_api::definitions().iter().chain(databases_api::core_definitions()).copied().collect()
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    std::fs::read(path).map_err(|error| Error::Flags(format!("cannot read {}: {error}", path.display())))
}

impl Standalone {
    pub(super) fn address(&self) -> SocketAddr {
        SocketAddr::new(self.bind_address, self.port)
    }

    pub(super) fn drain_timeout(&self) -> Duration {
        Duration::from_secs(self.drain_seconds)
    }

    /// Creates the data directory, so that everything later may count on it.
    pub(super) fn prepare_data_dir(&self) -> Result<(), Error> {
        let wrong = |source| Error::DataDirectory { path: self.data_dir.clone(), source };
        std::fs::create_dir_all(&self.data_dir).map_err(wrong)?;
        std::fs::read_dir(&self.data_dir).map_err(wrong).map(drop)
    }

    pub(super) fn engine(&self) -> Result<engine::Config, Error> {
        if self.storage != Engine::Etcd && !self.etcd_servers.is_empty() {
            return Err(Error::Flags("--etcd-servers needs --storage etcd".into()));
        }
        Ok(match self.storage {
            Engine::Memory => engine::Config::Memory(engine::memory::Config),
            Engine::Redb => engine::Config::Redb(engine::redb::Config::new(self.data_dir.join("store.redb"))),
            Engine::Etcd if self.etcd_servers.is_empty() => {
                return Err(Error::Flags(
                    "--storage etcd needs --etcd-servers, such as http://127.0.0.1:2379".into(),
                ));
            }
            Engine::Etcd => engine::Config::Etcd(self.etcd()?),
        })
    }

    fn etcd(&self) -> Result<engine::etcd::Config, Error> {
        let mut config = engine::etcd::Config::new(self.etcd_servers.clone());
        config.prefix.clone_from(&self.etcd_prefix);
        if let Some(ca) = &self.etcd_cafile {
            let identity = match (&self.etcd_certfile, &self.etcd_keyfile) {
                (Some(certificate), Some(key)) => Some((read(certificate)?, read(key)?)),
                _ => None,
            };
            config.tls = Some(engine::etcd::Tls { ca: read(ca)?, identity });
        } else if self.etcd_certfile.is_some() {
            return Err(Error::Flags("--etcd-certfile needs --etcd-cafile, to know the servers by".into()));
        }
        Ok(config)
    }

    pub(super) async fn open_local(&self) -> Result<Arc<dyn Backend>, Error> {
        let root = self.data_dir.join("instances");
        let (packages, user) = (self.postgresql_dir.clone(), self.postgresql_user.clone());
        Ok(Arc::new(LocalPostgreSQL::open(root, packages, user).await?))
    }
}
