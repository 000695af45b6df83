//! What an expression can come to.

use super::super::authorizer::{Check, Decision};
use super::super::functions::{Semver, Url};
use super::made::Made;
use apimachinery::quantity::Quantity;
use chrono::{DateTime, FixedOffset};
use ipnet::IpNet;
use regex::Regex;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

/// Why there is no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault(pub(crate) String);

pub(crate) type Outcome<T> = Result<T, Fault>;

pub(crate) fn fault(reason: impl Into<String>) -> Fault {
    Fault(reason.into())
}

pub(crate) type Map = BTreeMap<Key, Value>;

/// A value. A clone shares what is large.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Int(i64),
    UInt(u64),
    Double(f64),
    String(Arc<str>),
    Bytes(Arc<[u8]>),
    /// In nanoseconds.
    Duration(i64),
    /// With the offset that it was written with.
    Timestamp(DateTime<FixedOffset>),
    List(Arc<Vec<Value>>),
    Map(Arc<Map>),
    Type(Type),
    Optional(Option<Arc<Value>>),
    Quantity(Quantity),
    Ip(IpAddr),
    Cidr(IpNet),
    Url(Arc<Url>),
    Semver(Arc<Semver>),
    /// The number of a named format.
    Format(usize),
    Check(Arc<Check>),
    Decision(Arc<Decision>),
    /// An object, or an operation of a patch.
    Made(Arc<Made>),
    /// A regular expression that stands in the source, compiled.
    Pattern(Arc<Regex>),
}

/// What a map finds its values by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Key {
    Bool(bool),
    Int(i64),
    UInt(u64),
    String(Arc<str>),
}

/// The type of a value, as far as functions are chosen by it. `Dyn` takes every value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::enum_variant_names)]
pub(crate) enum Type {
    Dyn,
    Null,
    Bool,
    Int,
    UInt,
    Double,
    String,
    Bytes,
    Duration,
    Timestamp,
    List,
    Map,
    Type,
    Optional,
    Quantity,
    Ip,
    Cidr,
    Url,
    Semver,
    Format,
    Check,
    Decision,
    Object,
    Patch,
    Pattern,
}

/// The types that an expression can name, with their names.
const NAMED: [(Type, &str); 20] = [
    (Type::Dyn, "dyn"),
    (Type::Null, "null_type"),
    (Type::Bool, "bool"),
    (Type::Int, "int"),
    (Type::UInt, "uint"),
    (Type::Double, "double"),
    (Type::String, "string"),
    (Type::Bytes, "bytes"),
    (Type::Duration, "google.protobuf.Duration"),
    (Type::Timestamp, "google.protobuf.Timestamp"),
    (Type::List, "list"),
    (Type::Map, "map"),
    (Type::Type, "type"),
    (Type::Optional, "optional_type"),
    (Type::Quantity, "kubernetes.Quantity"),
    (Type::Ip, "net.IP"),
    (Type::Cidr, "net.CIDR"),
    (Type::Url, "kubernetes.URL"),
    (Type::Semver, "kubernetes.Semver"),
    (Type::Format, "kubernetes.NamedFormat"),
];

impl Type {
    /// The type of this name.
    pub(crate) fn named(name: &str) -> Option<Type> {
        NAMED.iter().find(|(_, known)| *known == name).map(|(found, _)| *found)
    }

    /// Whether null is taken for a value of it.
    pub(crate) fn may_be_null(self) -> bool {
        use Type::{Bool, Bytes, Double, Int, List, Map, Pattern, String, UInt};
        ![Bool, Bytes, Double, Int, List, Map, Pattern, String, Type::Type, UInt].contains(&self)
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Type::Check => "kubernetes.authorization.Authorizer",
            Type::Decision => "kubernetes.authorization.Decision",
            Type::Object => "Object",
            Type::Patch => "JSONPatch",
            Type::Pattern => "string",
            other => NAMED.iter().find(|(known, _)| *known == other).map_or("dyn", |(_, name)| name),
        }
    }
}

impl Value {
    pub(crate) fn text(text: impl AsRef<str>) -> Value {
        Value::String(Arc::from(text.as_ref()))
    }

    pub(crate) fn list(items: Vec<Value>) -> Value {
        Value::List(Arc::new(items))
    }

    pub(crate) fn some(value: Value) -> Value {
        Value::Optional(Some(Arc::new(value)))
    }

    pub(crate) fn type_of(&self) -> Type {
        match self {
            Value::Null => Type::Null,
            Value::Bool(_) => Type::Bool,
            Value::Int(_) => Type::Int,
            Value::UInt(_) => Type::UInt,
            Value::Double(_) => Type::Double,
            Value::String(_) => Type::String,
            Value::Bytes(_) => Type::Bytes,
            Value::Duration(_) => Type::Duration,
            Value::Timestamp(_) => Type::Timestamp,
            Value::List(_) => Type::List,
            Value::Map(_) => Type::Map,
            Value::Type(_) => Type::Type,
            Value::Optional(_) => Type::Optional,
            Value::Quantity(_) => Type::Quantity,
            Value::Ip(_) => Type::Ip,
            Value::Cidr(_) => Type::Cidr,
            Value::Url(_) => Type::Url,
            Value::Semver(_) => Type::Semver,
            Value::Format(_) => Type::Format,
            Value::Check(_) => Type::Check,
            Value::Decision(_) => Type::Decision,
            Value::Made(made) => made.kind(),
            Value::Pattern(_) => Type::Pattern,
        }
    }

    /// Bytes or items, at the first level.
    pub(crate) fn size(&self) -> usize {
        match self {
            Value::String(text) => text.len(),
            Value::Bytes(bytes) => bytes.len(),
            Value::List(items) => items.len(),
            Value::Map(map) => map.len(),
            _ => 0,
        }
    }

    /// The value in a map by this value, where numbers of every type are one number.
    pub(crate) fn find<'a>(&self, map: &'a Map) -> Option<&'a Value> {
        match self {
            Value::Bool(key) => map.get(&Key::Bool(*key)),
            Value::String(key) => map.get(&Key::String(key.clone())),
            Value::Int(key) => {
                let unsigned = || map.get(&Key::UInt(u64::try_from(*key).ok()?));
                map.get(&Key::Int(*key)).or_else(unsigned)
            }
            Value::UInt(key) => {
                let signed = || map.get(&Key::Int(i64::try_from(*key).ok()?));
                map.get(&Key::UInt(*key)).or_else(signed)
            }
            Value::Double(key) => whole(*key).and_then(|key| Value::Int(key).find(map)),
            _ => None,
        }
    }

    /// Whether maps can be asked for it.
    pub(crate) fn may_be_key(&self) -> bool {
        use Value::{Bool, Double, Int, String, UInt};
        matches!(self, Bool(_) | Int(_) | UInt(_) | Double(_) | String(_))
    }

    /// The key that this value is.
    pub(crate) fn key(&self) -> Outcome<Key> {
        match self {
            Value::Bool(key) => Ok(Key::Bool(*key)),
            Value::Int(key) => Ok(Key::Int(*key)),
            Value::UInt(key) => Ok(Key::UInt(*key)),
            Value::String(key) => Ok(Key::String(key.clone())),
            other => Err(fault(format!("unsupported key type: {}", other.type_of().name()))),
        }
    }

    /// A text in the metadata of an object; empty where there is none.
    pub(crate) fn metadata_text(&self, field: &str) -> String {
        let member = |value: &Value, name: &str| match value {
            Value::Map(map) => map.get(&Key::String(name.into())).cloned(),
            _ => None,
        };
        match member(self, "metadata").and_then(|metadata| member(&metadata, field)) {
            Some(Value::String(text)) => text.to_string(),
            _ => String::new(),
        }
    }

    /// How a message names it.
    pub(crate) fn shown(&self) -> String {
        match self {
            Value::Bool(value) => value.to_string(),
            Value::Int(value) => value.to_string(),
            Value::UInt(value) => value.to_string(),
            Value::Double(value) => super::go::shortest(*value),
            Value::String(text) => text.to_string(),
            other => other.type_of().name().to_owned(),
        }
    }
}

/// The whole number that a double is exactly.
#[allow(clippy::cast_possible_truncation)]
pub(crate) fn whole(double: f64) -> Option<i64> {
    let fits = double.fract() == 0.0
        && (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&double);
    fits.then_some(double as i64)
}

impl From<&Key> for Value {
    fn from(key: &Key) -> Value {
        match key {
            Key::Bool(key) => Value::Bool(*key),
            Key::Int(key) => Value::Int(*key),
            Key::UInt(key) => Value::UInt(*key),
            Key::String(key) => Value::String(key.clone()),
        }
    }
}

/// A JSON tree. Whole numbers are `int`, as the types of Kubernetes have them; times are texts, as policies see them.
impl From<serde_json::Value> for Value {
    fn from(tree: serde_json::Value) -> Value {
        use serde_json::Value as Tree;
        match tree {
            Tree::Null => Value::Null,
            Tree::Bool(value) => Value::Bool(value),
            Tree::Number(number) => match (number.as_i64(), number.as_f64()) {
                (Some(whole), _) => Value::Int(whole),
                (None, double) => Value::Double(double.unwrap_or_default()),
            },
            Tree::String(text) => Value::text(text),
            Tree::Array(items) => Value::list(items.into_iter().map(Value::from).collect()),
            Tree::Object(fields) => {
                let entry = |(name, value): (String, _)| (Key::String(name.into()), Value::from(value));
                Value::Map(Arc::new(fields.into_iter().map(entry).collect()))
            }
        }
    }
}

/// What is not given is null.
impl Default for Value {
    fn default() -> Self {
        Value::Null
    }
}
