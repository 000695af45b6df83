//! Inputs with the answers of Kubernetes' own libraries, from a folder beside the checkout that not every machine has.

use apimachinery::api_type;
use apimachinery::quantity::Quantity;
use apimachinery::selector::{FieldSelector, LabelSelector};
use apimachinery::time::{Duration, MicroTime, Time};
use apimachinery::wire::{json, yaml};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;

const PACKAGE: &str = "io.k8s.apimachinery.test";

/// The type that the JSON bodies are read as.
#[api_type]
pub(crate) struct Sub {
    /// An integer.
    #[api(1)]
    pub instances: Option<i32>,
    /// A text.
    #[api(2)]
    pub name: String,
    /// Texts by text.
    #[api(3)]
    pub labels: BTreeMap<String, String>,
    /// A list.
    #[api(4)]
    pub a: Vec<String>,
    /// A flag.
    #[api(5)]
    pub b: bool,
    /// A long integer.
    #[api(6)]
    pub i64: i64,
}

/// An input and the answer to it.
struct Case {
    input: Vec<u8>,
    answer: String,
}

impl Case {
    fn text(&self) -> &str {
        std::str::from_utf8(&self.input).expect("the input is text")
    }

    fn is_taken(&self) -> bool {
        !self.answer.starts_with("ERR") && self.answer.contains("err=<nil>")
    }
}

/// The cases under a heading; none where the folder is not there, which is said.
fn cases(file: &str, heading: &str) -> Vec<Case> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/cases");
    let folder = std::env::var_os("DATABASES_CASES").map_or(beside, PathBuf::from);
    let Ok(bytes) = std::fs::read(folder.join(file)) else {
        eprintln!("SKIPPED: {} is not there", folder.join(file).display());
        return Vec::new();
    };
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let lines = text.lines().skip_while(|line| !line.starts_with(&format!("== {heading}"))).skip(1);
    let rows = lines.take_while(|line| !line.starts_with("== ")).filter_map(|line| line.split_once(" -> "));
    let found: Vec<Case> =
        rows.map(|(input, answer)| Case { input: unquote(input), answer: answer.to_owned() }).collect();
    assert!(!found.is_empty(), "nothing stands under {heading}");
    found
}

/// What a Go string literal says; other text stays.
fn unquote(literal: &str) -> Vec<u8> {
    let Some(inner) = literal.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
        return literal.into();
    };
    let (mut out, mut rest) = (Vec::new(), inner);
    while let Some(first) = rest.chars().next() {
        rest = &rest[first.len_utf8()..];
        if first != '\\' {
            out.extend_from_slice(first.encode_utf8(&mut [0; 4]).as_bytes());
            continue;
        }
        let (kind, after) = rest.split_at(1);
        let number = |digits| u32::from_str_radix(&after[..digits], 16).expect("an escape");
        let (bytes, length) = match kind {
            "n" => (b"\n".to_vec(), 0),
            "t" => (b"\t".to_vec(), 0),
            "x" => (vec![number(2) as u8], 2),
            "u" => (char::from_u32(number(4)).expect("a character").to_string().into_bytes(), 4),
            other => (other.as_bytes().to_vec(), 0),
        };
        out.extend(bytes);
        rest = &after[length..];
    }
    out
}

/// The JSON text between what stands before and behind it.
fn between(text: &str, before: &str, behind: &str) -> Value {
    let (_, rest) = text.split_once(before).expect("the answer begins so");
    let (value, _) = rest.split_once(behind).expect("the answer goes on so");
    serde_json::from_str(value).expect("JSON")
}

#[test]
fn quantities_are_read_as_upstream_reads_them() {
    for case in cases("values.txt", "quantities") {
        let quantity = case.text().parse::<Quantity>();
        match case.text() {
            // Upstream hangs and misreads.
            "2E6024865272343" | "1000e2147483647" => assert!(quantity.is_err()),
            "2000E" => assert_eq!(quantity.unwrap().to_string(), "2000E"),
            // Upstream keeps how they were written; here they have the one text of their amount.
            "1." => assert_eq!(quantity.unwrap().to_string(), "1"),
            "1E3" => assert_eq!(quantity.unwrap().to_string(), "1e3"),
            "1.441" => assert_eq!(quantity.unwrap().to_string(), "1441m"),
            text if case.answer.starts_with("ERR") => {
                let message = quantity.expect_err(text).to_string();
                assert_eq!(format!("ERR {message} (0s)"), case.answer, "{text}");
            }
            text => {
                let expected = between(&case.answer, "json=", " err=");
                assert_eq!(quantity.expect(text).to_string(), expected, "{text}");
            }
        }
    }
}

#[test]
fn quantities_in_json_are_read_as_upstream_reads_them() {
    for case in cases("values.txt", "json quantities") {
        // The inputs are JSON themselves, quotes included.
        let text = match case.text() {
            " 1Gi " => "\" 1Gi \"",
            text => text,
        };
        let quantity = json::decode_value::<Quantity>(text.as_bytes());
        match text {
            // More than can be kept.
            "1E400" => assert!(quantity.unwrap_err().to_string().contains("too large")),
            _ if !case.is_taken() => assert!(quantity.is_err(), "{text}"),
            _ => assert_eq!(quantity.unwrap().to_string(), between(&case.answer, "", " err="), "{text}"),
        }
    }
}

fn check_time<T: apimachinery::wire::Value>(case: &Case) {
    let input = serde_json::to_vec(case.text()).expect("text is JSON");
    let time = json::decode_value::<T>(&input);
    assert_eq!(time.is_ok(), case.is_taken(), "{}: {time:?}", case.text());
    if let Ok(time) = time {
        assert_eq!(json::to_tree(&time), between(&case.answer, "", " err="), "{}", case.text());
    }
}

#[test]
fn times_are_read_as_upstream_reads_them() {
    cases("values.txt", "times").iter().for_each(check_time::<Time>);
}

#[test]
fn microtimes_are_read_as_upstream_reads_them() {
    cases("values.txt", "microtimes").iter().for_each(check_time::<MicroTime>);
}

#[test]
fn durations_are_read_as_upstream_reads_them() {
    for case in cases("values.txt", "durations") {
        let (expected, error) = case.answer.split_once(" err=").expect("two answers");
        match case.text().parse::<Duration>() {
            Ok(duration) => {
                assert_eq!((duration.to_string().as_str(), error), (expected.trim_matches('"'), "<nil>"))
            }
            Err(found) => assert_eq!(found.to_string(), error),
        }
    }
}

#[test]
fn label_selectors_select_what_upstream_selects() {
    for case in cases("values.txt", "label selectors") {
        let parsed = case.text().parse::<LabelSelector>();
        if let Some(message) = case.answer.strip_prefix("ERR ") {
            let found = parsed.expect_err(case.text()).to_string();
            // The rules of a label's value have words of their own here.
            let start = message.find(": a valid label").unwrap_or(message.len());
            assert!(found.starts_with(&message[..start]), "{}: {found}", case.text());
            continue;
        }
        let selector = parsed.unwrap_or_else(|error| panic!("{}: {error}", case.text()));
        let (canonical, _) = case.answer.split_once("\" {").expect("the canonical text comes first");
        assert_eq!(
            canonical.trim_matches('"').parse::<LabelSelector>().as_ref(),
            Ok(&selector),
            "{}",
            case.text()
        );
        let matched = |label: Option<(&str, &str)>| {
            selector.matches(|key| label.filter(|(name, _)| *name == key).map(|(_, value)| value))
        };
        let (app, none, n) = (matched(Some(("app", "x"))), matched(None), matched(Some(("n", "5"))));
        let found = format!("{{app:x}}={app} {{}}={none} {{n:5}}={n}");
        assert!(case.answer.ends_with(&found), "{}: {found}", case.text());
    }
}

#[test]
fn field_selectors_are_read_as_upstream_reads_them() {
    for case in cases("values.txt", "field selectors") {
        let parsed = case.text().parse::<FieldSelector>();
        if case.answer.starts_with("ERR") {
            assert!(parsed.is_err(), "{}", case.text());
            continue;
        }
        let selector = parsed.unwrap_or_else(|error| panic!("{}: {error}", case.text()));
        let (canonical, _) = case.answer.split_once(" reqs=").expect("the canonical text comes first");
        assert_eq!(selector.to_string().as_bytes(), unquote(canonical), "{}", case.text());
    }
}

#[test]
fn yaml_scalars_are_what_upstream_makes_of_them() {
    for case in cases("yaml-json.txt", "YAML scalars") {
        let document = format!("v: {}\n", case.text());
        let read = yaml::decode(document.as_bytes());
        assert_eq!(read.is_ok(), case.is_taken(), "{document}: {read:?}");
        if let Ok((tree, problems)) = read {
            assert_eq!((tree, problems.len()), (between(&case.answer, "", " err="), 0), "{document}");
        }
    }
}

#[test]
fn yaml_documents_are_what_upstream_makes_of_them() {
    for case in cases("yaml-json.txt", "YAML documents") {
        let shown = String::from_utf8_lossy(&case.input).into_owned();
        let read = yaml::decode(&case.input);
        assert_eq!(read.is_ok(), case.is_taken(), "{shown}: {read:?}");
        if let Ok((tree, problems)) = read {
            assert_eq!(tree, between(&case.answer, "", " err="), "{shown}");
            // Strict readers refuse keys that stand twice.
            let strict = case.answer.ends_with(" <nil>");
            assert_eq!(problems.is_empty(), strict, "{shown}: {problems:?}");
        }
    }
}

#[test]
fn json_bodies_are_what_upstream_makes_of_them() {
    for case in cases("yaml-json.txt", "JSON strict/typed") {
        let shown = String::from_utf8_lossy(&case.input).into_owned();
        let read = json::decode::<Sub>(&case.input);
        assert_eq!(read.is_ok(), case.is_taken(), "{shown}");
        if let Ok((value, context)) = read {
            assert_eq!(json::to_tree(&value), between(&case.answer, "", " err="), "{shown}");
            let problems: Vec<String> = context.problems().iter().map(ToString::to_string).collect();
            assert!(
                case.answer.ends_with(&format!("strict=[{}]", problems.join(" "))),
                "{shown}: {problems:?}"
            );
        }
    }
}
