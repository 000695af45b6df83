//! What is wrong with a field, in the words of Kubernetes' `field.Error` (C-51).

use crate::go;
use crate::wire::{Serialize, json};
use serde_json::Value;
use std::collections::HashSet;
use std::fmt;

const IMMUTABLE: &str = "field is immutable";

/// Where a field stands: `spec.databases[0].name`, `metadata.labels[app]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path(String);

impl Path {
    /// A path of one name.
    pub fn new(name: &str) -> Self {
        Path(name.to_owned())
    }
    /// A field within.
    pub fn child(&self, name: &str) -> Self {
        self.with(&[".", name])
    }
    /// An item of a list.
    pub fn index(&self, index: usize) -> Self {
        Path(format!("{}[{index}]", self.0))
    }
    /// A value of a map.
    pub fn key(&self, key: &str) -> Self {
        self.with(&["[", key, "]"])
    }
    /// Paths are made for every field that is looked at, faulty or not.
    fn with(&self, parts: &[&str]) -> Self {
        let mut text =
            String::with_capacity(self.0.len() + parts.iter().map(|part| part.len()).sum::<usize>());
        text.push_str(&self.0);
        parts.iter().for_each(|part| text.push_str(part));
        Path(text)
    }
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Path {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// The kind of fault; its text is the `reason` of a cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Fault {
    Required,
    Invalid,
    NotSupported,
    Duplicate,
    Forbidden,
    NotFound,
    TooLong,
    TooMany,
    TypeInvalid,
    Internal,
}

impl Fault {
    /// The `reason` of the cause.
    pub fn reason(self) -> &'static str {
        match self {
            Fault::Required => "FieldValueRequired",
            Fault::Invalid => "FieldValueInvalid",
            Fault::NotSupported => "FieldValueNotSupported",
            Fault::Duplicate => "FieldValueDuplicate",
            Fault::Forbidden => "FieldValueForbidden",
            Fault::NotFound => "FieldValueNotFound",
            Fault::TooLong => "FieldValueTooLong",
            Fault::TooMany => "FieldValueTooMany",
            Fault::TypeInvalid => "FieldValueTypeInvalid",
            Fault::Internal => "InternalError",
        }
    }
}

/// One fault of one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// What kind of fault.
    pub fault: Fault,
    /// The field's path.
    pub field: String,
    /// The message without the path, such as `Invalid value: "x": must be positive`.
    pub body: String,
}

impl fmt::Display for FieldError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.field, self.body)
    }
}

/// So many bytes are said of what one request has wrong; beyond them nothing is added.
pub(crate) const MOST_SAID: usize = 1 << 20;

/// All faults of an object, in the order they were found.
pub type Errors = Vec<FieldError>;

/// One fault as it is, several in brackets, each said once.
pub(crate) fn aggregate(errors: &[FieldError]) -> String {
    let mut seen = HashSet::new();
    let texts = errors.iter().map(ToString::to_string);
    let texts: Vec<String> = texts.filter(|text| seen.insert(text.clone())).collect();
    if texts.len() > 1 { format!("[{}]", texts.join(", ")) } else { texts.concat() }
}

/// A value as messages show it.
fn shown(value: impl Into<Value>) -> String {
    match value.into() {
        Value::String(text) => go::quoted(&text),
        Value::Number(number) if number.is_f64() => number.as_f64().map(go::double).unwrap_or_default(),
        other => as_json(&other),
    }
}

/// A value as messages show it that is neither a number nor a plain text in Go: as JSON, its fields in their own order.
fn as_json(value: &impl Serialize) -> String {
    let mut text = Vec::new();
    json::encode(value, &mut text);
    String::from_utf8_lossy(&text).into_owned()
}

/// A number of things, in words.
fn count(number: usize, one: &str) -> String {
    format!("{number} {one}{}", if number == 1 { "" } else { "s" })
}

fn with_detail(head: String, detail: &str) -> String {
    if detail.is_empty() { head } else { format!("{head}: {detail}") }
}

impl FieldError {
    fn new(fault: Fault, path: &Path, body: String) -> Self {
        FieldError { fault, field: path.0.clone(), body }
    }
    /// The field must be set.
    pub fn required(path: &Path, detail: &str) -> Self {
        Self::new(Fault::Required, path, with_detail("Required value".into(), detail))
    }
    /// The value is wrong.
    pub fn invalid(path: &Path, value: impl Into<Value>, detail: &str) -> Self {
        Self::new(Fault::Invalid, path, with_detail(format!("Invalid value: {}", shown(value)), detail))
    }
    /// The value is wrong, and shown as JSON: it has fields, or a type of its own in Go.
    pub fn invalid_json(path: &Path, value: &impl Serialize, detail: &str) -> Self {
        let head = format!("Invalid value: {}", as_json(value));
        Self::new(Fault::Invalid, path, with_detail(head, detail))
    }
    /// The value is not one of the supported ones.
    pub fn not_supported(path: &Path, value: impl Into<Value>, supported: &[&str]) -> Self {
        Self::not_one_of(path, &shown(value), supported)
    }
    /// The same of a value that is shown as JSON.
    pub fn not_supported_json(path: &Path, value: &impl Serialize, supported: &[&str]) -> Self {
        Self::not_one_of(path, &as_json(value), supported)
    }
    fn not_one_of(path: &Path, shown: &str, supported: &[&str]) -> Self {
        let list: Vec<String> = supported.iter().map(|text| go::quoted(text)).collect();
        let detail =
            if list.is_empty() { String::new() } else { format!("supported values: {}", list.join(", ")) };
        Self::new(Fault::NotSupported, path, with_detail(format!("Unsupported value: {shown}"), &detail))
    }
    /// A feature or option that is not there; the body is the whole message.
    pub fn unsupported(path: &Path, message: &str) -> Self {
        Self::new(Fault::NotSupported, path, message.to_owned())
    }
    /// The value stands twice.
    pub fn duplicate(path: &Path, value: impl Into<Value>) -> Self {
        Self::new(Fault::Duplicate, path, format!("Duplicate value: {}", shown(value)))
    }
    /// The field must not be set.
    pub fn forbidden(path: &Path, detail: &str) -> Self {
        Self::new(Fault::Forbidden, path, with_detail("Forbidden".into(), detail))
    }
    /// What the value names does not exist.
    pub fn not_found(path: &Path, value: impl Into<Value>) -> Self {
        Self::new(Fault::NotFound, path, format!("Not found: {}", shown(value)))
    }
    /// The value has more than `most` bytes.
    pub fn too_long(path: &Path, most: usize) -> Self {
        Self::new(
            Fault::TooLong,
            path,
            format!("Too long: may not be more than {}", self::count(most, "byte")),
        )
    }
    /// The list has more than `most` items.
    pub fn too_many(path: &Path, count: usize, most: usize) -> Self {
        Self::new(
            Fault::TooMany,
            path,
            format!("Too many: {count}: must have at most {}", self::count(most, "item")),
        )
    }
    /// The field cannot change.
    pub fn immutable(path: &Path, value: impl Into<Value>) -> Self {
        Self::invalid(path, value, IMMUTABLE)
    }
    /// The same with the value shown as JSON.
    pub fn immutable_json(path: &Path, value: &impl Serialize) -> Self {
        Self::invalid_json(path, value, IMMUTABLE)
    }
}
