//! What an expression comes to. Errors are values until something needs the value: `||` and `&&` and the loops made of
//! them take whichever operand decides.

use super::super::functions::Overload;
use super::made::Made;
use super::node::{Entry, Field, Item, Node};
use super::value::{Key, Map, Outcome, Value, fault, whole};
use super::variables::Variables;
use std::sync::Arc;

/// An evaluation: what can be named, and the variables of the loops that it is in.
pub(super) struct Evaluation<'a> {
    pub(super) variables: &'a Variables,
    pub(super) locals: Vec<Value>,
}

fn no_such_key<T>(key: &str) -> Outcome<T> {
    Err(fault(format!("no such key: {key}")))
}

fn no_such_overload<T>() -> Outcome<T> {
    Err(fault("no such overload"))
}

impl Evaluation<'_> {
    pub(super) fn value(&mut self, node: &Node) -> Outcome<Value> {
        let variables = self.variables;
        variables.deeper(|| self.value_of(node))
    }

    fn value_of(&mut self, node: &Node) -> Outcome<Value> {
        match node {
            Node::Constant(value) => Ok(value.clone()),
            Node::Name(name) => Ok(self.variables.named(*name)),
            Node::Local(place) => self.locals.get(*place).cloned().ok_or_else(|| fault("no such variable")),
            Node::Composed(number) => self.variables.composed(*number),
            Node::HasComposed(number) => self.variables.composed(*number).map(|_| Value::Bool(true)),
            Node::Select { operand, field } => select(&self.value(operand)?, field),
            Node::Optionally { operand, field } => Ok(optionally(&self.value(operand)?, field)),
            Node::Has { operand, field } => Ok(Value::Bool(has(&self.value(operand)?, field))),
            Node::Index { operand, index, optional } => self.index(operand, index, *optional),
            Node::And(left, right) => self.logical(left, right, false),
            Node::Or(left, right) => self.logical(left, right, true),
            Node::If(parts) => match self.value(&parts[0])? {
                Value::Bool(true) => self.value(&parts[1]),
                Value::Bool(false) => self.value(&parts[2]),
                _ => no_such_overload(),
            },
            Node::Equal { sides, negated } => {
                let (left, right) = (self.value(&sides[0])?, self.value(&sides[1])?);
                self.variables.budget().scan(left.size().min(right.size()))?;
                Ok(Value::Bool((left == right) != *negated))
            }
            Node::List(items) => self.list(items),
            Node::Map(entries) => self.map(entries),
            Node::Made { name, fields } => self.made(name, fields),
            Node::Call { name, overloads, arguments } => self.call(name, overloads, arguments),
            Node::Else { operand, other, unwraps } => match self.value(operand)? {
                Value::Optional(Some(value)) if *unwraps => Ok(Value::clone(&value)),
                Value::Optional(Some(value)) => Ok(Value::Optional(Some(value))),
                Value::Optional(None) => self.value(other),
                _ => no_such_overload(),
            },
            Node::Mapped { operand, body, is_flat } => self.mapped(operand, body, *is_flat),
            Node::Loop(inner) => self.looped(inner),
        }
    }

    /// `decisive` is the value that an operand decides by: false of `&&`, true of `||`.
    fn logical(&mut self, left: &Node, right: &Node, decisive: bool) -> Outcome<Value> {
        let left = self.value(left).and_then(bool_of);
        if left == Ok(decisive) {
            return Ok(Value::Bool(decisive));
        }
        match (left, self.value(right).and_then(bool_of)) {
            (_, Ok(right)) if right == decisive => Ok(Value::Bool(decisive)),
            (Err(error), _) | (Ok(_), Err(error)) => Err(error),
            (Ok(_), Ok(right)) => Ok(Value::Bool(right)),
        }
    }

    fn index(&mut self, operand: &Node, index: &Node, optional: bool) -> Outcome<Value> {
        // Nothing is looked up where nothing is.
        let (operand, optional) = match self.value(operand)? {
            Value::Optional(None) => return Ok(Value::Optional(None)),
            Value::Optional(Some(inner)) => (Value::clone(&inner), true),
            other => (other, optional),
        };
        let index = self.value(index)?;
        let found = match &operand {
            Value::List(items) => Ok(items.get(position(&index)?).cloned()),
            Value::Map(_) if !index.may_be_key() => {
                Err(fault(format!("invalid qualifier type: {}", index.type_of().name())))
            }
            Value::Map(map) => Ok(index.find(map).cloned()),
            _ => no_such_overload(),
        };
        match (found?, optional) {
            (found, true) => Ok(Value::Optional(found.map(Arc::new))),
            (Some(found), false) => Ok(found),
            (None, false) => match operand {
                Value::List(_) => Err(fault(format!("index out of bounds: {}", index.shown()))),
                _ => no_such_key(&index.shown()),
            },
        }
    }

    fn list(&mut self, items: &[Item]) -> Outcome<Value> {
        let mut list = Vec::with_capacity(items.len());
        for item in items {
            let value = self.value(&item.value)?;
            list.extend(if item.optional { opened(value)? } else { Some(value) });
        }
        self.variables.budget().make(list.len())?;
        Ok(Value::list(list))
    }

    fn map(&mut self, entries: &[Entry]) -> Outcome<Value> {
        let mut map = Map::new();
        for entry in entries {
            let key = self.value(&entry.key)?.key()?;
            let value = self.value(&entry.value)?;
            if let Some(value) = if entry.optional { opened(value)? } else { Some(value) } {
                map.insert(key, value);
            }
        }
        self.variables.budget().make(map.len())?;
        Ok(Value::Map(Arc::new(map)))
    }

    fn made(&mut self, name: &Arc<str>, fields: &[Field]) -> Outcome<Value> {
        let mut made = Made::new(name.clone());
        for Field { name, item } in fields {
            let value = self.value(&item.value)?;
            if let Some(value) = if item.optional { opened(value)? } else { Some(value) } {
                made.set(name.clone(), value)?;
            }
        }
        self.variables.budget().make(fields.len())?;
        Ok(Value::Made(Arc::new(made)))
    }

    fn call(&mut self, name: &str, overloads: &[&Overload], arguments: &[Node]) -> Outcome<Value> {
        let mut values = Vec::with_capacity(arguments.len());
        for argument in arguments {
            values.push(self.value(argument)?);
        }
        let effects = self.variables.effects();
        effects.budget.scan(values.iter().map(Value::size).sum())?;
        match overloads.iter().find(|overload| overload.takes(&values)) {
            Some(overload) => (overload.call)(&values, effects),
            None => {
                let kinds: Vec<&str> = values.iter().map(|value| value.type_of().name()).collect();
                Err(fault(format!("no such overload: {name}({})", kinds.join(", "))))
            }
        }
    }

    fn mapped(&mut self, operand: &Node, body: &Node, is_flat: bool) -> Outcome<Value> {
        match self.value(operand)? {
            Value::Optional(None) => Ok(Value::Optional(None)),
            Value::Optional(Some(inner)) => {
                self.locals.push(Value::clone(&inner));
                let value = self.value(body);
                self.locals.pop();
                Ok(if is_flat { value? } else { Value::some(value?) })
            }
            other => Err(fault(format!("no such overload: hasValue({})", other.type_of().name()))),
        }
    }
}

pub(super) fn bool_of(value: Value) -> Outcome<bool> {
    match value {
        Value::Bool(value) => Ok(value),
        _ => no_such_overload(),
    }
}

fn field_of<'a>(operand: &'a Value, field: &Arc<str>) -> Option<&'a Value> {
    match operand {
        Value::Map(map) => map.get(&Key::String(field.clone())),
        Value::Made(made) => made.field(field),
        _ => None,
    }
}

/// A field. One of an optional value is optional.
fn select(operand: &Value, field: &Arc<str>) -> Outcome<Value> {
    match operand {
        Value::Optional(_) => Ok(optionally(operand, field)),
        other => field_of(other, field).cloned().map_or_else(|| no_such_key(field), Ok),
    }
}

fn optionally(operand: &Value, field: &Arc<str>) -> Value {
    let found = match operand {
        Value::Optional(inner) => inner.as_deref().and_then(|inner| field_of(inner, field)),
        other => field_of(other, field),
    };
    Value::Optional(found.cloned().map(Arc::new))
}

fn has(operand: &Value, field: &Arc<str>) -> bool {
    matches!(optionally(operand, field), Value::Optional(Some(_)))
}

/// The place in a list that a number names; one past every end where there is none.
fn position(index: &Value) -> Outcome<usize> {
    let place = match index {
        Value::Int(index) => usize::try_from(*index).ok(),
        Value::UInt(index) => usize::try_from(*index).ok(),
        Value::Double(index) => match whole(*index) {
            Some(index) => usize::try_from(index).ok(),
            None => return Err(fault(format!("unsupported index value {} in list", index))),
        },
        other => return Err(fault(format!("unsupported index type '{}' in list", other.type_of().name()))),
    };
    Ok(place.unwrap_or(usize::MAX))
}

/// What an optional value holds; of an optional item nothing else may be given.
fn opened(value: Value) -> Outcome<Option<Value>> {
    match value {
        Value::Optional(inner) => Ok(inner.map(|inner| Value::clone(&inner))),
        _ => Err(fault("cannot initialize optional entry from a value that is not optional")),
    }
}
