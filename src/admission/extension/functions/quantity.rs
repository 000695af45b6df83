//! Quantities: `quantity`, `isQuantity` and their arithmetic.

use super::{Overload, overload};
use crate::admission::extension::expression::{Outcome, Value, fault};
use apimachinery::quantity::Quantity;
use std::cmp::Ordering;

pub(super) const OVERLOADS: &[Overload] = &[
    overload!(Global "quantity" (String a) -> Quantity, |_| read(a).map(value)),
    overload!(Global "isQuantity" (String a) -> Bool, |_| a.parse::<Quantity>().is_ok()),
    overload!(Global "sign" (Quantity a) -> Int, |_| a.signum()),
    overload!(Member "isInteger" (Quantity a) -> Bool, |_| a.whole().is_some()),
    overload!(Member "asInteger" (Quantity a) -> Int, |_| {
        a.whole().ok_or_else(|| fault("cannot convert value to integer"))
    }),
    overload!(Member "asApproximateFloat" (Quantity a) -> Double, |_| a.approximate()),
    overload!(Member "add" (Quantity a, Quantity b) -> Quantity, |_| sum(a.checked_add(b))),
    overload!(Member "add" (Quantity a, Int b) -> Quantity, |_| {
        read(&b.to_string()).and_then(|b| sum(a.checked_add(&b)))
    }),
    overload!(Member "sub" (Quantity a, Quantity b) -> Quantity, |_| sum(a.checked_sub(b))),
    overload!(Member "sub" (Quantity a, Int b) -> Quantity, |_| {
        read(&b.to_string()).and_then(|b| sum(a.checked_sub(&b)))
    }),
    overload!(Member "isLessThan" (Quantity a, Quantity b) -> Bool, |_| a.cmp(b).is_lt()),
    overload!(Member "isGreaterThan" (Quantity a, Quantity b) -> Bool, |_| a.cmp(b).is_gt()),
    overload!(Member "compareTo" (Quantity a, Quantity b) -> Int, |_| sign(a.cmp(b))),
];

pub(super) fn sign(order: Ordering) -> i64 {
    order as i64
}

fn value(quantity: Quantity) -> Value {
    Value::Quantity(quantity)
}

fn read(text: &str) -> Outcome<Quantity> {
    text.parse::<Quantity>().map_err(|error| fault(error.to_string()))
}

fn sum(sum: Option<Quantity>) -> Outcome<Value> {
    sum.map(value).ok_or_else(|| fault("the quantity is too large"))
}
