//! What is written down of every request: one event and two metrics, never bodies or credentials; and where the audit is
//! kept of those that a policy records.

use std::any::Any;
use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Method, Request, Response, StatusCode, request};
use tokio::time::Instant;

use super::audit::{Audit, Audited, Entry, Facts};
use super::authorization::Decision;
use super::body::ResponseBody;
use super::query;
use super::request_info::RequestInfo;
use super::status::Refusal;
use super::user::UserInfo;
use super::verb::Verb;
use crate::serve::Takeover;
use crate::telemetry::{LongRunning, RequestLabels, RequestMetrics};

/// What is known of a request while it is worked on.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) audit_id: HeaderValue,
    pub(super) received: Instant,
    pub(super) info: Option<RequestInfo>,
    pub(super) user: Option<Arc<UserInfo>>,
    /// Whether a handler saw the request. Only then its resource is a metric's label, because strangers could
    /// otherwise make up labels without end.
    pub(super) admitted: bool,
    audited: Option<Audited>,
    applies: bool,
    dry_run: &'static str,
}

impl Record {
    pub(super) fn begin<B>(request: &Request<B>, audit_id: HeaderValue) -> Self {
        let content_type = request.headers().get(CONTENT_TYPE);
        let applies =
            content_type.is_some_and(|value| value.as_bytes().starts_with(b"application/apply-patch"));
        let (received, dry_run) = (Instant::now(), dry_run(request));
        Self { audit_id, received, info: None, user: None, admitted: false, audited: None, applies, dry_run }
    }

    /// Begins to record the request, if the policy says so, when it is known whose it is or that nobody will know.
    pub(super) fn audit(
        &mut self,
        audit: &Arc<Audit>,
        parts: &request::Parts,
        peer: Option<IpAddr>,
    ) -> Result<(), Refusal> {
        let Some(info) = &self.info else { return Ok(()) };
        let facts = Facts {
            audit_id: &self.audit_id,
            received: self.received,
            uri: &parts.uri,
            headers: &parts.headers,
            peer,
            user: self.user.as_deref(),
            info,
        };
        let unrecorded = |_| Refusal::Unrecorded { uri: info.path().to_owned() };
        self.audited = audit.begin(&facts).map_err(unrecorded)?;
        Ok(())
    }

    /// It is decided what the request may.
    pub(super) fn authorized(&self, decision: &Decision) {
        if let Some(audited) = &self.audited {
            audited.authorized(decision);
        }
    }

    /// The request is refused by the pipeline.
    pub(super) fn refused(&self, response: &Response<Bytes>) {
        if let Some(audited) = &self.audited {
            audited.entry().status(response.body());
        }
    }

    /// The handler panicked.
    pub(super) fn panicked(&self, panic: &(dyn Any + Send)) {
        if let Some(audited) = &self.audited {
            audited.panicked(panic);
        }
    }

    /// What is recorded of the request, for its handler.
    pub(super) fn entry(&self) -> Option<Arc<Entry>> {
        self.audited.as_ref().map(Audited::entry)
    }

    /// The response is there; with its body, or with the connection that it hands over, ends what is recorded.
    pub(super) fn answered<B>(
        &mut self,
        response: Response<ResponseBody<B>>,
        metrics: &RequestMetrics,
    ) -> Response<ResponseBody<B>> {
        let status = response.status();
        self.count(status, metrics);
        let (audited, running) = (self.audited.take(), self.running(status, metrics));
        if let Some(audited) = &audited {
            audited.answered(status);
        }
        if audited.is_none() && running.is_none() {
            return response;
        }
        match response.extensions().get::<Takeover>() {
            Some(takeover) => takeover.keep((audited, running)),
            None => return response.map(|body| body.recorded(audited, running)),
        }
        response
    }

    /// What counts a request that is answered for long from now on.
    fn running(&self, status: StatusCode, metrics: &RequestMetrics) -> Option<LongRunning> {
        let is_refused = status.is_client_error() || status.is_server_error();
        let runs = !is_refused && self.info.as_ref().is_some_and(RequestInfo::is_long_running);
        runs.then(|| metrics.in_flight().long_running(&self.labels()))
    }

    fn count(&self, code: StatusCode, metrics: &RequestMetrics) {
        let elapsed = self.received.elapsed();
        metrics.observe(self.labels(), code.as_u16(), elapsed);
        let path = self.info.as_ref().map_or("", RequestInfo::path);
        let verb = self.info.as_ref().map_or(Verb::Unknown, RequestInfo::verb);
        let user = self.user.as_ref().map_or("", |user| &user.name);
        let audit_id = self.audit_id.to_str().unwrap_or_default();
        let is_resource = self.info.as_ref().is_some_and(RequestInfo::is_resource_request);
        let failed = code.is_server_error() && is_resource;
        let (code, microseconds) = (code.as_u16(), elapsed.as_micros() as u64);
        // Reads are many, and health is asked for again and again.
        if failed {
            tracing::warn!(audit_id, %verb, path, user, code, microseconds, "request failed");
        } else if verb.is_read_only() {
            tracing::debug!(audit_id, %verb, path, user, code, microseconds, "request");
        } else {
            tracing::info!(audit_id, %verb, path, user, code, microseconds, "request");
        }
    }

    fn labels(&self) -> RequestLabels<'_> {
        let Some(info) = &self.info else { return RequestLabels::of_verb(Verb::Unknown.metric_label()) };
        let verb = match info.verb() {
            Verb::Patch if self.applies => "APPLY",
            verb => verb.metric_label(),
        };
        if !self.admitted {
            return RequestLabels::of_verb(verb);
        }
        RequestLabels {
            verb,
            dry_run: self.dry_run,
            group: info.group(),
            version: info.version(),
            resource: info.resource(),
            subresource: info.subresource(),
            scope: scope(info),
        }
    }
}

/// What `?dryRun=` says of a request that may change something.
fn dry_run<B>(request: &Request<B>) -> &'static str {
    if matches!(*request.method(), Method::GET | Method::HEAD) {
        return "";
    }
    let query = request.uri().query().unwrap_or_default();
    query::all(query, "dryRun").fold("", |before, value| match (before, &*value) {
        ("" | "All", "All") => "All",
        _ => "invalid",
    })
}

/// What a request is about: an object, those of a namespace, or those of the cluster.
fn scope(info: &RequestInfo) -> &'static str {
    match (info.is_resource_request(), info.name(), info.namespace()) {
        (false, _, _) => "",
        (true, "", "") if info.verb() != Verb::Create => "cluster",
        (true, "", _) if info.verb() != Verb::Create => "namespace",
        (true, _, _) => "resource",
    }
}
