//! Flags of the standard's own.

use crate::backend::{LocalPostgreSQL, local};
use clap::Args;
use std::path::{Path, PathBuf};
use std::sync::Arc;

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

/// What a class of this machine needs in a cluster.
#[derive(Args, Debug)]
pub struct LocalBackend {
    /// Answer classes of this machine: run PostgreSQL as processes beside the server. Needs --data-dir.
    #[arg(long, requires = "data_dir")]
    pub local_backend: bool,
}

impl Local {
    /// Opens the backend, with its instances below the data directory.
    pub(super) async fn open(&self, data_dir: &Path) -> Result<Arc<LocalPostgreSQL>, local::Error> {
        let (packages, user) = (self.postgresql_dir.clone(), self.postgresql_user.clone());
        let options = local::Options { packages, user, ..local::Options::default() };
        let opened = LocalPostgreSQL::open(data_dir.join("instances"), options, self.stop_instances_on_exit);
        Ok(Arc::new(opened.await?))
    }
}
