//! The composition root: the only module that sees everything.

mod bootstrap;
mod compaction;
mod link;
mod monitor;
mod options;
mod ready;

pub use options::Standalone;

use crate::admission::{Admission, Chain, ClassAdmission, NamespaceLifecycle};
use crate::cluster::Cluster;
use crate::controller::{self, Controllers};
use crate::endpoint::{Endpoint, Health};
use crate::pipeline::{ClientCertificates, MASTERS_GROUP, MastersOnly, Options, Pipeline, UserInfo};
use crate::registry::Registry;
use crate::serve::certificates::{Certificates, CertificatesError};
use crate::serve::{self, Limits, Listener, Shutdown, Tls};
use crate::telemetry::Metrics;
use apimachinery::kind::Definition;
use databases_storage::Storage;
use link::Link;
use monitor::Monitored;
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
    /// The backend of this machine cannot work.
    #[error(transparent)]
    Backend(#[from] crate::backend::local::Error),
    /// Signals cannot be received.
    #[error("cannot receive signals: {0}")]
    Signals(std::io::Error),
}

/// The user that controllers act as.
const CONTROLLER: &str = "system:databases-controller";

/// Serves without a cluster until a signal ends it.
pub async fn standalone(options: Standalone) -> Result<(), Error> {
    let shutdown = Shutdown::new();
    options.prepare_data_dir()?;
    let listener = Listener::bind(options.address()).await?;
    let address = listener.address();
    let certificates = Certificates::new(&options.data_dir, [], format!("https://{address}"));
    let ensured = certificates.ensure()?;
    let monitor = Monitored::new(databases_storage::engine::open(options.engine()?).await?);
    let storage: Arc<dyn Storage> = monitor.clone();
    let local = options.open_local().await?;
    let definitions = options::definitions();
    let registry = open_registry(&definitions, &storage);

    let started = Arc::new(ready::Started::default());
    let health =
        Health(vec![monitor.clone(), ready::caches(&registry), ready::shutdown(&shutdown), started.clone()]);
    let metrics = Arc::new(Metrics::new());
    let endpoint = Endpoint::new(&definitions, registry.clone(), health, metrics.clone());
    let pipeline = Pipeline::new(
        ClientCertificates::new(ensured.bundle()?),
        MastersOnly,
        endpoint,
        Options::default(),
        shutdown.clone(),
        metrics.requests().clone(),
    );
    let client = kube::Client::new(pipeline.as_user(UserInfo::new(CONTROLLER, [MASTERS_GROUP])), "default");

    let tls = Tls::new(ensured.tls_material()?)?;
    tokio::spawn(certificates.keep_fresh(tls.clone(), shutdown.clone()));
    let limits = Limits { drain_timeout: options.drain_timeout(), ..Limits::default() };
    let serving = tokio::spawn(listener.serve(tls, pipeline.clone(), shutdown.clone(), limits));
    let signals = tokio::spawn(shutdown.clone().on_signals());

    let ended = shutdown.announced().clone();
    tokio::select! {
        outcome = bootstrap::run(&registry) => outcome?,
        () = ended.cancelled() => {}
    }
    pipeline.complete();
    started.done();
    tracing::info!(%address, kubeconfig = %ensured.kubeconfig().display(), "serving");
    tokio::spawn(monitor.probe(shutdown.clone()));
    tokio::spawn(compaction::run(storage.clone(), shutdown.clone()));
    let controllers = Controllers { registry, cluster: Cluster::new(client), backends: vec![local.clone()] };
    controller::run(controllers, shutdown.draining().clone()).await;
    let drained = serving.await.unwrap_or(false);
    if !drained {
        tracing::warn!("some requests were cut off at the end");
    }
    signals.abort();
    if options.stop_instances_on_exit {
        local.stop_all().await;
    }
    Ok(())
}

/// The registry and its admission, which asks the registry itself about namespaces and classes.
fn open_registry(definitions: &[&'static Definition], storage: &Arc<dyn Storage>) -> Arc<Registry> {
    let link = Arc::new(Link::default());
    let admission: Arc<dyn Admission> = Arc::new(Chain(vec![
        Box::new(NamespaceLifecycle(link.clone())),
        Box::new(ClassAdmission::new(link.clone())),
    ]));
    let registry = Registry::open(definitions, storage, &admission);
    link.set(&registry);
    registry
}

#[cfg(test)]
mod tests;
