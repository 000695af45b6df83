//! The metrics of KMSs. Names and labels are those of an API server.
//!
//! Methods and codes are those of gRPC, and providers those of the configuration. Keys come and go as long as a server runs: those
//! that were met last are told of alone.

use std::collections::VecDeque;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use sha2::{Digest, Sha256};

use super::histogram::Histogram;

/// The upper bounds of calls: 0.1 ms, and twice as much each time.
const BOUNDS: [f64; 20] = {
    let mut bounds = [0.0001; 20];
    let mut at = 1;
    while at < bounds.len() {
        bounds[at] = bounds[at - 1] * 2.0;
        at += 1;
    }
    bounds
};
/// So many keys are told of.
const MOST: usize = 100;

type Moment = Gauge<f64, AtomicU64>;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CallLabels {
    provider_name: String,
    method_name: &'static str,
    grpc_status_code: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct KeyLabels {
    transformation_type: &'static str,
    provider_name: String,
    key_id_hash: String,
    apiserver_id_hash: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StatusLabels {
    provider_name: String,
    key_id_hash: String,
    apiserver_id_hash: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct FaultLabels {
    provider_name: String,
    error: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ProviderLabels {
    provider_name: String,
}

/// A key in one direction.
#[derive(Debug)]
struct Key {
    id: String,
    labels: KeyLabels,
    uses: Counter,
    last: Moment,
}

/// The metrics of all KMSs. A clone is the same metrics.
#[derive(Clone, Debug)]
pub struct KmsMetrics {
    calls: Family<CallLabels, Histogram<{ BOUNDS.len() }>>,
    uses: Family<KeyLabels, Counter>,
    last_use: Family<KeyLabels, Moment>,
    last_status: Family<StatusLabels, Moment>,
    faults: Family<FaultLabels, Counter>,
    seeds: Family<ProviderLabels, Gauge>,
    keys: Arc<Mutex<VecDeque<Key>>>,
    statuses: Arc<Mutex<VecDeque<StatusLabels>>>,
}

impl Default for KmsMetrics {
    fn default() -> Self {
        KmsMetrics {
            calls: Family::new_with_constructor(|| Histogram::new(&BOUNDS)),
            uses: Family::default(),
            last_use: Family::default(),
            last_status: Family::default(),
            faults: Family::default(),
            seeds: Family::default(),
            keys: Arc::default(),
            statuses: Arc::default(),
        }
    }
}

impl KmsMetrics {
    pub(super) fn register(&self, registry: &mut Registry) {
        let registry = registry.sub_registry_with_prefix("apiserver_envelope_encryption");
        let help = "How long calls of a KMS took, in seconds, by how they ended";
        registry.register("kms_operations_latency_seconds", help, self.calls.clone());
        let help = "Values that were encrypted or decrypted, by the key of the KMS behind it";
        registry.register("key_id_hash", help, self.uses.clone());
        let help = "When a key of a KMS was last used, in seconds since 1970";
        registry.register("key_id_hash_last_timestamp_seconds", help, self.last_use.clone());
        let help = "When a KMS last said that a key is its present one, in seconds since 1970";
        registry.register("key_id_hash_status_last_timestamp_seconds", help, self.last_status.clone());
        let help = "Answers in which a KMS named a key as none can be named";
        registry.register("invalid_key_id_from_status", help, self.faults.clone());
        let help = "Secrets of a KMS in memory; of these a start asks for about so many";
        registry.register("dek_source_cache_size", help, self.seeds.clone());
    }

    /// Those of one KMS, as the server on that host meets it.
    pub fn of(&self, provider: &str, server: &str) -> ProviderMetrics {
        ProviderMetrics { all: self.clone(), name: provider.to_owned(), server: hash(server) }
    }
}

/// The metrics of one KMS.
#[derive(Clone, Debug)]
pub struct ProviderMetrics {
    all: KmsMetrics,
    name: String,
    server: String,
}

impl ProviderMetrics {
    /// A method was called, and ended with this code of gRPC's.
    pub fn called(&self, method_name: &'static str, grpc_status_code: &'static str, elapsed: Duration) {
        let labels = CallLabels { provider_name: self.name.clone(), method_name, grpc_status_code };
        self.all.calls.get_or_create(&labels).observe(elapsed);
    }

    /// A value was read with a key, or written.
    pub fn used(&self, key_id: &str, is_read: bool) {
        let transformation_type = if is_read { "from_storage" } else { "to_storage" };
        let KmsMetrics { uses, last_use, keys, .. } = &self.all;
        let is_it = |key: &Key| {
            key.id == key_id
                && key.labels.transformation_type == transformation_type
                && key.labels.provider_name == self.name
        };
        let mut keys = locked(keys);
        let made = || {
            let labels = KeyLabels {
                transformation_type,
                provider_name: self.name.clone(),
                key_id_hash: hash(key_id),
                apiserver_id_hash: self.server.clone(),
            };
            let (uses, last) = (uses.get_or_create(&labels).clone(), last_use.get_or_create(&labels).clone());
            Key { id: key_id.to_owned(), labels, uses, last }
        };
        if let Some(Key { labels, .. }) = put_in_front(&mut keys, is_it, made) {
            uses.remove(&labels);
            last_use.remove(&labels);
        }
        keys[0].uses.inc();
        keys[0].last.set(now());
    }

    /// The KMS says that this is its key.
    pub fn told(&self, key_id: &str) {
        let labels = StatusLabels {
            provider_name: self.name.clone(),
            key_id_hash: hash(key_id),
            apiserver_id_hash: self.server.clone(),
        };
        let KmsMetrics { last_status, statuses, .. } = &self.all;
        let mut statuses = locked(statuses);
        if let Some(oldest) = put_in_front(&mut statuses, |one| *one == labels, || labels.clone()) {
            last_status.remove(&oldest);
        }
        last_status.get_or_create(&labels).set(now());
    }

    /// The KMS names a key as none can be named: `empty` or `too_long`.
    pub fn mistold(&self, error: &'static str) {
        self.all.faults.get_or_create(&FaultLabels { provider_name: self.name.clone(), error }).inc();
    }

    /// So many of its secrets are known.
    pub fn knows(&self, secrets: usize) {
        let labels = ProviderLabels { provider_name: self.name.clone() };
        self.all.seeds.get_or_create(&labels).set(i64::try_from(secrets).unwrap_or(i64::MAX));
    }
}

/// Puts one in front, a new one where it is not there yet; what has no room any more.
fn put_in_front<T>(all: &mut VecDeque<T>, is_it: impl Fn(&T) -> bool, make: impl FnOnce() -> T) -> Option<T> {
    match all.iter().position(is_it) {
        Some(at) => {
            let one = all.remove(at);
            one.into_iter().for_each(|one| all.push_front(one));
        }
        None => all.push_front(make()),
    }
    if all.len() > MOST { all.pop_back() } else { None }
}

fn locked<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

fn hash(text: &str) -> String {
    let digits: String = Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{digits}")
}

fn now() -> f64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::super::{Metrics, Stored};
    use super::*;

    #[test]
    fn keys_without_end_are_told_of_as_long_as_they_were_met_last() {
        let metrics = Metrics::new();
        let kms = metrics.encryption().kms().of("vault", "host-a");
        for number in 0..MOST + 20 {
            kms.used("kept", true);
            kms.used(&format!("key-{number}"), false);
            kms.told(&format!("key-{number}"));
        }
        kms.mistold("empty");
        kms.knows(3);
        kms.called("/v2.KeyManagementService/Status", "OK", Duration::from_micros(150));
        let text = metrics.text(&Stored::default()).unwrap();
        let of = |name: &str| {
            let start = format!("apiserver_envelope_encryption_{name}{{");
            text.lines().filter(|line| line.starts_with(&start)).collect::<Vec<_>>()
        };
        for name in [
            "key_id_hash_total",
            "key_id_hash_last_timestamp_seconds",
            "key_id_hash_status_last_timestamp_seconds",
        ] {
            assert_eq!(of(name).len(), MOST, "{name}");
        }
        let kept = of("key_id_hash_total").into_iter().find(|line| line.contains("from_storage")).unwrap();
        let labels = format!(
            r#"{{transformation_type="from_storage",provider_name="vault",key_id_hash="{}",apiserver_id_hash="{}"}} 120"#,
            hash("kept"),
            hash("host-a"),
        );
        assert!(kept.ends_with(&labels), "{kept}");
        let first = hash("key-0");
        assert!(!text.contains(&first), "what was met long ago is gone");
        let call =
            r#"provider_name="vault",method_name="/v2.KeyManagementService/Status",grpc_status_code="OK""#;
        for line in [
            r#"invalid_key_id_from_status_total{provider_name="vault",error="empty"} 1"#.to_owned(),
            r#"dek_source_cache_size{provider_name="vault"} 3"#.to_owned(),
            format!(r#"kms_operations_latency_seconds_bucket{{le="0.0001",{call}}} 0"#),
            format!(r#"kms_operations_latency_seconds_bucket{{le="0.0002",{call}}} 1"#),
            format!(r#"kms_operations_latency_seconds_count{{{call}}} 1"#),
        ] {
            assert!(text.contains(&format!("apiserver_envelope_encryption_{line}\n")), "{line}\n{text}");
        }
    }
}
