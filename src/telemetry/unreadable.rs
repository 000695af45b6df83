//! The metric of stored values that cannot be read. It is made when it is asked for, from what is so then.

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

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ResourceLabels {
    group: &'static str,
    resource: &'static str,
}

/// How many there are of each resource, and which.
pub(super) fn write(text: &mut String, unreadable: &[UnreadableLabels]) -> fmt::Result {
    let counts = Family::<ResourceLabels, Gauge>::default();
    let named = Family::<UnreadableLabels, Gauge>::default();
    for one in unreadable {
        counts.get_or_create(&ResourceLabels { group: one.group, resource: one.resource }).inc();
    }
    for one in unreadable.iter().take(MOST_NAMED) {
        named.get_or_create(one).set(1);
    }
    let mut registry = Registry::default();
    registry.register(
        "apiserver_storage_unreadable_objects",
        "Stored objects that cannot be read, by resource",
        counts,
    );
    let help = "A stored object that cannot be read; the first hundred are named";
    registry.register("apiserver_storage_unreadable_object", help, named);
    encode(text, &registry)
}
