//! The metrics of what is stored, and of what cannot be read of it. They are made when they are asked for, from what is so then.

use std::fmt;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

/// So many are named; the others are only counted.
const MOST_NAMED: usize = 100;

/// Where a value lies that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct UnreadableLabels {
    /// The API group.
    pub group: &'static str,
    /// The plural resource.
    pub resource: &'static str,
    /// The namespace; empty for what lives in none.
    pub namespace: String,
    /// The name.
    pub name: String,
}

/// What is stored.
#[derive(Clone, Debug, Default)]
pub struct Stored {
    /// How many objects there are, by the API group and the plural of their resource.
    pub objects: Vec<([&'static str; 2], usize)>,
    /// What cannot be read.
    pub unreadable: Vec<UnreadableLabels>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ResourceLabels {
    group: &'static str,
    resource: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct QualifiedLabels {
    resource: String,
}

impl Stored {
    pub(super) fn write(&self, text: &mut String) -> fmt::Result {
        let mut registry = Registry::default();
        count(&mut registry, &self.objects);
        name(&mut registry, &self.unreadable);
        encode(text, &registry)
    }
}

/// How many objects there are, under the name of today and the one that dashboards know from before Kubernetes 1.34.
fn count(registry: &mut Registry, objects: &[([&'static str; 2], usize)]) {
    let counts = Family::<ResourceLabels, Gauge>::default();
    let qualified = Family::<QualifiedLabels, Gauge>::default();
    for ([group, resource], count) in objects {
        let count = i64::try_from(*count).unwrap_or(i64::MAX);
        counts.get_or_create(&ResourceLabels { group, resource }).set(count);
        let resource = if group.is_empty() { (*resource).to_owned() } else { format!("{resource}.{group}") };
        qualified.get_or_create(&QualifiedLabels { resource }).set(count);
    }
    registry.register("apiserver_resource_objects", "Stored objects, by resource", counts);
    registry.register("apiserver_storage_objects", "The same, by the resource with its group", qualified);
}

/// How many cannot be read of each resource, and which.
fn name(registry: &mut Registry, unreadable: &[UnreadableLabels]) {
    let counts = Family::<ResourceLabels, Gauge>::default();
    let named = Family::<UnreadableLabels, Gauge>::default();
    for one in unreadable {
        counts.get_or_create(&ResourceLabels { group: one.group, resource: one.resource }).inc();
    }
    for one in unreadable.iter().take(MOST_NAMED) {
        named.get_or_create(one).set(1);
    }
    registry.register(
        "apiserver_storage_unreadable_objects",
        "Stored objects that cannot be read, by resource",
        counts,
    );
    let help = "A stored object that cannot be read; the first hundred are named";
    registry.register("apiserver_storage_unreadable_object", help, named);
}
