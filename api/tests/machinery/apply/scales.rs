//! Scales that are applied, beside `managedfields.ScaleHandler`.
//!
//! Three things are other there, and are not made or not looked at here. An entry of who updates, and has set more than the
//! count, is cut in two of the same name. Who applied the count and then only another part of the Scale keeps it, though it
//! is taken out. And the times of those who own the count are lost.

use super::{OLDER, same, take_entries, text};
use crate::oracle::{self, Oracle};
use crate::random::Random;
use apimachinery::autoscaling::{API_VERSION, Scale};
use apimachinery::managed::{Apply, CountFields, Form, Manager, Scaling, Versions};
use apimachinery::schema::Schema;
use apimachinery::status::ApiError;
use apimachinery::time::Time;
use apimachinery::wire::Value as _;
use bytes::Bytes;
use serde_json::{Value, json};

const VERSION: &str = "databases.standard.k8s.io/v1";
const FIELD: &str = "instances";
const MANAGERS: &[&str] = &["a", "b", "c"];

/// Scale alone.
struct OneVersion;

impl Versions for OneVersion {
    fn schema(&self, version: &str) -> Option<&'static Schema> {
        (version == API_VERSION).then_some(Scale::SCHEMA)
    }

    fn convert(&self, _: &Value, version: &str) -> Result<Bytes, String> {
        Err(format!("there is none in {version}"))
    }
}

fn older() -> String {
    format!("{VERSION}{OLDER}")
}

fn entry(random: &mut Random) -> Value {
    let applies = random.chance(60);
    let older = older();
    let version = if applies { random.of(&[VERSION, VERSION, &older, "gone/v1"]) } else { VERSION };
    let field = format!("f:{FIELD}");
    let is_of_scale = random.chance(40);
    let fields = match random.below(3) {
        _ if is_of_scale => json!({ field: {} }),
        0 => json!({ field: {} }),
        1 if applies => json!({ field: {}, "f:flavor": {} }),
        _ => json!({"f:flavor": {}}),
    };
    let mut entry = json!({
        "manager": random.of(MANAGERS), "operation": if applies { "Apply" } else { "Update" },
        "apiVersion": version, "time": format!("2019-01-01T00:00:0{}Z", random.below(3)),
        "fieldsType": "FieldsV1", "fieldsV1": {"f:spec": fields},
    });
    if is_of_scale {
        entry["subresource"] = "scale".into();
    }
    entry
}

fn configuration(random: &mut Random) -> Value {
    let mut scale = json!({"apiVersion": API_VERSION, "kind": "Scale", "metadata": {"name": "s"}});
    match random.below(12) {
        0 => {}
        1 => scale["spec"] = json!({"replicas": "x", "other": 1}),
        _ => scale["spec"] = json!({"replicas": random.below(3)}),
    }
    if random.chance(10) && !scale["spec"].is_null() {
        scale["status"] = json!({"replicas": random.below(3), "selector": "a=b"});
    }
    scale
}

fn case(random: &mut Random) -> Value {
    let count = random.below(5);
    let mut entries: Vec<Value> = Vec::new();
    for made in (0..count).map(|_| entry(random)) {
        let who = |entry: &Value| json!([entry["manager"], entry["operation"], entry["subresource"]]);
        if !entries.iter().any(|entry| who(entry) == who(&made)) {
            entries.push(made);
        }
    }
    let mut live = json!({
        "apiVersion": API_VERSION, "kind": "Scale",
        "metadata": {"name": "s", "uid": "u"}, "spec": {}, "status": {"replicas": random.below(3)},
    });
    let replicas = random.below(3);
    if replicas > 0 {
        live["spec"]["replicas"] = replicas.into();
    }
    json!({
        "algorithm": "scale", "entries": entries, "versions": [VERSION, older()], "field": FIELD,
        "version": VERSION, "live": live, "manager": random.of(MANAGERS), "force": random.chance(40),
        "zero": {"apiVersion": API_VERSION, "kind": "Scale", "metadata": {}, "spec": {}, "status": {"replicas": 0}},
        "object": configuration(random),
    })
}

/// What says the count in a version: the field, whatever is changed.
fn count_fields(version: &str) -> Option<CountFields> {
    let kind = databases_api::definitions().iter().find(|kind| kind.kind == "PostgreSQL")?;
    let schema = kind.served_as(VERSION)?.schema;
    let object = |count: u32| Bytes::from(text(&json!({"spec": {FIELD: count}})));
    let form = Form { schema, old: object(1), new: object(2) };
    [VERSION, &older()].contains(&version).then(|| CountFields::of(&form, &form, &form))
}

fn take(case: &Value) -> Result<Value, ApiError> {
    let mut object = json!({"metadata": {}});
    if case["entries"] != json!([]) {
        // An empty list would be one to be forgotten.
        object["metadata"]["managedFields"] = case["entries"].clone();
    }
    let entries = take_entries(&mut object);
    let scaling = Scaling { entries: &entries, fields: &count_fields };
    let of_scale = scaling.of_scale().expect("the entries can be read");
    let name = case["manager"].as_str().unwrap_or_default();
    let applier = Manager { name, api_version: VERSION, subresource: "scale", applies: true };
    let apply = Apply {
        applier: Manager { api_version: API_VERSION, ..applier },
        schema: Scale::SCHEMA,
        zero: &text(&case["zero"]),
        before: &of_scale,
        force: case["force"] == true,
        counts: &|_| true,
        time: Time::from_seconds(1_577_836_800),
    };
    let applied = apply.merge(Some(&text(&case["live"])), &case["object"], &OneVersion)?;
    let entries = scaling.of_object(&applied.entries, applier).expect("the entries can be read");
    if !entries.is_empty() {
        object["metadata"]["managedFields"] = serde_json::to_value(&*entries).expect("entries are JSON");
    }
    Ok(object)
}

/// The entries without the times of those who own the count, in one order.
fn without_times(object: &Value) -> Value {
    let mut entries = object["metadata"]["managedFields"].as_array().cloned().unwrap_or_default();
    for entry in &mut entries {
        if !entry["fieldsV1"]["f:spec"][format!("f:{FIELD}")].is_null() {
            entry["time"].take();
        }
    }
    entries.sort_by_key(Value::to_string);
    entries.into()
}

fn judge(case: &Value, answer: &Value) -> Result<String, String> {
    let ours = take(case).map(|object| without_times(&object));
    let mut theirs = answer.clone();
    theirs["object"] = without_times(&answer["object"]);
    same(&ours, &theirs).map(str::to_owned)
}

#[test]
fn what_applies_of_a_scale_own_is_what_kubernetes_makes_of_it() {
    let Some(mut oracle) = Oracle::start("scale") else { return };
    let counts = oracle.compare(case, judge);
    assert!(!oracle::is_whole() || counts.keys().any(|words| words.contains("conflict")), "{counts:?}");
    eprintln!("scales: {counts:?}");
}
