//! Objects as expressions see them.

use cel::Value;
use cel::objects::{Key, Map};
use std::collections::HashMap;
use std::sync::Arc;

/// A JSON tree. Whole numbers are `int`, as the types of Kubernetes have them.
pub(super) fn of(tree: serde_json::Value) -> Value {
    use serde_json::Value as Tree;
    match tree {
        Tree::Null => Value::Null,
        Tree::Bool(value) => Value::Bool(value),
        Tree::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => Value::Int(whole),
            (None, float) => Value::Float(float.unwrap_or_default()),
        },
        Tree::String(text) => Value::String(Arc::new(text)),
        Tree::Array(items) => Value::List(Arc::new(items.into_iter().map(of).collect())),
        Tree::Object(fields) => map(fields.into_iter().map(|(name, value)| (name, of(value))).collect()),
    }
}

/// An object of Kubernetes: the times of its metadata are timestamps.
pub(super) fn of_object(mut tree: serde_json::Value) -> Value {
    let mut times = HashMap::new();
    for name in ["creationTimestamp", "deletionTimestamp"] {
        let time =
            tree.get("metadata").and_then(|metadata| metadata.get(name)).and_then(|time| time.as_str());
        if let Some(time) = time.and_then(|time| chrono::DateTime::parse_from_rfc3339(time).ok()) {
            times.insert(name, time);
        }
    }
    let Some(metadata) = tree.get_mut("metadata").map(serde_json::Value::take) else { return of(tree) };
    let (Value::Map(object), Value::Map(metadata)) = (of(tree), of(metadata)) else { return Value::Null };
    let mut metadata = (*metadata.map).clone();
    for (name, time) in times {
        metadata.insert(Key::from(name), Value::Timestamp(time));
    }
    let mut object = (*object.map).clone();
    object.insert(Key::from("metadata"), Value::Map(Map { map: Arc::new(metadata) }));
    Value::Map(Map { map: Arc::new(object) })
}

fn map(fields: HashMap<String, Value>) -> Value {
    Value::from(fields)
}
