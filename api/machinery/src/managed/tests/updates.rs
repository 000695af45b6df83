//! Entries after a write, with what the library of Kubernetes makes of them.

use super::super::{FieldSet, Form, Manager, Write};
use super::{SCHEMA, entries, text};
use crate::meta::ManagedFields;
use crate::time::Time;
use crate::wire::json;
use serde_json::Value;

const VERSION: &str = "wardle.example.com/v1";

fn of_object(object: &Value) -> ManagedFields {
    let list = &object["metadata"]["managedFields"];
    json::decode_value(text(list).as_bytes()).unwrap()
}

/// The entries after the write of a case, which happens at `time`.
fn after(case: &Value, time: Time) -> ManagedFields {
    let subresource = case["subresource"].as_str().unwrap();
    let (live, given) = (of_object(&case["live"]), of_object(&case["new"]));
    let is_new = case["live"]["metadata"]["uid"].is_null();
    let write = Write {
        writer: Manager {
            name: case["manager"].as_str().unwrap(),
            api_version: VERSION,
            subresource,
            applies: false,
        },
        before: (!is_new).then_some(&live),
        given: &given,
        counts: &|field| (field == "status") == (subresource == "status"),
        time,
    };
    let form = |version: &str| {
        let (old, new) = (text(&case["live"]).into(), text(&case["new"]).into());
        (version == VERSION).then_some(Form { schema: SCHEMA, old, new })
    };
    write.entries(&form)
}

#[test]
fn entries_after_a_write_are_those_of_kubernetes() {
    let cases: Vec<Value> = serde_json::from_str(include_str!("../../../testdata/managed.json")).unwrap();
    let now = Time::from_seconds(1_900_000_000);
    for case in &cases {
        let mut expected = entries(&case["entries"]);
        for entry in expected.iter_mut().filter(|entry| entry.time.is_none()) {
            entry.time = Some(now);
        }
        assert_eq!(after(case, now).to_vec(), expected, "{}", case["name"]);
    }
}

#[test]
fn entries_that_stay_are_shared() {
    let cases: Vec<Value> = serde_json::from_str(include_str!("../../../testdata/managed.json")).unwrap();
    let name = "who changes nothing is not written down";
    let case = cases.iter().find(|case| case["name"] == name).unwrap();
    let live = of_object(&case["live"]);
    let write = Write {
        writer: Manager { name: "m", api_version: VERSION, subresource: "", applies: false },
        before: Some(&live),
        given: &live,
        counts: &|_| true,
        time: Time::from_seconds(1),
    };
    let same = text(&case["live"]);
    let form = |_: &str| Some(Form { schema: SCHEMA, old: same.clone().into(), new: same.clone().into() });
    assert!(write.entries(&form).is_shared(&live));
}

/// A body can hold tens of thousands of entries or fields, in the order that costs most.
#[test]
fn many_entries_and_fields_are_read_and_merged_without_quadratic_work() {
    const MANY: usize = 20_000;
    let field = |index: usize| serde_json::json!({"f:spec": {format!("f:x{index}"): {}}});
    let list = |operation: &str| -> Value {
        let entry = |index: usize| {
            serde_json::json!({"manager": format!("m{index}"), "operation": operation, "apiVersion": VERSION,
                "fieldsType": "FieldsV1", "fieldsV1": field(index)})
        };
        (0..MANY).map(entry).collect()
    };
    let fields: Vec<String> = (0..MANY).rev().map(|index| format!("\"f:{index:05}\":{{}}")).collect();
    let reversed = super::fields(&format!("{{{}}}", fields.join(",")));
    assert_eq!(FieldSet::read(&reversed).unwrap().len(), MANY);
    for (operation, left) in [("Update", 10), ("Apply", MANY)] {
        let given: ManagedFields = entries(&list(operation)).into();
        let before = ManagedFields::default();
        let write = Write {
            writer: Manager { name: "m", api_version: VERSION, subresource: "", applies: false },
            before: Some(&before),
            given: &given,
            counts: &|_| true,
            time: Time::from_seconds(1),
        };
        let same = Form { schema: SCHEMA, old: "{}".into(), new: "{}".into() };
        let after = write.entries(&|version: &str| (version == VERSION).then(|| same.clone()));
        assert_eq!(after.len(), left);
        let owned: usize = after.iter().map(|entry| FieldSet::read(&entry.fields_v1).unwrap().len()).sum();
        assert_eq!(owned, MANY);
    }
}
