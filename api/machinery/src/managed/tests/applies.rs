//! Applies, with what Kubernetes makes of them.

use super::super::{Applied, Apply, ApplyError, Manager, Versions};
use super::{SCHEMA, text};
use crate::meta::ManagedFields;
use crate::schema::Schema;
use crate::time::Time;
use bytes::Bytes;
use serde_json::{Value, json};

pub(super) const VERSION: &str = "wardle.example.com/v1";
const OLDER: &str = "wardle.example.com/v1beta1";
const ZERO: &str = r#"{"metadata":{},"spec":{"reference":""}}"#;

/// Two versions with the same fields.
struct Both;

impl Versions for Both {
    fn schema(&self, api_version: &str) -> Option<&'static Schema> {
        [VERSION, OLDER].contains(&api_version).then_some(SCHEMA)
    }

    fn convert(&self, object: &Value, api_version: &str) -> Result<Bytes, String> {
        let mut object = object.clone();
        object["apiVersion"] = api_version.into();
        Ok(text(&object).into())
    }
}

/// An object and what is recorded of it.
#[derive(Clone, Default)]
pub(super) struct Stored {
    pub(super) live: Option<Value>,
    pub(super) entries: ManagedFields,
}

impl Stored {
    pub(super) fn apply(
        &self,
        name: &str,
        version: &str,
        force: bool,
        config: &Value,
    ) -> Result<Applied, ApplyError> {
        let apply = Apply {
            applier: Manager { name, api_version: version, subresource: "", applies: true },
            schema: SCHEMA,
            zero: ZERO,
            before: &self.entries,
            force,
            counts: &|field| field != "status",
            time: Time::from_seconds(1_900_000_000),
        };
        apply.merge(self.live.as_ref().map(text).as_deref(), config, &Both)
    }

    pub(super) fn after(&self, name: &str, force: bool, config: &Value) -> Stored {
        let applied = self.apply(name, VERSION, force, config).unwrap();
        Stored { live: applied.object.or_else(|| self.live.clone()), entries: applied.entries }
    }

    fn spec(&self) -> &Value {
        &self.live.as_ref().unwrap()["spec"]
    }

    /// The managers, with their sets.
    pub(super) fn owned(&self) -> Vec<(String, Value)> {
        let set = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        self.entries.iter().map(|entry| (entry.manager.clone(), set(entry.fields_v1.0.as_str()))).collect()
    }
}

pub(super) fn config(spec: Value) -> Value {
    json!({"apiVersion": VERSION, "kind": "Flunder", "metadata": {"name": "f"}, "spec": spec})
}

fn refusal(stored: &Stored, name: &str, config: &Value) -> String {
    stored.apply(name, VERSION, false, config).unwrap_err().to_string()
}

#[test]
fn what_is_no_longer_applied_goes_unless_somebody_else_applies_it() {
    let first = config(json!({"reference": "a", "tags": ["x", "y"], "settings": {"a": "1", "b": "2"}}));
    let stored = Stored::default().after("m", false, &first);
    let stored = stored.after("other", false, &config(json!({"tags": ["y"]})));
    let stored = stored.after("m", false, &config(json!({"reference": "a", "settings": {"b": "2"}})));
    assert_eq!(*stored.spec(), json!({"reference": "a", "tags": ["y"], "settings": {"b": "2"}}));
    // Who applied nothing but what was there has no time, and so comes first.
    let expected = [
        ("other".to_owned(), json!({"f:spec": {"f:tags": {"v:\"y\"": {}}}})),
        ("m".to_owned(), json!({"f:spec": {"f:reference": {}, "f:settings": {"f:b": {}}}})),
    ];
    assert_eq!(stored.owned(), expected);
}

#[test]
fn lists_are_merged_in_the_order_of_the_configuration() {
    let parts =
        |names: &str| -> Value { names.chars().map(|name| json!({"name": name.to_string()})).collect() };
    for (live, applied, merged) in
        [("abc", "ca", "bca"), ("abc", "db", "adbc"), ("ab", "ba", "ba"), ("", "ab", "ab"), ("ab", "", "ab")]
    {
        let stored = Stored {
            live: Some(config(json!({"reference": "", "parts": parts(live)}))),
            ..Stored::default()
        };
        let stored = stored.after("m", true, &config(json!({"parts": parts(applied)})));
        assert_eq!(stored.spec()["parts"], parts(merged), "{live} {applied}");
    }
}

#[test]
fn conflicts_name_every_field_and_its_owner() {
    let stored = Stored::default().after(
        "a",
        false,
        &config(json!({"reference": "a", "parts": [{"name": "x", "weight": 1}]})),
    );
    let one = config(json!({"reference": "b"}));
    assert_eq!(
        refusal(&stored, "b", &one),
        "Apply failed with 1 conflict: conflict with \"a\": .spec.reference"
    );
    let two = config(json!({"reference": "b", "parts": [{"name": "x", "weight": 2}]}));
    let Err(ApplyError::Conflict(conflicts)) = stored.apply("b", VERSION, false, &two) else {
        panic!("there is a conflict");
    };
    let expected = "Apply failed with 2 conflicts: conflicts with \"a\":\n- .spec.reference\n- .spec.parts[name=\"x\"].weight";
    assert_eq!(conflicts.message, expected);
    assert_eq!(conflicts.causes[1].field, ".spec.parts[name=\"x\"].weight");
    assert_eq!(conflicts.causes[1].message, "conflict with \"a\"");
    assert_eq!(
        stored.after("b", true, &one).owned()[0].1,
        json!({"f:spec": {"f:parts": {"k:{\"name\":\"x\"}": {".": {}, "f:name": {}, "f:weight": {}}}}})
    );
}

#[test]
fn an_object_of_which_nothing_is_recorded_was_somebodys() {
    let stored = Stored { live: Some(config(json!({"reference": "a"}))), ..Stored::default() };
    let other = config(json!({"reference": "b"}));
    let expected = format!(
        "Apply failed with 1 conflict: conflict with \"before-first-apply\" using {VERSION}: .spec.reference"
    );
    assert_eq!(refusal(&stored, "m", &other), expected);
    let names: Vec<_> = stored
        .after("m", false, &config(json!({"replicas": 2})))
        .owned()
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    assert_eq!(names, ["m", "before-first-apply"]);
}

#[test]
fn an_applier_is_the_same_in_every_version() {
    let stored = Stored::default().after("m", false, &config(json!({"reference": "a", "replicas": 1})));
    let mut older = config(json!({"reference": "a"}));
    older["apiVersion"] = OLDER.into();
    let applied = stored.apply("m", OLDER, false, &older).unwrap();
    assert!(applied.object.unwrap()["spec"].get("replicas").is_none());
    let versions: Vec<_> = applied.entries.iter().map(|entry| entry.api_version.as_str()).collect();
    assert_eq!(versions, [OLDER]);
}

#[test]
fn kubectl_keeps_what_it_applied_before_servers_did() {
    let last = config(json!({"reference": "a"}));
    let mut live = last.clone();
    live["metadata"]["annotations"] =
        json!({"kubectl.kubernetes.io/last-applied-configuration": last.to_string()});
    let stored = Stored { live: Some(live), ..Stored::default() };
    let next = config(json!({"reference": "b"}));
    assert!(stored.apply("m", VERSION, false, &next).is_err());
    let stored = stored.after("kubectl", false, &next);
    assert_eq!(stored.spec()["reference"], "b");
    let annotations = &stored.live.as_ref().unwrap()["metadata"]["annotations"];
    assert_eq!(annotations["kubectl.kubernetes.io/last-applied-configuration"], format!("{}\n", text(&next)));
}

#[test]
fn a_configuration_that_is_none_of_its_type_is_refused() {
    for (spec, expected) in [
        (json!({"no": 1}), ".spec.no: field not declared in schema"),
        (
            json!({"reference": {"a": 1}}),
            ".spec.reference: expected string, got &value.valueUnstructured{Value:map[string]interface {}{\"a\":1}}",
        ),
        (json!({"replicas": "1"}), ".spec.replicas: expected numeric (int or float), got string"),
        (json!({"parts": {"a": null}}), ".spec.parts: expected list, got &{map[a:<nil>]}"),
        (json!({"settings": ["a", 1e6]}), ".spec.settings: expected map, got &{[a 1e+06]}"),
        (json!({"tags": ["a", "a"]}), ".spec.tags: duplicate entries for key [=\"a\"]"),
        (
            json!({"tags": [null]}),
            ".spec.tags: element 0: associative list without keys has an element that's an explicit null",
        ),
        (
            json!({"replicas": true, "zone": 1}),
            "errors:\n  .spec.replicas: expected numeric (int or float), got bool\n  .spec.zone: expected string, got &value.valueUnstructured{Value:1}",
        ),
    ] {
        let prefix = format!("failed to create typed patch object (/f; {VERSION}, Kind=Flunder): ");
        assert_eq!(refusal(&Stored::default(), "m", &config(spec)), format!("{prefix}{expected}"));
    }
    let mut given = config(json!({}));
    given["metadata"]["managedFields"] = json!([]);
    assert_eq!(refusal(&Stored::default(), "m", &given), "metadata.managedFields must be nil");
}

#[test]
fn an_item_without_its_key_is_the_one_whose_key_is_empty() {
    let spec = json!({"reference": "a", "parts": [{"weight": 1}, {"name": "n"}]});
    let stored = Stored::default().after("m", false, &config(spec));
    let owned = stored.owned();
    let parts = owned[0].1["f:spec"]["f:parts"].as_object().unwrap();
    assert_eq!(parts.keys().collect::<Vec<_>>(), [r#"k:{"name":""}"#, r#"k:{"name":"n"}"#]);
    let twice = json!({"reference": "a", "parts": [{"weight": 1}, {"weight": 2}]});
    let said = refusal(&Stored::default(), "m", &config(twice));
    assert!(said.ends_with(r#".spec.parts: duplicate entries for key [name=""]"#), "{said}");
}

/// A body can hold tens of thousands of items, in the order that costs most.
#[test]
fn long_lists_are_merged_without_quadratic_work() {
    const MANY: usize = 20_000;
    let items = |from: usize| -> Vec<Value> {
        (from..from + MANY).map(|index| json!({"name": format!("n{index}")})).collect()
    };
    let stored = Stored::default().after("m", false, &config(json!({"reference": "a", "parts": items(0)})));
    let mut reversed = items(MANY / 2);
    reversed.reverse();
    let stored = stored.after("m", false, &config(json!({"reference": "a", "parts": reversed})));
    assert_eq!(stored.spec()["parts"].as_array().map(Vec::len), Some(MANY));
}
