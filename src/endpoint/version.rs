//! `/version` (U-07).

use super::body::Body;
use http::Response;
use http::header::{CONTENT_TYPE, HeaderValue};
use serde_json::json;

/// The Kubernetes release whose behaviour this server follows; its build is named beside it.
const KUBERNETES: (&str, &str) = ("1", "37");

pub(super) fn answer(build: &str) -> Response<Body> {
    let (major, minor) = KUBERNETES;
    let info = json!({
        "major": major,
        "minor": minor,
        "gitVersion": format!("v{major}.{minor}.0+{build}"),
        "gitCommit": "",
        "gitTreeState": "",
        "buildDate": "",
        "goVersion": "",
        "compiler": "rustc",
        "platform": format!("{}/{}", std::env::consts::OS, std::env::consts::ARCH),
    });
    let mut response = Response::new(Body::full(info.to_string()));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
