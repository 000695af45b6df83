//! The metrics of the audit log. Names and labels are those of an API server.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PluginLabels {
    plugin: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct LevelLabels {
    level: &'static str,
}

/// The metrics of the audit log. A clone is the same metrics.
#[derive(Clone, Debug, Default)]
pub struct AuditMetrics {
    events: Counter,
    errors: Family<PluginLabels, Counter>,
    levels: Family<LevelLabels, Counter>,
    rejected: Counter,
}

impl AuditMetrics {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register("apiserver_audit_event", "Events of the audit log", self.events.clone());
        let help = "Events that are missing in the audit log, by what failed";
        registry.register("apiserver_audit_error", help, self.errors.clone());
        registry.register(
            "apiserver_audit_level",
            "Requests by the level of their audit",
            self.levels.clone(),
        );
        let help = "Requests that were refused because their audit failed";
        registry.register("apiserver_audit_requests_rejected", help, self.rejected.clone());
    }

    /// An event was made.
    pub fn event(&self) {
        self.events.inc();
    }

    /// An event is lost: `log` could not write it, `buffered` had no room, or it was too large for `truncate`.
    pub fn lost(&self, plugin: &'static str) {
        self.errors.get_or_create(&PluginLabels { plugin }).inc();
    }

    /// A request is audited at this level.
    pub fn level(&self, level: &'static str) {
        self.levels.get_or_create(&LevelLabels { level }).inc();
    }

    /// A request was refused.
    pub fn rejected(&self) {
        self.rejected.inc();
    }
}
