//! `/livez`, `/readyz`, `/healthz` and their single checks (H-01…H-03).

use super::body::Body;
use crate::pipeline::query;
use http::header::{CONTENT_TYPE, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use http::{Response, StatusCode};
use percent_encoding::percent_decode_str;
use std::fmt::Write;
use std::sync::Arc;

/// The check that holds whenever the server answers at all.
const PING: &str = "ping";

/// One check of the server's health.
pub trait Check: Send + Sync + 'static {
    /// Such as `etcd`.
    fn name(&self) -> &str;
    /// What is wrong, in words that everybody may read: health needs no credentials.
    fn check(&self) -> Result<(), String>;
    /// Whether it only tells: what it finds makes nothing unready.
    fn is_advice(&self) -> bool {
        false
    }
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
        let path = path.strip_prefix('/')?;
        let (root, single) = path.split_once('/').unwrap_or((path, ""));
        if !matches!(root, "livez" | "readyz" | "healthz") || path.ends_with('/') {
            return None;
        }
        let wanted = |check: &&Arc<dyn Check>| root == "readyz" || check.liveness();
        let checks: Vec<_> = self.0.iter().filter(wanted).collect();
        if single.is_empty() {
            return Some(self.all(root, &checks, text));
        }
        if single == PING {
            return Some(plain(StatusCode::OK, "ok".into()));
        }
        let one = checks.into_iter().find(|check| check.name() == single);
        Some(match one.map(|check| check.check()) {
            Some(Ok(())) => plain(StatusCode::OK, "ok".into()),
            Some(Err(reason)) => {
                tracing::info!(check = single, reason, "health check failed");
                let text = format!("internal server error: {single} failed: {reason}\n");
                plain(StatusCode::INTERNAL_SERVER_ERROR, text)
            }
            None => plain(StatusCode::NOT_FOUND, "404 page not found\n".into()),
        })
    }

    fn all(&self, root: &str, checks: &[&Arc<dyn Check>], text: &str) -> Response<Body> {
        let values = text.split('&').filter_map(|pair| pair.strip_prefix("exclude="));
        let excluded: Vec<_> = values.map(|value| percent_decode_str(value).decode_utf8_lossy()).collect();
        let is_excluded = |name: &str| excluded.iter().any(|excluded| excluded == name);
        let ping = if is_excluded(PING) { "excluded: ok" } else { "ok" };
        let mut lines = format!("[+]{PING} {ping}\n");
        let mut failed = false;
        for check in checks {
            let name = check.name();
            let line = if is_excluded(name) {
                format!("[+]{name} excluded: ok")
            } else if let Err(reason) = check.check() {
                tracing::debug!(check = name, reason, "health check failed");
                failed |= !check.is_advice();
                let sign = if check.is_advice() { '!' } else { '-' };
                format!("[{sign}]{name} failed: {reason}")
            } else {
                format!("[+]{name} ok")
            };
            let _ = writeln!(lines, "{line}");
        }
        let unknown = excluded
            .iter()
            .filter(|name| **name != PING && !checks.iter().any(|check| check.name() == **name));
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

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::BodyExt;

    struct Failing {
        name: &'static str,
        is_advice: bool,
    }

    impl Check for Failing {
        fn name(&self) -> &str {
            self.name
        }

        fn check(&self) -> Result<(), String> {
            Err("not yet".into())
        }

        fn is_advice(&self) -> bool {
            self.is_advice
        }
    }

    const CACHES: Failing = Failing { name: "poststarthook/caches", is_advice: false };
    const ADVICE: Failing = Failing { name: "advice", is_advice: true };

    async fn ask(check: Failing, path: &str, query: &str) -> (u16, String) {
        let health = Health(vec![Arc::new(check)]);
        let (parts, body) = health.answer(path, query).unwrap().into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        (parts.status.as_u16(), String::from_utf8(bytes.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn ping_is_a_check_of_its_own() {
        for root in ["livez", "readyz", "healthz"] {
            assert_eq!(ask(CACHES, &format!("/{root}/ping"), "").await, (200, "ok".into()));
        }
        let (_, lines) = ask(CACHES, "/livez", "verbose&exclude=ping").await;
        assert_eq!(lines, "[+]ping excluded: ok\nlivez check passed\n");
    }

    #[tokio::test]
    async fn an_excluded_name_may_be_percent_encoded() {
        let unready = "[+]ping ok\n[-]poststarthook/caches failed: not yet\nreadyz check failed\n";
        assert_eq!(ask(CACHES, "/readyz", "").await, (500, unready.into()));
        assert_eq!(ask(CACHES, "/readyz", "exclude=poststarthook%2Fcaches").await, (200, "ok".into()));
    }

    #[tokio::test]
    async fn advice_is_told_and_makes_nothing_unready() {
        let told = "[+]ping ok\n[!]advice failed: not yet\nreadyz check passed\n";
        assert_eq!(ask(ADVICE, "/readyz", "verbose").await, (200, told.into()));
        assert_eq!(ask(ADVICE, "/readyz", "").await, (200, "ok".into()));
        let alone = "internal server error: advice failed: not yet\n";
        assert_eq!(ask(ADVICE, "/readyz/advice", "").await, (500, alone.into()));
    }
}
