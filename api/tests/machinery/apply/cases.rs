//! Objects, and what several managers do to them, made at random.

use super::{Kind, OLDER, kinds};
use crate::generate;
use crate::random::Random;
use serde_json::{Value, json};

const MANAGERS: &[&str] = &["a", "b", "c", "kubectl"];
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";
/// What a variation does not take away: most lists tell their items apart by it.
const KEYS: &[&str] = &["apiVersion", "kind", "name", "path", "provider", "role", "type", "uid"];

/// An object that somebody writes in a version, without entries.
fn written(random: &mut Random, kind: Kind, version: &str) -> Value {
    let mut object = generate::object(random, kind.1.schema);
    name(&mut object, kind, version);
    if let Some(metadata) = object["metadata"].as_object_mut() {
        metadata.remove("managedFields");
    }
    object
}

fn name(object: &mut Value, kind: Kind, version: &str) {
    object["apiVersion"] = kind.0.api_version(version).into();
    object["kind"] = kind.0.kind.into();
}

fn zero(kind: Kind) -> Value {
    let mut zero: Value = serde_json::from_slice(&kind.1.zero_json()).expect("a zero value is JSON");
    name(&mut zero, kind, kind.1.name);
    zero
}

/// Takes some of it away.
fn vary(random: &mut Random, value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, _| KEYS.contains(&name.as_str()) || !random.chance(10));
            fields.values_mut().for_each(|value| vary(random, value));
        }
        Value::Array(items) => {
            items.retain(|_| !random.chance(10));
            items.iter_mut().for_each(|value| vary(random, value));
            if random.chance(20) {
                items.reverse();
            }
        }
        _ => {}
    }
}

/// Makes something of it that no type allows, or that few do.
fn spoil(random: &mut Random, value: &mut Value) {
    let goes_on = random.chance(80);
    match value {
        Value::Object(fields) if goes_on && !fields.is_empty() => {
            let at = random.below(fields.len());
            if let Some(value) = fields.values_mut().nth(at) {
                spoil(random, value);
            }
        }
        Value::Array(items) if goes_on && !items.is_empty() => {
            let at = random.below(items.len());
            spoil(random, &mut items[at]);
        }
        Value::Object(fields) if random.chance(30) => {
            drop(fields.insert("unknown".to_owned(), json!({"a": 1})))
        }
        Value::Array(items) if random.chance(50) => items.extend(items.clone()),
        other => *other = if random.chance(40) { Value::Null } else { generate::anything(random, 2) },
    }
}

fn step(random: &mut Random, kind: Kind, earlier: &[Value]) -> Value {
    let older = format!("{}{OLDER}", kind.1.name);
    let version = if random.chance(80) { kind.1.name } else { &older };
    let applies = random.chance(75);
    let mut object = match random.below(earlier.len() + 1).checked_sub(1) {
        Some(index) => earlier[index]["object"].clone(),
        None => written(random, kind, version),
    };
    if random.chance(70) {
        vary(random, &mut object);
    }
    if applies && random.chance(10) {
        spoil(random, &mut object["spec"]);
    }
    name(&mut object, kind, version);
    // Without a name in it, upstream takes the whole metadata away with the last of it that was applied.
    object["metadata"]["name"] = "a".into();
    json!({
        "applies": applies,
        "manager": random.of(MANAGERS),
        "subresource": random.of(&["", "", "", "status"]),
        "version": version,
        "force": random.chance(30),
        "object": object,
    })
}

/// A new object or one that is there, and what is done to it.
pub(super) fn case(random: &mut Random) -> Value {
    let kinds = kinds();
    let kind = random.of(&kinds);
    let mut live = zero(kind);
    if random.chance(50) {
        live = written(random, kind, kind.1.name);
        live["metadata"]["uid"] = "there".into();
        if random.chance(30) {
            live["metadata"]["managedFields"] = json!([{
                "manager": "old", "operation": "Update", "apiVersion": kind.0.api_version("v0"),
                "fieldsType": "FieldsV1", "fieldsV1": {"f:spec": {}}, "time": "2019-01-01T00:00:00Z",
            }]);
        }
    }
    let mut steps: Vec<Value> = Vec::new();
    for _ in 0..=random.below(6) {
        let next = step(random, kind, &steps);
        steps.push(next);
    }
    if random.chance(20) {
        let last = steps[random.below(steps.len())]["object"].to_string();
        if live["metadata"]["annotations"].is_null() {
            live["metadata"]["annotations"] = json!({});
        }
        live["metadata"]["annotations"][LAST_APPLIED] = last.into();
    }
    let type_name = kind.1.schema.full_name();
    json!({"algorithm": "apply", "type": type_name, "zero": zero(kind), "live": live, "steps": steps})
}
