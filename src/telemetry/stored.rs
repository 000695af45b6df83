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
    /// The objects of each resource.
    pub objects: Vec<Objects>,
    /// What cannot be read.
    pub unreadable: Vec<UnreadableLabels>,
}

/// The objects of a resource.
#[derive(Clone, Debug)]
pub struct Objects {
    /// The API group.
    pub group: &'static str,
    /// The plural resource.
    pub resource: &'static str,
    /// The resource with its group.
    pub qualified: String,
    /// How many there are.
    pub count: usize,
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
fn count(registry: &mut Registry, objects: &[Objects]) {
    let counts = Family::<ResourceLabels, Gauge>::default();
    let counts_before = Family::<QualifiedLabels, Gauge>::default();
    for Objects { group, resource, qualified, count } in objects {
        let count = i64::try_from(*count).unwrap_or(i64::MAX);
        counts.get_or_create(&ResourceLabels { group, resource }).set(count);
        counts_before.get_or_create(&QualifiedLabels { resource: qualified.clone() }).set(count);
    }
    registry.register("apiserver_resource_objects", "Stored objects, by resource", counts);
    registry.register("apiserver_storage_objects", "The same, by the resource with its group", counts_before);
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
