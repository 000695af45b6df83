//! Patches of every type.

use serde_json::{Value, json};

use super::queries::query;
use super::{Maker, Place};
use crate::trace::{Body, Request};
use crate::world::World;

pub(super) const MERGE: &str = "application/merge-patch+json";
const STRATEGIC: &str = "application/strategic-merge-patch+json";
const JSON_PATCH: &str = "application/json-patch+json";
const APPLY: &str = "application/apply-patch+yaml";

const MERGES: &[&str] = &[
    "{}",
    r#"{"metadata":{"labels":{"x":"1"}}}"#,
    r#"{"metadata":{"labels":{"x":"2","y":"2"}}}"#,
    r#"{"metadata":{"labels":{"x":null}}}"#,
    r#"{"metadata":{"labels":null}}"#,
    r#"{"metadata":{"annotations":{"note":"<é>"}}}"#,
    r#"{"metadata":{"finalizers":["example.com/one"]}}"#,
    r#"{"metadata":{"finalizers":null}}"#,
    r#"{"metadata":{"finalizers":[]}}"#,
    r#"{"spec":{}}"#,
    r#"{"metadata":{"managedFields":null}}"#,
    r#"{"metadata":{"managedFields":[{}]}}"#,
    r#"{"metadata":{"ownerReferences":[{"apiVersion":"v1","kind":"ConfigMap","name":"one","uid":"0a1b2c3d-0000-4000-8000-0123456789ab"}]}}"#,
];
const ODD_MERGES: &[&str] = &[
    "",
    "{",
    "[]",
    "null",
    "1",
    r#"{"metadata":null}"#,
    r#"{"metadata":{"name":"other"}}"#,
    r#"{"metadata":{"name":null}}"#,
    r#"{"metadata":{"namespace":"other"}}"#,
    r#"{"metadata":{"resourceVersion":"1"}}"#,
    r#"{"metadata":{"resourceVersion":"x"}}"#,
    r#"{"metadata":{"resourceVersion":null}}"#,
    r#"{"metadata":{"uid":"0a1b2c3d-0000-4000-8000-0123456789ab"}}"#,
    r#"{"metadata":{"labels":{"a":1}}}"#,
    r#"{"metadata":{"labels":{"a b":"x"}}}"#,
    r#"{"metadata":{"labels":[]}}"#,
    r#"{"metadata":{"finalizers":["plain"]}}"#,
    r#"{"metadata":{"finalizers":["example.com/new","example.com/one"]}}"#,
    r#"{"metadata":{"deletionTimestamp":null}}"#,
    r#"{"metadata":{"deletionTimestamp":"2020-01-02T03:04:05Z"}}"#,
    r#"{"metadata":{"creationTimestamp":null}}"#,
    r#"{"metadata":{"generation":7}}"#,
    r#"{"metadata":{"managedFields":[{"manager":"x"}]}}"#,
    r#"{"metadata":{"managedFields":[]}}"#,
    r#"{"kind":"Other"}"#,
    r#"{"apiVersion":"v1"}"#,
    r#"{"kind":null}"#,
    r#"{"unheardOf":1}"#,
    r#"{"spec":{"unheardOf":1}}"#,
    r#"{"spec":"x"}"#,
    r#"{"spec":null}"#,
    r#"{"metadata":{"labels":{"x":"1"},"labels":{"y":"1"}}}"#,
    r#"{"metadata":{"$patch":"delete"}}"#,
    r#"{"metadata":{"$patch":"replace","name":"a"}}"#,
    r#"{"metadata":{"$retainKeys":["name"]}}"#,
    r#"{"metadata":{"$deleteFromPrimitiveList/finalizers":["example.com/one"]}}"#,
    r#"{"metadata":{"ownerReferences":[{"$patch":"delete","uid":"0a1b2c3d-0000-4000-8000-0123456789ab"}]}}"#,
    r#"{"$patch":"dance"}"#,
];
const OPERATIONS: &[&str] = &[
    "[]",
    r#"[{"op":"add","path":"/metadata/labels","value":{"x":"1"}}]"#,
    r#"[{"op":"test","path":"/kind","value":"Flunder"}]"#,
    r#"[{"op":"add","path":"/metadata/annotations","value":{"note":"<é>"}}]"#,
    r#"[{"op":"remove","path":"/spec"}]"#,
    r#"[{"op":"add","path":"/metadata/finalizers","value":["example.com/one"]}]"#,
    r#"[{"op":"replace","path":"/metadata/finalizers","value":null}]"#,
    r#"[{"op":"copy","from":"/metadata/name","path":"/metadata/labels/x"}]"#,
    r#"[{"op":"replace","path":"/metadata/labels/x","value":"2"}]"#,
    r#"[{"op":"remove","path":"/metadata/labels/x"}]"#,
    r#"[{"op":"remove","path":"/metadata/managedFields"}]"#,
];
const ODD_OPERATIONS: &[&str] = &[
    "",
    "{}",
    "[1]",
    "null",
    "[",
    r#"[{"op":"add"}]"#,
    r#"[{"op":"dance","path":"/a"}]"#,
    r#"[{"path":"/a"}]"#,
    r#"[{"op":"add","path":"metadata","value":1}]"#,
    r#"[{"op":"remove","path":"/metadata/labels/none"}]"#,
    r#"[{"op":"replace","path":"/metadata/labels/none","value":"x"}]"#,
    r#"[{"op":"add","path":"/metadata/none/deeper","value":1}]"#,
    r#"[{"op":"add","path":"/metadata/finalizers/9","value":"example.com/x"}]"#,
    r#"[{"op":"add","path":"/metadata/finalizers/-","value":"example.com/x"}]"#,
    r#"[{"op":"test","path":"/metadata/name","value":"z"}]"#,
    r#"[{"op":"test","path":"/metadata/none","value":null}]"#,
    r#"[{"op":"copy","from":"/none","path":"/metadata/labels"}]"#,
    r#"[{"op":"move","from":"/none","path":"/metadata/labels"}]"#,
    r#"[{"op":"move","from":"/metadata/name","path":"/metadata/labels/x"}]"#,
    r#"[{"op":"replace","path":"/metadata/name","value":"other"}]"#,
    r#"[{"op":"replace","path":"/metadata/labels","value":[]}]"#,
    r#"[{"op":"add","path":"/metadata/labels","value":{"a":1}}]"#,
    r#"[{"op":"add","path":"/unheardOf","value":1}]"#,
    r#"[{"op":"remove","path":"/metadata"}]"#,
    r#"[{"op":"remove","path":"/kind"}]"#,
    r#"[{"op":"replace","path":"","value":null}]"#,
    r#"[{"op":"replace","path":"","value":{}}]"#,
    r#"[{"op":"replace","path":"/metadata/resourceVersion","value":"1"}]"#,
];

impl Maker<'_> {
    pub(super) fn patch(&mut self) {
        let place = self.place();
        let name = self.name();
        let content = self.random.of(&[MERGE, MERGE, STRATEGIC, JSON_PATCH, JSON_PATCH, APPLY, APPLY]);
        let mut parameters = Vec::new();
        self.writing(&mut parameters);
        let is_own = self.kind.world == World::Core && self.random.chance(50);
        let body = match content {
            APPLY => self.applied(place, name, &mut parameters),
            JSON_PATCH if is_own => self.operated().to_string(),
            JSON_PATCH => self.either(OPERATIONS, ODD_OPERATIONS).replace("Flunder", place.kind.kind),
            _ if is_own => self.merged().to_string(),
            _ => self.merge(),
        };
        if self.is_odd() && self.random.chance(20) {
            parameters.push(("force", self.random.of(&["true", "false", "perhaps", ""]).to_owned()));
        }
        let mut headers = Vec::new();
        let said = self.either(
            &[content],
            &[
                content,
                "application/json",
                "text/plain",
                "",
                "application/apply-patch+cbor",
                MERGE,
                APPLY,
                "application/merge-patch+json; charset=utf-8",
                "application/merge-patch+json; a",
                "application/yaml",
            ],
        );
        headers.push(("content-type", said.to_owned()));
        self.accept(&mut headers);
        let path = format!("{}{}", place.item(name), query(&parameters));
        self.ask(Request {
            method: "PATCH".to_owned(),
            path,
            headers,
            body: Body::Text(body),
            ..Request::default()
        });
    }

    /// What is merged. Where there is a garbage collector, it takes what has only owners that are not there.
    fn merge(&mut self) -> String {
        let merge = self.either(MERGES, ODD_MERGES);
        match self.kind.world == World::Core && merge.contains("ownerReferences") {
            true => "{}".to_owned(),
            false => merge.to_owned(),
        }
    }

    /// A configuration that is applied.
    fn applied(&mut self, place: Place, name: &str, parameters: &mut Vec<(&'static str, String)>) -> String {
        if !self.is_odd() {
            parameters.retain(|(name, _)| *name != "fieldManager");
            parameters.push(("fieldManager", self.random.of(&["m", "n"]).to_owned()));
        }
        if self.random.chance(40) {
            parameters.push(("force", "true".to_owned()));
        }
        let mut object = self.object(place, name);
        if self.is_odd() {
            let odd = [
                ("name", json!("other")),
                ("name", Value::Null),
                ("namespace", json!("other")),
                ("managedFields", json!([])),
                ("managedFields", json!([{"manager": "x"}])),
                ("resourceVersion", json!("1")),
                ("uid", json!("0a1b2c3d-0000-4000-8000-0123456789ab")),
                ("labels", json!({"a": 1})),
                ("labels", json!({"a b": "x"})),
                ("labels", json!({"x": null})),
                ("unheardOf", json!(1)),
                ("generateName", json!("x-")),
            ];
            let (member, value) = odd[self.random.below(odd.len())].clone();
            object["metadata"][member] = value;
        }
        if self.is_odd() {
            match self.random.below(4) {
                0 => object["kind"] = json!("Other"),
                1 => {
                    object["apiVersion"] =
                        json!(self.random.of(&["v1", "wardle.example.com/v1beta1", "wardle.example.com/v9"]))
                }
                2 => object["unheardOf"] = json!(1),
                _ => return self.random.of(&["", "{", "[]", "1", "a: b", "a: 1\na: 2\n", "\t"]).to_owned(),
            }
        }
        object.to_string()
    }
}
