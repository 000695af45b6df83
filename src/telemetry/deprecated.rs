//! Which deprecated versions somebody asks for.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    group: String,
    version: String,
    resource: String,
    subresource: String,
    removed_release: String,
}

/// The metrics of deprecated versions.
#[derive(Clone, Debug, Default)]
pub struct DeprecatedMetrics(Family<Labels, Gauge>);

impl DeprecatedMetrics {
    pub(super) fn register(&self, registry: &mut Registry) {
        let help = "Deprecated versions that were asked for since the start";
        registry.register("apiserver_requested_deprecated_apis", help, self.0.clone());
    }

    /// Notes that somebody asked for a resource, or a part of it, in a deprecated version.
    pub fn asked_for(&self, [group, version, resource, subresource]: [&str; 4]) {
        let [group, version, resource, subresource] =
            [group, version, resource, subresource].map(str::to_owned);
        let labels = Labels { group, version, resource, subresource, removed_release: String::new() };
        self.0.get_or_create(&labels).set(1);
    }
}
