//! Trees of JSON: put together, looked into, and compared.

use crate::backend::postgresql;
use serde_json::{Map, Value, json};

/// Hexadecimal digits of a tree's hash.
const HASH: usize = 32;

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

/// The conditions in an object's status.
pub(in crate::backend) fn conditions(object: &Value) -> impl DoubleEndedIterator<Item = &Value> {
    object["status"]["conditions"].as_array().into_iter().flatten()
}

/// Whether a condition of an object is True.
pub(in crate::backend) fn is_true(object: &Value, kind: &str) -> bool {
    conditions(object).any(|one| one["type"] == kind && one["status"] == "True")
}

/// A number of servers; none is nothing.
pub(in crate::backend) fn count(value: &Value) -> i32 {
    value.as_i64().and_then(|number| i32::try_from(number).ok()).unwrap_or_default()
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

/// The merge patch that undoes another one on a tree.
pub(super) fn back(tree: &Value, patch: &Value) -> Value {
    match (tree, patch) {
        (Value::Object(_) | Value::Null, Value::Object(patch)) => patch
            .iter()
            .map(|(name, patch)| (name.clone(), back(&tree[name], patch)))
            .collect::<Map<_, _>>()
            .into(),
        (tree, _) => tree.clone(),
    }
}

/// Whether everything of `wanted` is so in `live`, which may have more. Of lists only those of these names may: their items are
/// known by their names.
pub(in crate::backend) fn covers(live: &Value, wanted: &Value, by_name: &[&str]) -> bool {
    match (live, wanted) {
        (Value::Object(live), Value::Object(wanted)) => wanted.iter().all(|(name, wanted)| {
            // An empty object that is wanted may be left out by the server.
            let Some(live) = live.get(name) else { return wanted == &Value::Object(Map::new()) };
            match (live, wanted) {
                (Value::Array(live), Value::Array(wanted)) if by_name.contains(&name.as_str()) => wanted
                    .iter()
                    .all(|item| named(live, &item["name"]).is_some_and(|live| covers(live, item, by_name))),
                _ => covers(live, wanted, by_name),
            }
        }),
        (Value::Array(live), Value::Array(wanted)) => {
            let same = |(live, wanted)| covers(live, wanted, by_name);
            live.len() == wanted.len() && live.iter().zip(wanted).all(same)
        }
        (live, wanted) => live == wanted,
    }
}

/// The item of a list that has a name.
pub(in crate::backend) fn named<'a>(list: &'a [Value], name: &Value) -> Option<&'a Value> {
    list.iter().find(|item| item["name"] == *name)
}

/// A list that is one value to the cluster, with ours in it: what others said in it is said again. Null where nothing of ours is
/// or was in it, and who wrote it may be somebody else.
pub(in crate::backend) fn with_ours(
    live: &Value,
    ours: Vec<Value>,
    is_ours: impl Fn(&Value) -> bool,
    is_adopted: bool,
) -> Value {
    let live = live.as_array().map_or(&[][..], Vec::as_slice);
    let was_said = live.iter().any(&is_ours) || !is_adopted && !live.is_empty();
    match ours.is_empty() && !was_said {
        true => Value::Null,
        false => live.iter().filter(|one| !is_ours(one)).cloned().chain(ours).collect(),
    }
}

/// The paths of what is otherwise in `wanted` than in `live`, two names deep: what a person would call a field.
pub(super) fn differences(live: &Value, wanted: &Value, by_name: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    let Some(wanted) = wanted.as_object() else { return found };
    for (name, wanted) in wanted {
        match wanted.as_object() {
            Some(inner) => {
                let nothing = Value::Object(Map::new());
                let known = |inner: &str| live[name].get(inner).unwrap_or(&nothing);
                let changed = inner.iter().filter(|(inner, value)| !covers(known(inner), value, by_name));
                found.extend(changed.map(|(inner, _)| format!("{name}.{inner}")));
            }
            // With its name, by which a list's items are known or not.
            None if covers(&json!({name: live[name]}), &json!({name: wanted}), by_name) => {}
            None => found.push(name.clone()),
        }
    }
    found
}

/// A hash of a tree: names stand in their order.
pub(in crate::backend) fn hash(tree: &Value) -> String {
    postgresql::hash(&tree.to_string(), HASH)
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn what_a_patch_says_can_be_taken_back() {
        let tree = json!({"a": {"b": 1, "c": [1]}, "d": 2});
        let patch = json!({"a": {"b": 3, "c": [1, 2], "e": {"f": 4}}});
        assert_eq!(back(&tree, &patch), json!({"a": {"b": 1, "c": [1], "e": {"f": null}}}));
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
            assert_eq!(covers(&live, &wanted, &[]), is, "{wanted}");
        }
        let wanted = json!({"a": 2, "b": {"c": [], "x": {}}, "n": 1});
        assert_eq!(differences(&live, &wanted, &[]), ["a", "b.c", "n"]);
    }

    #[test]
    fn what_others_said_in_a_list_is_said_again_with_ours() {
        let is_ours = |one: &Value| one == "ours";
        let with =
            |live: Value, ours: &[Value], is_adopted| with_ours(&live, ours.into(), is_ours, is_adopted);
        let ours = [json!("ours")];
        assert_eq!(with(Value::Null, &[], false), Value::Null);
        assert_eq!(with(Value::Null, &ours, false), json!(["ours"]));
        assert_eq!(with(json!(["a", "ours"]), &ours, true), json!(["a", "ours"]));
        assert_eq!(with(json!(["a", "ours"]), &[], true), json!(["a"]));
        assert_eq!(with(json!(["a"]), &[], false), json!(["a"]), "it may be ours alone by now");
        assert_eq!(with(json!(["a"]), &[], true), Value::Null);
    }

    #[test]
    fn items_that_are_known_by_their_names_may_stand_among_others() {
        let live = json!({"users": [{"name": "other"}, {"name": "app", "a": 1, "b": 2}]});
        for (wanted, is) in [
            (json!({"users": [{"name": "app", "a": 1}]}), true),
            (json!({"users": [{"name": "app", "a": 2}]}), false),
            (json!({"users": [{"name": "new"}]}), false),
        ] {
            assert_eq!(covers(&live, &wanted, &["users"]), is, "{wanted}");
            assert_eq!(differences(&live, &wanted, &["users"]).is_empty(), is, "{wanted}");
            assert!(!covers(&live, &wanted, &[]), "{wanted}");
        }
    }
}
