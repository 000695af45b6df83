//! Alone: own storage, own certificates, own namespaces and Secrets.

use super::monitor::Monitored;
use super::{Error, Standalone, bootstrap, compaction, open_own_registry, options, ready};
use crate::backend::Backend;
use crate::cluster::Cluster;
use crate::controller::{self, Controllers};
use crate::endpoint::{Endpoint, Health};
use crate::pipeline::{ClientCertificates, MASTERS_GROUP, MastersOnly, Options, Pipeline, UserInfo};
use crate::serve::certificates::{Certificates, Ensured};
use crate::serve::{Limits, Listener, Shutdown, Tls};
use crate::telemetry::Metrics;
use databases_storage::Storage;
use std::sync::Arc;

/// The user that controllers act as.
const CONTROLLER: &str = "system:databases-controller";

/// Serves without a cluster until a signal ends it.
pub async fn standalone(options: Standalone) -> Result<(), Error> {
    let shutdown = Shutdown::new();
    options::prepare_data_dir(&options.data_dir)?;
    let listener = Listener::bind(options.address()).await?;
    let address = listener.address();
    // The store first: whose it is, is who may write the folder's kubeconfig.
    let (monitor, mut opening) = Monitored::open(options.engine()?).await?;
    let certificates = Certificates::new(&options.data_dir, [], format!("https://{address}"));
    let ensured = certificates.ensure()?;
    let storage: Arc<dyn Storage> = monitor.clone();
    let local = options.local.open(&options.data_dir).await?;
    let definitions = options::definitions();
    let registry = open_own_registry(&definitions, &storage);

    let started = Arc::new(ready::Started::default());
    let health = Health(vec![
        monitor.clone(),
        ready::caches(&registry),
        ready::stored_objects(&registry),
        ready::shutdown(&shutdown),
        started.clone(),
    ]);
    let metrics = Arc::new(Metrics::new());
    let permission = Arc::new(MastersOnly);
    let endpoint = Endpoint::new(&definitions, registry.clone(), health, metrics.clone(), permission);
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
    tokio::spawn(certificates.keep_fresh(tls.clone(), Ensured::tls_material, shutdown.clone()));
    let limits = Limits { drain_timeout: options.drain_timeout(), ..Limits::default() };
    let serving = tokio::spawn(listener.serve(tls, pipeline.clone(), shutdown.clone(), limits));
    let signals = tokio::spawn(shutdown.clone().on_signals());

    let ended = shutdown.announced().clone();
    tokio::select! {
        outcome = bootstrap::run(&registry) => outcome?,
        Ok(Err(error)) = &mut opening => return Err(error.into()),
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
    local.close().await;
    Ok(())
}
