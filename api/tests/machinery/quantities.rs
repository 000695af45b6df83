//! Quantities, beside `k8s.io/apimachinery/pkg/api/resource`.

use crate::deviations::deviates;
use crate::generate::pieces;
use crate::oracle::{self, Oracle};
use crate::random::Random;
use apimachinery::quantity::{Quantity, QuantityError};
use apimachinery::wire::{Value as _, json};
use serde_json::{Value, json};

const DIGITS: &[&str] =
    &["0", "00", "1", "5", "9", "10", "24", "512", "1000", "1024", "999999999", "123456789"];
const SUFFIXES: &[&str] = &[
    "", "", "n", "u", "m", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei", "e0", "e3",
    "E-3", "e+2", "e-10", "e6", "e", "ki", "K", "mm", "i", "e24",
];
const PIECES: &[&str] = &["1", "0", ".", "-", "+", "e", "E", "K", "i", "m", " ", "é", "x", "5"];

/// A text that is mostly a quantity.
fn text(random: &mut Random) -> String {
    if random.chance(10) {
        return pieces(random, PIECES, 6);
    }
    let sign = random.of(&["", "", "", "-", "+"]);
    let (whole, fraction) = (pieces(random, DIGITS, 3), pieces(random, DIGITS, 3));
    let point = random.of(&["", "", "."]);
    let fraction = if point.is_empty() { "" } else { &fraction };
    format!("{sign}{whole}{point}{fraction}{}", random.of(SUFFIXES))
}

/// What may stand in place of a quantity in JSON.
fn in_json(random: &mut Random) -> String {
    let text = text(random);
    match random.below(6) {
        0 => random
            .of(&["null", "true", "{}", "[]", "1", "-2.5", "1e3", "0.1", "1E400", "\"\\u0031\""])
            .to_owned(),
        1 => format!("\" {text}\u{a0}\""),
        2 => format!("\"{text}\\n\""),
        _ => format!("\"{text}\""),
    }
}

fn case(random: &mut Random) -> Value {
    let other = text(random);
    match random.chance(75) {
        true => json!({"algorithm": "quantities", "text": text(random), "other": other}),
        false => json!({"algorithm": "quantities", "json": in_json(random), "other": other}),
    }
}

fn read(case: &Value) -> Result<Quantity, String> {
    match case["text"].as_str() {
        Some(text) => text.parse().map_err(|error: QuantityError| error.to_string()),
        None => json::decode_value(case["json"].as_str().unwrap_or_default().as_bytes())
            .map_err(|error| error.to_string()),
    }
}

fn other(case: &Value) -> Result<Quantity, QuantityError> {
    case["other"].as_str().unwrap_or_default().parse()
}

fn ours(case: &Value) -> Result<Value, String> {
    let quantity = read(case)?;
    let mut field = Vec::new();
    quantity.encode_field(1, &mut field);
    // The message without its key and its length, which has one byte.
    let message = field.get(2..).unwrap_or_default();
    let compared = other(case).map_or(0, |other| quantity.cmp(&other) as i8);
    Ok(json!({"text": quantity.to_string(), "protobuf": oracle::hex(message), "compared": compared}))
}

fn judge(case: &Value, answer: &Value) -> Result<String, String> {
    let ours = ours(case);
    let too_large = QuantityError::TooLarge;
    if ours == Err(too_large.to_string()) && answer.get("text").is_some() || other(case) == Err(too_large) {
        return Ok(deviates("quantity: too large"));
    }
    let is_many = |ours: &Value| ours["text"].as_str().is_some_and(|text| text.ends_with("000E"));
    if ours.as_ref().is_ok_and(is_many) {
        return Ok(deviates("quantity: many exa"));
    }
    oracle::same(ours, answer)
}

#[test]
fn quantities_are_read_and_written_as_those_of_kubernetes() {
    let Some(mut oracle) = Oracle::start("quantities") else { return };
    let counts = oracle.compare(case, judge);
    eprintln!("quantities: {counts:?}");
    assert!(!oracle::is_whole() || counts.len() == 4, "{counts:?}");
}
