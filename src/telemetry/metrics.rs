//! The registry of all metrics, and its text.

use std::fmt;

use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;

use super::admission::AdmissionMetrics;
use super::audit::AuditMetrics;
use super::deprecated::DeprecatedMetrics;
use super::encryption::EncryptionMetrics;
use super::process::Process;
use super::requests::RequestMetrics;
use super::stored::Stored;

/// The content type of [`Metrics::text`].
pub const METRICS_CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// All metrics of the server.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    requests: RequestMetrics,
    admission: AdmissionMetrics,
    encryption: EncryptionMetrics,
    deprecated: DeprecatedMetrics,
    audit: AuditMetrics,
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// Metrics that counted nothing yet.
    pub fn new() -> Self {
        let mut registry = Registry::default();
        let requests = RequestMetrics::default();
        requests.register(&mut registry);
        let admission = AdmissionMetrics::default();
        admission.register(&mut registry);
        let encryption = EncryptionMetrics::default();
        encryption.register(&mut registry);
        let deprecated = DeprecatedMetrics::default();
        deprecated.register(&mut registry);
        let audit = AuditMetrics::default();
        audit.register(&mut registry);
        registry.register_collector(Box::new(Process));
        Self { registry, requests, admission, encryption, deprecated, audit }
    }

    /// The metrics of requests, for the pipeline.
    pub fn requests(&self) -> &RequestMetrics {
        &self.requests
    }

    /// The metrics of admission, for what the cluster's configuration adds to it.
    pub fn admission(&self) -> &AdmissionMetrics {
        &self.admission
    }

    /// The metrics of the configuration of encryption at rest, for what reads it.
    pub fn encryption(&self) -> &EncryptionMetrics {
        &self.encryption
    }

    /// The metrics of deprecated versions, for what answers requests.
    pub fn deprecated(&self) -> &DeprecatedMetrics {
        &self.deprecated
    }

    /// The metrics of the audit log, for what writes it.
    pub fn audit(&self) -> &AuditMetrics {
        &self.audit
    }

    /// The registry, for further metrics while the server is composed.
    pub fn registry_mut(&mut self) -> &mut Registry {
        &mut self.registry
    }

    /// Every metric in Prometheus' text format, version 0.0.4; with what is stored now.
    pub fn text(&self, stored: &Stored) -> Result<String, fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        stored.write(&mut text)?;
        Ok(classic(&text))
    }
}

/// Turns OpenMetrics text into the older format: there a counter is described under its samples' name, and nothing
/// marks the end.
fn classic(text: &str) -> String {
    let counters: Vec<&str> =
        text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.strip_suffix(" counter")).collect();
    let mut classic = String::with_capacity(text.len());
    for line in text.lines().filter(|line| *line != "# EOF") {
        let described = line.strip_prefix("# HELP ").or_else(|| line.strip_prefix("# TYPE "));
        let counter =
            described.and_then(|rest| rest.split(' ').next()).filter(|name| counters.contains(name));
        match counter {
            Some(name) => classic.push_str(&line.replacen(name, &format!("{name}_total"), 1)),
            None => classic.push_str(line),
        }
        classic.push('\n');
    }
    classic
}
