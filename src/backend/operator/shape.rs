//! Trees of JSON: put together, looked into, and compared.

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

/// Puts a value at a path of names, making objects on the way; nothing where there is no value.
pub(in crate::backend) fn put(tree: &mut Value, path: &str, value: impl Into<Value>) {
    let value = value.into();
    if value.is_null() {
        return;
    }
    let mut here = tree;
    for name in path.split('.') {
        if !here.is_object() {
            *here = Value::Object(Map::new());
        }
        here = &mut here[name];
    }
    *here = value;
}

/// The text at a path of names; empty where there is none.
pub(in crate::backend) fn at<'a>(tree: &'a Value, path: &str) -> &'a str {
    path.split('.').fold(tree, |here, name| &here[name]).as_str().unwrap_or_default()
}

/// `over` laid over `under`: objects are merged, everything else is `over`'s.
pub(in crate::backend) fn overlay(under: Value, over: Value) -> Value {
    match (under, over) {
        (Value::Object(mut under), Value::Object(over)) => {
            for (name, value) in over {
                let merged = match under.remove(&name) {
                    Some(below) => overlay(below, value),
                    None => value,
                };
                under.insert(name, merged);
            }
            Value::Object(under)
        }
        (_, over) => over,
    }
}

/// Whether everything of `wanted` is so in `live`, which may have more.
pub(in crate::backend) fn covers(live: &Value, wanted: &Value) -> bool {
    match (live, wanted) {
        (Value::Object(live), Value::Object(wanted)) => wanted.iter().all(|(name, wanted)| {
            // An empty object that is wanted may be left out by the server.
            live.get(name).map_or_else(|| wanted == &Value::Object(Map::new()), |live| covers(live, wanted))
        }),
        (Value::Array(live), Value::Array(wanted)) => {
            live.len() == wanted.len() && live.iter().zip(wanted).all(|(live, wanted)| covers(live, wanted))
        }
        (live, wanted) => live == wanted,
    }
}

/// The paths of what is otherwise in `wanted` than in `live`, two names deep: what a person would call a field.
pub(super) fn differences(live: &Value, wanted: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let Some(wanted) = wanted.as_object() else { return found };
    for (name, wanted) in wanted {
        match wanted.as_object() {
            Some(inner) => {
                let nothing = Value::Object(Map::new());
                let known = |inner: &str| live[name].get(inner).unwrap_or(&nothing);
                let changed = inner.iter().filter(|(inner, value)| !covers(known(inner), value));
                found.extend(changed.map(|(inner, _)| format!("{name}.{inner}")));
            }
            None if covers(&live[name], wanted) => {}
            None => found.push(name.clone()),
        }
    }
    found
}

/// A hash of a tree: names stand in their order.
pub(in crate::backend) fn hash(tree: &Value) -> String {
    Sha256::digest(tree.to_string()).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_value_is_put_where_its_path_says() {
        let mut tree = json!({"spec": {"a": 1}});
        put(&mut tree, "spec.b.c", "d");
        put(&mut tree, "spec.e", Value::Null);
        put(&mut tree, "spec.f", None::<String>);
        assert_eq!(tree, json!({"spec": {"a": 1, "b": {"c": "d"}}}));
        assert_eq!((at(&tree, "spec.b.c"), at(&tree, "spec.x.y")), ("d", ""));
    }

    #[test]
    fn what_is_laid_over_wins_and_what_is_beside_it_stays() {
        let under = json!({"a": {"b": 1, "c": 2}, "l": [1, 2]});
        assert_eq!(
            overlay(under, json!({"a": {"b": 3}, "l": [4]})),
            json!({"a": {"b": 3, "c": 2}, "l": [4]})
        );
    }

    #[test]
    fn a_live_object_may_have_more_but_not_in_a_list() {
        let live = json!({"a": 1, "b": {"c": [{"d": 1, "e": 2}]}});
        for (wanted, is) in [
            (json!({"b": {"c": [{"d": 1}]}}), true),
            (json!({"b": {"c": []}}), false),
            (json!({"f": {}}), true),
            (json!({"a": 2}), false),
        ] {
            assert_eq!(covers(&live, &wanted), is, "{wanted}");
        }
        assert_eq!(differences(&live, &json!({"a": 2, "b": {"c": [], "x": {}}, "n": 1})), ["a", "b.c", "n"]);
    }
}
