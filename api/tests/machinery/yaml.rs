//! YAML bodies, beside `sigs.k8s.io/yaml`: what scalars mean, as values and as keys, and what merge keys, aliases and keys
//! that stand twice make of a document. How a text falls into tokens is the parser's, which reads YAML 1.2.

use crate::deviations::deviates;
use crate::generate::{anything, pieces};
use crate::oracle::{self, Oracle};
use crate::random::Random;
use apimachinery::wire::yaml;
use serde_json::{Value, json};

/// What a scalar may be made of.
const OF_SCALARS: &[&str] = &[
    "0", "1", "7", "8", "9", "12", "_", "-", "+", ".", "e", "E", "x", "0x", "0o", "0b", "0X", "0B", "F",
    ".inf", ".nan", "NaN", ":", "a", "1e400", "1e21", "1e20", "e-7", " ", "inf", "~", "0.1",
];
const LONG_OF_SCALARS: &[&str] = &[
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "2026-01-31",
    "T12:00:00Z",
];

/// Scalars that mean something else than a text, or look so.
const WORDS: &[&str] = &[
    "y",
    "Y",
    "yes",
    "Yes",
    "YES",
    "yEs",
    "n",
    "No",
    "on",
    "Off",
    "true",
    "TRUE",
    "tRue",
    "null",
    "Null",
    "NULL",
    "~",
    ".inf",
    "-.INF",
    "+.Inf",
    ".NaN",
    "-.nan",
    "=",
    "017",
    "08",
    "-0",
    "0x1F",
    "1_000",
    "0b101",
    "0b-1",
    "1e3",
    "5.",
    ".5",
    "1.5e300",
    "123e4567",
    "12:30:45",
    "2026-01-31",
    "a b",
    "'1'",
    "\"yes\"",
];
const TAGS: &[&str] = &["!!str ", "!!int ", "!!float ", "!!bool ", "!!null ", "!x "];

fn scalar(random: &mut Random) -> String {
    let tag = if random.chance(10) { random.of(TAGS) } else { "" };
    let pieces_of = [OF_SCALARS, LONG_OF_SCALARS].concat();
    let text = if random.chance(30) { random.of(WORDS).to_owned() } else { pieces(random, &pieces_of, 4) };
    format!("{tag}{}", text.trim())
}

/// Whether the scanners of both versions of YAML take the text of a plain scalar for the same.
fn is_plain(text: &str) -> bool {
    !text.is_empty()
        && !text.ends_with(['-', ':', ' '])
        && !text.contains(": ")
        && !text.starts_with([':', '-', '?'])
}

fn body(random: &mut Random) -> String {
    let mut keys = vec!["a".to_owned(), "b".to_owned()];
    let mut text = String::new();
    for number in 0..1 + random.below(3) {
        let members: Vec<String> = (0..random.below(3))
            .map(|_| format!("{}: {}", random.of(&["x", "y", "1"]), anything(random, 1)))
            .collect();
        text += &format!("m{number}: &m{number} {{{}}}\n", members.join(", "));
    }
    let first = scalar(random);
    if is_plain(&first) {
        keys.push(first);
    }
    for _ in 0..random.below(5) {
        let key = keys[random.below(keys.len())].clone();
        let value = scalar(random);
        text += &match random.below(6) {
            0 => format!("{key}: *m0\n"),
            1 => "<<: *m0\n".to_owned(),
            2 => "<<: [*m0, {x: 5}]\n".to_owned(),
            3 => format!("{key}: {}\n", anything(random, 2)),
            _ if is_plain(&value) => format!("{key}: {value}\n"),
            _ => format!("{key}: 'v'\n"),
        };
    }
    text
}

fn case(random: &mut Random) -> Value {
    json!({"algorithm": "yaml", "body": oracle::hex(body(random).as_bytes())})
}

/// A zero has no sign.
fn unsigned(value: &Value) -> Value {
    match value {
        Value::Number(number) if number.as_f64() == Some(0.0) => 0.into(),
        Value::Array(items) => items.iter().map(unsigned).collect(),
        Value::Object(members) => {
            Value::Object(members.iter().map(|(name, value)| (name.clone(), unsigned(value))).collect())
        }
        other => other.clone(),
    }
}

fn judge(case: &Value, answer: &Value) -> Result<String, String> {
    let body = oracle::bytes(case["body"].as_str().unwrap_or_default());
    let (text, ours) = (String::from_utf8_lossy(&body), yaml::decode(&body));
    let error = answer["error"].as_str();
    let (tree, problems) = match ours {
        Err(_) if error.is_some() => return Ok("refused".to_owned()),
        Err(error) if error.message.contains("unsupported") && answer["strict"] != json!([]) => {
            return Ok(deviates("YAML: what is replaced"));
        }
        Err(error) => return Err(format!("ours:   {error}\ntheirs: {answer}\n{text}\n{text:?}")),
        Ok(read) => read,
    };
    let told = answer["strict"].as_array().map_or(0, Vec::len);
    // Upstream tells of what stands twice each time, and where an alias copies it, too.
    let is_told = (told == 0) == problems.is_empty();
    let results: Vec<Value> = answer["results"].as_array().into_iter().flatten().map(unsigned).collect();
    let is_one = results.contains(&unsigned(&tree));
    match (is_one, is_told) {
        (true, true) => Ok(if problems.is_empty() { "taken" } else { "told of" }.to_owned()),
        (true, false) if told == 0 => Ok(deviates("YAML: one key in JSON")),
        _ => Err(format!("ours:   {tree} {problems:?}\ntheirs: {answer}\n{text}\n{text:?}")),
    }
}

#[test]
fn yaml_is_read_as_kubernetes_reads_it() {
    let Some(mut oracle) = Oracle::start("yaml") else { return };
    let counts = oracle.compare(case, judge);
    eprintln!("yaml: {counts:?}");
    assert!(!oracle::is_whole() || counts.len() >= 4, "{counts:?}");
}
