//! Lists, sets and optional values.

use super::convert::length;
use super::{Overload, overload};
use crate::admission::extension::expression::{Budget, Outcome, Value, compare, fault, sorted};
use std::cmp::Ordering;
use std::sync::Arc;

pub(super) const OVERLOADS: &[Overload] = &[
    overload!(Member "isSorted" (List a) -> Bool, |_| is_sorted(a)),
    overload!(Member "sum" (List a) -> Dyn, |_| sum(a)),
    overload!(Member "min" (List a) -> Dyn, |_| extreme(a, Ordering::Less, "min")),
    overload!(Member "max" (List a) -> Dyn, |_| extreme(a, Ordering::Greater, "max")),
    overload!(Member "indexOf" (List a, Dyn b) -> Int, |_| a.iter().position(|item| item == b).map_or(-1, length)),
    overload!(Member "lastIndexOf" (List a, Dyn b) -> Int, |_| a.iter().rposition(|item| item == b).map_or(-1, length)),
    overload!(Member "slice" (List a, Int from, Int to) -> List, |effects| {
        effects.budget.make(a.len()).and_then(|()| slice(a, *from, *to))
    }),
    overload!(Member "flatten" (List a) -> List, |effects| effects.budget.make(a.len()).and_then(|()| flat(a, &effects.budget))),
    overload!(Member "sort" (List a) -> Dyn, |effects| {
        effects.budget.charge(a.len()).and_then(|()| sorted(a.to_vec(), a))
    }),
    overload!(Member "reverse" (List a) -> List, |effects| {
        effects.budget.make(a.len()).map(|()| a.iter().rev().cloned().collect::<Vec<_>>())
    }),
    overload!(Member "distinct" (List a) -> List, |effects| {
        effects.budget.charge(a.len().saturating_mul(a.len())).map(|()| distinct(a))
    }),
    overload!(Member "first" (List a) -> Optional, |_| Value::Optional(a.first().cloned().map(Arc::new))),
    overload!(Member "last" (List a) -> Optional, |_| Value::Optional(a.last().cloned().map(Arc::new))),
    overload!(Global "lists.range" (Int count) -> List, |effects| range(*count, &effects.budget)),
    overload!(Global "sets.contains" (List a, List b) -> Bool, |effects| contains(a, b, &effects.budget)),
    overload!(Global "sets.equivalent" (List a, List b) -> Bool, |effects| {
        contains(a, b, &effects.budget).and_then(|holds| Ok(holds && contains(b, a, &effects.budget)?))
    }),
    overload!(Global "sets.intersects" (List a, List b) -> Bool, |effects| {
        let both = effects.budget.charge(a.len().saturating_mul(b.len()));
        both.map(|()| a.iter().any(|item| b.contains(item)))
    }),
    overload!(Global "optional.of" (Dyn a) -> Optional, |_| Value::some(a.clone())),
    overload!(Global "optional.none" () -> Optional, |_| Value::Optional(None)),
    overload!(Global "optional.ofNonZeroValue" (Dyn a) -> Optional, |_| {
        if is_zero(a) { Value::Optional(None) } else { Value::some(a.clone()) }
    }),
    overload!(Global "optional.unwrap" (List a) -> List, |_| unwrapped(a)),
    overload!(Member "unwrapOpt" (List a) -> List, |_| unwrapped(a)),
    overload!(Member "hasValue" (Optional a) -> Bool, |_| a.is_some()),
    overload!(Member "value" (Optional a) -> Dyn, |_| {
        a.as_deref().cloned().ok_or_else(|| fault("optional.none() dereference"))
    }),
];

fn is_sorted(list: &[Value]) -> Outcome<bool> {
    for pair in list.windows(2) {
        if compare(&pair[0], &pair[1])?.is_gt() {
            return Ok(false);
        }
    }
    Ok(true)
}

fn sum(list: &[Value]) -> Outcome<Value> {
    let Some((first, rest)) = list.split_first() else { return Ok(Value::Int(0)) };
    let overflow = |kind: &str| fault(format!("{kind} overflow"));
    let wrong = || fault("no such overload: sum(list)");
    if !matches!(first, Value::Int(_) | Value::UInt(_) | Value::Double(_) | Value::Duration(_)) {
        return Err(wrong());
    }
    rest.iter().try_fold(first.clone(), |sum, item| match (sum, item) {
        (Value::Int(a), Value::Int(b)) => {
            a.checked_add(*b).map(Value::Int).ok_or_else(|| overflow("integer"))
        }
        (Value::UInt(a), Value::UInt(b)) => {
            a.checked_add(*b).map(Value::UInt).ok_or_else(|| overflow("unsigned integer"))
        }
        (Value::Double(a), Value::Double(b)) => Ok(Value::Double(a + b)),
        (Value::Duration(a), Value::Duration(b)) => {
            a.checked_add(*b).map(Value::Duration).ok_or_else(|| overflow("duration"))
        }
        _ => Err(wrong()),
    })
}

/// The item that is before all others in `order`.
fn extreme(list: &[Value], order: Ordering, name: &str) -> Outcome<Value> {
    let (mut found, rest) =
        list.split_first().ok_or_else(|| fault(format!("{name} called on empty list")))?;
    compare(found, found)?;
    for item in rest {
        if compare(item, found)? == order {
            found = item;
        }
    }
    Ok(found.clone())
}

fn slice(list: &[Value], from: i64, to: i64) -> Outcome<Vec<Value>> {
    let range = usize::try_from(from).ok().zip(usize::try_from(to).ok());
    let found = range.and_then(|(from, to)| list.get(from..to));
    found.map(<[Value]>::to_vec).ok_or_else(|| fault(format!("cannot slice({from}, {to})")))
}

fn flat(list: &[Value], budget: &Budget) -> Outcome<Vec<Value>> {
    let mut items = Vec::new();
    for item in list {
        match item {
            Value::List(inner) => {
                budget.make(inner.len())?;
                items.extend(inner.iter().cloned());
            }
            other => items.push(other.clone()),
        }
    }
    Ok(items)
}

fn distinct(list: &[Value]) -> Vec<Value> {
    let mut kept: Vec<Value> = Vec::new();
    for item in list {
        if !kept.contains(item) {
            kept.push(item.clone());
        }
    }
    kept
}

fn range(count: i64, budget: &Budget) -> Outcome<Vec<Value>> {
    let size = usize::try_from(count)
        .map_err(|_| fault(format!("lists.range: size must be non-negative, got {count}")))?;
    budget.charge(size)?;
    Ok((0..count).map(Value::Int).collect())
}

fn contains(list: &[Value], wanted: &[Value], budget: &Budget) -> Outcome<bool> {
    budget.charge(list.len().saturating_mul(wanted.len()))?;
    Ok(wanted.iter().all(|item| list.contains(item)))
}

fn is_zero(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(value) => !value,
        Value::Int(_) | Value::UInt(_) | Value::Double(_) => *value == Value::Int(0),
        Value::Duration(nanoseconds) => *nanoseconds == 0,
        Value::String(_) | Value::Bytes(_) | Value::List(_) | Value::Map(_) => value.size() == 0,
        _ => false,
    }
}

fn unwrapped(list: &[Value]) -> Outcome<Vec<Value>> {
    let mut items = Vec::new();
    for item in list {
        match item {
            Value::Optional(inner) => items.extend(inner.as_deref().cloned()),
            other => return Err(fault(format!("value {} is not optional", other.shown()))),
        }
    }
    Ok(items)
}
