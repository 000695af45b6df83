//! Entries after a write, with what the library of Kubernetes makes of them.

use super::super::{Form, Manager, Write};
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
