//! Objects as expressions see them.

use cel::Value;
use std::collections::HashMap;
use std::sync::Arc;

/// A JSON tree. Whole numbers are `int`, as the types of Kubernetes have them; times are texts, as policies see them.
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

fn map(fields: HashMap<String, Value>) -> Value {
    Value::from(fields)
}
