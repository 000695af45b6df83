//! Faults of fields, beside `k8s.io/apimachinery/pkg/util/validation/field`, and the status that they are told in.

use crate::generate::{anything, pieces};
use crate::oracle::{self, Oracle};
use crate::random::Random;
use apimachinery::field::{FieldError, Path};
use apimachinery::status::ApiError;
use apimachinery::wire::json;
use serde_json::{Value, json};

const PIECES: &[&str] = &[
    "a",
    "b",
    "-",
    ".",
    "\"",
    "\\",
    "'",
    "<",
    ">",
    "&",
    "é",
    "\n",
    "\t",
    "\u{7}",
    "\u{b}",
    "\u{1b}",
    "\u{7f}",
    "\u{85}",
    "\u{a0}",
    "\u{ad}",
    "\u{301}",
    "\u{200b}",
    "\u{2028}",
    "\u{e000}",
    "\u{1f600}",
    "\u{e0001}",
    "\0",
    "]",
    "[",
];
const TYPES: &[&str] = &[
    "required",
    "invalid",
    "invalid",
    "not supported",
    "duplicate",
    "forbidden",
    "not found",
    "too long",
    "too many",
];
const NUMBERS: &[f64] = &[0.5, 100_000.0, 999_999.5, 1e6, 1e21, 1e-4, 1.5e-5, -1e100, 123_456_789.25];

fn value(random: &mut Random) -> Value {
    match random.below(4) {
        0 => pieces(random, PIECES, 4).into(),
        1 => random.of(NUMBERS).into(),
        2 => random.of(&[0i64, -1, 1_000_000, i64::MAX, i64::MIN]).into(),
        _ => anything(random, 2),
    }
}

fn fault(random: &mut Random) -> Value {
    let step = |random: &mut Random| match random.below(4) {
        0 => random.below(20).into(),
        1 => json!([pieces(random, PIECES, 2)]),
        _ => Value::from(random.of(&["a", "spec", "x y"])),
    };
    let mut path = vec![json!("spec")];
    path.extend((0..random.below(3)).map(|_| step(random)));
    let supported: Vec<_> = (0..random.below(3)).map(|_| pieces(random, PIECES, 2)).collect();
    json!({
        "type": random.of(TYPES), "path": path, "value": value(random), "detail": pieces(random, PIECES, 2),
        "supported": supported, "count": random.below(4), "most": random.below(3),
    })
}

/// Few faults, the same one twice now and then.
fn case(random: &mut Random) -> Value {
    let mut faults: Vec<Value> = (0..1 + random.below(3)).map(|_| fault(random)).collect();
    if random.chance(20) {
        faults.extend(faults.first().cloned());
    }
    let (group, name) = (random.of(&["", "example.com"]), pieces(random, PIECES, 3));
    json!({"algorithm": "faults", "group": group, "kind": "Kind", "name": name, "faults": faults})
}

fn path(steps: &Value) -> Path {
    let mut steps = steps.as_array().into_iter().flatten();
    let first = steps.next().and_then(Value::as_str).map(Path::new).expect("a path begins with a name");
    steps.fold(first, |path, step| match step {
        Value::String(name) => path.child(name),
        Value::Array(key) => path.key(key[0].as_str().unwrap_or_default()),
        index => path.index(index.as_u64().and_then(|index| index.try_into().ok()).unwrap_or_default()),
    })
}

fn made(fault: &Value) -> FieldError {
    let (path, value) = (path(&fault["path"]), fault["value"].clone());
    let detail = fault["detail"].as_str().unwrap_or_default();
    let number =
        |name: &str| fault[name].as_u64().and_then(|number| number.try_into().ok()).unwrap_or_default();
    match fault["type"].as_str().unwrap_or_default() {
        "required" => FieldError::required(&path, detail),
        "invalid" => FieldError::invalid(&path, value, detail),
        "not supported" => {
            let texts = fault["supported"].as_array().into_iter().flatten().filter_map(Value::as_str);
            FieldError::not_supported(&path, value, &texts.collect::<Vec<_>>())
        }
        "duplicate" => FieldError::duplicate(&path, value),
        "forbidden" => FieldError::forbidden(&path, detail),
        "not found" => FieldError::not_found(&path, value),
        "too long" => FieldError::too_long(&path, number("most")),
        _ => FieldError::too_many(&path, number("count"), number("most")),
    }
}

fn judge(case: &Value, answer: &Value) -> Result<String, String> {
    let group = case["group"].as_str().unwrap_or_default();
    let name = case["name"].as_str().unwrap_or_default();
    let errors = case["faults"].as_array().into_iter().flatten().map(made).collect();
    let error = ApiError::invalid_named(group, "Kind", name, errors);
    oracle::same(Ok(json::to_tree(&error.status())), answer)
}

#[test]
fn faults_are_told_as_kubernetes_tells_them() {
    let Some(mut oracle) = Oracle::start("faults") else { return };
    let counts = oracle.compare(case, judge);
    eprintln!("faults: {counts:?}");
}
