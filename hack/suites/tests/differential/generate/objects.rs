//! Objects: what is created, and what an update says.

use serde_json::{Value, json};
use suites::compared::{bad_owners, owner};

use super::queries::query;
use super::{Maker, Place};
use crate::trace::{Body, Request};
use crate::world::World;

const JSON: &str = "application/json";

/// What stands in place of a body.
const BROKEN: &[&str] = &[
    "",
    "{",
    "[]",
    "null",
    "1",
    "{}",
    "{\"kind\":1}",
    "{\"metadata\":[]}",
    "\u{feff}{}",
    "{\"metadata\":{}}",
    "\"x\"",
    "{} {}",
    "{\"apiVersion\":\"v1\"}",
    "{'a':1}",
    "a: b\n",
    "{\"kind\":\"Flunder\"}",
];

/// A member of metadata, and what it should not be.
fn odd_members(world: World) -> Vec<(&'static str, Value)> {
    let mut members = vec![
        ("name", json!("")),
        ("name", json!("a/b")),
        ("name", json!(".")),
        ("name", json!("A_b")),
        ("name", json!("n".repeat(254))),
        ("name", json!(1)),
        ("name", json!(null)),
        ("generateName", json!("a/")),
        ("generateName", json!("g".repeat(300))),
        ("namespace", json!("other")),
        ("namespace", json!("")),
        ("namespace", json!(1)),
        ("resourceVersion", json!("1")),
        ("resourceVersion", json!("0")),
        ("resourceVersion", json!("x")),
        ("uid", json!("mine")),
        ("generation", json!(7)),
        // The sample keeps what a client says of it.
        ("generation", json!(if world == World::Sample { 8 } else { -1 })),
        ("generation", json!(1.5)),
        ("creationTimestamp", json!("2020-01-02T03:04:05Z")),
        ("creationTimestamp", json!("yesterday")),
        ("creationTimestamp", json!(null)),
        ("deletionTimestamp", json!("2020-01-02T03:04:05Z")),
        ("deletionGracePeriodSeconds", json!(5)),
        ("selfLink", json!("/somewhere")),
        ("labels", json!({"a": 1})),
        ("labels", json!({"": "x"})),
        ("labels", json!({"a b": "-"})),
        ("labels", json!({"a/b/c": "x"})),
        ("labels", json!({"UPPER.example/ok": "x"})),
        ("labels", json!({"a": "-"})),
        ("labels", json!({"a": "v".repeat(64)})),
        ("labels", json!([])),
        ("labels", json!({"a": null})),
        ("annotations", json!({"Bad Key": "x"})),
        ("annotations", json!({"a": "v".repeat(262_145)})),
        ("annotations", json!({"UPPER/ok": ""})),
        ("finalizers", json!(["plain"])),
        ("finalizers", json!(["a b/c"])),
        ("finalizers", json!([""])),
        ("finalizers", json!(["example.com/a", "example.com/a"])),
        ("finalizers", json!("example.com/a")),
    ];
    members.extend(bad_owners().into_iter().map(|owners| ("ownerReferences", owners)));
    // Where there is a garbage collector, it takes what has only owners that are not there.
    if world == World::Sample {
        members.push(("ownerReferences", json!([owner(), owner()])));
    }
    members.extend([
        ("managedFields", json!([{"manager": "x"}])),
        ("managedFields", json!([{"manager": "x", "operation": "Replace", "fieldsType": "FieldsV1"}])),
        (
            "managedFields",
            json!([{"manager": "x", "operation": "Update", "fieldsType": "FieldsV1", "apiVersion": "wardle.example.com/v1beta1", "fieldsV1": {"f:metadata": {"f:labels": {"f:x": {}}}}}]),
        ),
        ("managedFields", json!([])),
        ("managedFields", json!([{}])),
        ("unheardOf", json!(1)),
    ]);
    members
}

impl Maker<'_> {
    /// A spec that both take.
    fn spec(&mut self, place: Place) -> Value {
        let reference = self.random.of(&["r", "s"]);
        match (place.version, self.random.below(3)) {
            (_, 0) => json!({}),
            ("v1alpha1", 1) => json!({"reference": reference}),
            ("v1alpha1", _) => json!({"reference": reference, "referenceType": "Fischer"}),
            (_, 1) => json!({"flunderReference": reference, "referenceType": "Flunder"}),
            _ => json!({"fischerReference": reference, "referenceType": "Fischer"}),
        }
    }

    /// A good object.
    pub(super) fn object(&mut self, place: Place, name: &str) -> Value {
        let mut object =
            json!({"apiVersion": place.api_version(), "kind": place.kind.kind, "metadata": {"name": name}});
        match place.kind.kind {
            "Fischer" => {
                object["disallowedFlunders"] =
                    json!(self.random.of(&[&["whale"][..], &[], &["whale", "shark"]]))
            }
            "Flunder" => object["spec"] = self.spec(place),
            _ => self.fill(place, &mut object),
        }
        if self.random.chance(30) {
            object["metadata"]["labels"] = json!({"x": self.random.of(&["1", "2", "3"])});
        }
        if self.random.chance(10) {
            object["metadata"]["annotations"] = json!({"note": self.random.of(&["", "<é>", "text"])});
        }
        if self.random.chance(8) {
            object["metadata"]["finalizers"] =
                json!(self.random.of(&[&["example.com/one"][..], &["example.com/one", "example.com/two"]]));
        }
        object
    }

    /// Something about it is odd.
    fn spoil(&mut self, object: &mut Value) {
        if self.kind.world == World::Core && self.random.chance(60) {
            return self.spoil_own(object);
        }
        let members = odd_members(self.kind.world);
        match self.random.below(10) {
            0..6 => {
                let (name, value) = members[self.random.below(members.len())].clone();
                object["metadata"][name] = value;
            }
            6 => {
                object["kind"] = self
                    .random
                    .of(&[json!("Other"), json!(""), json!("Fischer"), json!("flunder"), json!(null)]
                        .each_ref())
                    .clone()
            }
            7 => {
                object["apiVersion"] = json!(self.random.of(&[
                    "v1",
                    "",
                    "a/b/c",
                    "wardle.example.com/v9",
                    "wardle.example.com/v1beta1",
                    "/",
                ]))
            }
            8 => object["spec"]["nonsense"] = json!({"deeper": 1}),
            _ => object["unknown"] = json!("x"),
        }
    }

    /// Its text, perhaps broken.
    fn text(&mut self, object: &Value) -> String {
        let text = object.to_string();
        if !self.is_odd() {
            return text;
        }
        match self.random.below(6) {
            0 => self.random.of(BROKEN).to_owned(),
            1 => text[..text.len() / 2].to_owned(),
            2 => text.replacen("\"kind\"", "\"kind\":\"Other\",\"kind\"", 1),
            3 => text.replacen(
                "\"metadata\":{",
                "\"metadata\":{\"labels\":{\"x\":\"1\"},\"labels\":{\"y\":\"2\"},",
                1,
            ),
            4 => format!("{text}x"),
            _ => text.replacen("\"metadata\"", "\"Metadata\"", 1),
        }
    }

    pub(super) fn create(&mut self) {
        let place = self.place();
        let name = self.name();
        let mut object = self.object(place, name);
        if self.random.chance(8) {
            let metadata = object["metadata"].as_object_mut().expect("metadata");
            if self.random.chance(80) {
                metadata.remove("name");
            }
            metadata.insert("generateName".to_owned(), json!(format!("gen-{}-", self.steps.len())));
        }
        if self.is_odd() {
            self.spoil(&mut object);
        }
        let mut parameters = Vec::new();
        self.writing(&mut parameters);
        let (mut headers, body) = (Vec::new(), self.text(&object));
        self.content(JSON, &mut headers);
        self.accept(&mut headers);
        let path = format!("{}{}", place.collection(), query(&parameters));
        self.ask(Request {
            method: "POST".to_owned(),
            path,
            headers,
            body: Body::Text(body),
            ..Request::default()
        });
    }

    pub(super) fn update(&mut self) {
        let place = self.place();
        let name = self.name();
        let key = place.key(name);
        let mut changes: Vec<(&'static str, Value)> = Vec::new();
        for _ in 0..self.random.below(3) {
            let usual = [
                ("metadata.labels.x", json!("1")),
                ("metadata.labels.x", json!("2")),
                ("metadata.labels", Value::Null),
                ("metadata.annotations.note", json!("changed")),
                ("metadata.finalizers", json!(["example.com/one"])),
                ("metadata.finalizers", Value::Null),
                ("metadata.managedFields", Value::Null),
                ("status", json!({})),
            ];
            changes.push(usual[self.random.below(usual.len())].clone());
        }
        if self.kind.world == World::Core {
            changes.extend((0..self.random.below(2)).map(|_| self.change()));
        } else if self.random.chance(20) {
            changes.push(("spec", self.spec(place)));
        }
        if self.is_odd() {
            let odd = [
                ("metadata.resourceVersion", Value::Null),
                ("metadata.resourceVersion", json!("1")),
                ("metadata.resourceVersion", json!("0")),
                ("metadata.resourceVersion", json!("x")),
                ("metadata.resourceVersion", json!(format!("<old:{key}>"))),
                ("metadata.resourceVersion", json!("99999999999")),
                ("metadata.name", json!("other")),
                ("metadata.name", Value::Null),
                ("metadata.namespace", json!("other")),
                ("metadata.namespace", Value::Null),
                ("metadata.uid", json!("0a1b2c3d-0000-4000-8000-0123456789ab")),
                ("metadata.uid", Value::Null),
                ("metadata.creationTimestamp", json!("2020-01-02T03:04:05Z")),
                ("metadata.creationTimestamp", Value::Null),
                ("metadata.deletionTimestamp", json!("2020-01-02T03:04:05Z")),
                ("metadata.deletionGracePeriodSeconds", json!(5)),
                ("metadata.generation", json!(9)),
                ("metadata.labels", json!({"a b": "x"})),
                ("metadata.annotations", json!({"Bad Key": "x"})),
                ("metadata.finalizers", json!(["plain"])),
                ("metadata.managedFields", json!([{"manager": "x"}])),
                ("metadata.managedFields", json!([])),
                ("metadata.managedFields", json!([{}])),
                ("metadata.generateName", json!("other-")),
                ("metadata.selfLink", json!("/x")),
                ("kind", json!("Other")),
                ("apiVersion", json!("v1")),
                ("kind", Value::Null),
                ("apiVersion", Value::Null),
                ("spec.nonsense", json!(1)),
                ("unknown", json!(1)),
                ("metadata", Value::Null),
                ("spec", Value::Null),
            ];
            changes.push(odd[self.random.below(odd.len())].clone());
        }
        let mut parameters = Vec::new();
        self.writing(&mut parameters);
        let mut headers = Vec::new();
        self.content(JSON, &mut headers);
        self.accept(&mut headers);
        let cut = self.is_odd() && self.random.chance(20);
        let otherwise = self.object(place, name);
        let body = match self.random.chance(85) {
            true => Body::Stored { path: place.item(name), otherwise, changes, cut },
            false => Body::Text(otherwise.to_string()),
        };
        let path = format!("{}{}", place.item(name), query(&parameters));
        self.ask(Request { method: "PUT".to_owned(), path, headers, body, ..Request::default() });
    }
}
