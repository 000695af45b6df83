//! JSON patches and merge patches, beside `gopkg.in/evanphx/json-patch.v4`.

use crate::deviations::deviates;
use crate::generate::anything;
use crate::oracle::{self, Oracle};
use crate::random::Random;
use apimachinery::json_patch::{Patch, PatchError, merge};
use serde_json::{Map, Value, json};

/// Names of members, and what else may stand in a path.
const NAMES: &[&str] = &["a", "b", "c", "d", "e", "x/y", "c~d", ""];
const PARTS: &[&str] = &[
    "a",
    "b",
    "c",
    "d",
    "e",
    "x~1y",
    "c~0d",
    "~01",
    "~",
    "",
    "0",
    "1",
    "2",
    "-1",
    "-2",
    "-9",
    "+1",
    "-",
    "01",
    "99999999999999999999",
];
const OPERATIONS: &[&str] = &["add", "remove", "replace", "move", "copy", "test"];

/// An object with objects and lists in it.
fn document(random: &mut Random, levels: usize) -> Value {
    let member = |random: &mut Random| match random.below(if levels > 0 { 6 } else { 3 }) {
        0 => Value::Null,
        1 => anything(random, 0),
        2 => {
            let rare = if random.chance(5) { "<" } else { "x" };
            random.of(&["é", "a\"b", "", rare]).into()
        }
        3 => (0..random.below(4)).map(|_| anything(random, levels - 1)).collect(),
        _ => document(random, levels - 1),
    };
    let names = NAMES.iter().filter(|_| random.chance(50)).copied().collect::<Vec<_>>();
    Value::Object(names.into_iter().map(|name| (name.to_owned(), member(random))).collect())
}

/// A path that leads somewhere in a document, or nowhere.
fn path(random: &mut Random, document: &Value) -> String {
    if random.chance(3) {
        return random.of(&["", "a", "/", "//", "a/b"]).to_owned();
    }
    let (mut path, mut at) = (String::new(), document);
    loop {
        let (part, next) = match at {
            Value::Object(members) if !members.is_empty() && random.chance(85) => {
                let (name, member) = members.iter().nth(random.below(members.len())).expect("it has so many");
                (name.replace('~', "~0").replace('/', "~1"), member)
            }
            Value::Array(items) if !items.is_empty() && random.chance(70) => {
                let index = random.below(items.len());
                (index.to_string(), &items[index])
            }
            _ => (random.of(PARTS).to_owned(), &Value::Null),
        };
        path = format!("{path}/{part}");
        if !(next.is_object() || next.is_array()) || random.chance(40) {
            return path;
        }
        at = next;
    }
}

/// What stands at a path, if the path is a plain one.
fn found(document: &Value, path: &str) -> Value {
    document.pointer(path).cloned().unwrap_or_default()
}

fn operation(random: &mut Random, document: &Value) -> Value {
    let mut operation = Map::new();
    if random.chance(98) {
        operation.insert("op".to_owned(), random.of(OPERATIONS).into());
    } else if random.chance(50) {
        operation.insert("op".to_owned(), random.of(&["Add", "", "jump"]).into());
    }
    let path = path(random, document);
    if random.chance(60) {
        operation.insert("value".to_owned(), found(document, &path));
    } else if random.chance(90) {
        operation.insert("value".to_owned(), anything(random, 2));
    }
    for (name, path) in [("path", path), ("from", self::path(random, document))] {
        match random.below(50) {
            0 => {}
            1 => drop(operation.insert(name.to_owned(), Value::Null)),
            _ => drop(operation.insert(name.to_owned(), path.into())),
        }
    }
    Value::Object(operation)
}

/// A merge patch: changes of what is there, and what is new.
fn merging(random: &mut Random, document: &Value) -> Value {
    let Value::Object(members) = document else { return anything(random, 2) };
    let mut patch = Map::new();
    for (name, member) in members {
        match random.below(6) {
            0 => drop(patch.insert(name.clone(), Value::Null)),
            1 => drop(patch.insert(name.clone(), anything(random, 3))),
            2 | 3 => drop(patch.insert(name.clone(), merging(random, member))),
            _ => {}
        }
    }
    for name in NAMES {
        if random.chance(10) {
            patch.insert((*name).to_owned(), anything(random, 3));
        }
    }
    Value::Object(patch)
}

fn case(random: &mut Random) -> Value {
    let document = document(random, 3);
    let merges = random.chance(40);
    let patch = match merges {
        true => merging(random, &document),
        false => (0..=random.below(4)).map(|_| operation(random, &document)).collect(),
    };
    json!({"algorithm": "json-patch", "document": document, "patch": patch, "merges": merges})
}

fn ours(case: &Value) -> Result<Value, PatchError> {
    let mut document = case["document"].clone();
    if case["merges"] == true {
        merge(&mut document, &case["patch"]);
    } else {
        Patch::parse(case["patch"].clone())?.apply(&mut document)?;
    }
    Ok(json!({"result": document}))
}

fn judge(case: &Value, answer: &Value) -> Result<String, String> {
    let ours = ours(case);
    let form = if case["merges"] == true { "merge patch" } else { "JSON patch" };
    if answer["panic"].is_string() {
        return Ok(deviates("JSON patch: panic"));
    }
    let failed = answer["error"].as_str().is_some_and(|error| error.ends_with("test failed"));
    let outcome = oracle::same(ours.map_err(|error| error.to_string()), answer);
    match outcome {
        Err(_) if sets_nulls(&case["patch"]) => Ok(deviates("JSON patch: a null of its own")),
        Err(_) if failed && case["patch"].to_string().contains('<') => {
            Ok(deviates("JSON patch: another text"))
        }
        outcome => outcome.map(|word| format!("{form} {word}")),
    }
}

/// Whether an operation of a patch puts a null somewhere, or may do so.
fn sets_nulls(patch: &Value) -> bool {
    patch.as_array().into_iter().flatten().any(|operation| match operation["op"].as_str() {
        Some("add" | "replace") => operation["value"].to_string().contains("null"),
        Some(kind) => kind == "copy",
        None => false,
    })
}

#[test]
fn json_patches_and_merge_patches_are_applied_as_kubernetes_applies_them() {
    let Some(mut oracle) = Oracle::start("json-patch") else { return };
    let counts = oracle.compare(case, judge);
    eprintln!("JSON patches: {counts:?}");
    let own = counts.get(&deviates("JSON patch: a null of its own")).copied().unwrap_or_default();
    assert!(own * 100 <= counts.values().sum(), "{counts:?}");
    let is_there = |word: &str| counts.keys().any(|key| key.contains(word));
    assert!(
        !oracle::is_whole() || ["JSON patch taken", "another text", "panic"].into_iter().all(is_there),
        "{counts:?}"
    );
}
