//! Objects and operations of patches, as mutations write them: `Object.spec{…}` and `JSONPatch{…}`.

use super::super::functions::{shown_duration, shown_timestamp};
use super::value::{Key, Outcome, Type, Value, fault};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map as Fields, Value as Tree};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The type of an object. That of a part has the path of the part behind it.
const OBJECT: &str = "Object";
/// Within JSON, whole numbers beyond this are texts: a double does not tell them apart.
const SAFE: u64 = (1 << 53) - 1;

/// A value with a type that a mutation names.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Made {
    name: Arc<str>,
    fields: BTreeMap<Arc<str>, Value>,
}

/// The type that a mutation names so.
pub(super) fn type_named(name: &str) -> Option<Type> {
    match name {
        Made::PATCH => Some(Type::Patch),
        OBJECT => Some(Type::Object),
        _ if name.strip_prefix(OBJECT).is_some_and(|rest| rest.starts_with('.')) => Some(Type::Object),
        _ => None,
    }
}

/// What a field of such a type may be; nothing where there is no such field.
pub(super) fn field_type(kind: Type, field: &str) -> Option<Type> {
    match (kind, field) {
        (Type::Patch, "op" | "path" | "from") => Some(Type::String),
        (Type::Patch, "value") | (Type::Object, _) => Some(Type::Dyn),
        _ => None,
    }
}

impl Made {
    /// The type of an operation of a JSON patch.
    pub(crate) const PATCH: &str = "JSONPatch";

    pub(super) fn new(name: Arc<str>) -> Made {
        Made { name, fields: BTreeMap::new() }
    }

    pub(super) fn set(&mut self, field: Arc<str>, value: Value) -> Outcome<()> {
        let wanted = field_type(self.kind(), &field);
        if wanted.is_some_and(|wanted| wanted != Type::Dyn && wanted != value.type_of()) {
            let kind = value.type_of().name();
            return Err(fault(format!("unexpected type {kind} for JSONPatchType '{field}' field")));
        }
        self.fields.insert(field, value);
        Ok(())
    }

    pub(super) fn kind(&self) -> Type {
        if &*self.name == Made::PATCH { Type::Patch } else { Type::Object }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn field(&self, name: &str) -> Option<&Value> {
        self.fields.get(name)
    }

    /// The operation of a JSON patch that this is.
    pub(crate) fn operation(&self) -> Result<Tree, String> {
        let mut operation = Fields::new();
        for (name, value) in &self.fields {
            let tree = match (&**name, value) {
                ("value", value) => {
                    misnamed(value)?;
                    Form::Json.tree(value).map_err(|why| {
                        format!("JSONPath valueExpression evaluated to a type that could not marshal to JSON: {why}")
                    })?
                }
                ("from", Value::String(text)) if text.is_empty() => continue,
                (_, value) => Form::Json.tree(value)?,
            };
            operation.insert(name.to_string(), tree);
        }
        Ok(Tree::Object(operation))
    }

    /// The configuration that this is.
    pub(crate) fn configuration(&self) -> Result<Tree, String> {
        let mut faults = Vec::new();
        self.check_names(OBJECT, &mut faults);
        named(&faults)?;
        self.tree(Form::Native)
    }

    fn tree(&self, form: Form) -> Result<Tree, String> {
        let fields = self.fields.iter().map(|(name, value)| {
            let tree = form.tree(value).map_err(|why| format!("fail to convert field {name:?}: {why}"))?;
            Ok((name.to_string(), tree))
        });
        fields.collect::<Result<Fields<_, _>, String>>().map(Tree::Object)
    }

    /// An object within another one is of the type that the other's has at that field.
    fn check_names(&self, expected: &str, faults: &mut Vec<String>) {
        if &*self.name != expected {
            faults.push(format!(
                "unexpected type name {:?}, expected {expected:?}, which matches field name path from root Object type",
                &*self.name
            ));
        }
        for (field, value) in &self.fields {
            check_within(value, &format!("{expected}.{field}"), faults);
        }
    }
}

/// Lists and maps have no names of their own.
fn check_within(value: &Value, expected: &str, faults: &mut Vec<String>) {
    match value {
        Value::Made(made) => made.check_names(expected, faults),
        Value::List(items) => items.iter().for_each(|item| check_within(item, expected, faults)),
        Value::Map(map) => map.values().for_each(|value| check_within(value, expected, faults)),
        _ => {}
    }
}

fn named(faults: &[String]) -> Result<(), String> {
    if faults.is_empty() { Ok(()) } else { Err(format!("type mismatch: {}", faults.join("\n"))) }
}

/// Whether objects within what a patch sets are of other types than their places.
fn misnamed(value: &Value) -> Result<(), String> {
    let Value::Made(made) = value else { return Ok(()) };
    let mut faults = Vec::new();
    made.check_names(&made.name, &mut faults);
    named(&faults)
}

/// What becomes of values that JSON does not have.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// They are texts, as protobuf's JSON has them.
    Json,
    /// There is no place for them.
    Native,
}

impl Form {
    fn tree(self, value: &Value) -> Result<Tree, String> {
        let is_json = self == Form::Json;
        Ok(match value {
            Value::Null => Tree::Null,
            Value::Bool(value) => (*value).into(),
            Value::Int(value) if is_json && value.unsigned_abs() > SAFE => value.to_string().into(),
            Value::Int(value) => (*value).into(),
            Value::UInt(value) if is_json && *value > SAFE => value.to_string().into(),
            Value::UInt(value) => (*value).into(),
            Value::Double(value) => double(*value)?,
            Value::String(text) => text.to_string().into(),
            Value::Bytes(bytes) if is_json => STANDARD.encode(bytes).into(),
            Value::Duration(duration) if is_json => shown_duration(*duration).into(),
            Value::Timestamp(timestamp) if is_json => shown_timestamp(timestamp).into(),
            Value::List(items) => {
                Tree::Array(items.iter().map(|item| self.tree(item)).collect::<Result<_, _>>()?)
            }
            Value::Map(map) => {
                let entry = |(key, value): (&Key, &Value)| match key {
                    Key::String(name) => Ok((name.to_string(), self.tree(value)?)),
                    other => Err(format!("map key {:?} is no string", Value::from(other).shown())),
                };
                Tree::Object(map.iter().map(entry).collect::<Result<_, _>>()?)
            }
            Value::Made(made) if made.kind() == Type::Object => made.tree(self)?,
            other => {
                return Err(format!("a value of type {} cannot stand in an object", other.type_of().name()));
            }
        })
    }
}

/// A number; one that is whole is written so.
fn double(value: f64) -> Result<Tree, String> {
    match super::value::whole(value) {
        Some(whole) => Ok(whole.into()),
        None => serde_json::Number::from_f64(value)
            .map(Tree::Number)
            .ok_or_else(|| "a number that is none, or is infinite, cannot stand in an object".to_owned()),
    }
}
