//! The annotation in which kubectl keeps what it applied before servers did: who goes over to server-side apply keeps
//! what the annotation says to be his, and the annotation is kept up to date.

use super::check::check;
use super::fields::fields_of;
use super::value;
use crate::managed::compare::Comparison;
use crate::managed::set::FieldSet;
use crate::schema::Schema;
use crate::validation::MOST_ANNOTATION_BYTES;
use crate::wire::json;
use serde_json::{Map, Value};

/// The manager whose applies are those of kubectl.
pub(super) const KUBECTL: &str = "kubectl";
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

fn annotations(object: &Value) -> Option<&Map<String, Value>> {
    object.get("metadata")?.get("annotations")?.as_object()
}

fn last_applied(object: &Value) -> Option<&str> {
    let text = annotations(object)?.get(LAST_APPLIED)?.as_str()?;
    (!text.is_empty()).then_some(text)
}

/// The fields of an object that are as kubectl applied them last; `None` where nobody can tell.
pub(super) fn applied_by_clients(
    schema: &'static Schema,
    api_version: &str,
    live: &Value,
) -> Option<FieldSet<'static>> {
    let last = json::parse(last_applied(live)?.as_bytes()).ok()?;
    let text = |name: &str| last.get(name).and_then(Value::as_str).unwrap_or_default();
    if text("apiVersion") != api_version || text("kind").is_empty() {
        return None;
    }
    check(schema, live).and_then(|()| check(schema, &last)).ok()?;
    let (before, now) = (value::object(schema, &last, &|_| true), value::object(schema, live, &|_| true));
    let comparison = Comparison::between(&before, &now);
    let mut fields = fields_of(&before, schema);
    for changed in [&comparison.modified, &comparison.added, &comparison.removed] {
        fields.subtract(changed);
    }
    Some(fields.into_owned())
}

/// The annotations of an object after kubectl applied a configuration; `None` where they stay as they are.
fn refreshed(object: &Value, config: &Value) -> Option<Map<String, Value>> {
    let last = last_applied(object)?;
    let text = as_text(config);
    if text == last {
        return None;
    }
    let mut annotations = annotations(object)?.clone();
    annotations.insert(LAST_APPLIED.to_owned(), text.into());
    let size = |(name, value): (&String, &Value)| name.len() + value.as_str().unwrap_or_default().len();
    if annotations.iter().map(size).sum::<usize>() > MOST_ANNOTATION_BYTES {
        annotations.remove(LAST_APPLIED);
    }
    Some(annotations)
}

/// Has an object say what kubectl applied, if it says so already; whether that changes it.
pub(super) fn refresh(object: &mut Value, config: &Value) -> bool {
    let Some(annotations) = refreshed(object, config) else { return false };
    let metadata = object.get_mut("metadata").and_then(Value::as_object_mut);
    metadata.is_some_and(|metadata| metadata.insert("annotations".to_owned(), annotations.into()).is_some())
}

/// A configuration without the annotation.
fn as_text(config: &Value) -> String {
    let mut config = config.clone();
    if let Some(metadata) = config.get_mut("metadata").and_then(Value::as_object_mut) {
        match metadata.get_mut("annotations").and_then(Value::as_object_mut) {
            Some(annotations) if annotations.values().all(Value::is_string) => {
                annotations.remove(LAST_APPLIED);
            }
            _ => {
                metadata.remove("annotations");
            }
        }
    }
    let mut out = Vec::with_capacity(1024);
    json::encode(&config, &mut out);
    out.push(b'\n');
    String::from_utf8(out).unwrap_or_default()
}
