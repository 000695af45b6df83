//! The composition root of any API: what [`Api`] says is served, with everything a server has.

mod aggregated;
mod api;
mod audit;
pub(crate) mod bootstrap;
mod command;
mod compaction;
mod data_dir;
mod election;
mod encryption;
mod host;
mod link;
mod monitor;
mod options;
pub mod prelude;
mod program;
mod ready;
mod rules;
mod standalone;
mod users;

pub use api::{Api, Around, Facts, Parts, Place, Reason};
pub use command::Command;
pub use link::{Link, state};
pub use program::main;

use crate::admission::{Admission, Chain, NamespaceLifecycle};
use crate::cluster;
use crate::registry::Registry;
use crate::serve;
use crate::serve::certificates::CertificatesError;
use crate::telemetry::LoggingError;
use aggregated::serve;
use apimachinery::kind::Definition;
use databases_storage::Storage;
use databases_storage::encryption::Transformer;
use options::{Serve, Standalone};
use standalone::standalone;
use std::path::PathBuf;
use std::sync::Arc;

/// Why the server cannot start. Each is one sentence that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The data directory cannot be used.
    #[error(
        "cannot use the data directory {path}: {source}; choose another with --data-dir or mend its rights"
    )]
    DataDirectory {
        /// The directory.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The data directory is another server's.
    #[error(
        "another server runs on the data directory {0}: end that first, or choose another with --data-dir; nothing was changed"
    )]
    DataDirectoryTaken(PathBuf),
    /// The address cannot be served.
    #[error(transparent)]
    Serve(#[from] serve::Error),
    /// The certificates cannot be made or read.
    #[error(transparent)]
    Certificates(#[from] CertificatesError),
    /// The store cannot be opened.
    #[error(transparent)]
    Storage(#[from] databases_storage::Error),
    /// The flags contradict each other.
    #[error("{0}")]
    Flags(String),
    /// The objects every cluster has cannot be made.
    #[error("cannot prepare the store: {0}")]
    Bootstrap(#[from] apimachinery::status::ApiError),
    /// There is no way to the cluster.
    #[error(transparent)]
    Cluster(#[from] cluster::Error),
    /// What the API needs cannot be opened.
    #[error("{0}")]
    Api(#[from] Reason),
    /// The log filter is none.
    #[error(transparent)]
    Logging(#[from] LoggingError),
    /// The runtime cannot start.
    #[error("cannot start the runtime: {0}")]
    Runtime(std::io::Error),
    /// Signals cannot be received.
    #[error("cannot receive signals: {0}")]
    Signals(std::io::Error),
}

/// Where values are stored, and in which way those of each kind.
pub(crate) type Stored<'a> = (&'a Arc<dyn Storage>, &'a dyn Fn(&Definition) -> Transformer);

/// A registry with its admission: the namespace's lifecycle, the API's own steps, and more after them.
fn open_registry<A: Api>(
    api: &A,
    definitions: &[&'static Definition],
    (storage, transformer): Stored<'_>,
    around: &Around,
    more: Vec<Box<dyn Admission>>,
) -> Arc<Registry> {
    let mut steps: Vec<Box<dyn Admission>> = vec![Box::new(NamespaceLifecycle(around.namespaces.clone()))];
    steps.extend(api.admission(around));
    steps.extend(more);
    let admission: Arc<dyn Admission> = Arc::new(Chain(steps));
    let registry = Registry::open(definitions, storage, transformer, &admission);
    around.objects.set(&registry);
    registry
}

/// A registry whose admission asks itself about namespaces.
pub(crate) fn open_own_registry<A: Api>(
    api: &A,
    definitions: &[&'static Definition],
    stored: Stored<'_>,
) -> Arc<Registry> {
    let objects = Arc::new(Link::default());
    let around = Around { namespaces: objects.clone(), objects, access: None };
    open_registry(api, definitions, stored, &around, Vec::new())
}

/// The kinds of the API, and those that a cluster would serve beside them.
pub(crate) fn with_core<A: Api>() -> Vec<&'static Definition> {
    A::definitions().into_iter().chain(core_v1::definitions().iter().copied()).collect()
}
