//! Clusters as tests want them.

use super::Cluster;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use serde_json::{Value, json};
use std::sync::Arc;
use tower::BoxError;

/// A cluster that answers as `answer` says; what it says nothing to is never answered.
pub(crate) fn played(answer: impl Fn(&str) -> Option<(u16, Value)> + Send + Sync + 'static) -> Cluster {
    let answer = Arc::new(answer);
    let service = tower::service_fn(move |request: Request<kube::client::Body>| {
        let answer = answer(&request.uri().to_string());
        async move {
            let Some((code, body)) = answer else { return std::future::pending().await };
            let response = Response::builder().status(code).header("content-type", "application/json");
            Ok::<_, BoxError>(response.body(Full::new(Bytes::from(body.to_string())))?)
        }
    });
    Cluster::new(kube::Client::new(service, "default"), "tests")
}

/// One that never answers.
pub(crate) fn silent() -> Cluster {
    played(|_| None)
}

/// An answer that is none.
pub(crate) fn failure(code: u16) -> (u16, Value) {
    let status = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": "no", "reason": "No",
        "code": code,
    });
    (code, status)
}
