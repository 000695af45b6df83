//! Who owns a count that two fields say: `spec.replicas` and `spec.onDeletion`.

use super::super::{CountFields, Form, Manager, Scaling};
use super::applies::VERSION;
use super::{SCHEMA, entries};
use crate::meta::ManagedFields;
use crate::time::Time;
use serde_json::{Value, json};

const OLDER: &str = "wardle.example.com/v1beta1";

fn form(old: &'static str, new: &'static str) -> Form {
    Form { schema: SCHEMA, old: old.into(), new: new.into() }
}

/// `replicas` says the count now, and `onDeletion` is what changes and says it then.
fn fields(version: &str) -> Option<CountFields> {
    let now = form(r#"{"spec":{"replicas":1}}"#, r#"{"spec":{"replicas":2}}"#);
    let then = form(r#"{"spec":{"onDeletion":"Orphan"}}"#, r#"{"spec":{"onDeletion":"Background"}}"#);
    [VERSION, OLDER].contains(&version).then(|| CountFields::of(&now, &then, &then))
}

fn entry(manager: &str, version: &str, subresource: &str, fields: &Value) -> Value {
    let mut entry = json!({
        "manager": manager, "operation": "Apply", "apiVersion": version, "time": "2020-01-01T00:00:00Z",
        "fieldsType": "FieldsV1", "fieldsV1": {"f:spec": fields},
    });
    if !subresource.is_empty() {
        entry["subresource"] = subresource.into();
    }
    entry
}

fn of_scale(manager: &str, subresource: &str) -> Value {
    entry(manager, "autoscaling/v1", subresource, &json!({"f:replicas": {}}))
}

fn back(object: &ManagedFields, scale: &[Value]) -> Value {
    let applier = Manager { name: "me", api_version: VERSION, subresource: "scale", applies: true };
    let scale = entries(&json!(scale)).into();
    let made = Scaling { entries: object, fields: &fields }.of_object(&scale, applier).unwrap();
    serde_json::to_value(&*made).unwrap()
}

#[test]
fn who_owns_one_of_the_fields_owns_the_count() {
    let one = entry("one", VERSION, "", &json!({"f:onDeletion": {}, "f:tags": {}}));
    let two = entry("two", OLDER, "", &json!({"f:replicas": {}}));
    let other = entry("other", VERSION, "", &json!({"f:tags": {}}));
    let gone = entry("gone", "wardle.example.com/v0", "", &json!({"f:onDeletion": {}}));
    let object: ManagedFields = entries(&json!([one, two, other, gone])).into();
    let scale = Scaling { entries: &object, fields: &fields }.of_scale().unwrap();
    assert_eq!(serde_json::to_value(&*scale).unwrap(), json!([of_scale("one", ""), of_scale("two", "")]));
    // Who keeps the count keeps its fields, who loses it loses them, and who gets it has what says it then.
    let shared = back(&object, &[of_scale("one", ""), of_scale("me", "scale")]);
    let mine = entry("me", VERSION, "scale", &json!({"f:onDeletion": {}}));
    assert_eq!(shared, json!([mine, one, other]));
    let left = entry("one", VERSION, "", &json!({"f:tags": {}}));
    assert_eq!(back(&object, &[of_scale("me", "scale")]), json!([mine, left, other]));
    assert_eq!(back(&object, &[]), json!([left, other]));
}

#[test]
fn who_applies_again_has_one_entry_in_the_version_it_is_in() {
    let mine = |fields| entry("me", OLDER, "scale", &fields);
    let object: ManagedFields = entries(&json!([mine(json!({"f:replicas": {}}))])).into();
    let mut later = of_scale("me", "scale");
    later["time"] = "2020-01-01T00:00:01Z".into();
    let mut both = mine(json!({"f:onDeletion": {}, "f:replicas": {}}));
    both["time"] = later["time"].clone();
    assert_eq!(back(&object, &[later.clone()]), json!([both]));
    let whole: ManagedFields = entries(&json!([both])).into();
    let scale: ManagedFields = entries(&json!([later])).into();
    let applier = Manager { name: "me", api_version: VERSION, subresource: "scale", applies: true };
    let same = Scaling { entries: &whole, fields: &fields }.of_object(&scale, applier).unwrap();
    assert!(same.is_shared(&whole));
    assert_eq!(whole[0].time, Some(Time::from_seconds(1_577_836_801)));
}
