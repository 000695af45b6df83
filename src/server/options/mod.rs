//! Flags of the server, and what follows from them.

mod aggregated;
mod delegation;
mod standalone;

pub use aggregated::Serve;
pub use standalone::Standalone;

use delegation::Delegation;

use super::Error;
use crate::backend::{LocalPostgreSQL, local};
use apimachinery::kind::Definition;
use clap::Args;
use databases_storage::engine;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where etcd is.
#[derive(Args, Debug)]
pub struct Etcd {
    /// URLs of etcd's servers, separated by commas; for `--storage etcd`. Needs a server built with the feature `etcd`.
    #[arg(long, value_delimiter = ',')]
    pub etcd_servers: Vec<String>,

    /// The prefix of all keys in etcd.
    #[arg(long, default_value = "/registry/databases.standard.k8s.io")]
    pub etcd_prefix: String,

    /// The CA that etcd's certificate is verified with, a PEM file. It is read, like the next two, for each connection.
    #[arg(long)]
    pub etcd_cafile: Option<PathBuf>,

    /// The certificate to show to etcd, a PEM file.
    #[arg(long, requires = "etcd_keyfile")]
    pub etcd_certfile: Option<PathBuf>,

    /// The key of that certificate, a PEM file.
    #[arg(long, requires = "etcd_certfile")]
    pub etcd_keyfile: Option<PathBuf>,
}

/// Databases as processes of this machine.
#[derive(Args, Debug)]
pub struct Local {
    /// Where PostgreSQL's versions are installed, one folder a major version.
    #[arg(long, default_value = "/usr/lib/postgresql")]
    pub postgresql_dir: PathBuf,

    /// The user PostgreSQL runs as when this server runs as root.
    #[arg(long, default_value = "postgres")]
    pub postgresql_user: String,

    /// Stop the databases of this machine when the server ends; else they run on and are taken up again.
    #[arg(long)]
    pub stop_instances_on_exit: bool,
}

/// The standard's kinds.
pub(super) fn standard() -> Vec<&'static Definition> {
    databases_api::definitions().to_vec()
}

/// The standard, and the kinds that a cluster would serve beside it.
pub(super) fn definitions() -> Vec<&'static Definition> {
    databases_api::definitions().iter().chain(databases_api::core_definitions()).copied().collect()
}

/// Creates the data directory, so that everything later may count on it.
pub(super) fn prepare_data_dir(path: &Path) -> Result<(), Error> {
    let wrong = |source| Error::DataDirectory { path: path.to_owned(), source };
    std::fs::create_dir_all(path).map_err(wrong)?;
    std::fs::read_dir(path).map_err(wrong).map(drop)
}

impl Etcd {
    fn engine(&self) -> Result<engine::Config, Error> {
        let mut config = engine::etcd::Config::new(self.etcd_servers.clone());
        config.prefix.clone_from(&self.etcd_prefix);
        if let Some(ca) = &self.etcd_cafile {
            let identity = self.etcd_certfile.clone().zip(self.etcd_keyfile.clone());
            config.tls = Some(engine::etcd::Tls { ca: ca.clone(), identity });
        } else if self.etcd_certfile.is_some() {
            return Err(Error::Flags("--etcd-certfile needs --etcd-cafile, to know the servers by".into()));
        }
        Ok(engine::Config::Etcd(config))
    }
}

impl Local {
    /// Opens the backend, with its instances below the data directory.
    pub(super) async fn open(&self, data_dir: &Path) -> Result<Arc<LocalPostgreSQL>, Error> {
        let (packages, user) = (self.postgresql_dir.clone(), self.postgresql_user.clone());
        let options = local::Options { packages, user, ..local::Options::default() };
        let opened = LocalPostgreSQL::open(data_dir.join("instances"), options, self.stop_instances_on_exit);
        Ok(Arc::new(opened.await?))
    }
}
