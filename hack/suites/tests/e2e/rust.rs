//! Lines 15e to 15g, and 15k: kube-rs, by its dynamic objects, by metadata alone, and by types of one's own.

use std::fmt::Debug;
use std::pin::Pin;

use futures_util::{Stream, StreamExt};
use kube::api::{Api, DynamicObject};
use kube::client::ClientBuilder;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::core::{ApiResource, GroupVersionKind, PartialObjectMeta};
use kube::runtime::watcher::{self, Event};
use kube::{Client, Config, Resource, ResourceExt, discovery};
use serde::de::DeserializeOwned;
use suites::wait::DEADLINE;
use tokio::time::timeout;

use crate::rust_types::{Flunder, PostgreSQL};
use crate::target::Target;
use crate::{rust_again, rust_controller, rust_watched, rust_written};

/// More than two pages.
pub(crate) const OBJECTS: usize = 7;
pub(crate) const PAGE: u32 = 3;

/// What kube-rs can tell of: an object of its own sort or another.
pub(crate) trait Seen: Resource<DynamicType: Clone + Debug + Eq + std::hash::Hash + Unpin>
where
    Self: Clone + Debug + DeserializeOwned + Send + Sync + 'static,
{
}

impl<K> Seen for K where
    K: Resource<DynamicType: Clone + Debug + Eq + std::hash::Hash + Unpin>
        + Clone
        + Debug
        + DeserializeOwned
        + Send
        + Sync
        + 'static
{
}

/// What a watcher tells.
pub(crate) type Told<'a, K> = Pin<Box<dyn Stream<Item = watcher::Result<Event<K>>> + Send + 'a>>;

pub(crate) async fn config(target: &Target) -> Config {
    let file = Kubeconfig::read_from(&target.kubeconfig).expect("a kubeconfig");
    Config::from_custom_kubeconfig(file, &KubeConfigOptions::default()).await.expect("a config")
}

pub(crate) async fn client(target: &Target) -> Client {
    ClientBuilder::try_from(config(target).await).expect("a client").build()
}

/// What discovery says of the line's kind.
pub(crate) async fn discovered(target: &Target, client: &Client) -> ApiResource {
    let kind = GroupVersionKind::gvk(target.kind.group, target.kind.version, target.kind.kind);
    let (resource, _) = discovery::pinned_kind(client, &kind).await.expect("the kind is discovered");
    assert_eq!(resource.plural, target.kind.plural);
    resource
}

/// The line's kind as objects without types.
pub(crate) async fn dynamic(target: &Target) -> Api<DynamicObject> {
    let client = client(target).await;
    let resource = discovered(target, &client).await;
    Api::namespaced_with(client, &target.namespace, &resource)
}

/// The next event, which must not be an error.
pub(crate) async fn next<K>(told: &mut Told<'_, K>) -> Event<K> {
    let event = timeout(DEADLINE, told.next()).await.expect("an event in time");
    event.expect("the stream goes on").expect("an event")
}

/// The names that a watcher begins with, which it tells once each.
pub(crate) async fn initial<K: Resource>(told: &mut Told<'_, K>) -> Vec<String> {
    assert!(matches!(next(told).await, Event::Init));
    let mut names = Vec::new();
    while let Event::InitApply(object) = next(told).await {
        names.push(object.name_any());
    }
    names.sort();
    names
}

pub(crate) async fn watched(target: &Target) {
    let client = client(target).await;
    let resource = discovered(target, &client).await;
    target.holds("kube-rs: the kind is discovered");
    target.create_many("n", OBJECTS).await;
    let namespace = target.namespace.as_str();
    let dynamic: Api<DynamicObject> = Api::namespaced_with(client.clone(), namespace, &resource);
    rust_watched::told(target, "dynamic", dynamic, resource.clone()).await;
    let metadata: Api<PartialObjectMeta<DynamicObject>> =
        Api::namespaced_with(client.clone(), namespace, &resource);
    rust_watched::told(target, "metadata", metadata, resource).await;
    if target.kind.kind == "PostgreSQL" {
        rust_watched::told(target, "typed", Api::<PostgreSQL>::namespaced(client, namespace), ()).await;
    } else {
        rust_watched::told(target, "typed", Api::<Flunder>::namespaced(client, namespace), ()).await;
    }
}

/// The kind is found by either discovery; a controller reconciles it.
pub(crate) async fn controlled(target: &Target) {
    let client = client(target).await;
    let kind = discovered(target, &client).await;
    let gvk = GroupVersionKind::gvk(&kind.group, &kind.version, &kind.kind);
    for aggregated in [false, true] {
        let asked = discovery::Discovery::new(client.clone()).filter(&[target.kind.group]);
        let found = if aggregated { asked.run_aggregated().await } else { asked.run().await };
        let (found, capabilities) = found.expect("discovery").resolve_gvk(&gvk).expect("the kind");
        assert_eq!(found, kind);
        assert!(capabilities.supports_operation(discovery::verbs::WATCH), "{capabilities:?}");
        let status = capabilities.subresources.iter().any(|(part, _)| part.plural.ends_with("status"));
        assert_eq!(status, target.kind.has_status, "{capabilities:?}");
        let way = if aggregated { "at once" } else { "group by group" };
        target.holds(format!("kube-rs: the kind and its subresources are discovered {way}"));
    }
    let api = Api::namespaced_with(client, &target.namespace, &kind);
    rust_controller::controls(target, api, kind).await;
}

pub(crate) async fn again(target: &Target) {
    target.create_many("n", OBJECTS).await;
    rust_again::goes_on(target).await;
    rust_again::lists_again(target).await;
}

pub(crate) async fn written(target: &Target) {
    let api = dynamic(target).await;
    rust_written::listed(target, &api).await;
    rust_written::written(target, &api).await;
    rust_written::deleted(target, &api).await;
    if target.kind.has_status {
        rust_written::status(target, &api).await;
    }
    if target.kind.has_scale {
        rust_written::scale(target, &api).await;
    }
    if target.kind.kind == "PostgreSQL" {
        rust_written::typed(target).await;
    }
}
