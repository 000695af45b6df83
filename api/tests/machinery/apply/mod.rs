//! Applies and updates of an object by several managers, beside `k8s.io/apimachinery/pkg/util/managedfields`.

mod cases;
mod scales;

use crate::oracle::{self, Oracle};
use apimachinery::kind::{Definition, Version};
use apimachinery::managed::{Apply, Form, Manager, Versions, Write};
use apimachinery::meta::ManagedFields;
use apimachinery::schema::Schema;
use apimachinery::status::ApiError;
use apimachinery::time::Time;
use apimachinery::wire::json as wire;
use bytes::Bytes;
use cases::case;
use serde_json::{Map, Value, json};

/// The oracle serves every version under another name, too, which ends so.
const OLDER: &str = "older";
/// How the errors begin that an apply is answered with.
const ANSWERS: &[&str] = &["failed to create typed patch object", "Apply failed with"];

/// A kind in one of its versions.
type Kind = (&'static Definition, &'static Version);

fn kinds() -> Vec<Kind> {
    let kinds = databases_api::definitions().iter().chain(core_v1::definitions());
    kinds.flat_map(|kind| kind.versions.iter().map(move |version| (*kind, version))).collect()
}

/// The kind of a case, whose versions differ in their names.
struct Served {
    kind: Kind,
}

impl Versions for Served {
    fn schema(&self, version: &str) -> Option<&'static Schema> {
        let (definition, own) = self.kind;
        let is_served = version.strip_suffix(OLDER).unwrap_or(version) == definition.api_version(own.name);
        is_served.then_some(own.schema)
    }

    fn convert(&self, object: &Value, version: &str) -> Result<Bytes, String> {
        let mut object = object.clone();
        object["apiVersion"] = version.into();
        Ok(text(&object).into())
    }
}

fn text(value: &Value) -> String {
    let mut out = Vec::new();
    wire::encode(value, &mut out);
    String::from_utf8(out).expect("JSON is text")
}

fn metadata(object: &mut Value) -> &mut Map<String, Value> {
    if !object["metadata"].is_object() {
        object["metadata"] = json!({});
    }
    object["metadata"].as_object_mut().expect("it was made one")
}

fn take_entries(object: &mut Value) -> ManagedFields {
    let entries = metadata(object).remove("managedFields");
    entries.map_or_else(ManagedFields::default, |entries| {
        wire::decode_value(text(&entries).as_bytes()).expect("entries are entries")
    })
}

/// What a step makes of an object with entries.
fn take(kind: Kind, zero: &Value, mut live: Value, step: &Value, number: i64) -> Result<Value, ApiError> {
    let word = |name: &str| step[name].as_str().unwrap_or_default();
    let version = kind.0.api_version(word("version"));
    let (is_status, applies) = (word("subresource") == "status", step["applies"] == true);
    let before = take_entries(&mut live);
    let is_new = before.is_empty() && live["metadata"]["uid"].is_null();
    live["apiVersion"] = version.clone().into();
    let mut zero = zero.clone();
    zero["apiVersion"] = version.clone().into();
    let is_there = live != zero || !before.is_empty();
    let manager =
        Manager { name: word("manager"), api_version: &version, subresource: word("subresource"), applies };
    let counts = |field: &str| (field == "status") == is_status;
    let time = Time::from_seconds(1_577_836_800 + number);
    let served = Served { kind };
    let (mut object, entries) = if applies {
        let zero = text(&zero);
        let apply = Apply {
            applier: manager,
            schema: kind.1.schema,
            zero: &zero,
            before: &before,
            force: step["force"] == true,
            counts: &counts,
            time,
        };
        let old = text(&live);
        let applied = apply.merge(is_there.then_some(&old), &step["object"], &served)?;
        (applied.object.unwrap_or(live), applied.entries)
    } else {
        let given = ManagedFields::default();
        let write = Write {
            writer: manager,
            before: (!is_new).then_some(&before),
            given: &given,
            counts: &counts,
            time,
        };
        let entries = write.entries(&|version| {
            let schema = served.schema(version)?;
            let old = served.convert(&live, version).ok()?;
            Some(Form { schema, old, new: served.convert(&step["object"], version).ok()? })
        });
        (step["object"].clone(), entries)
    };
    if !entries.is_empty() {
        let tree = serde_json::to_value(&*entries).expect("entries are JSON");
        metadata(&mut object).insert("managedFields".to_owned(), tree);
    }
    Ok(object)
}

/// Whether a step made what the oracle says, and in a word what happened.
fn same(ours: &Result<Value, ApiError>, theirs: &Value) -> Result<&'static str, String> {
    match ours {
        Ok(object) if theirs["object"] == *object => Ok("written"),
        Ok(object) => Err(format!("ours:   {object}\ntheirs: {theirs}")),
        Err(error) => {
            let status = error.status();
            let causes = status.details.map(|details| details.causes).unwrap_or_default();
            let mut ours: Vec<_> =
                causes.iter().map(|cause| format!("{} {}", cause.message, cause.field)).collect();
            let causes = theirs["causes"].as_array().into_iter().flatten();
            let word = |cause: &Value, name: &str| cause[name].as_str().unwrap_or_default().to_owned();
            let mut others: Vec<_> =
                causes.map(|cause| format!("{} {}", word(cause, "message"), word(cause, "field"))).collect();
            ours.sort();
            others.sort();
            let message = status.message;
            // Of several unknown fields Kubernetes names any, and it may say nothing of the others.
            let is_unknown = |text: &str| text.contains("field not declared in schema");
            let theirs_said = theirs["error"].as_str().unwrap_or_default();
            if is_unknown(&message) && is_unknown(theirs_said) {
                return Ok("refused");
            }
            let is_same = match is_unsorted(&message) {
                true => letters(theirs_said) == letters(&message),
                false => lines(theirs_said) == lines(&message),
            };
            match is_same && theirs["code"] == error.code() && ours == others {
                true if error.is_conflict() => Ok("conflict"),
                true => Ok("refused"),
                false => Err(format!("ours:   {message} {ours:?}\ntheirs: {theirs}")),
            }
        }
    }
}

/// Whether a message shows a value with members, which Kubernetes shows in any order where it is a list's key.
fn is_unsorted(message: &str) -> bool {
    message.contains("valueUnstructured{Value:map[string]interface {}{")
}

/// The letters of a message in their own order.
fn letters(message: &str) -> Vec<char> {
    let mut letters: Vec<char> = message.chars().collect();
    letters.sort_unstable();
    letters
}

/// The lines of a message; those of a configuration Kubernetes sorts in no way.
fn lines(message: &str) -> Vec<&str> {
    let mut lines: Vec<_> = message.lines().collect();
    if !message.starts_with("Apply") {
        lines.sort_unstable();
    }
    lines
}

fn judge(case: &Value, answer: &Value) -> Result<String, String> {
    let kinds = kinds();
    let kind =
        { kinds.iter() }.find(|kind| case["type"] == kind.1.schema.full_name()).expect("there is the kind");
    let mut live = case["live"].clone();
    let mut words = Vec::new();
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    for (number, (step, theirs)) in (0..).zip(list(&case["steps"]).iter().zip(&list(answer))) {
        let error = theirs["error"].as_str().unwrap_or_default();
        if !error.is_empty() && !ANSWERS.iter().any(|answer| error.starts_with(answer)) {
            // The object itself is none of its type, or Kubernetes cannot convert it: an item stands twice.
            words.push("unfit");
            break;
        }
        let ours = take(*kind, &case["zero"], live.clone(), step, number);
        let before = live.clone();
        words.push(
            same(&ours, theirs)
                .map_err(|why| format!("step {number}:\n{why}\nbefore: {before}\nstep: {step}"))?,
        );
        live = ours.unwrap_or(live);
    }
    words.sort_unstable();
    words.dedup();
    Ok(words.join(", "))
}

#[test]
fn what_managers_write_and_own_is_what_kubernetes_makes_of_it() {
    let Some(mut oracle) = Oracle::start("apply") else { return };
    let counts = oracle.compare(case, judge);
    assert!(!oracle::is_whole() || counts.keys().any(|words| words.contains("conflict")), "{counts:?}");
    eprintln!("applies and updates: {counts:?}");
}
