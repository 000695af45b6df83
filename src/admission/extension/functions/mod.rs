//! The libraries of expressions: CEL's own extensions, and those of Kubernetes that policies commonly use.
//!
//! There are `find` and `findAll`, `isSorted` and `sum` on lists, `sets`, quantities and `jsonpatch`. Not there: `url`, `ip`,
//! `cidr`, `semver` and `format`.

use apimachinery::quantity::Quantity;
use cel::extractors::This;
use cel::objects::Opaque;
use cel::{Context, Env, ExecutionError, Value, extensions};
use regex::Regex;
use std::cmp::Ordering;
use std::sync::Arc;

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
        context.add_function("quantity", quantity),
        context.add_function("isQuantity", is_quantity),
        context.add_function("isLessThan", |a: This<Value>, b: Value| compared(&a.0, &b, Ordering::is_lt)),
        context.add_function("isGreaterThan", |a: This<Value>, b: Value| compared(&a.0, &b, Ordering::is_gt)),
        context.add_function("compareTo", compare_to),
        context.add_function("sign", sign),
        context.add_function("jsonpatch.escapeKey", escape_key),
    ];
    for error in added.into_iter().filter_map(Result::err) {
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

/// An amount such as `10Gi`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Amount(Quantity);

impl Opaque for Amount {
    fn runtime_type_name(&self) -> &str {
        "kubernetes.Quantity"
    }
}

fn quantity(text: Text) -> Outcome<Value> {
    let amount = text.parse().map_err(|error| failed("quantity", error))?;
    Ok(Value::Opaque(Arc::new(Amount(amount))))
}

fn is_quantity(text: Text) -> bool {
    text.parse::<Quantity>().is_ok()
}

fn amount(value: &Value) -> Outcome<&Quantity> {
    match value {
        Value::Opaque(opaque) => opaque.downcast_ref::<Amount>().map(|amount| &amount.0),
        _ => None,
    }
    .ok_or_else(|| failed("quantity", "only quantities can be compared so"))
}

fn compared(a: &Value, b: &Value, wanted: fn(Ordering) -> bool) -> Outcome<bool> {
    Ok(wanted(amount(a)?.cmp(amount(b)?)))
}

fn compare_to(This(a): This<Value>, b: Value) -> Outcome<i64> {
    Ok(amount(&a)?.cmp(amount(&b)?) as i64)
}

fn sign(This(a): This<Value>) -> Outcome<i64> {
    let amount = amount(&a)?;
    Ok(i64::from(amount.is_positive()) - i64::from(amount.is_negative()))
}

/// A key as a JSON pointer has it.
fn escape_key(key: Text) -> Text {
    Arc::new(key.replace('~', "~0").replace('/', "~1"))
}
