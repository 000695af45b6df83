//! The one place where this layer's refusals become responses.
//!
//! Needs: a [`Refusal`]. Provides: its response, a `Status` document or, where clients know it so, plain text.

use apimachinery::time::DurationError;
use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_TYPE, HeaderValue, RETRY_AFTER, X_CONTENT_TYPE_OPTIONS};
use http::{Response, StatusCode};
use serde_json::{Map, Value, json};

use super::request_info::RequestInfoError;

/// Why the pipeline answers a request itself.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    #[error("Internal Server Error: {uri:?}: failed to create RequestInfo: {source}")]
    RequestInfo { uri: String, source: RequestInfoError },
    #[error("invalid timeout specified in the request URL - {0}")]
    InvalidTimeout(#[from] DurationError),
    #[error("Timeout: request did not complete within the allotted timeout")]
    Timeout,
    #[error("Unauthorized")]
    Unauthorized,
    #[error(
        "impersonation is not supported by this server itself; where it stands behind a cluster's API server, ask that, or use the \
         user's own credentials"
    )]
    Impersonation,
    #[error("Too many requests, please try again later.")]
    TooManyRequests,
    #[error("{message}")]
    Forbidden { message: String, name: String, group: String, resource: String },
    #[error("Internal Server Error: {uri:?}: {message}")]
    Authorization { uri: String, message: String },
    #[error("Internal Server Error: {uri:?}: failed to store audit event")]
    Unrecorded { uri: String },
    #[error("the request has been made before all known HTTP paths have been installed, please try again")]
    NotInstalled,
    #[error("Unsupported transfer encoding")]
    TransferEncoding,
    #[error("This request caused apiserver to panic. Look in the logs for details.")]
    Panic,
}

impl Refusal {
    /// The same before everything is installed: who may do what need not be known yet, and a refusal that would not
    /// stand later could make clients give up what is there.
    pub(super) fn while_starting(self) -> Self {
        match self {
            Self::Unauthorized | Self::Forbidden { .. } | Self::Authorization { .. } => Self::NotInstalled,
            other => other,
        }
    }

    pub(super) fn into_response(self) -> Response<Bytes> {
        let message = self.to_string();
        match self {
            Self::RequestInfo { source: source @ RequestInfoError::Malformed, .. } => {
                status(StatusCode::BAD_REQUEST, "BadRequest", &source.to_string(), None)
            }
            Self::RequestInfo { .. } | Self::Authorization { .. } | Self::Unrecorded { .. } => {
                text(StatusCode::INTERNAL_SERVER_ERROR, &escape(&message), 0)
            }
            Self::Panic => text(StatusCode::INTERNAL_SERVER_ERROR, &message, 0),
            Self::TransferEncoding => {
                let mut response = text(StatusCode::NOT_IMPLEMENTED, &message, 0);
                response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
                response
            }
            Self::TooManyRequests => text(StatusCode::TOO_MANY_REQUESTS, &message, 1),
            Self::InvalidTimeout(_) => status(StatusCode::BAD_REQUEST, "BadRequest", &message, None),
            Self::Timeout => status(StatusCode::GATEWAY_TIMEOUT, "Timeout", &message, Some(0)),
            Self::Impersonation => status(StatusCode::FORBIDDEN, "Forbidden", &message, None),
            Self::Unauthorized => status(StatusCode::UNAUTHORIZED, "Unauthorized", &message, None),
            Self::NotInstalled => unavailable(&message, 5),
            Self::Forbidden { name, group, resource, .. } => {
                let details = named([("name", name), ("group", group), ("kind", resource)]);
                let body = document(StatusCode::FORBIDDEN, "Forbidden", &message, Some(details));
                not_sniffed(respond(StatusCode::FORBIDDEN, body, "application/json", 0))
            }
        }
    }
}

fn unavailable(message: &str, retry_after: u32) -> Response<Bytes> {
    status(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable", message, Some(retry_after))
}

/// A `Status` response; `retry_after` of some makes `details`, and above zero the header too.
fn status(code: StatusCode, reason: &str, message: &str, retry_after: Option<u32>) -> Response<Bytes> {
    let body = status_body(code, reason, message, retry_after);
    respond(code, body, "application/json", retry_after.unwrap_or(0))
}

/// The `Status` document of a failure.
fn status_body(code: StatusCode, reason: &str, message: &str, retry_after: Option<u32>) -> Bytes {
    let details = retry_after.map(|seconds| match seconds {
        0 => Map::new(),
        seconds => Map::from_iter([("retryAfterSeconds".to_owned(), seconds.into())]),
    });
    document(code, reason, message, details)
}

/// Written field by field, because clients and tests know the order.
fn document(code: StatusCode, reason: &str, message: &str, details: Option<Map<String, Value>>) -> Bytes {
    let details = details.map(|details| format!(r#""details":{},"#, Value::Object(details)));
    let text = format!(
        r#"{{"kind":"Status","apiVersion":"v1","metadata":{{}},"status":"Failure","message":{},"reason":{},{}"code":{}}}"#,
        json!(message),
        json!(reason),
        details.unwrap_or_default(),
        code.as_u16(),
    );
    Bytes::from(text + "\n")
}

fn named<const N: usize>(entries: [(&str, String); N]) -> Map<String, Value> {
    let present = entries.into_iter().filter(|(_, value)| !value.is_empty());
    present.map(|(key, value)| (key.to_owned(), value.into())).collect()
}

fn text(code: StatusCode, message: &str, retry_after: u32) -> Response<Bytes> {
    let body = Bytes::from(format!("{message}\n"));
    not_sniffed(respond(code, body, "text/plain; charset=utf-8", retry_after))
}

fn respond(code: StatusCode, body: Bytes, content_type: &'static str, retry_after: u32) -> Response<Bytes> {
    let mut response = Response::new(body);
    *response.status_mut() = code;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    if retry_after > 0 {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(retry_after));
    }
    response
}

fn not_sniffed(mut response: Response<Bytes>) -> Response<Bytes> {
    response.headers_mut().insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// Makes text that quotes a request harmless to a browser.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
