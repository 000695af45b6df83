//! An answer as lines that can be compared: each says one thing, and where it stands.
//!
//! What differs from run to run is replaced: revisions are counted from where the episode began, uids are known by the step at which
//! they came up. Times stay, as both servers have one clock, but for those from before all episodes.

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hyper::HeaderMap;
use regex::{Captures, Regex};
use serde_json::Value;
use suites::compared;

/// What is replaced in any text: what such a text contains, the pattern, and what stands there instead. Most texts contain none of it.
const RULES: &[(&str, &str, &str)] = &[
    ("current: ", r"current: \d+", "current: REVISION"),
    ("gen-", r"(gen-\d+-)[bcdfghjklmnpqrstvwxz2456789]{5}\b", "${1}XXXXX"),
    ("127.0.0.1:", r"127\.0\.0\.1:\d+", "ADDRESS"),
    // Where it is stored.
    ("Key: /", r"Key: /(registry|core)/(configmaps|secrets|events|namespaces)", "Key: /$2"),
    ("Key: /registry/", r"Key: /registry/wardle\.example\.com/", "Key: /"),
];

/// Who made the namespaces that are there from the start.
const OURS: &str = "databases-apiserver";
const THEIRS: &str = "kube-apiserver";

/// What clients of the suite say of times begins so.
const SAID: &str = "2020-";
/// As much of a time as says its second.
const SECOND: usize = "2020-01-02T03:04:05".len();

/// The second that it is.
pub(crate) fn second() -> String {
    k8s_openapi::jiff::Timestamp::now().to_string()[..SECOND].to_owned()
}

/// What stands for what differs.
pub(crate) struct Words {
    base: u64,
    since: String,
    step: usize,
    uids: BTreeMap<String, String>,
    rules: Vec<(&'static str, Regex, &'static str)>,
    uid: Regex,
    revision: Regex,
    time: Regex,
    age: Regex,
}

impl Words {
    /// Those of an episode that begins at a revision, at a server with nothing in it that is of interest and made after that second;
    /// what stands there has these uids.
    pub(crate) fn from(base: u64, since: &str, standing: Vec<(String, String)>) -> Self {
        let regex = |text: &str| Regex::new(text).expect("a rule");
        Self {
            base,
            since: since.to_owned(),
            step: 0,
            uids: standing.into_iter().map(|(uid, whose)| (uid, format!("UID of {whose}"))).collect(),
            rules: RULES.iter().map(|(has, rule, word)| (*has, regex(rule), *word)).collect(),
            uid: regex("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"),
            revision: regex(r#"(resourceVersion[^0-9]{1,5}|(?:precondition|record) \()(\d+)"#),
            time: regex(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"),
            age: regex(r"^(\d+[smh])+$"),
        }
    }

    /// The revision at which the episode began.
    pub(crate) fn base(&self) -> u64 {
        self.base
    }

    /// From here on the answers are those of this step.
    pub(crate) fn at(&mut self, step: usize) {
        self.step = step;
    }

    /// A whole answer.
    pub(crate) fn lines(&mut self, status: u16, headers: &HeaderMap, body: &[u8]) -> Vec<String> {
        let mut lines = vec![format!("status: {status}")];
        lines.extend(compared::headers(headers).iter().map(|line| self.text(line)));
        lines.extend(self.body(body));
        lines
    }

    /// A body: JSON and YAML member by member, anything else line by line.
    pub(crate) fn body(&mut self, body: &[u8]) -> Vec<String> {
        if let Some(tree) = crate::protobuf::body(body) {
            let mut lines = vec!["form: protobuf".to_owned()];
            lines.extend(self.tree("proto", &tree));
            return lines;
        }
        let text = String::from_utf8_lossy(body);
        if let Ok(mut tree) = serde_json::from_slice::<Value>(body) {
            let form = match (text.contains("\n "), text.ends_with('\n')) {
                (true, _) => "indented JSON",
                (false, true) => "JSON with a newline",
                (false, false) => "JSON",
            };
            let mut lines = vec![format!("form: {form}")];
            keep_known(&mut tree);
            sort_conflicts(&mut tree);
            each_going(&mut tree, &sort_finalizers);
            lines.extend(self.tree("body", &tree));
            return lines;
        }
        match serde_saphyr::from_str::<Value>(&text) {
            Ok(mut tree) if tree.is_object() => {
                let mut lines = vec!["form: YAML".to_owned()];
                keep_known(&mut tree);
                lines.extend(self.tree("body", &tree));
                lines
            }
            _ => text.lines().map(|line| format!("text: {}", self.text(line))).collect(),
        }
    }

    /// A value, member by member.
    pub(crate) fn tree(&mut self, at: &str, tree: &Value) -> Vec<String> {
        let mut lines = Vec::new();
        self.members(at, "", tree, &mut lines);
        lines
    }

    fn members(&mut self, at: &str, name: &str, tree: &Value, lines: &mut Vec<String>) {
        match tree {
            Value::Object(fields) if !fields.is_empty() => {
                let mut fields: Vec<_> = fields.iter().collect();
                fields.sort_by_key(|(name, _)| name.as_str());
                for (name, value) in fields {
                    self.members(&format!("{at}.{name}"), name, value, lines);
                }
            }
            Value::Array(items) if !items.is_empty() => {
                let mut items: Vec<&Value> = items.iter().collect();
                if name == "managedFields" {
                    items.sort_by_key(|entry| manager(entry));
                }
                for (index, item) in items.into_iter().enumerate() {
                    self.members(&format!("{at}[{index}]"), name, item, lines);
                }
            }
            Value::String(text) => {
                let word = match name {
                    "resourceVersion" => self.revision(text),
                    "continue" => self.token(text),
                    // In protobuf, a field's name is its number.
                    _ if at.starts_with("proto") && text.parse::<u64>().is_ok() => self.revision(text),
                    "cells" if self.age.is_match(text) => "AGE".to_owned(),
                    _ => self.text(text),
                };
                lines.push(format!("{at} = {word:?}"));
            }
            other => lines.push(format!("{at} = {other}")),
        }
    }

    /// Counted from where the episode began.
    fn revision(&self, text: &str) -> String {
        match text.parse::<u64>() {
            Ok(number) if number >= self.base => format!("+{}", number - self.base),
            // Of what was there before.
            Ok(2..) => "BEFORE".to_owned(),
            _ => text.to_owned(),
        }
    }

    /// What a continue token says.
    fn token(&mut self, text: &str) -> String {
        let said = BASE64_URL_SAFE_NO_PAD.decode(text).ok();
        let said: Option<Value> = said.and_then(|said| serde_json::from_slice(&said).ok());
        let Some(said) = said else { return text.to_owned() };
        let revision = said["rv"].as_u64().map(|revision| self.revision(&revision.to_string()));
        format!("{} {} {}", said["v"], revision.unwrap_or_default(), said["start"])
    }

    fn text(&mut self, text: &str) -> String {
        if text == OURS {
            return THEIRS.to_owned();
        }
        let mut text = text.to_owned();
        if text.len() >= 36 && text.contains('-') {
            let (uids, step) = (&mut self.uids, self.step);
            let known = |found: &Captures<'_>| {
                uids.entry(found[0].to_owned()).or_insert_with(|| format!("UID@{step}")).clone()
            };
            text = self.uid.replace_all(&text, known).into_owned();
        }
        if text.contains("resourceVersion") || text.contains(" (") {
            let counted = |found: &Captures<'_>| format!("{}{}", &found[1], self.revision(&found[2]));
            text = self.revision.replace_all(&text, counted).into_owned();
        }
        if text.contains(':') && text.contains('Z') {
            text = self.time.replace_all(&text, |found: &Captures<'_>| self.time(&found[0])).into_owned();
        }
        for (has, rule, word) in &self.rules {
            if text.contains(has) {
                text = rule.replace_all(&text, *word).into_owned();
            }
        }
        text
    }

    /// A time of an episode, which both servers have, or one that a client said.
    fn time(&self, text: &str) -> String {
        let is_kept = text.starts_with(SAID) || text[..SECOND] > self.since[..];
        if is_kept { text.to_owned() } else { "BEFORE".to_owned() }
    }
}

/// Of a list of resources, those that are compared: kube-apiserver has more.
fn keep_known(tree: &mut Value) {
    if tree["kind"] == "APIResourceList" && tree["groupVersion"] == "v1" {
        let is_known = |resource: &Value| {
            let name = resource["name"].as_str().unwrap_or_default();
            ["configmaps", "secrets", "namespaces", "events"]
                .contains(&name.split('/').next().unwrap_or_default())
        };
        tree["resources"].as_array_mut().expect("resources").retain(is_known);
    }
}

/// Kubernetes tells of the managers that an apply is in conflict with in any order.
fn sort_conflicts(tree: &mut Value) {
    let causes = tree.pointer_mut("/details/causes").and_then(Value::as_array_mut);
    let Some(causes) = causes.filter(|all| all.iter().all(|one| one["reason"] == "FieldManagerConflict"))
    else {
        return;
    };
    causes.sort_by_key(Value::to_string);
}

/// Changes everything in a tree that is to go.
fn each_going(tree: &mut Value, change: &dyn Fn(&mut Value)) {
    if tree.pointer("/metadata/deletionTimestamp").is_some_and(Value::is_string) {
        change(tree);
    }
    match tree {
        Value::Object(fields) => fields.values_mut().for_each(|value| each_going(value, change)),
        Value::Array(items) => items.iter_mut().for_each(|item| each_going(item, change)),
        _ => {}
    }
}

/// kube-apiserver puts the finalizers of a namespace that goes in any order.
fn sort_finalizers(object: &mut Value) {
    let finalizers = object.pointer_mut("/metadata/finalizers");
    if let Some(finalizers) = finalizers.and_then(Value::as_array_mut) {
        finalizers.sort_by_key(Value::to_string);
    }
}

/// Takes out of an event what the controllers of namespaces leave to do, as each does its part when it likes.
pub(crate) fn forget_controllers(event: &mut Value) {
    each_going(event, &|object| {
        let metadata = object["metadata"].as_object_mut().expect("metadata");
        metadata.retain(|member, _| member != "finalizers" && member != "managedFields");
        object.as_object_mut().expect("an object").remove("spec");
        if let Some(status) = object.pointer_mut("/status").and_then(Value::as_object_mut) {
            status.remove("conditions");
        }
    });
}

/// Entries are in the order of their times, which may fall into one second here and into two there.
fn manager(entry: &Value) -> [String; 4] {
    ["manager", "operation", "apiVersion", "subresource"].map(|name| entry[name].to_string())
}
