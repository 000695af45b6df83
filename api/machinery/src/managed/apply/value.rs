//! Parsed JSON, cut where its parts have owners of their own.

use crate::managed::element::{Element, Literal};
use crate::managed::tree::{Ownership, Tree, with_defaults};
use crate::schema::Schema;
use crate::wire::json;
use serde_json::{Number, Value};
use std::borrow::Cow;

/// An object, cut.
pub(super) type ValueTree<'a> = Tree<'a, Same<'a>>;

/// A value that is equal to another one if it says the same: `1` is `1.0`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Same<'a>(pub(super) &'a Value);

impl PartialEq for Same<'_> {
    fn eq(&self, other: &Self) -> bool {
        same(self.0, other.0)
    }
}

pub(super) fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one == other || one.as_f64() == other.as_f64(),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            let is_in_other = |(name, value)| other.get(name).is_some_and(|other| same(value, other));
            one.len() == other.len() && one.iter().all(is_in_other)
        }
        _ => one == other,
    }
}

/// Whether nothing is in it, or it is no value at all.
pub(super) fn is_hollow(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Object(fields) => fields.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

/// Cuts the fields of an object that `counts` names by path: `[name]`, and `[metadata, name]` within the metadata.
pub(super) fn object<'a>(
    schema: &'static Schema,
    value: &'a Value,
    counts: &dyn Fn(&[&str]) -> bool,
) -> ValueTree<'a> {
    changed(schema, value, &Value::Null, counts)
}

/// The same, but for the fields that are alike in another object.
pub(super) fn changed<'a>(
    schema: &'static Schema,
    value: &'a Value,
    other: &Value,
    counts: &dyn Fn(&[&str]) -> bool,
) -> ValueTree<'a> {
    let differs = |other: Option<&Value>, value: &Value| !other.is_some_and(|other| same(other, value));
    let parts = fields(schema, value)
        .filter(|(field, value)| counts(&[field.name]) && differs(other.get(field.name), value));
    let parts = parts.map(|(field, value)| {
        let element = Element::field(field.name);
        if field.name != "metadata" {
            return (element, tree(value, Ownership::of_field(field)));
        }
        let other = other.get("metadata").unwrap_or(&Value::Null);
        let metadata = fields(field.schema, value)
            .filter(|(field, value)| {
                counts(&["metadata", field.name]) && differs(other.get(field.name), value)
            })
            .map(|(field, value)| (Element::field(field.name), tree(value, Ownership::of_field(field))));
        (element, Tree::of_parts(None, metadata.collect()))
    });
    Tree::of_parts(None, parts.collect())
}

/// The fields of a struct; names that the type does not have are passed over.
fn fields<'a>(
    schema: &'static Schema,
    value: &'a Value,
) -> impl Iterator<Item = (&'static crate::schema::Field, &'a Value)> {
    let all = value.as_object().into_iter().flatten();
    all.filter_map(move |(name, value)| schema.field(name).map(|field| (field, value)))
}

fn tree(value: &Value, ownership: Ownership) -> ValueTree<'_> {
    let whole = Some(Same(value));
    let parts = match ownership {
        Ownership::Whole => return Tree { whole, parts: None },
        Ownership::Struct(schema) => fields(schema, value)
            .map(|(field, value)| (Element::field(field.name), tree(value, Ownership::of_field(field))))
            .collect(),
        Ownership::Map(entry) => value
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, value)| (Element::field(name.as_str()), tree(value, Ownership::of_item(entry))))
            .collect(),
        Ownership::Set | Ownership::Keyed(..) => items(value)
            .iter()
            .map(|item| {
                let element = item_element(item, ownership);
                let below = ownership.below(&element).unwrap_or(Ownership::Whole);
                (element, tree(item, below))
            })
            .collect(),
    };
    Tree::of_parts(whole, parts)
}

pub(super) fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// What tells an item from the others of its list.
pub(super) fn item_element(item: &Value, ownership: Ownership) -> Element<'_> {
    let Ownership::Keyed(schema, keys) = ownership else { return Element::Value(literal(item)) };
    let key = |name: &&'static str| Some((Cow::Borrowed(*name), literal(item.get(name)?)));
    let found = keys.iter().filter_map(key).collect();
    Element::Key(with_defaults(found, schema, keys))
}

fn literal(value: &Value) -> Literal<'_> {
    match value {
        Value::Null => Literal::Null,
        Value::Bool(flag) => Literal::Bool(*flag),
        Value::Number(number) => number_literal(number),
        Value::String(text) => Literal::Text(text.as_str().into()),
        Value::Array(_) | Value::Object(_) => {
            let mut out = Vec::new();
            json::encode(value, &mut out);
            Literal::Nested(String::from_utf8_lossy(&out).into_owned().into())
        }
    }
}

fn number_literal(number: &Number) -> Literal<'static> {
    /// Below it every integer is a double.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    match (number.as_i64(), number.as_f64().unwrap_or_default()) {
        (Some(integer), _) => Literal::Integer(integer),
        (_, double) if double.fract() == 0.0 && double.abs() < EXACT => Literal::Integer(double as i64),
        (_, double) => Literal::Double(double),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::managed::compare::Comparison;
    use crate::managed::tests::{SCHEMA, laws};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_alike_makes_no_difference(old in laws::object(), new in laws::object()) {
            let all = |_: &[&str]| true;
            let whole = Comparison::between(&object(SCHEMA, &old, &all), &object(SCHEMA, &new, &all));
            let before = changed(SCHEMA, &old, &new, &all);
            let after = changed(SCHEMA, &new, &old, &all);
            prop_assert_eq!(Comparison::between(&before, &after), whole);
        }
    }
}
