//! What is equal, and what comes first. Numbers compare across their types; other values only within one.

use super::value::{Map, Outcome, Value, fault};
use std::cmp::Ordering;

/// Values of different types are never equal, but numbers that are one number are.
impl PartialEq for Value {
    fn eq(&self, other: &Value) -> bool {
        if let Some(order) = numbers(self, other) {
            return order == Some(Ordering::Equal);
        }
        match (self, other) {
            (Value::Null, Value::Null) => true,
            (Value::Bool(a), Value::Bool(b)) => a == b,
            (Value::String(a), Value::String(b)) => a == b,
            (Value::Bytes(a), Value::Bytes(b)) => a == b,
            (Value::Duration(a), Value::Duration(b)) => a == b,
            (Value::Timestamp(a), Value::Timestamp(b)) => a == b,
            (Value::List(a), Value::List(b)) => a == b,
            (Value::Map(a), Value::Map(b)) => maps_equal(a, b),
            (Value::Type(a), Value::Type(b)) => a == b,
            (Value::Optional(a), Value::Optional(b)) => a == b,
            (Value::Quantity(a), Value::Quantity(b)) => a.cmp(b).is_eq(),
            (Value::Ip(a), Value::Ip(b)) => a == b,
            (Value::Cidr(a), Value::Cidr(b)) => a == b,
            (Value::Url(a), Value::Url(b)) => a == b,
            (Value::Semver(a), Value::Semver(b)) => a.0.cmp_precedence(&b.0).is_eq(),
            (Value::Format(a), Value::Format(b)) => a == b,
            (Value::Check(a), Value::Check(b)) => a == b,
            (Value::Decision(a), Value::Decision(b)) => a == b,
            (Value::Made(a), Value::Made(b)) => a == b,
            _ => false,
        }
    }
}

fn maps_equal(a: &Map, b: &Map) -> bool {
    a.len() == b.len()
        && a.iter().all(|(key, value)| Value::from(key).find(b).is_some_and(|other| value == other))
}

/// How two numbers compare, where both are numbers; inside, nothing where one is not a number.
#[allow(clippy::option_option)]
fn numbers(a: &Value, b: &Value) -> Option<Option<Ordering>> {
    Some(match (a, b) {
        (Value::Int(a), Value::Int(b)) => Some(a.cmp(b)),
        (Value::UInt(a), Value::UInt(b)) => Some(a.cmp(b)),
        (Value::Double(a), Value::Double(b)) => a.partial_cmp(b),
        (Value::Int(a), Value::UInt(b)) => Some(i128::from(*a).cmp(&i128::from(*b))),
        (Value::UInt(a), Value::Int(b)) => Some(i128::from(*a).cmp(&i128::from(*b))),
        (Value::Int(a), Value::Double(b)) => int_and_double(*a, *b),
        (Value::Double(a), Value::Int(b)) => int_and_double(*b, *a).map(Ordering::reverse),
        (Value::UInt(a), Value::Double(b)) => uint_and_double(*a, *b),
        (Value::Double(a), Value::UInt(b)) => uint_and_double(*b, *a).map(Ordering::reverse),
        _ => return None,
    })
}

#[allow(clippy::cast_precision_loss)]
fn int_and_double(int: i64, double: f64) -> Option<Ordering> {
    match double {
        double if double.is_nan() => None,
        double if double < -9_223_372_036_854_775_808.0 => Some(Ordering::Greater),
        double if double > 9_223_372_036_854_775_808.0 => Some(Ordering::Less),
        double => (int as f64).partial_cmp(&double),
    }
}

#[allow(clippy::cast_precision_loss)]
fn uint_and_double(uint: u64, double: f64) -> Option<Ordering> {
    match double {
        double if double.is_nan() => None,
        double if double < 0.0 => Some(Ordering::Greater),
        double if double > 18_446_744_073_709_551_616.0 => Some(Ordering::Less),
        double => (uint as f64).partial_cmp(&double),
    }
}

/// Which of two values comes first; the error says why that cannot be told.
pub(crate) fn compare(a: &Value, b: &Value) -> Outcome<Ordering> {
    if let Some(order) = numbers(a, b) {
        return order.ok_or_else(|| fault("NaN values cannot be ordered"));
    }
    Ok(match (a, b) {
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (Value::String(a), Value::String(b)) => a.cmp(b),
        (Value::Bytes(a), Value::Bytes(b)) => a.cmp(b),
        (Value::Duration(a), Value::Duration(b)) => a.cmp(b),
        (Value::Timestamp(a), Value::Timestamp(b)) => a.cmp(b),
        _ => return Err(fault("no such overload")),
    })
}
