//! The metrics of the configuration of encryption at rest. Names and labels are those of an API server.

use std::time::SystemTime;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::kms::KmsMetrics;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StatusLabels {
    status: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct HashLabels {
    hash: String,
}

/// The metrics of the configuration of encryption at rest. A clone is the same metrics.
#[derive(Clone, Debug, Default)]
pub struct EncryptionMetrics {
    reloads: Family<StatusLabels, Counter>,
    last_reload: Family<StatusLabels, Gauge>,
    in_use: Family<HashLabels, Gauge>,
    kms: KmsMetrics,
}

impl EncryptionMetrics {
    pub(super) fn register(&self, registry: &mut Registry) {
        let help = "Changed configurations of encryption at rest, by whether they could be used";
        let name = "apiserver_encryption_config_controller_automatic_reloads";
        registry.register(name, help, self.reloads.clone());
        let help = "When such a configuration was last used or refused, in seconds since 1970";
        let name = "apiserver_encryption_config_controller_automatic_reload_last_timestamp_seconds";
        registry.register(name, help, self.last_reload.clone());
        let help = "The configuration of encryption at rest that is in use, by the hash of its file";
        let name = "apiserver_encryption_config_controller_last_config_info";
        registry.register(name, help, self.in_use.clone());
        self.kms.register(registry);
    }

    /// The metrics of the KMSs that a configuration names.
    pub fn kms(&self) -> &KmsMetrics {
        &self.kms
    }

    /// The file of this hash is in use.
    pub fn uses(&self, hash: &str) {
        self.in_use.clear();
        self.in_use.get_or_create(&HashLabels { hash: hash.to_owned() }).set(1);
    }

    /// The file changed, and its configuration was used or refused.
    pub fn reloaded(&self, outcome: Result<&str, ()>) {
        let status = StatusLabels { status: if outcome.is_ok() { "success" } else { "failure" } };
        self.reloads.get_or_create(&status).inc();
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        self.last_reload.get_or_create(&status).set(now.as_secs().cast_signed());
        if let Ok(hash) = outcome {
            self.uses(hash);
        }
    }
}
