//! What a path leads to, and what can be done there.

use serde_json::Value;
use std::fmt;
use std::num::IntErrorKind;

/// Why something cannot be done with a key, in the words of Kubernetes.
pub(super) enum Fault {
    /// An object has no such member.
    Member(String),
    /// The key of a list is no number.
    Number { key: String, why: &'static str, adding: bool },
    /// The list has no such item.
    Item(i64),
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Member(key) => write!(out, "Unable to remove nonexistent key: {key}: missing value"),
            Fault::Number { key, why, adding } => {
                if *adding {
                    write!(out, "value was not a proper array index: '{key}': ")?;
                }
                write!(out, "strconv.Atoi: parsing {key:?}: {why}")
            }
            Fault::Item(index) => {
                write!(out, "Unable to access invalid index: {index}: invalid index referenced")
            }
        }
    }
}

/// The object or list that a path's last part stands in, and that part. What is before the first slash does not count.
pub(super) fn find<'a>(tree: &'a mut Value, path: &str) -> Option<(&'a mut Value, String)> {
    let (_, path) = path.split_once('/')?;
    let (parents, key) = match path.rsplit_once('/') {
        Some((parents, key)) => (Some(parents), key),
        None => (None, path),
    };
    let mut parent = tree;
    for part in parents.into_iter().flat_map(|parents| parents.split('/')) {
        parent = match parent {
            Value::Object(members) => members.get_mut(&unescape(part))?,
            Value::Array(items) => {
                let index = position(&unescape(part), items.len()).ok()?;
                items.get_mut(index)?
            }
            _ => return None,
        };
    }
    (parent.is_object() || parent.is_array()).then(|| (parent, unescape(key)))
}

fn unescape(part: &str) -> String {
    part.replace("~1", "/").replace("~0", "~")
}

/// The member or item; an object may lack it.
pub(super) fn get<'a>(parent: &'a Value, key: &str) -> Result<Option<&'a Value>, Fault> {
    match parent {
        Value::Array(items) => Ok(items.get(position(key, items.len())?)),
        other => Ok(other.get(key)),
    }
}

/// Puts it there: a new item of a list, before the one that was there.
pub(super) fn add(parent: &mut Value, key: &str, value: Value) -> Result<(), Fault> {
    match parent {
        Value::Array(items) if key == "-" => items.push(value),
        Value::Array(items) => {
            let position = position(key, items.len() + 1).map_err(|fault| match fault {
                Fault::Number { key, why, .. } => Fault::Number { key, why, adding: true },
                other => other,
            })?;
            items.insert(position, value);
        }
        other => other[key] = value,
    }
    Ok(())
}

/// Puts it in place of what is there; a member may be new, an item not.
pub(super) fn set(parent: &mut Value, key: &str, value: Value) -> Result<(), Fault> {
    match parent {
        Value::Array(items) => {
            let position = position(key, items.len())?;
            items[position] = value;
        }
        other => other[key] = value,
    }
    Ok(())
}

/// Takes it out.
pub(super) fn remove(parent: &mut Value, key: &str) -> Result<Value, Fault> {
    match parent {
        Value::Array(items) => Ok(items.remove(position(key, items.len())?)),
        Value::Object(members) => members.remove(key).ok_or_else(|| Fault::Member(key.to_owned())),
        _ => Err(Fault::Member(key.to_owned())),
    }
}

/// Which of `count` places a key names; negative ones count from the end.
fn position(key: &str, count: usize) -> Result<usize, Fault> {
    let index: i64 = key.parse().map_err(|error: std::num::ParseIntError| {
        let why = match error.kind() {
            IntErrorKind::PosOverflow | IntErrorKind::NegOverflow => "value out of range",
            _ => "invalid syntax",
        };
        Fault::Number { key: key.to_owned(), why, adding: false }
    })?;
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    let from_start = if index < 0 { index.saturating_add(count) } else { index };
    match usize::try_from(from_start) {
        Ok(position) if from_start < count => Ok(position),
        _ => Err(Fault::Item(index)),
    }
}
