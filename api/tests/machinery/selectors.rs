//! Selectors, beside `k8s.io/apimachinery/pkg/labels` and `fields`.

use crate::generate::pieces;
use crate::oracle::{self, Oracle};
use crate::random::Random;
use apimachinery::meta;
use apimachinery::selector::{
    FieldSelector, FieldSelectorError, LabelRequirement, LabelSelector, LabelSelectorError, Operator,
};
use apimachinery::wire::json;
use serde_json::{Value, json};

const KEYS: &[&str] = &["a", "b", "in", "notin", "a.b/c"];
const VALUES: &[&str] = &["", "a", "x", "in", "1", "2", "-1", "+1", "=", "a,b"];
/// What a text may be made of, in any order.
const PIECES: &[&str] = &[
    "a", "b", "in", "notin", "x", "1", "-1", "=", "==", "!=", "!", "(", ")", ",", ">", "<", " ", " ", "\t",
    "/", "é", "\0", "\u{301}", "A_b", "\\", "\\,", "\\=", "\\\\", "\"",
];
const OPERATORS: &[&str] = &["=", "==", "!=", ">", "<", " in ", " notin ", " in(", " ! "];

/// A requirement, mostly a good one.
fn requirement(random: &mut Random) -> String {
    let key = random.of(KEYS);
    match random.below(6) {
        0 => key.to_owned(),
        1 => format!("!{key}"),
        2 => pieces(random, PIECES, 5),
        3 => format!("{key}{}({},{})", random.of(OPERATORS), random.of(VALUES), random.of(VALUES)),
        _ => format!("{key}{}{}", random.of(OPERATORS), random.of(VALUES)),
    }
}

fn object(random: &mut Random) -> Value {
    let operators = ["In", "NotIn", "Exists", "DoesNotExist", "In", "NotIn", "Exists", "in", ""];
    let labels: serde_json::Map<_, _> = (0..random.below(3))
        .map(|_| (random.of(&["a", "b", "c"]).to_owned(), random.of(&["", "a", "x"]).into()))
        .collect();
    let expression = |random: &mut Random| {
        let values: Vec<_> = (0..random.below(3)).map(|_| random.of(VALUES)).collect();
        let key = if random.chance(90) { random.of(KEYS).to_owned() } else { pieces(random, PIECES, 3) };
        json!({"key": key, "operator": random.of(&operators), "values": values})
    };
    let expressions: Vec<_> = (0..random.below(3)).map(|_| expression(random)).collect();
    json!({"matchLabels": labels, "matchExpressions": expressions})
}

/// A selector of one of three forms, and sets to try it with.
fn case(random: &mut Random) -> Value {
    let set = |random: &mut Random| -> Value {
        let members = (0..random.below(4)).map(|_| (random.of(KEYS).to_owned(), random.of(VALUES).into()));
        Value::Object(members.collect())
    };
    let sets: Vec<_> = (0..4).map(|_| set(random)).collect();
    let mut case = json!({"algorithm": "selectors", "sets": sets});
    match random.below(3) {
        0 => case["object"] = object(random),
        form => {
            let parts: Vec<_> = (0..random.below(4)).map(|_| requirement(random)).collect();
            case[if form == 1 { "labels" } else { "fields" }] = parts.join(",").into();
        }
    }
    case
}

/// Which of the sets of a case a selector matches.
fn matches(case: &Value, matches: impl Fn(&Value) -> bool) -> Value {
    case["sets"].as_array().into_iter().flatten().map(matches).collect()
}

fn of_fields(case: &Value, text: &str) -> Result<Value, String> {
    let selector: FieldSelector = text.parse().map_err(|error: FieldSelectorError| error.to_string())?;
    let matches = matches(case, |set| selector.matches(|key| set[key].as_str()));
    Ok(json!({"text": selector.to_string(), "matches": matches}))
}

/// A requirement as its key, its operator and its values.
fn words(part: &LabelRequirement) -> Vec<&str> {
    let operator = match part.operator() {
        Operator::In => "in",
        Operator::NotIn => "notin",
        Operator::Exists => "exists",
        Operator::DoesNotExist => "!",
        Operator::GreaterThan => "gt",
        Operator::LessThan => "lt",
    };
    let values = part.values().iter().map(String::as_str);
    [part.key(), operator].into_iter().chain(values).collect()
}

fn of_labels(case: &Value, selector: Result<LabelSelector, LabelSelectorError>) -> Result<Value, String> {
    let selector = selector.map_err(|error| error.to_string())?;
    let requirements: Vec<_> = selector.requirements().iter().map(words).collect();
    let matches = matches(case, |set| selector.matches(|key| set[key].as_str()));
    Ok(json!({"requirements": requirements, "matches": matches}))
}

/// What ours makes of a case.
fn ours(case: &Value) -> Result<Value, String> {
    match (&case["fields"], &case["labels"]) {
        (Value::String(text), _) => of_fields(case, text),
        (_, Value::String(text)) => of_labels(case, text.parse()),
        _ => {
            let object = case["object"].to_string();
            let object: meta::LabelSelector =
                json::decode_value(object.as_bytes()).map_err(|error| error.to_string())?;
            of_labels(case, LabelSelector::try_from(&object))
        }
    }
}

fn judge(case: &Value, answer: &Value) -> Result<String, String> {
    let form = ["fields", "labels", "object"].into_iter().find(|form| case.get(form).is_some());
    let outcome = oracle::same(ours(case), answer)?;
    Ok(format!("{} {outcome}", form.unwrap_or_default()))
}

#[test]
fn selectors_are_read_and_match_as_those_of_kubernetes() {
    let Some(mut oracle) = Oracle::start("selectors") else { return };
    let counts = oracle.compare(case, judge);
    eprintln!("selectors: {counts:?}");
    assert!(!oracle::is_whole() || counts.len() == 6, "{counts:?}");
}
