//! Quantities: `quantity`, `isQuantity` and their arithmetic.

use super::{Outcome, Text, failed, opaque};
use apimachinery::quantity::Quantity;
use cel::extractors::This;
use cel::objects::Opaque;
use cel::{Context, DeclarationError, Value};
use std::sync::Arc;

/// An amount such as `10Gi`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Amount(pub(super) Quantity);

impl Opaque for Amount {
    fn runtime_type_name(&self) -> &str {
        "kubernetes.Quantity"
    }
}

/// Adds the functions of quantities.
pub(super) fn add(context: &mut Context<'_, '_>) -> [Result<(), DeclarationError>; 8] {
    [
        context.add_function("quantity", |text: Text| read(&text).map(value)),
        context.add_function("isQuantity", |text: Text| text.parse::<Quantity>().is_ok()),
        context.add_function("sign", |this: This<Value>| amount(&this.0).map(|amount| amount.signum())),
        context.add_function("isInteger", |this: This<Value>| {
            amount(&this.0).map(|amount| amount.whole().is_some())
        }),
        context.add_function("asInteger", |this: This<Value>| {
            amount(&this.0)?
                .whole()
                .ok_or_else(|| failed("asInteger", "the quantity is no integer of 64 bits"))
        }),
        context.add_function("asApproximateFloat", |this: This<Value>| {
            amount(&this.0).map(|amount| amount.approximate())
        }),
        context.add_function("add", |this: This<Value>, other: Value| {
            let sum = amount(&this.0)?.checked_add(&operand(&other)?);
            sum.map(value).ok_or_else(|| failed("add", "the sum is too large"))
        }),
        context.add_function("sub", |this: This<Value>, other: Value| {
            let difference = amount(&this.0)?.checked_sub(&operand(&other)?);
            difference.map(value).ok_or_else(|| failed("sub", "the difference is too large"))
        }),
    ]
}

fn value(quantity: Quantity) -> Value {
    Value::Opaque(Arc::new(Amount(quantity)))
}

fn read(text: &str) -> Outcome<Quantity> {
    text.parse().map_err(|error| failed("quantity", error))
}

fn amount(value: &Value) -> Outcome<&Quantity> {
    opaque::<Amount>(value).map(|amount| &amount.0).ok_or_else(|| failed("quantity", "this is no quantity"))
}

/// A quantity, or a whole number.
fn operand(value: &Value) -> Outcome<Quantity> {
    match value {
        Value::Int(number) => read(&number.to_string()),
        value => amount(value).copied(),
    }
}
