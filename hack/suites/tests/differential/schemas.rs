//! What both publish of the types that both have: fields and their types, which are required, how lists and maps are merged. The
//! words about them are each one's own.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::peer::Server;

/// What differs on purpose: in documents whose path has this in it, lines that begin so, and why.
const DIFFERING: &[(&str, &str, &str)] = &[
    ("/", "DeleteOptions.propagationPolicy: ", "the three values are named"),
    ("/v1alpha1", "Flunder.status: ", "both versions have one status"),
    ("/", "ListMeta.shardInfo: ", "no list is sharded"),
    ("/api/v1", "NamespaceStatus.phase: ", "its description names the two values"),
    ("/", "Status.details: ", "a Status is nobody's to apply to"),
    ("/", "APIResource.verbs: ", "a list is atomic unless it says otherwise"),
];

/// Compares the types of a group and version.
pub(crate) async fn compare(path: &str, theirs: &Server, ours: &Server) {
    let (theirs, ours) = tokio::join!(types(theirs, path), types(ours, path));
    let both: Vec<&String> = ours.keys().filter(|name| theirs.contains_key(*name)).collect();
    println!("MEASURED: {path}: {} types that both publish", both.len());
    let said = |types: &Map<String, Value>| -> BTreeSet<String> {
        both.iter().flat_map(|name| lines(name, &types[*name])).collect()
    };
    let (theirs, ours) = (said(&theirs), said(&ours));
    let marked = |sign: char| move |line: &String| format!("{sign} {line}");
    let alone: Vec<String> =
        theirs.difference(&ours).map(marked('-')).chain(ours.difference(&theirs).map(marked('+'))).collect();
    let listed: Vec<&str> =
        DIFFERING.iter().filter(|(place, ..)| path.contains(place)).map(|(_, start, _)| *start).collect();
    let begins = |line: &String, start: &str| line[2..].starts_with(start);
    let unknown: Vec<&String> =
        alone.iter().filter(|line| !listed.iter().any(|start| begins(line, start))).collect();
    assert!(unknown.is_empty(), "{path} publishes something else: {unknown:#?}");
    let idle: Vec<_> = listed.iter().filter(|start| !alone.iter().any(|line| begins(line, start))).collect();
    assert!(idle.is_empty(), "{path} publishes the same, and the list says that it differs: {idle:?}");
}

async fn types(server: &Server, path: &str) -> Map<String, Value> {
    let mut document = server.http.get(path, &[]).await.expect(200);
    let Value::Object(types) = document["components"]["schemas"].take() else {
        panic!("{path} has no types")
    };
    types
}

/// What is said of a type, a line each.
fn lines(name: &str, schema: &Value) -> Vec<String> {
    let short = name.rsplit('.').next().unwrap_or(name);
    let mut lines = vec![format!("{short}: {}", only(schema, &["properties", "required"]))];
    let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    lines.extend(required.map(|field| format!("{short} requires {field}")));
    let fields = schema["properties"].as_object().into_iter().flatten();
    lines.extend(fields.map(|(field, value)| format!("{short}.{field}: {}", only(value, &[]))));
    lines
}

/// A schema without its words: a reference with words beside it is that reference.
fn only(schema: &Value, without: &[&str]) -> Value {
    let Value::Object(said) = schema else { return schema.clone() };
    let mut kept = Map::new();
    for (key, value) in said {
        match key.as_str() {
            "description" | "default" | "x-kubernetes-group-version-kind" => {}
            key if without.contains(&key) => {}
            "allOf" => kept.extend(value[0].as_object().cloned().unwrap_or_default()),
            "items" | "additionalProperties" => {
                kept.insert(key.clone(), only(value, &[]));
            }
            _ => {
                kept.insert(key.clone(), value.clone());
            }
        }
    }
    kept.into()
}
