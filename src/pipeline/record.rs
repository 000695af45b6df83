//! What is written down of every request: one event and two metrics, never bodies or credentials.

use std::sync::Arc;

use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Request, StatusCode};
use tokio::time::Instant;

use super::request_info::RequestInfo;
use super::user::UserInfo;
use super::verb::Verb;
use crate::telemetry::{RequestLabels, RequestMetrics};

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
    applies: bool,
}

impl Record {
    pub(super) fn begin<B>(request: &Request<B>, audit_id: HeaderValue) -> Self {
        let content_type = request.headers().get(CONTENT_TYPE);
        let applies =
            content_type.is_some_and(|value| value.as_bytes().starts_with(b"application/apply-patch"));
        Self { audit_id, received: Instant::now(), info: None, user: None, admitted: false, applies }
    }

    pub(super) fn end(&self, code: StatusCode, metrics: &RequestMetrics) {
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
            group: info.group(),
            version: info.version(),
            resource: info.resource(),
            subresource: info.subresource(),
        }
    }
}
