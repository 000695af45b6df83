//! Operators on numbers, texts, lists and times. What does not fit into a number is an error.

use super::time::{between, moved};
use super::{Overload, Style, overload};
use crate::admission::extension::expression::{Outcome, Type, Value, compare, fault};
use std::cmp::Ordering;

pub(super) const OVERLOADS: &[Overload] = &[
    overload!(Global "_+_" (Int a, Int b) -> Int, |_| signed(a.checked_add(*b))),
    overload!(Global "_+_" (UInt a, UInt b) -> UInt, |_| unsigned(a.checked_add(*b))),
    overload!(Global "_+_" (Double a, Double b) -> Double, |_| a + b),
    overload!(Global "_+_" (String a, String b) -> String, |effects| {
        effects.budget.make(a.len() + b.len()).map(|()| format!("{a}{b}"))
    }),
    overload!(Global "_+_" (Bytes a, Bytes b) -> Bytes, |effects| {
        effects.budget.make(a.len() + b.len()).map(|()| Value::Bytes([&**a, &**b].concat().into()))
    }),
    overload!(Global "_+_" (List a, List b) -> List, |effects| {
        effects.budget.make(a.len() + b.len()).map(|()| a.iter().chain(b.iter()).cloned().collect::<Vec<_>>())
    }),
    overload!(Global "_+_" (Duration a, Duration b) -> Duration, |_| lasting(a.checked_add(*b))),
    overload!(Global "_+_" (Timestamp a, Duration b) -> Timestamp, |_| moved(a, *b)),
    overload!(Global "_+_" (Duration a, Timestamp b) -> Timestamp, |_| moved(b, *a)),
    overload!(Global "_-_" (Int a, Int b) -> Int, |_| signed(a.checked_sub(*b))),
    overload!(Global "_-_" (UInt a, UInt b) -> UInt, |_| unsigned(a.checked_sub(*b))),
    overload!(Global "_-_" (Double a, Double b) -> Double, |_| a - b),
    overload!(Global "_-_" (Duration a, Duration b) -> Duration, |_| lasting(a.checked_sub(*b))),
    overload!(Global "_-_" (Timestamp a, Duration b) -> Timestamp, |_| {
        b.checked_neg().ok_or_else(|| fault("timestamp overflow")).and_then(|b| moved(a, b))
    }),
    overload!(Global "_-_" (Timestamp a, Timestamp b) -> Duration, |_| between(a, b)),
    overload!(Global "_*_" (Int a, Int b) -> Int, |_| signed(a.checked_mul(*b))),
    overload!(Global "_*_" (UInt a, UInt b) -> UInt, |_| unsigned(a.checked_mul(*b))),
    overload!(Global "_*_" (Double a, Double b) -> Double, |_| a * b),
    overload!(Global "_/_" (Int a, Int b) -> Int, |_| match b {
        0 => Err(fault("division by zero")),
        b => signed(a.checked_div(*b)),
    }),
    overload!(Global "_/_" (UInt a, UInt b) -> UInt, |_| a.checked_div(*b).ok_or_else(|| fault("division by zero"))),
    overload!(Global "_/_" (Double a, Double b) -> Double, |_| a / b),
    overload!(Global "_%_" (Int a, Int b) -> Int, |_| match b {
        0 => Err(fault("modulus by zero")),
        b => signed(a.checked_rem(*b)),
    }),
    overload!(Global "_%_" (UInt a, UInt b) -> UInt, |_| a.checked_rem(*b).ok_or_else(|| fault("modulus by zero"))),
    overload!(Global "-_" (Int a) -> Int, |_| signed(a.checked_neg())),
    overload!(Global "-_" (Double a) -> Double, |_| -a),
    overload!(Global "!_" (Bool a) -> Bool, |_| !a),
    overload!(Global "@in" (Dyn a, List b) -> Bool, |_| b.contains(a)),
    overload!(Global "@in" (Dyn a, Map b) -> Bool, |_| a.find(b).is_some()),
];

/// The orders of these pairs of types.
macro_rules! ordered {
    ($($a:ident $b:ident,)*) => {
        pub(super) const ORDERED: &[Overload] = &[$(
            compared!("_<_", $a, $b, Ordering::is_lt),
            compared!("_<=_", $a, $b, Ordering::is_le),
            compared!("_>_", $a, $b, Ordering::is_gt),
            compared!("_>=_", $a, $b, Ordering::is_ge),
        )*];
    };
}

macro_rules! compared {
    ($name:literal, $a:ident, $b:ident, $holds:expr) => {
        Overload {
            name: $name,
            style: Style::Global,
            params: &[Type::$a, Type::$b],
            result: Type::Bool,
            call: |arguments, _| match arguments {
                [a, b] => compare(a, b).map($holds).map(Value::Bool),
                _ => Err(fault("no such overload")),
            },
        }
    };
}

ordered! {
    Bool Bool,
    String String,
    Bytes Bytes,
    Duration Duration,
    Timestamp Timestamp,
    Int Int,
    UInt UInt,
    Double Double,
    Int UInt,
    UInt Int,
    Int Double,
    Double Int,
    UInt Double,
    Double UInt,
}

fn signed(number: Option<i64>) -> Outcome<i64> {
    number.ok_or_else(|| fault("integer overflow"))
}

fn unsigned(number: Option<u64>) -> Outcome<u64> {
    number.ok_or_else(|| fault("unsigned integer overflow"))
}

fn lasting(nanoseconds: Option<i64>) -> Outcome<Value> {
    nanoseconds.map(Value::Duration).ok_or_else(|| fault("duration overflow"))
}
