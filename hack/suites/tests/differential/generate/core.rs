//! Objects of the core group, and what is wrong with some.

use serde_json::{Value, json};

use super::queries::query;
use super::{Maker, Place};
use crate::trace::{Body, Request};

/// What a Secret of each type holds.
fn secrets() -> Vec<(&'static str, Value)> {
    vec![
        ("kubernetes.io/tls", json!({"tls.crt": "", "tls.key": ""})),
        ("kubernetes.io/tls", json!({"tls.crt": "eA==", "tls.key": "eA=="})),
        ("kubernetes.io/basic-auth", json!({"username": "dQ=="})),
        ("kubernetes.io/ssh-auth", json!({"ssh-privatekey": "eA=="})),
        ("kubernetes.io/dockercfg", json!({".dockercfg": "e30="})),
        ("kubernetes.io/dockerconfigjson", json!({".dockerconfigjson": "eyJhdXRocyI6e319"})),
        ("bootstrap.kubernetes.io/token", json!({"token-id": "eA=="})),
        ("example.com/own", json!({})),
        ("Opaque", json!({"k": "dg==", "l": ""})),
    ]
}

/// What a Secret of a type may lack, or hold instead.
fn bad_secrets() -> Vec<(&'static str, Value)> {
    vec![
        ("kubernetes.io/tls", json!({"tls.crt": "eA=="})),
        ("kubernetes.io/tls", json!({})),
        ("kubernetes.io/basic-auth", json!({})),
        ("kubernetes.io/ssh-auth", json!({"ssh-privatekey": ""})),
        ("kubernetes.io/dockercfg", json!({})),
        ("kubernetes.io/dockercfg", json!({".dockercfg": ""})),
        ("kubernetes.io/dockercfg", json!({".dockercfg": "ew=="})),
        ("kubernetes.io/dockercfg", json!({".dockercfg": "W10="})),
        ("kubernetes.io/dockerconfigjson", json!({".dockerconfigjson": "eA=="})),
        ("kubernetes.io/dockerconfigjson", json!({".dockerconfigjson": "MQ=="})),
        ("kubernetes.io/service-account-token", json!({})),
        ("kubernetes.io/other", json!({})),
        ("Bad Type", json!({})),
    ]
}

/// Values by key that neither a ConfigMap nor a Secret takes.
fn bad_maps() -> Vec<Value> {
    vec![
        json!({"a b": ""}),
        json!({"": ""}),
        json!({".": ""}),
        json!({"..": ""}),
        json!({"..a": ""}),
        json!({"k".repeat(254): ""}),
        json!({"k": 1}),
        json!({"k": null}),
        json!({"k": ["x"]}),
        json!({"k": {}}),
        json!([]),
        json!("x"),
        json!(1),
        Value::Null,
    ]
}

/// Members, by their paths, that an object of a kind should not have.
fn bad_members(kind: &str) -> Vec<(&'static str, Value)> {
    let mut members =
        vec![("unknown", json!(1)), ("metadata.labels", json!({"kubernetes.io/metadata.name": "other"}))];
    match kind {
        "ConfigMap" | "Secret" => {
            members.extend(bad_maps().into_iter().map(|map| ("data", map)));
            members.extend([
                ("immutable", json!("yes")),
                ("immutable", Value::Null),
                ("data", json!({"k": "v".repeat(1_048_577)})),
            ]);
        }
        "Namespace" => members.extend([
            ("spec.finalizers", json!(["bad"])),
            ("spec.finalizers", json!(["a b/c", "example.com/x", ""])),
            ("spec.finalizers", json!(["kubernetes", "kubernetes"])),
            ("spec.finalizers", json!("kubernetes")),
            ("spec", json!([])),
            ("status.phase", json!("Terminating")),
            ("status.phase", json!("Resting")),
            ("status.conditions", json!([{"type": "Ready", "status": "True"}])),
            ("metadata.name", json!("a.b")),
            ("metadata.name", json!("n".repeat(64))),
            ("metadata.namespace", json!("one")),
        ]),
        _ => members.extend([
            ("involvedObject.namespace", json!("other")),
            ("involvedObject", Value::Null),
            ("involvedObject", json!([])),
            ("eventTime", json!("2026-01-02T03:04:05.000006Z")),
            ("eventTime", json!("yesterday")),
            ("eventTime", json!("2026-01-02T03:04:05Z")),
            ("count", json!(-1)),
            ("count", json!("1")),
            ("type", json!("Odd")),
            ("series", json!({"count": 2})),
            ("message", json!("m".repeat(1025))),
            ("reportingComponent", json!("a b")),
        ]),
    }
    match kind {
        "ConfigMap" => members.extend([
            ("binaryData", json!({"k": "eA=="})),
            ("binaryData", json!({"b": "!"})),
            ("binaryData", json!({"b": "AA"})),
            ("binaryData", json!({"b b": "AAE="})),
        ]),
        "Secret" => {
            members.extend(bad_maps().into_iter().map(|map| ("stringData", map)));
            members.extend([
                ("data", json!({"k": "!"})),
                ("data", json!({"k": "eA"})),
                ("type", json!(1)),
                ("type", Value::Null),
            ]);
        }
        _ => {}
    }
    members
}

/// Changes that clients make.
fn changes(kind: &str) -> Vec<(&'static str, Value)> {
    match kind {
        "ConfigMap" => vec![
            ("data.k", json!("w")),
            ("data.new", json!("<é>\n")),
            ("data.k", Value::Null),
            ("data", Value::Null),
            ("data", json!({})),
            ("binaryData.b", json!("AAE=")),
            ("immutable", json!(true)),
            ("immutable", json!(false)),
        ],
        "Secret" => vec![
            ("data.k", json!("dw==")),
            ("data.k", Value::Null),
            ("data", Value::Null),
            ("stringData.k", json!("text")),
            ("stringData.new", json!("<é>\n")),
            ("immutable", json!(true)),
            ("immutable", json!(false)),
            ("type", json!("example.com/other")),
            ("type", Value::Null),
        ],
        "Namespace" => vec![
            ("spec.finalizers", json!([])),
            ("spec.finalizers", json!(["kubernetes", "example.com/x"])),
            ("spec", Value::Null),
            ("status.phase", json!("Terminating")),
            ("status", Value::Null),
            ("status.conditions", json!([{"type": "Ready", "status": "False", "reason": "Odd"}])),
            ("metadata.labels", json!({"kubernetes.io/metadata.name": "other"})),
            ("metadata.labels", json!({"team": "a"})),
            ("metadata.annotations", json!({"note": "changed"})),
        ],
        _ => vec![
            ("count", json!(2)),
            ("message", json!("changed\n")),
            ("series", json!({"count": 3, "lastObservedTime": "2020-01-02T03:04:05.000006Z"})),
            ("reason", Value::Null),
            ("lastTimestamp", json!("2020-01-02T03:04:05Z")),
        ],
    }
}

/// One member by its path, as the object that says only this.
fn nested(path: &str, value: &Value) -> Value {
    path.rsplit('.').fold(value.clone(), |inner, name| json!({name: inner}))
}

impl Maker<'_> {
    fn one_of<T: Clone>(&mut self, choices: &[T]) -> T {
        choices[self.random.below(choices.len())].clone()
    }

    /// What a good object of the core group says beside its metadata.
    pub(super) fn fill(&mut self, place: Place, object: &mut Value) {
        let texts = [json!({}), json!({"k": "v"}), json!({"k": "v", "l": "<é>"}), json!({"k": ""})];
        match place.kind.kind {
            "ConfigMap" => {
                object["data"] = self.one_of(&texts);
                if self.random.chance(25) {
                    object["binaryData"] = json!({"b": self.random.of(&["AAE=", ""])});
                }
            }
            "Secret" => {
                let is_typed = self.random.chance(35);
                let (kind, data) =
                    if is_typed { self.one_of(&secrets()) } else { ("", json!({"k": "dg=="})) };
                object["data"] = data;
                if !kind.is_empty() || self.random.chance(10) {
                    object["type"] = json!(kind);
                }
                if self.random.chance(25) {
                    object["stringData"] = self.one_of(&texts);
                }
            }
            "Namespace" if self.random.chance(25) => {
                let finalizers =
                    [json!(["kubernetes"]), json!(["example.com/x"]), json!(["kubernetes", "example.com/x"])];
                object["spec"] = json!({"finalizers": self.one_of(&finalizers)});
            }
            "Namespace" => {}
            _ => {
                let namespace = place.namespace.unwrap_or_default();
                object["involvedObject"] = json!({"kind": self.random.of(&["ConfigMap", "Pod"]), "name": "x", "namespace": namespace});
                object["reason"] = json!(self.random.of(&["Made", "Gone"]));
                object["message"] = json!(self.random.of(&["it is made", "  two\nlines "]));
                object["type"] = json!(self.random.of(&["Normal", "Warning"]));
                object["source"] = json!({"component": self.random.of(&["", "c"])});
                object["firstTimestamp"] = json!("2020-01-02T03:04:05Z");
                if self.random.chance(30) {
                    object["eventTime"] = json!("2020-01-02T03:04:05.000006Z");
                    for member in ["action", "reportingComponent", "reportingInstance"] {
                        object[member] = json!("example.com/c");
                    }
                }
            }
        }
        if matches!(place.kind.kind, "ConfigMap" | "Secret") && self.random.chance(12) {
            object["immutable"] = json!(self.random.chance(60));
        }
    }

    /// Something about it is wrong that only this kind knows.
    pub(super) fn spoil_own(&mut self, object: &mut Value) {
        if self.kind.is("Secret") && self.random.chance(40) {
            let (kind, data) = self.one_of(&bad_secrets());
            (object["type"], object["data"]) = (json!(kind), data);
            return;
        }
        let (path, value) = self.one_of(&bad_members(self.kind.kind));
        crate::peer::set(object, path, value);
    }

    /// A change of this kind alone.
    pub(super) fn change(&mut self) -> (&'static str, Value) {
        let kind = self.kind.kind;
        if self.is_odd() { self.one_of(&bad_members(kind)) } else { self.one_of(&changes(kind)) }
    }

    /// The same as a merge.
    pub(super) fn merged(&mut self) -> Value {
        let (path, value) = self.change();
        nested(path, &value)
    }

    /// The same as operations.
    pub(super) fn operated(&mut self) -> Value {
        let (path, value) = self.change();
        let path = format!("/{}", path.replace('.', "/"));
        match value {
            Value::Null => json!([{"op": "remove", "path": path}]),
            value => {
                json!([{"op": self.random.of(&["add", "add", "replace"]), "path": path, "value": value}])
            }
        }
    }

    /// The parts of a namespace that have paths of their own.
    pub(super) fn subresource(&mut self) {
        let place = self.place();
        let name = self.name();
        let part = self.random.of(&["status", "finalize", "finalize"]);
        let method = self.either(&["PUT", "PUT", "PATCH", "GET"], &["POST", "DELETE", "HEAD"]);
        let mut parameters = Vec::new();
        let mut headers = Vec::new();
        let mut body = Body::Nothing;
        if method != "GET" {
            self.writing(&mut parameters);
            let usual = if method == "PATCH" { super::patches::MERGE } else { "application/json" };
            self.content(usual, &mut headers);
        }
        match method {
            "PUT" => {
                let mut changes: Vec<(&'static str, Value)> =
                    (0..self.random.below(3)).map(|_| self.change()).collect();
                if self.is_odd() {
                    changes.push((
                        "metadata.resourceVersion",
                        self.one_of(&[json!("1"), Value::Null, json!("x")]),
                    ));
                }
                let otherwise = self.object(place, name);
                body = Body::Stored { path: place.item(name), otherwise, changes, cut: false };
            }
            "PATCH" => body = Body::Text(self.merged().to_string()),
            _ => {}
        }
        self.accept(&mut headers);
        let path = format!("{}/{part}{}", place.item(name), query(&parameters));
        let fresh = (method == "GET").then(|| place.everywhere());
        self.ask(Request { method: method.to_owned(), path, headers, body, fresh, ..Request::default() });
    }
}
