//! Expressions beside Kubernetes' own: generated ones are given to both, and must come to the same.

mod deviations;
mod grammar;
mod kinds;
// What the machinery's comparisons stand on. Each user takes a part of it.
#[allow(dead_code)]
#[path = "../../../../../api/tests/machinery/oracle.rs"]
mod oracle;
#[allow(dead_code)]
#[path = "../../../../../api/tests/machinery/random.rs"]
mod random;

use super::*;
use crate::admission::extension::functions::shown_timestamp;
use oracle::Oracle;
use random::Random;
use serde_json::{Value as Tree, json};

/// A value as the oracle prints it.
fn printed(value: &Value) -> String {
    let all = |items: Vec<String>| items.join(", ");
    match value {
        Value::Null => "null".into(),
        Value::Bool(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::UInt(value) => format!("{value}u"),
        Value::Double(value) => double(*value),
        Value::String(text) => json!(&**text).to_string(),
        Value::Bytes(bytes) => format!("b{}", oracle::hex(bytes)),
        Value::Duration(nanoseconds) => format!("{nanoseconds}ns"),
        Value::Timestamp(at) => shown_timestamp(at),
        Value::Optional(None) => "none".into(),
        Value::Optional(Some(inner)) => format!("some {}", printed(inner)),
        Value::Type(kind) => format!("type {}", kind.name()),
        Value::Made(made) if made.name() != Made::PATCH => "made".into(),
        Value::List(items) => format!("[{}]", all(items.iter().map(printed).collect())),
        Value::Map(map) => {
            let entry =
                |(key, value): (&Key, &Value)| format!("{}: {}", printed(&Value::from(key)), printed(value));
            let mut entries: Vec<String> = map.iter().map(entry).collect();
            entries.sort();
            format!("{{{}}}", all(entries))
        }
        other => other.type_of().name().into(),
    }
}

/// A double with an exponent of two digits at least.
fn double(value: f64) -> String {
    if let Some(special) = super::go::special(value) {
        return special.into();
    }
    let text = format!("{value:e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    format!("{digits}e{}{:02}", if exponent < 0 { '-' } else { '+' }, exponent.abs())
}

fn ours(case: &Tree) -> Tree {
    let text = case["expression"].as_str().unwrap_or_default();
    let makes = case["makes"] == true;
    let expression = if makes { Expression::making(text, &[]) } else { Expression::new(text) };
    if let Some(reason) = expression.unread() {
        return json!({"unfit": reason});
    }
    let mut variables = Variables::default();
    variables.set(Name::Object, case["object"].clone().into());
    match expression.evaluate(&variables) {
        Ok(value) => json!({"value": printed(&value), "type": value.type_of().name()}),
        Err(reason) => json!({"error": reason}),
    }
}

fn judge(case: &Tree, theirs: &Tree) -> Result<String, String> {
    let ours = ours(case);
    if theirs.get("broken").is_some() {
        return Ok("broken".to_owned());
    }
    let word =
        |answer: &Tree| ["value", "error", "unfit"].into_iter().find(|word| answer.get(word).is_some());
    let (mine, other) = (word(&ours).unwrap_or("nothing"), word(theirs).unwrap_or("nothing"));
    let is_same = match (mine, other) {
        ("value", "value") => ours == *theirs,
        ("error", "error") => {
            let kind = |answer: &Tree| deviations::kind(answer["error"].as_str().unwrap_or_default());
            kind(&ours).zip(kind(theirs)).is_none_or(|(ours, theirs)| ours == theirs)
        }
        _ => mine == other,
    };
    if is_same {
        return Ok(other.to_owned());
    }
    match deviations::excused(case, &ours, theirs) {
        Some(name) => Ok(name.to_owned()),
        None => Err(format!("ours:   {ours}\ntheirs: {theirs}")),
    }
}

fn case(random: &mut Random) -> Tree {
    json!({
        "algorithm": "cel", "expression": grammar::expression(random), "object": grammar::object(random),
        "makes": random.chance(5),
    })
}

#[test]
fn expressions_come_to_what_kubernetes_makes_of_them() {
    let Some(mut oracle) = Oracle::start("cel") else { return };
    let counts = oracle.compare(case, judge);
    eprintln!("expressions: {counts:?}");
    let count = |word: &str| counts.get(word).copied().unwrap_or_default();
    let occurs = |word: &str| count(word) > 0;
    assert!(!oracle::is_whole() || ["value", "error", "unfit"].into_iter().all(occurs), "{counts:?}");
    assert!(
        !oracle::is_whole() || count(deviations::TYPES) < count("unfit"),
        "most of what is unfit is seen: {counts:?}"
    );
}
