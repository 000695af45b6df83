//! The audit log: events of `audit.k8s.io/v1`, as Kubernetes' API server writes them.
//!
//! Needs: who asks for what. Provides: an [`Entry`] of every request that the [`Policy`] records, which its handler tells of
//! objects and annotations; its events are written as it comes to each stage. Refuses with: 500, where no request may pass
//! unrecorded (`blocking-strict`) and the log cannot be written. A server without a policy has none of it.

mod entry;
mod event;
mod log;
mod policy;
mod rotation;
mod rule;

use std::net::IpAddr;
use std::sync::Arc;

use apimachinery::time::MicroTime;
use http::{HeaderMap, HeaderValue, Uri};
use tokio::time::Instant;

pub(super) use entry::Audited;
pub use entry::{Entry, ObjectFacts};
pub(crate) use log::{Log, Mode, Target};
pub(crate) use policy::Policy;
pub(crate) use rotation::Rotation;

use super::request_info::RequestInfo;
use super::user::UserInfo;
use crate::telemetry::AuditMetrics;
use event::{Event, ObjectReference, User};
use policy::{Level, Stage};

/// The policy, and the log that it fills.
#[derive(Debug)]
pub struct Audit {
    policy: Policy,
    log: Log,
    /// Events of more bytes are written without objects, or not at all.
    largest: Option<usize>,
    metrics: AuditMetrics,
}

/// What is recorded of a request before it is worked on.
pub(super) struct Facts<'a> {
    pub(super) audit_id: &'a HeaderValue,
    pub(super) received: Instant,
    pub(super) uri: &'a Uri,
    pub(super) headers: &'a HeaderMap,
    pub(super) peer: Option<IpAddr>,
    /// None where nobody is known to send it.
    pub(super) user: Option<&'a UserInfo>,
    pub(super) info: &'a RequestInfo,
}

impl Audit {
    /// Fills the log as the policy says.
    pub(crate) fn new(policy: Policy, log: Log, largest: Option<usize>, metrics: AuditMetrics) -> Self {
        Self { policy, log, largest, metrics }
    }

    /// Begins to record a request, if the policy says so; an error is that it may not pass unrecorded.
    pub(super) fn begin(self: &Arc<Self>, facts: &Facts<'_>) -> Result<Option<Audited>, Unrecorded> {
        let treatment = self.policy.treatment(facts.user, facts.info);
        self.metrics.level(treatment.map_or(Level::None, |treatment| treatment.level).as_str());
        let Some(treatment) = treatment.cloned() else { return Ok(None) };
        let entry = Entry::new(Arc::clone(self), treatment, facts);
        if !entry.received() {
            self.metrics.rejected();
            return Err(Unrecorded);
        }
        Ok(Some(Audited::new(entry)))
    }

    /// Waits until everything so far is written.
    pub(crate) async fn flush(&self) {
        self.log.flush().await;
    }
}

/// The log cannot be written, and nothing may pass unrecorded.
pub(super) struct Unrecorded;

impl Facts<'_> {
    fn event(&self, level: Level) -> Event {
        let micros = i64::try_from(self.received.elapsed().as_micros()).unwrap_or_default();
        let received = MicroTime::from_micros(MicroTime::now().micros() - micros);
        let uri = self.uri.path_and_query().map_or("/", |target| target.as_str());
        Event {
            kind: "Event",
            api_version: "audit.k8s.io/v1",
            level,
            audit_id: String::from_utf8_lossy(self.audit_id.as_bytes()).into_owned(),
            stage: Stage::RequestReceived,
            request_uri: uri.to_owned(),
            verb: self.info.verb().as_str(),
            user: self.user.map(User::from).unwrap_or_default(),
            source_ips: event::source_ips(self.headers, self.peer),
            user_agent: event::user_agent(self.headers),
            object_ref: ObjectReference::of(self.info),
            response_status: None,
            request_object: None,
            response_object: None,
            request_received_timestamp: received,
            stage_timestamp: received,
            annotations: Default::default(),
        }
    }
}

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
