//! Line 22: the same requests for upstream's sample-apiserver and for ours, and what is answered differently.
//!
//! The requests are those of [`crate::script`], one after the other. Names of the kind, revisions, uids and times are
//! replaced by words, specs by nothing; what then still differs must be what `testdata/replayed-RELEASE.golden` says.

use bytes::Bytes;
use controlplane::databases::GROUP;
use hyper::Method;
use regex::Regex;
use serde_json::Value;
use suites::http::Reply;
use suites::{compared, golden};

use crate::script;
use crate::target::Target;

/// So much of a request stands in the file.
const SHOWN: usize = 300;

/// One request and its answer, as far as they are compared.
struct Exchange {
    asked: String,
    answered: Vec<String>,
}

/// Asks, and writes down.
pub(crate) struct Recorder<'a> {
    pub(crate) target: &'a Target,
    rules: Vec<(Regex, String)>,
    /// What is not shown of requests, and what stands for it.
    asked: [(Regex, &'static str); 2],
    exchanges: Vec<Exchange>,
}

pub(crate) async fn replay(target: &Target) {
    let mut recorder = Recorder::new(target);
    script::run(&mut recorder).await;
    let exchanges = recorder.exchanges;
    let way = if target.address == target.cluster.address() { "aggregated" } else { "direct" };
    let file = target.cluster.folder().join(format!("replayed-{way}.json"));
    if target.kind.group != GROUP {
        let answers: Vec<&Vec<String>> = exchanges.iter().map(|one| &one.answered).collect();
        std::fs::write(file, serde_json::to_vec(&answers).expect("JSON")).expect("a file");
        return;
    }
    let expected = std::fs::read(file).expect("the line was run for sample-apiserver, too");
    let expected: Vec<Vec<String>> = serde_json::from_slice(&expected).expect("JSON");
    golden::check(&format!("replayed-{}", minor(target).await), &differences(&expected, &exchanges));
    target.holds(format!("{} requests, answered alike but for what is known", exchanges.len()));
}

/// The release that sample-apiserver is of, as in `1.37`: another release answers otherwise.
async fn minor(target: &Target) -> String {
    let version = target.host.get("/version", &[]).await.expect(200);
    let part = |name: &str| version[name].as_str().unwrap_or_default().to_owned();
    format!("{}.{}", part("major"), part("minor"))
}

/// What is answered differently, request by request: lines of the sample's alone, then lines of ours alone.
fn differences(expected: &[Vec<String>], found: &[Exchange]) -> String {
    let mut text = String::new();
    assert_eq!(expected.len(), found.len());
    for (expected, found) in expected.iter().zip(found) {
        if *expected == found.answered {
            continue;
        }
        text.push_str(&format!("> {}\n", found.asked));
        for (sign, these, those) in [("-", expected, &found.answered), ("+", &found.answered, expected)] {
            let alone = these.iter().filter(|line| !those.contains(line));
            alone.for_each(|line| text.push_str(&format!("{sign} {line}\n")));
        }
    }
    text
}

impl<'a> Recorder<'a> {
    fn new(target: &'a Target) -> Self {
        let kind = target.kind;
        let lower = kind.kind.to_lowercase();
        let words = [
            (target.namespace.as_str(), "NAMESPACE"),
            (target.address.as_str(), "ADDRESS"),
            (kind.group, "GROUP"),
            (kind.plural, "RESOURCES"),
            (kind.kind, "Kind"),
            (lower.as_str(), "kind"),
        ];
        let rule = |pattern: &str, word: &str| (Regex::new(pattern).expect("a rule"), word.to_owned());
        let mut rules: Vec<_> = words.iter().map(|(text, word)| rule(&regex::escape(text), word)).collect();
        rules.extend([
            rule(&format!(r"GROUP/{}\b", kind.version), "GROUP/VERSION"),
            rule(&format!(r#"in version \\?"{}\\?""#, kind.version), "in version VERSION"),
            rule(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "UID"),
            rule(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "TIME"),
            rule(r#"(resourceVersion["=]:? ?"?)[1-9]\d*"#, "${1}REVISION"),
            rule(r"in record \(\d+\)", "in record (REVISION)"),
            rule(r#"Invalid value: \\"\{.*\}\\""#, "Invalid value: OBJECT"),
            rule(r"current: \d+", "current: REVISION"),
            rule(r#""generated-[a-z0-9]{5}""#, r#""generated-XXXXX""#),
        ]);
        let asked = [
            (r#""spec":\{(?:[^{}]|\{[^{}]*\})*\}"#, r#""spec":SPEC"#),
            (r#""managedFields":\[[^\[\]]*\]"#, r#""managedFields":ENTRIES"#),
        ]
        .map(|(pattern, word)| (Regex::new(pattern).expect("a rule"), word));
        Recorder { target, rules, asked, exchanges: Vec::new() }
    }

    /// A path: `*` stands for the collection.
    fn path(&self, path: &str) -> String {
        match path.strip_prefix('*') {
            Some(rest) => format!("{}{rest}", self.target.collection()),
            None => path.to_owned(),
        }
    }

    pub(crate) async fn ask(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Reply {
        let body: Bytes = body.into();
        let method: Method = method.parse().expect("a method");
        let shown =
            self.asked.iter().fold(String::from_utf8_lossy(&body).into_owned(), |text, (rule, word)| {
                rule.replace_all(&text, *word).into_owned()
            });
        let headers_shown: String =
            headers.iter().map(|(name, value)| format!(" {name}: {value};")).collect();
        let asked = self.replaced(&format!("{method} {path}{headers_shown} {shown}"));
        let asked = asked.trim_end().chars().take(SHOWN).collect();
        let reply = self.target.http.send(method, &self.path(path), headers, body).await;
        let mut answered = vec![reply.status.to_string()];
        let headers = compared::headers(&reply.headers);
        answered.extend(headers.iter().map(|line| self.replaced(line)));
        answered.extend(self.body(&reply));
        self.exchanges.push(Exchange { asked, answered });
        reply
    }

    /// The body line by line, JSON indented and in the order of its keys.
    fn body(&self, reply: &Reply) -> Vec<String> {
        let text = match serde_json::from_slice::<Value>(&reply.body) {
            Ok(mut tree) => {
                without_specs(&mut tree);
                serde_json::to_string_pretty(&tree).expect("JSON")
            }
            Err(_) => reply.text(),
        };
        self.replaced(&text).lines().map(str::to_owned).collect()
    }

    fn replaced(&self, text: &str) -> String {
        self.rules
            .iter()
            .fold(text.to_owned(), |text, (rule, word)| rule.replace_all(&text, word.as_str()).into_owned())
    }
}

/// Leaves out what belongs to the kind alone: specs, statuses, the columns of tables behind the first.
fn without_specs(tree: &mut Value) {
    match tree {
        Value::Array(items) => items.iter_mut().for_each(without_specs),
        Value::Object(fields) => {
            let is_object = fields.contains_key("metadata");
            for name in ["spec", "status"] {
                if is_object && fields.get(name).is_some_and(Value::is_object) {
                    fields.remove(name);
                }
            }
            if fields.contains_key("priority") {
                fields.remove("description");
            }
            for name in ["columnDefinitions", "cells"] {
                if let Some(columns) = fields.get_mut(name).and_then(Value::as_array_mut) {
                    columns.truncate(1);
                }
            }
            // Flunders have no generation; what managers own of specs and statuses differs as these do.
            for name in ["generation", "f:spec", "f:status"] {
                fields.remove(name);
            }
            fields.values_mut().for_each(without_specs);
        }
        _ => {}
    }
}
