//! The libraries of expressions: CEL's own extensions, and those of Kubernetes.
//!
//! Here: `find` and `findAll`; `isSorted`, `sum`, `min` and `max` on lists; `sets`; `jsonpatch.escapeKey`; comparisons. A module each: quantities,
//! addresses and networks, URLs, versions, named formats.

mod format;
mod network;
mod quantity;
mod url;
mod version;

use cel::extractors::This;
use cel::{Context, Env, ExecutionError, Value, extensions};
use quantity::Amount;
use regex::Regex;
use std::cmp::Ordering;
use std::sync::Arc;
use version::Semver;

type Outcome<T> = Result<T, ExecutionError>;
type Text = Arc<String>;
type List = Arc<Vec<Value>>;

/// The language and its extensions.
pub(super) fn environment() -> Env {
    let mut env = Env::stdlib().with_optional_support(true);
    let added = [extensions::strings, extensions::lists, extensions::math, extensions::encoders]
        .into_iter()
        .try_for_each(|extension: fn(&mut Env) -> _| env.add_extension(extension));
    // Each declares names of its own; were one declared twice, expressions that use it would fail.
    if let Err(error) = added {
        tracing::error!(%error, "an extension of the expression language cannot be used");
    }
    env
}

/// Adds the functions of Kubernetes.
pub(super) fn add(context: &mut Context<'_, '_>) {
    let added = [
        context.add_function("find", find),
        context.add_function("findAll", find_all),
        context.add_function("isSorted", is_sorted),
        context.add_function("sum", sum),
        context.add_function("sets.contains", contains),
        context.add_function("sets.equivalent", |a: List, b: List| {
            contains(a.clone(), b.clone()) && contains(b, a)
        }),
        context.add_function("sets.intersects", |a: List, b: List| a.iter().any(|item| b.contains(item))),
        context.add_function("min", |list: This<List>| extreme(&list.0, Ordering::Less)),
        context.add_function("max", |list: This<List>| extreme(&list.0, Ordering::Greater)),
        context
            .add_function("isLessThan", |a: This<Value>, b: Value| compared(&a.0, &b).map(Ordering::is_lt)),
        context.add_function("isGreaterThan", |a: This<Value>, b: Value| {
            compared(&a.0, &b).map(Ordering::is_gt)
        }),
        context.add_function("jsonpatch.escapeKey", |key: Text| {
            Arc::new(key.replace('~', "~0").replace('/', "~1"))
        }),
        context.add_function("compareTo", |a: This<Value>, b: Value| {
            compared(&a.0, &b).map(|order| order as i64)
        }),
    ];
    let libraries = quantity::add(context)
        .into_iter()
        .chain(network::add(context))
        .chain(url::add(context))
        .chain(version::add(context))
        .chain(format::add(context));
    for error in added.into_iter().chain(libraries).filter_map(Result::err) {
        tracing::error!(%error, "a function of the expression language cannot be used");
    }
}

pub(super) fn failed(function: &str, reason: impl ToString) -> ExecutionError {
    ExecutionError::function_error(function, reason)
}

fn pattern(text: &str) -> Outcome<Regex> {
    Regex::new(text).map_err(|error| failed("find", error))
}

fn find(This(text): This<Text>, wanted: Text) -> Outcome<Text> {
    let found = pattern(&wanted)?.find(&text).map_or(String::new(), |found| found.as_str().to_owned());
    Ok(Arc::new(found))
}

fn find_all(This(text): This<Text>, wanted: Text) -> Outcome<Value> {
    let found = pattern(&wanted)?.find_iter(&text).map(|found| Value::from(found.as_str())).collect();
    Ok(Value::List(Arc::new(found)))
}

fn contains(a: List, b: List) -> bool {
    b.iter().all(|item| a.contains(item))
}

fn is_sorted(This(list): This<List>) -> bool {
    list.windows(2).all(|pair| pair[0].partial_cmp(&pair[1]).is_some_and(Ordering::is_le))
}

fn sum(This(list): This<List>) -> Outcome<Value> {
    let start = match list.first() {
        Some(Value::Float(_)) => Value::Float(0.0),
        _ => Value::Int(0),
    };
    list.iter().try_fold(start, |sum, item| match (sum, item) {
        (Value::Int(a), Value::Int(b)) => {
            a.checked_add(*b).map(Value::Int).ok_or_else(|| failed("sum", "the sum is too large"))
        }
        (Value::Float(a), Value::Float(b)) => Ok(Value::Float(a + b)),
        _ => Err(failed("sum", "only numbers of one type can be added")),
    })
}

/// What compares by a method: quantities and versions.
fn compared(a: &Value, b: &Value) -> Outcome<Ordering> {
    if let (Some(a), Some(b)) = (opaque::<Amount>(a), opaque::<Amount>(b)) {
        return Ok(a.0.cmp(&b.0));
    }
    if let (Some(a), Some(b)) = (opaque::<Semver>(a), opaque::<Semver>(b)) {
        return Ok(a.0.cmp_precedence(&b.0));
    }
    Err(failed("compareTo", "only two quantities or two versions can be compared so"))
}

/// The value, if it is of this type.
fn opaque<T: std::any::Any>(value: &Value) -> Option<&T> {
    match value {
        Value::Opaque(opaque) => opaque.downcast_ref(),
        _ => None,
    }
}

/// The item of a list that is before all others in `order`.
fn extreme(list: &List, order: Ordering) -> Outcome<Value> {
    let mut items = list.iter();
    let first = items.next().ok_or_else(|| failed("min", "the list is empty"))?;
    let found = items.try_fold(first, |found, item| match item.partial_cmp(found) {
        Some(compared) if compared == order => Ok(item),
        Some(_) => Ok(found),
        None => Err(failed("min", "the items cannot be compared")),
    });
    found.cloned()
}
