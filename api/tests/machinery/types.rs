//! Types that Kubernetes has, too, and their forms.

use apimachinery::meta::{Condition, DeleteOptions, LabelSelector, ListMeta, ObjectMeta};
use apimachinery::schema::Schema;
use apimachinery::status::Status;
use apimachinery::wire::{Object, TypeMeta, json, protobuf};
use serde_json::Value;

/// A type, with its readers.
pub(crate) struct Type {
    /// What the API says of it.
    pub(crate) schema: &'static Schema,
    /// Reads JSON.
    pub(crate) from_json: fn(&[u8]) -> Result<Read, String>,
    /// Reads a message.
    pub(crate) from_protobuf: fn(&[u8]) -> Result<Read, String>,
}

/// What was read.
pub(crate) struct Read {
    /// As JSON.
    pub(crate) object: Value,
    /// Unknown and duplicate fields.
    pub(crate) strict: Vec<String>,
    /// As a message.
    pub(crate) message: Vec<u8>,
}

/// Those that stand in objects, and some that are objects.
pub(crate) const TYPES: &[Type] = &[
    of::<ObjectMeta>(),
    of::<ListMeta>(),
    of::<Status>(),
    of::<DeleteOptions>(),
    of::<LabelSelector>(),
    of::<Condition>(),
    of::<core_v1::ConfigMap>(),
    of::<core_v1::Secret>(),
    of::<core_v1::Event>(),
];

/// The type that a case names.
pub(crate) fn named(case: &Value) -> &'static Type {
    let found = TYPES.iter().find(|known| case["type"] == known.schema.full_name());
    found.expect("a case is about one of the types")
}

const fn of<T: Object>() -> Type {
    Type { schema: T::SCHEMA, from_json: from_json::<T>, from_protobuf: from_protobuf::<T> }
}

fn from_json<T: Object>(body: &[u8]) -> Result<Read, String> {
    let (value, context) = json::decode::<T>(body).map_err(|error| error.to_string())?;
    let strict = context.problems().iter().map(ToString::to_string).collect();
    Ok(Read { strict, ..read(&value, &context.type_meta) })
}

fn from_protobuf<T: Object>(body: &[u8]) -> Result<Read, String> {
    let value: T = protobuf::message(body).map_err(|error| error.to_string())?;
    Ok(read(&value, &TypeMeta::default()))
}

fn read<T: Object>(value: &T, type_meta: &TypeMeta) -> Read {
    let (mut object, mut message) = (json::to_tree(value), Vec::new());
    value.encode_fields(&mut message);
    for (name, text) in [("kind", &type_meta.kind), ("apiVersion", &type_meta.api_version)] {
        if !text.is_empty() {
            object[name] = text.as_str().into();
        }
    }
    Read { object: settled(object), strict: Vec::new(), message }
}

/// An object without what an Event of Go has although it is empty: times that are `null`, and texts. Nor has it the entry
/// by which ours tells an empty list of managers from none.
pub(crate) fn settled(mut object: Value) -> Value {
    settle(&mut object);
    object
}

fn settle(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, value| {
                let is_time = name.ends_with("Time") || name.ends_with("Timestamp");
                let is_text = name.starts_with("reporting");
                let is_reset = name == "managedFields" && *value == serde_json::json!([{}]);
                // What is empty is not set in ours, where only some texts are allowed.
                let is_unset = name == "propagationPolicy" && *value == "";
                !(is_time && value.is_null() || is_text && *value == "" || is_reset || is_unset)
            });
            for (_, bytes) in fields.iter_mut().filter(|(name, _)| name.to_lowercase().ends_with("data")) {
                // Bytes that are `null` are empty once they were stored.
                let values = bytes.as_object_mut().into_iter().flat_map(|members| members.values_mut());
                values.filter(|value| value.is_null()).for_each(|value| *value = "".into());
            }
            fields.values_mut().for_each(settle);
        }
        Value::Array(items) => items.iter_mut().for_each(settle),
        _ => {}
    }
}
