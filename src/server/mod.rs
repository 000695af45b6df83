//! The composition root: the only module that sees everything.

mod aggregated;
mod bootstrap;
mod compaction;
mod election;
mod host;
mod link;
mod monitor;
mod options;
mod ready;
mod rules;
mod standalone;
mod users;

pub use aggregated::serve;
pub use options::{Serve, Standalone};
pub use standalone::standalone;

use crate::admission::{Admission, Chain, ClassAdmission, Classes, NamespaceLifecycle, Namespaces};
use crate::cluster;
use crate::registry::Registry;
use crate::serve;
use crate::serve::certificates::CertificatesError;
use apimachinery::kind::Definition;
use databases_storage::Storage;
use link::Link;
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
    /// The backend of this machine cannot work.
    #[error(transparent)]
    Backend(#[from] crate::backend::local::Error),
    /// Signals cannot be received.
    #[error("cannot receive signals: {0}")]
    Signals(std::io::Error),
}

/// A registry with its admission: the standard's own steps, and more after them.
fn open_registry(
    definitions: &[&'static Definition],
    storage: &Arc<dyn Storage>,
    namespaces: Arc<dyn Namespaces>,
    classes: Arc<dyn Classes>,
    more: Vec<Box<dyn Admission>>,
) -> Arc<Registry> {
    let mut steps: Vec<Box<dyn Admission>> = vec![
        Box::new(NamespaceLifecycle(namespaces.clone())),
        Box::new(ClassAdmission::new(classes, namespaces)),
    ];
    steps.extend(more);
    let admission: Arc<dyn Admission> = Arc::new(Chain(steps));
    Registry::open(definitions, storage, &admission)
}

/// A registry whose admission asks itself about namespaces and classes.
fn open_own_registry(definitions: &[&'static Definition], storage: &Arc<dyn Storage>) -> Arc<Registry> {
    let link = Arc::new(Link::default());
    let registry = open_registry(definitions, storage, link.clone(), link.clone(), Vec::new());
    link.set(&registry);
    registry
}

#[cfg(test)]
pub(crate) mod tests;
