//! The rules of metadata, beside `k8s.io/apimachinery/pkg/api/validation` and what `k8s.io/apiserver` asks of all kinds.

use crate::deviations::deviates;
use crate::generate::pieces;
use crate::oracle::{self, Oracle};
use crate::random::Random;
use apimachinery::kind::{Definition, NameRule};
use apimachinery::meta::ObjectMeta;
use apimachinery::status::ApiError;
use apimachinery::validation::{validate_meta, validate_meta_update};
use apimachinery::wire::json;
use serde_json::{Map, Value, json};

const RULES: &[(&str, NameRule)] = &[
    ("subdomain", NameRule::Subdomain),
    ("label", NameRule::Label),
    ("label1035", NameRule::Label1035(63)),
    ("", NameRule::Segment),
];
/// What names may be made of, in any order.
const PIECES: &[&str] = &[
    "a",
    "b0",
    "-",
    ".",
    "A",
    "_",
    "/",
    "%",
    " ",
    "é",
    "é-",
    "\n",
    "\"",
    "<",
    "\u{ad}",
    "\u{301}",
    "İ",
    "K",
    "example.com/",
    "..",
    "x-y",
    "\u{200b}",
    "\u{2028}",
    "\0",
];
const GOOD: &[&str] = &["a", "b", "my-name", "a.b", "a-", "0a", "x"];
const LENGTHS: &[usize] = &[62, 63, 64, 127, 128, 129, 252, 253, 254, 256, 257];
const KEYS: &[&str] = &["a", "app", "example.com/a", "example.com/B_c.d", "Example.com/a", "a/b/c", "-a", ""];
const VERSIONS: &[&str] = &["v1", "apps/v1", "v1", "", "/", "/v1", "a/", "a/b/c", "v1/", "é"];
const FINALIZERS: &[&str] =
    &["orphan", "foregroundDeletion", "kubernetes", "example.com/x", "a b", "", "x/y/z"];
const TIMES: &[&str] = &["2026-01-31T12:00:00Z", "2026-02-01T00:00:00Z"];
/// The most that annotations may take.
const MOST: usize = 256 * 1024;

/// A text that is mostly good.
fn word(random: &mut Random, mischief: usize) -> String {
    if !random.chance(mischief) {
        return random.of(GOOD).to_owned();
    }
    match random.below(3) {
        0 => "x".repeat(random.of(LENGTHS)) + random.of(&["", "", "-", "é-", ".x"]),
        1 => String::new(),
        _ => pieces(random, PIECES, 4),
    }
}

/// A bad one of that chance, in percent, else a good one.
fn either<T: Copy>(random: &mut Random, mischief: usize, bad: &[T], good: &[T]) -> T {
    let choices = if random.chance(mischief) { bad } else { good };
    random.of(choices)
}

fn key(random: &mut Random, mischief: usize) -> String {
    match random.chance(mischief) {
        true => word(random, 60) + random.of(&["", "/"]) + &word(random, 60),
        false => random.of(KEYS).to_owned(),
    }
}

fn owner(random: &mut Random, mischief: usize) -> Value {
    let version = either(random, mischief, VERSIONS, &["v1", "apps/v1"]);
    let mut owner = json!({
        "apiVersion": version,
        "kind": random.of(&["Pod", "Event", "Pod", "Pod"]),
        "name": word(random, mischief),
        "uid": word(random, mischief),
    });
    for field in ["controller", "blockOwnerDeletion"] {
        if random.chance(40) {
            owner[field] = random.chance(60).into();
        }
    }
    owner
}

fn manager(random: &mut Random, mischief: usize) -> Value {
    let is_bad = random.chance(mischief);
    let of = |good: &'static str, bad: &[&'static str], random: &mut Random| {
        if is_bad { random.of(bad) } else { good }
    };
    let long = |random: &mut Random| if is_bad { word(random, 60) } else { "kubectl".to_owned() };
    json!({
        "operation": of("Update", &["Apply", "", "Merge", "a<b\u{ad}"], random),
        "fieldsType": of("FieldsV1", &["", "V2", "é\u{ad}"], random),
        "manager": long(random),
        "subresource": if random.chance(50) { long(random) } else { String::new() },
        "apiVersion": "v1",
    })
}

/// Up to so many, and none where there are none: a list that is empty says something else.
fn list(most: usize, random: &mut Random, mut of: impl FnMut(&mut Random) -> Value) -> Value {
    let made: Vec<_> = (0..random.below(most + 1)).map(|_| of(random)).collect();
    if made.is_empty() { Value::Null } else { made.into() }
}

/// One field of metadata, mostly a good one.
fn field(random: &mut Random, name: &str, mischief: usize) -> Value {
    match name {
        "name" => word(random, mischief).into(),
        "namespace" => either(random, mischief, &["", "a.b", "A", "x"], &["ns"]).into(),
        "generateName" | "uid" if random.chance(60) => word(random, mischief).into(),
        "resourceVersion" => either(random, mischief, &["", "2"], &["1"]).into(),
        "generation" => either(random, mischief, &[-1, 0, 1, 5], &[2]).into(),
        "creationTimestamp" | "deletionTimestamp" if random.chance(50) => random.of(TIMES).into(),
        "deletionGracePeriodSeconds" if random.chance(30) => random.of(&[0, 3]).into(),
        "labels" => {
            let entries =
                (0..random.below(4)).map(|_| (key(random, mischief), word(random, mischief).into()));
            Value::Object(entries.collect())
        }
        "annotations" => annotations(random, mischief),
        "ownerReferences" => list(3, random, |random| owner(random, mischief)),
        "finalizers" => list(3, random, |random| match random.chance(mischief) {
            true => key(random, 50).into(),
            false => random.of(FINALIZERS).into(),
        }),
        "managedFields" => list(2, random, |random| manager(random, mischief)),
        _ => Value::Null,
    }
}

fn annotations(random: &mut Random, mischief: usize) -> Value {
    let mut entries = Map::new();
    for _ in 0..random.below(3) {
        entries.insert(key(random, mischief), word(random, mischief).into());
    }
    if random.chance(1) {
        let size: usize =
            entries.iter().map(|(key, value)| key.len() + value.as_str().map_or(0, str::len)).sum();
        let rest = MOST.saturating_sub(size + "much".len());
        entries.insert("much".to_owned(), "x".repeat(rest + random.below(2)).into());
    }
    Value::Object(entries)
}

const FIELDS: &[&str] = &[
    "name",
    "namespace",
    "generateName",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "labels",
    "annotations",
    "ownerReferences",
    "finalizers",
    "managedFields",
];

fn case(random: &mut Random) -> Value {
    let mischief = random.of(&[0, 3, 3, 20]);
    let fields: Map<_, _> =
        FIELDS.iter().map(|name| ((*name).to_owned(), field(random, name, mischief))).collect();
    let mut case = json!({
        "algorithm": "metadata", "group": random.of(&["", "example.com"]), "kind": "Kind",
        "namespaced": random.chance(90), "rule": random.of(RULES).0, "new": fields,
    });
    if random.chance(60) {
        let changes = random.of(&[0, 0, 5, 30]);
        case["old"] = fields.clone().into();
        for name in FIELDS {
            if random.chance(changes) {
                case["old"][name] = field(random, name, mischief);
            }
        }
    }
    case
}

fn definition(case: &Value) -> Definition {
    let rule = RULES.iter().find(|(name, _)| case["rule"] == *name).map(|(_, rule)| *rule);
    Definition {
        group: if case["group"] == "" { "" } else { "example.com" },
        kind: "Kind",
        plural: "kinds",
        short_names: &[],
        categories: &[],
        namespaced: case["namespaced"] == true,
        versions: &[],
        storage_version: "v1",
        status: true,
        scale: false,
        finalize: false,
        status_metadata: false,
        columns: &[],
        selectable_fields: &[],
        name_rule: rule.expect("a case has one of the rules"),
    }
}

fn meta(object: &Value) -> ObjectMeta {
    json::decode_value(object.to_string().as_bytes()).expect("metadata is read")
}

/// The status that a case is answered with, an empty object when nothing is wrong.
fn ours(case: &Value) -> Value {
    let (definition, new) = (definition(case), meta(&case["new"]));
    let errors = match &case["old"] {
        Value::Null => validate_meta(&definition, &new),
        old => validate_meta_update(&definition, &new, &meta(old)),
    };
    match errors.is_empty() {
        true => json!({}),
        false => json::to_tree(&ApiError::invalid(&definition, &new.name, errors).status()),
    }
}

/// The causes, each once. Go goes through labels and annotations in any order: those that follow one another in these
/// fields are put in order.
fn settled(status: &Value) -> Vec<Value> {
    let mut causes: Vec<Value> = Vec::new();
    for cause in status["details"]["causes"].as_array().into_iter().flatten() {
        if !causes.contains(cause) {
            causes.push(cause.clone());
        }
    }
    for field in ["metadata.labels", "metadata.annotations"] {
        let is_too_long = |cause: &Value| cause["reason"] == "FieldValueTooLong";
        for run in causes.chunk_by_mut(|one, other| one["field"] == other["field"] && !is_too_long(other)) {
            if run[0]["field"] == field {
                run.sort_by_key(|cause| cause["message"].to_string());
            }
        }
    }
    causes
}

fn judge(case: &Value, answer: &Value) -> Result<String, String> {
    let ours = ours(case);
    let way = if case["old"].is_null() { "created" } else { "changed" };
    if ours == *answer {
        let outcome = if ours == json!({}) { "taken" } else { "refused" };
        return Ok(format!("{way} {outcome}"));
    }
    let (mine, theirs) = (settled(&ours), settled(answer));
    let without = |status: &Value, message: bool| {
        let mut status = status.clone();
        status["details"]["causes"] = Value::Null;
        if message {
            status["message"] = Value::Null;
        }
        status
    };
    let is_repeated =
        answer["details"]["causes"].as_array().is_some_and(|causes| causes.len() > theirs.len());
    match mine == theirs {
        true if way == "changed" && is_repeated && without(&ours, false) == without(answer, false) => {
            Ok(deviates("metadata: a cause once"))
        }
        true if without(&ours, true) == without(answer, true) => Ok("in another order".to_owned()),
        _ => Err(format!("ours:   {ours}\ntheirs: {answer}")),
    }
}

#[test]
fn metadata_is_judged_as_kubernetes_judges_it() {
    let Some(mut oracle) = Oracle::start("metadata") else { return };
    let counts = oracle.compare(case, judge);
    eprintln!("metadata: {counts:?}");
    assert!(!oracle::is_whole() || counts.len() == 6, "{counts:?}");
}
