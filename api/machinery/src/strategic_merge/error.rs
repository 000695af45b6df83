//! Why a patch cannot be applied, in the words of Kubernetes.

use super::print::{shown, stringed};
use crate::go::quoted;
use crate::wire::limits;
use serde_json::{Map, Value};

/// Why a patch cannot be applied.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The object or the patch is no JSON object.
    #[error("json: cannot unmarshal {0} into Go value of type map[string]interface {{}}")]
    NoObject(&'static str),
    /// More levels than any reader takes.
    #[error("the patch is nested deeper than {deepest} levels", deepest = limits::DEEPEST)]
    TooDeep,
    /// `$deleteFromPrimitiveList` without a field behind it.
    #[error("invalid patch format of primitive list")]
    DeletionFormat,
    /// `$retainKeys` is no list, or lacks a field that the patch sets.
    #[error("invalid patch format of retainKeys")]
    RetainKeysFormat,
    /// `$setElementOrder` without a field behind it.
    #[error("invalid patch format of setElementOrder list")]
    ElementOrderFormat,
    /// A null, a list or an object where a patch is compared by plain values. Kubernetes fails at that without a message.
    #[error("a list to be merged has a null, a list or an object where a plain value belongs")]
    Incomparable,
    /// A list within a list that is merged.
    #[error("lists of lists are not supported")]
    ListOfLists,
    /// Items of several types in a list that is merged.
    #[error("list element types are not identical: {0}")]
    MixedList(String),
    /// The order of a list that is empty.
    #[error("no elements in any of the given slices")]
    NoItems,
    /// An item without the key that the list is merged by.
    #[error("map: {map} does not contain declared merge key: {key}")]
    NoMergeKey {
        /// The item.
        map: String,
        /// The key.
        key: String,
    },
    /// Another `$patch` than there are.
    #[error("unknown patch type: {directive} in map: {map}")]
    UnknownDirective {
        /// What it says.
        directive: String,
        /// Where it stands.
        map: String,
    },
    /// `$patch: merge` in an item of a list.
    #[error("merging lists cannot yet be specified in the patch")]
    MergeOfItem,
    /// A value of another type than a directive needs.
    #[error("expected a {expected}, but received a {found}")]
    UnexpectedType {
        /// What is needed.
        expected: &'static str,
        /// What is there.
        found: &'static str,
    },
    /// An item of `$setElementOrder` that has no key.
    #[error("value for key {0} is not a map")]
    NoMap(usize),
    /// The list and its `$setElementOrder` contradict each other.
    #[error("The order in patch list:\n{list}\n doesn't match $setElementOrder list:\n{order}\n")]
    WrongOrder {
        /// The patch's list.
        list: String,
        /// What its order is said to be.
        order: String,
    },
    /// Objects in a list that no key is declared for.
    #[error("cannot merge lists without merge key for {0}")]
    NoDeclaredKey(&'static str),
    /// The type has no such field.
    #[error("unable to find api field in struct {type_name} for the json field {field}")]
    UnknownField {
        /// The type.
        type_name: &'static str,
        /// The field, quoted.
        field: String,
    },
    /// A field is asked for of what has none.
    #[error("merging an object in json but data type is not struct, instead is: {0}")]
    NoStruct(&'static str),
    /// The order of what is no list.
    #[error("expected slice or array type, but got: {0}")]
    NoList(&'static str),
    /// A field that is a list of lists.
    #[error("unexpected slice of slice")]
    SliceOfSlice,
}

impl Error {
    /// The HTTP status that Kubernetes answers with: 400 for a malformed patch, 422 for one that is not supported, 500 without
    /// a reason for one that does not fit. What Kubernetes fails at without a message is malformed, too.
    pub fn code(&self) -> u16 {
        match self {
            Error::NoObject(_)
            | Error::TooDeep
            | Error::DeletionFormat
            | Error::RetainKeysFormat
            | Error::ElementOrderFormat
            | Error::Incomparable => 400,
            Error::ListOfLists => 422,
            _ => 500,
        }
    }

    pub(super) fn no_object(found: &Value) -> Error {
        Error::NoObject(match found {
            Value::Null => "null",
            Value::Bool(_) => "bool",
            Value::Number(_) => "number",
            Value::String(_) => "string",
            Value::Array(_) => "array",
            Value::Object(_) => "object",
        })
    }

    pub(super) fn no_merge_key(map: &Map<String, Value>, key: &str) -> Error {
        Error::NoMergeKey { map: shown(map), key: key.to_owned() }
    }

    pub(super) fn unknown_directive(directive: &Value, map: &Map<String, Value>) -> Error {
        Error::UnknownDirective { directive: stringed(directive), map: shown(map) }
    }

    pub(super) fn no_list(found: &Value) -> Error {
        Error::UnexpectedType { expected: "[]interface {}", found: go_type(found) }
    }

    pub(super) fn no_map(found: &Value) -> Error {
        Error::UnexpectedType { expected: "map[string]interface {}", found: go_type(found) }
    }

    pub(super) fn unknown_field(type_name: &'static str, field: &str) -> Error {
        Error::UnknownField { type_name, field: quoted(field) }
    }
}

/// What Go calls the type of a value. An integer that 64 bits hold is no `float64`.
pub(super) fn go_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "%!s(<nil>)",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_i64() => "int64",
        Value::Number(_) => "float64",
        Value::String(_) => "string",
        Value::Array(_) => "[]interface {}",
        Value::Object(_) => "map[string]interface {}",
    }
}
