//! `/livez`, `/readyz`, `/healthz` and their single checks (H-01…H-03).

use super::body::Body;
use crate::pipeline::query;
use http::header::{CONTENT_TYPE, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use http::{Response, StatusCode};
use std::fmt::Write;
use std::sync::Arc;

/// One check of the server's health.
pub trait Check: Send + Sync + 'static {
    /// Such as `etcd`.
    fn name(&self) -> &str;
    /// What is wrong, for the log; clients see only that something is.
    fn check(&self) -> Result<(), String>;
    /// Whether it counts for `/livez`, too.
    fn liveness(&self) -> bool {
        false
    }
}

/// All checks, in the order they are shown.
#[derive(Clone, Default)]
pub struct Health(pub Vec<Arc<dyn Check>>);

impl Health {
    /// Answers a health path; `None` for any other path.
    pub(super) fn answer(&self, path: &str, text: &str) -> Option<Response<Body>> {
        let (root, single) = match path.trim_start_matches('/').split_once('/') {
            Some((root, single)) => (root, single),
            None => (path.trim_start_matches('/'), ""),
        };
        if !matches!(root, "livez" | "readyz" | "healthz") {
            return None;
        }
        let wanted = |check: &&Arc<dyn Check>| root == "readyz" || check.liveness();
        let checks: Vec<_> = self.0.iter().filter(wanted).collect();
        if single.is_empty() {
            return Some(self.all(root, &checks, text));
        }
        let one = checks.into_iter().find(|check| check.name() == single);
        Some(match one.map(|check| check.check()) {
            Some(Ok(())) => plain(StatusCode::OK, "ok".into()),
            Some(Err(reason)) => {
                tracing::info!(check = single, reason, "health check failed");
                plain(StatusCode::INTERNAL_SERVER_ERROR, format!("internal server error: {single} failed\n"))
            }
            None => plain(StatusCode::NOT_FOUND, "404 page not found\n".into()),
        })
    }

    fn all(&self, root: &str, checks: &[&Arc<dyn Check>], text: &str) -> Response<Body> {
        let excluded: Vec<&str> = text.split('&').filter_map(|pair| pair.strip_prefix("exclude=")).collect();
        let mut lines = String::from("[+]ping ok\n");
        let mut failed = false;
        for check in checks {
            let name = check.name();
            let line = if excluded.contains(&name) {
                format!("[+]{name} excluded: ok")
            } else if let Err(reason) = check.check() {
                tracing::debug!(check = name, reason, "health check failed");
                failed = true;
                format!("[-]{name} failed: reason withheld")
            } else {
                format!("[+]{name} ok")
            };
            let _ = writeln!(lines, "{line}");
        }
        let unknown = excluded
            .iter()
            .filter(|name| **name != "ping" && !checks.iter().any(|check| check.name() == **name));
        let unknown: Vec<String> = unknown.map(|name| format!("{name:?}")).collect();
        if !unknown.is_empty() {
            let _ = writeln!(
                lines,
                "warn: some health checks cannot be excluded: no matches for {}",
                unknown.join(", ")
            );
        }
        match failed {
            true => plain(StatusCode::INTERNAL_SERVER_ERROR, format!("{lines}{root} check failed\n")),
            false if query::is_true(text, "verbose") => {
                plain(StatusCode::OK, format!("{lines}{root} check passed\n"))
            }
            false => plain(StatusCode::OK, "ok".into()),
        }
    }
}

pub(super) fn plain(code: StatusCode, text: String) -> Response<Body> {
    let mut response = Response::new(Body::full(text));
    *response.status_mut() = code;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
