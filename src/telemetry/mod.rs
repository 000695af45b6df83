//! What the server tells about itself: events on standard error, metrics as Prometheus text.

mod admission;
mod audit;
mod deprecated;
mod encryption;
mod histogram;
mod in_flight;
mod kms;
mod logging;
mod metrics;
mod process;
mod requests;
mod stored;

pub use admission::{AdmissionMetrics, FailOpenLabels, MutationLabels, PolicyLabels, WebhookLabels};
pub use audit::AuditMetrics;
pub use deprecated::DeprecatedMetrics;
pub use encryption::EncryptionMetrics;
pub use in_flight::{Count, InFlightMetrics, LongRunning};
pub use kms::{KmsMetrics, ProviderMetrics};
pub use logging::{LogFormat, LoggingError, init};
pub use metrics::{METRICS_CONTENT_TYPE, Metrics};
pub use requests::{RequestLabels, RequestMetrics};
pub use stored::{Objects, Stored, UnreadableLabels};

#[cfg(test)]
mod tests;
