//! What is compared of the answers of two servers.

use hyper::HeaderMap;
use serde_json::{Value, json};

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

/// An owner reference as it should be.
pub fn owner() -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "name": "one", "uid": "0a1b2c3d-0000-4000-8000-0123456789ab"})
}

/// Lists of owner references that are refused: each lacks something, or there are two controllers.
pub fn bad_owners() -> Vec<Value> {
    let without = |key: &str| {
        let mut owner = owner();
        owner.as_object_mut().expect("an owner").remove(key);
        json!([owner])
    };
    let mut controller = owner();
    controller["controller"] = json!(true);
    let mut all: Vec<Value> = ["apiVersion", "kind", "name", "uid"].map(without).into();
    all.push(json!([controller, controller]));
    all
}
