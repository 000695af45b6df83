//! The host cluster's namespaces: those known from a watch, and the newest word where that is not enough.

use super::{Cluster, Error, chain};
use futures_util::{Stream, StreamExt};
use k8s_openapi::api::core::v1::Namespace;
use kube::api::Api;
use kube::core::PartialObjectMeta;
use kube::runtime::reflector::{ObjectRef, Store, reflector, store};
use kube::runtime::watcher::Event;
use kube::runtime::{WatchStreamExt, watcher};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// How long the question about one namespace may take.
const TIMEOUT: Duration = Duration::from_secs(10);

type Metadata = PartialObjectMeta<Namespace>;

/// What is known of a namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NamespaceFacts {
    /// Whether it is being deleted.
    pub terminating: bool,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
}

/// The namespaces of the host cluster.
#[derive(Clone)]
pub struct HostNamespaces {
    cluster: Cluster,
    known: Store<Metadata>,
    gone: watch::Receiver<()>,
}

impl HostNamespaces {
    /// Starts to follow them, until `ended`.
    pub fn follow(cluster: Cluster, ended: CancellationToken) -> HostNamespaces {
        let (known, writer) = store();
        let api: Api<Metadata> = Api::all(cluster.client.clone());
        let events = reflector(writer, watcher(api, watcher::Config::default()).default_backoff());
        let (tell, gone) = watch::channel(());
        tokio::spawn(drive(events.boxed(), tell, ended));
        HostNamespaces { cluster, known, gone }
    }

    /// Returns once all namespaces are known.
    pub async fn ready(&self) {
        // The only failure is that the watch has ended, with the server.
        let _ = self.known.wait_until_ready().await;
    }

    /// Changes whenever a namespace has gone, or all are shown anew.
    pub fn gone(&self) -> watch::Receiver<()> {
        self.gone.clone()
    }

    /// What the watch has shown of a namespace.
    pub fn known(&self, name: &str) -> Option<NamespaceFacts> {
        self.known.get(&ObjectRef::new(name)).map(|namespace| facts(&namespace))
    }

    /// What the cluster says right now.
    pub async fn newest(&self, name: &str) -> Result<Option<NamespaceFacts>, Error> {
        Ok(self.ask(name).await?.as_ref().map(facts))
    }

    /// A namespace as policies see it, by what the watch has shown.
    pub fn known_object(&self, name: &str) -> Option<Value> {
        self.known.get(&ObjectRef::new(name)).map(|namespace| object(&namespace))
    }

    /// A namespace as policies see it, by what the cluster says right now.
    pub async fn newest_object(&self, name: &str) -> Result<Option<Value>, Error> {
        Ok(self.ask(name).await?.as_ref().map(object))
    }

    async fn ask(&self, name: &str) -> Result<Option<Metadata>, Error> {
        let api: Api<Namespace> = Api::all(self.cluster.client.clone());
        Ok(timeout(TIMEOUT, api.get_metadata_opt(name)).await.map_err(|_| Error::Timeout(TIMEOUT))??)
    }
}

fn facts(namespace: &Metadata) -> NamespaceFacts {
    NamespaceFacts {
        terminating: namespace.metadata.deletion_timestamp.is_some(),
        labels: namespace.metadata.labels.clone().unwrap_or_default(),
    }
}

/// Only the metadata of namespaces is followed. The phase follows from it, and what holds a namespace while it is there.
fn object(namespace: &Metadata) -> Value {
    let mut metadata = serde_json::to_value(&namespace.metadata).unwrap_or_default();
    if let Some(metadata) = metadata.as_object_mut() {
        metadata.retain(|name, _| name != "managedFields" && name != "ownerReferences");
    }
    let is_terminating = namespace.metadata.deletion_timestamp.is_some();
    let phase = if is_terminating { "Terminating" } else { "Active" };
    json!({ "metadata": metadata, "spec": { "finalizers": ["kubernetes"] }, "status": { "phase": phase } })
}

async fn drive(
    mut events: impl Stream<Item = Result<Event<Metadata>, watcher::Error>> + Unpin,
    tell: watch::Sender<()>,
    ended: CancellationToken,
) {
    loop {
        tokio::select! {
            () = ended.cancelled() => return,
            event = events.next() => match event {
                None => return,
                Some(Ok(Event::Delete(_) | Event::InitDone)) => {
                    tell.send_replace(());
                }
                Some(Ok(_)) => {}
                Some(Err(error)) => tracing::warn!(error = chain(&error), "cannot follow the cluster's namespaces; trying again"),
            }
        }
    }
}
