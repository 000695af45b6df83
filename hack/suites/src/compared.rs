//! What is compared of the answers of two servers.

use hyper::HeaderMap;

/// Headers that differ from one answer to the next, or say how kube-apiserver shared out its time.
const NOT_COMPARED: &[&str] = &[
    "date",
    "content-length",
    "audit-id",
    "x-kubernetes-pf-flowschema-uid",
    "x-kubernetes-pf-prioritylevel-uid",
];

/// How the sample warns of its version, with every answer.
const DEPRECATED: &str = "is deprecated in v1.3+, unavailable in v1.10+\"";

/// The headers that are compared, as `name: value`, in order.
pub fn headers(headers: &HeaderMap) -> Vec<String> {
    let texts =
        headers.iter().map(|(name, value)| (name.as_str(), String::from_utf8_lossy(value.as_bytes())));
    let compared = texts.filter(|(name, value)| !NOT_COMPARED.contains(name) && !value.ends_with(DEPRECATED));
    let mut lines: Vec<String> = compared.map(|(name, value)| format!("{name}: {value}")).collect();
    lines.sort();
    lines
}
