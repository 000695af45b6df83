//! An answer as lines that can be compared: each says one thing, and where it stands.
//!
//! What differs from run to run is replaced: revisions are counted from where the episode began, uids are known by the step at which
//! they came up, times of today are TIME.

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hyper::HeaderMap;
use regex::{Captures, Regex};
use serde_json::Value;
use suites::compared;

/// What is replaced in any text.
const RULES: &[(&str, &str)] = &[
    (r"20[2-9][1-9]-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "TIME"),
    (r"current: \d+", "current: REVISION"),
    (r"(gen-\d+-)[bcdfghjklmnpqrstvwxz2456789]{5}\b", "${1}XXXXX"),
    (r"127\.0\.0\.1:\d+", "ADDRESS"),
];

/// What stands for what differs.
pub(crate) struct Words {
    base: u64,
    step: usize,
    uids: BTreeMap<String, String>,
    rules: Vec<(Regex, &'static str)>,
    uid: Regex,
    revision: Regex,
    age: Regex,
}

impl Words {
    /// Those of an episode that begins at a revision.
    pub(crate) fn from(base: u64) -> Self {
        let regex = |text: &str| Regex::new(text).expect("a rule");
        Self {
            base,
            step: 0,
            uids: BTreeMap::new(),
            rules: RULES.iter().map(|(rule, word)| (regex(rule), *word)).collect(),
            uid: regex("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"),
            revision: regex(r#"(resourceVersion[^0-9]{1,5}|(?:precondition|record) \()(\d+)"#),
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
        let text = String::from_utf8_lossy(body);
        if let Ok(tree) = serde_json::from_slice::<Value>(body) {
            let form = match (text.contains("\n "), text.ends_with('\n')) {
                (true, _) => "indented JSON",
                (false, true) => "JSON with a newline",
                (false, false) => "JSON",
            };
            let mut lines = vec![format!("form: {form}")];
            lines.extend(self.tree("body", &tree));
            return lines;
        }
        match serde_saphyr::from_str::<Value>(&text) {
            Ok(tree) if tree.is_object() => {
                let mut lines = vec!["form: YAML".to_owned()];
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
        let (uids, step) = (&mut self.uids, self.step);
        let text = self.uid.replace_all(text, |found: &Captures<'_>| {
            let word = format!("UID@{step}");
            uids.entry(found[0].to_owned()).or_insert(word).clone()
        });
        let text = self
            .revision
            .replace_all(&text, |found: &Captures<'_>| format!("{}{}", &found[1], self.revision(&found[2])));
        let replaced =
            |text: String, (rule, word): &(Regex, &'static str)| rule.replace_all(&text, *word).into_owned();
        self.rules.iter().fold(text.into_owned(), replaced)
    }
}

/// Entries are in the order of their times, which may fall into one second here and into two there.
fn manager(entry: &Value) -> [String; 4] {
    ["manager", "operation", "apiVersion", "subresource"].map(|name| entry[name].to_string())
}
