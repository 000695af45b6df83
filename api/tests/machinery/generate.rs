//! Values that a schema allows, and values that nothing allows.
//!
//! Words and numbers are few, so that what is generated twice often meets: an item has the key of another, a change sets
//! what is there.

use crate::random::Random;
use apimachinery::schema::{Field, Scalar, Schema, Shape};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

const WORDS: &[&str] = &["a", "b", "c", "d", "e"];
const TIMES: &[&str] = &["2026-01-31T12:00:00Z", "2026-02-01T00:00:00Z"];

/// A value of that type as an object has it: no nulls, and seldom two items of the same key.
pub(crate) fn value(random: &mut Random, schema: &'static Schema) -> Value {
    match &schema.shape {
        Shape::Object(_) => object(random, schema),
        Shape::Map(item) => {
            let names = some(random, WORDS, 4);
            Value::Object(names.into_iter().map(|name| (name.to_string(), value(random, item))).collect())
        }
        Shape::List(item) => (0..random.below(5)).map(|_| value(random, item)).collect(),
        Shape::Enum(values) => random.of(values).into(),
        Shape::Scalar(kind) => scalar(random, *kind),
    }
}

/// An object with some of its fields, and with those that it cannot lack.
pub(crate) fn object(random: &mut Random, schema: &'static Schema) -> Value {
    let mut members = Map::new();
    if schema.top_level {
        members.insert("apiVersion".to_owned(), "example.com/v1".into());
        members.insert("kind".to_owned(), schema.name.into());
    }
    for field in schema.fields() {
        if field.required || random.chance(50) {
            members.insert(field.name.to_owned(), member(random, field));
        }
    }
    Value::Object(members)
}

/// The value of a field.
pub(crate) fn member(random: &mut Random, field: &'static Field) -> Value {
    let mut made = value(random, field.schema);
    if let Value::Array(items) = &mut made {
        let mut seen = BTreeSet::new();
        match field.merge_key {
            Some(key) => items.retain(|item| {
                item.get(key).is_some_and(|key| seen.insert(key.to_string()) || random.chance(10))
            }),
            None => items.retain(|item| !field.merge || seen.insert(item.to_string())),
        }
    }
    made
}

fn scalar(random: &mut Random, kind: Scalar) -> Value {
    match kind {
        Scalar::String => random.of(WORDS).into(),
        Scalar::Bool => random.chance(50).into(),
        Scalar::Int32 | Scalar::Int64 => random.below(4).into(),
        Scalar::Double => json!(0.5 * (1 + 2 * random.below(3)) as f64),
        Scalar::Bytes => random.of(&["YQ==", "Yg=="]).into(),
        Scalar::Time => random.of(TIMES).into(),
        Scalar::MicroTime => "2026-01-31T12:00:00.000000Z".into(),
        Scalar::Duration => random.of(&["1s", "1m0s"]).into(),
        Scalar::Quantity => random.of(&["1", "1Gi", "100m"]).into(),
        Scalar::IntOrString => {
            if random.chance(50) {
                1.into()
            } else {
                "25%".into()
            }
        }
        Scalar::Raw | Scalar::FieldsV1 => {
            let names = some(random, WORDS, 3);
            Value::Object(names.into_iter().map(|name| (name.to_string(), anything(random, 2))).collect())
        }
    }
}

/// Any JSON, at most so many levels deep.
pub(crate) fn anything(random: &mut Random, levels: usize) -> Value {
    match random.below(if levels > 0 { 9 } else { 6 }) {
        0 => Value::Null,
        1 => random.chance(50).into(),
        2 => random.below(4).into(),
        3 => json!(1.5),
        4 | 5 => random.of(WORDS).into(),
        6 => (0..random.below(3)).map(|_| anything(random, levels - 1)).collect(),
        _ => {
            let names = some(random, WORDS, 3);
            Value::Object(
                names.into_iter().map(|name| (name.to_string(), anything(random, levels - 1))).collect(),
            )
        }
    }
}

/// At most `most` of them, each once, in their order.
pub(crate) fn some<T: Copy>(random: &mut Random, choices: &[T], most: usize) -> Vec<T> {
    let percent = 100 * random.below(most + 1) / choices.len().max(1);
    choices.iter().copied().filter(|_| random.chance(percent)).take(most).collect()
}

/// At most so many of these pieces, in any order and any of them twice, as one text.
pub(crate) fn pieces(random: &mut Random, pieces: &[&str], most: usize) -> String {
    (0..random.below(most + 1)).map(|_| random.of(pieces)).collect()
}
