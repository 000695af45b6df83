//! Alone: own storage, own certificates, own namespaces and Secrets.

use super::data_dir::DataDir;
use super::encryption::{self, Encryption};
use super::monitor::Monitored;
use super::{
    Api, Error, Parts, Place, Standalone, audit, bootstrap, compaction, open_own_registry, ready, with_core,
};
use crate::cluster::Cluster;
use crate::controller;
use crate::endpoint::{Endpoint, Health};
use crate::pipeline::{
    ClientCertificates, MASTERS_GROUP, MastersOnly, NoTokens, Options, Pipeline, UserInfo,
};
use crate::serve::certificates::{Certificates, Ensured};
use crate::serve::{Limits, Listener, Shutdown, Tls};
use crate::telemetry::Metrics;
use databases_storage::Storage;
use std::sync::Arc;

/// Serves without a cluster until a signal ends it.
pub(super) async fn standalone<A: Api>(options: Standalone<A::Flags>) -> Result<(), Error> {
    let shutdown = Shutdown::new();
    let (engine, definitions) = (options.engine()?, with_core::<A>());
    let metrics = Arc::new(Metrics::new());
    let encryption =
        Encryption::open(&options.encryption, engine.root(), &definitions, metrics.encryption()).await?;
    let _data_dir = DataDir::take(&options.data_dir)?;
    let audit = audit::open(&options.audit, metrics.audit())?;
    let listener = Listener::bind(options.address()).await?;
    let address = listener.address();
    let (monitor, mut opening) = Monitored::open(engine).await?;
    let storage: Arc<dyn Storage> = monitor.clone();
    let (flags, data_dir) = (&options.own, Some(options.data_dir.as_path()));
    let api = A::open(Place { flags, cluster_flags: None, cluster: None, data_dir }).await?;
    // Last, when nobody else can have anything of the folder: by its kubeconfig people reach the server that has it.
    let certificates = Certificates::new(A::FACTS.name, &options.data_dir, [], format!("https://{address}"));
    let ensured = certificates.ensure()?;
    let registry = open_own_registry(&*api, &definitions, (&storage, &|kind| encryption.transformer(kind)));

    let started = Arc::new(ready::Started::default());
    let mut health = Health(vec![
        monitor.clone(),
        ready::caches(&registry),
        ready::stored_objects(&registry),
        ready::shutdown(&shutdown),
        started.clone(),
    ]);
    health.0.extend(encryption.checks());
    let permission = Arc::new(MastersOnly);
    let settings = options.work.endpoint(A::FACTS.build());
    let endpoint =
        Endpoint::new(settings, &definitions, registry.clone(), health, metrics.clone(), permission);
    let pipeline = Pipeline::new(
        (ClientCertificates::new(ensured.bundle()?), NoTokens),
        MastersOnly,
        endpoint,
        Options { audit: audit.clone(), ..Options::default() },
        shutdown.clone(),
        metrics.requests().clone(),
    );
    let controller = UserInfo::new(A::FACTS.controller(), [MASTERS_GROUP]);
    let program = A::FACTS.program();
    let cluster = Cluster::new(kube::Client::new(pipeline.as_user(controller), "default"), &program);

    let tls = Tls::new(ensured.tls_material()?)?;
    tokio::spawn(certificates.keep_fresh(tls.clone(), Ensured::tls_material, shutdown.clone()));
    let limits = Limits { drain_timeout: options.drain_timeout(), ..Limits::default() };
    let serving = tokio::spawn(listener.serve(tls, pipeline.clone(), shutdown.clone(), limits));
    let signals = tokio::spawn(shutdown.clone().on_signals());

    let ended = shutdown.announced().clone();
    let is_up = tokio::select! {
        outcome = bootstrap::run(&registry, &program) => outcome.map(|()| true)?,
        Ok(Err(error)) = &mut opening => return Err(error.into()),
        () = ended.cancelled() => false,
    };
    if is_up {
        pipeline.complete();
        started.done();
        tracing::info!(%address, kubeconfig = %ensured.kubeconfig().display(), "serving");
        tokio::spawn(monitor.probe(shutdown.clone()));
        tokio::spawn(compaction::run(storage.clone(), shutdown.clone()));
        tokio::spawn(encryption.follow(Arc::downgrade(&registry), encryption::INTERVAL, shutdown.clone()));
        let draining = shutdown.draining();
        let core = controller::core(registry.clone(), draining.clone());
        tokio::join!(core, api.control(Parts { registry, cluster }, draining.clone()));
    } else {
        opening.abort();
    }
    let drained = serving.await.unwrap_or(false);
    if !drained {
        tracing::warn!("some requests were cut off at the end");
    }
    if let Some(audit) = audit {
        audit.flush().await;
    }
    signals.abort();
    api.close().await;
    Ok(())
}
