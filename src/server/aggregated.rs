//! Behind a cluster's API server: its users, its rules, its namespaces and Secrets; own storage.

use super::data_dir::DataDir;
use super::encryption::{self, Encryption};
use super::host::Host;
use super::monitor::Monitored;
use super::rules::Rules;
use super::users::Users;
use super::{
    Api, Around, Error, Parts, Place, Serve, Stored, audit, compaction, election, open_registry, ready,
};
use crate::admission::Surroundings;
use crate::cluster::{Cluster, HostNamespaces};
use crate::controller::{self, orphan};
use crate::endpoint::{Endpoint, Health};
use crate::pipeline::delegated::{AccessReviews, Tokens};
use crate::pipeline::{Options, Pipeline};
use crate::registry::Registry;
use crate::serve::certificates::{Certificates, Ensured};
use crate::serve::{Listener, Shutdown, Tls};
use crate::telemetry::Metrics;
use clap::Args;
use databases_storage::Storage;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// The files of the serving certificate are looked at so often.
const CERTIFICATE_INTERVAL: Duration = Duration::from_secs(10);

/// Serves behind a cluster's API server until a signal ends it.
pub(super) async fn serve<A: Api>(options: Serve<A::Flags, A::ClusterFlags>) -> Result<(), Error> {
    let shutdown = Shutdown::new();
    let (engine, definitions) = (options.engine()?, A::definitions());
    let metrics = Arc::new(Metrics::new());
    let encryption =
        Encryption::open(&options.encryption, engine.root(), &definitions, metrics.encryption()).await?;
    let _data_dir = options.data_dir.as_deref().map(DataDir::take).transpose()?;
    let audit = audit::open(&options.audit, metrics.audit())?;
    let cluster = Cluster::connect(options.kubeconfig.as_deref(), &A::FACTS.program()).await?;
    let candidate = election::candidate(&A::FACTS, &options, &cluster)?;
    let listener = Listener::bind(options.address()).await?;
    let address = listener.address();
    let tls = serving_certificate(A::FACTS.name, &options, &shutdown)?;
    let users = Users::new(options.delegation.given(), tls.clone())?;
    let (monitor, mut opening) = Monitored::open(engine).await?;
    let storage: Arc<dyn Storage> = monitor.clone();
    let place = Place {
        flags: &options.own,
        cluster_flags: Some(&options.own_cluster),
        cluster: Some(&cluster),
        data_dir: options.data_dir.as_deref(),
    };
    let api = A::open(place).await?;

    let ended = shutdown.draining().clone();
    let namespaces = HostNamespaces::follow(cluster.clone(), ended.clone());
    let host = Arc::new(Host(namespaces.clone()));
    let delegation = &options.delegation;
    let (lifetimes, open_paths) = (delegation.access_lifetimes(), delegation.open_paths()?);
    let access = Arc::new(AccessReviews::new(cluster.clone(), lifetimes, open_paths));
    let around = Surroundings {
        namespaces: host.clone(),
        access: access.clone(),
        metrics: metrics.admission().clone(),
    };
    let rules =
        Rules::follow((A::FACTS.group, &options.disable_admission_plugins), &cluster, &around, &ended);
    let around = Around { objects: Arc::default(), namespaces: host, access: Some(access.clone()) };
    let stored: Stored<'_> = (&storage, &|kind| encryption.transformer(kind));
    let registry = open_registry(&*api, &definitions, stored, &around, rules.steps());

    let (started, known) = (Arc::new(ready::Started::default()), Arc::new(ready::Authentication::default()));
    let mut health = Health(vec![
        monitor.clone(),
        ready::caches(&registry),
        ready::stored_objects(&registry),
        known.clone(),
        rules.clone(),
        ready::shutdown(&shutdown),
        started.clone(),
    ]);
    health.0.extend(encryption.checks());
    let tokens = Tokens::new(cluster.clone(), delegation.authentication_token_webhook_cache_ttl);
    let settings = options.work.endpoint(A::FACTS.build());
    let pipeline = Pipeline::new(
        (users.front_proxies.clone(), (users.certificates.clone(), tokens)),
        access.clone(),
        Endpoint::new(settings, &definitions, registry.clone(), health, metrics.clone(), access),
        Options { audit: audit.clone(), ..options.pipeline() },
        shutdown.clone(),
        metrics.requests().clone(),
    );
    let limits = options.limits();
    let serving = tokio::spawn(listener.serve(tls, pipeline.clone(), shutdown.clone(), limits));
    let signals = tokio::spawn(shutdown.clone().on_signals());
    let mut believed = tokio::spawn(users.follow(cluster.clone(), shutdown.clone(), known.clone()));

    let is_up = tokio::select! {
        () = filled(&registry, &namespaces, &known, &rules) => true,
        Ok(Err(refused)) = &mut believed => return Err(refused),
        Ok(Err(error)) = &mut opening => return Err(error.into()),
        () = shutdown.announced().cancelled() => false,
    };
    if is_up {
        pipeline.complete();
        started.done();
        tracing::info!(%address, "serving");
        tokio::spawn(monitor.probe(shutdown.clone()));
        tokio::spawn(compaction::run(storage.clone(), shutdown.clone()));
        tokio::spawn(encryption.follow(Arc::downgrade(&registry), encryption::INTERVAL, shutdown.clone()));
        let controllers = async |term: CancellationToken| {
            let parts = Parts { registry: registry.clone(), cluster: cluster.clone() };
            let core = controller::core(registry.clone(), term.clone());
            let orphans = orphan::run(registry.clone(), namespaces.clone(), term.clone());
            tokio::join!(core, orphans, api.control(parts, term));
        };
        candidate.run(ended, controllers).await;
    } else {
        opening.abort();
    }
    if !serving.await.unwrap_or(false) {
        tracing::warn!("some requests were cut off at the end");
    }
    if let Some(audit) = audit {
        audit.flush().await;
    }
    signals.abort();
    api.close().await;
    Ok(())
}

/// Everything that answers depend on is in memory.
async fn filled(
    registry: &Registry,
    namespaces: &HostNamespaces,
    known: &ready::Authentication,
    rules: &Rules,
) {
    for store in registry.stores() {
        store.ready().await;
    }
    namespaces.ready().await;
    known.ready().await;
    rules.ready().await;
}

/// The certificate that is given, or one of the server's own; either is renewed while it is served.
fn serving_certificate<F: Args, C: Args>(
    name: &'static str,
    options: &Serve<F, C>,
    shutdown: &Shutdown,
) -> Result<Tls, Error> {
    if let Some(files) = options.tls_files() {
        let tls = Tls::new(files.read()?)?;
        tokio::spawn(files.follow(tls.clone(), CERTIFICATE_INTERVAL, shutdown.clone()));
        return Ok(tls);
    }
    let data_dir = options.data_dir("a serving certificate of the server's own; or give --tls-cert-file")?;
    let url = format!("https://{}", options.address());
    let certificates = Certificates::new(name, data_dir, options.serving_names.iter().cloned(), url);
    let tls = Tls::new(certificates.ensure()?.serving_material()?)?;
    tokio::spawn(certificates.keep_fresh(tls.clone(), Ensured::serving_material, shutdown.clone()));
    Ok(tls)
}
