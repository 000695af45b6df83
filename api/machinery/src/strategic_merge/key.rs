//! What items of lists are told apart by.

use serde_json::Value;
use std::collections::HashMap;

/// A plain value: an item that is no object, or the value of the merge key in one that is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Key {
    Null,
    Bool(bool),
    Integer(i64),
    /// The bits of a double: an integer and a double are never the same.
    Double(u64),
    Text(String),
    /// A list or an object, which is never the same as another.
    Compound,
}

impl Key {
    pub(super) fn of(value: &Value) -> Key {
        match value {
            Value::Null => Key::Null,
            Value::Bool(flag) => Key::Bool(*flag),
            Value::Number(number) => match (number.as_i64(), number.as_f64()) {
                (Some(integer), _) => Key::Integer(integer),
                (None, float) => Key::Double(float.unwrap_or_default().to_bits()),
            },
            Value::String(text) => Key::Text(text.clone()),
            Value::Array(_) | Value::Object(_) => Key::Compound,
        }
    }

    pub(super) fn is_compound(&self) -> bool {
        *self == Key::Compound
    }
}

/// How items of a list are told apart.
#[derive(Clone, Copy)]
pub(super) enum By {
    /// By themselves.
    Value,
    /// By that member of theirs; without it they count as null.
    Member(&'static str),
}

impl By {
    pub(super) fn key(self, item: &Value) -> Key {
        match self {
            By::Value => Key::of(item),
            By::Member(name) => item.get(name).map_or(Key::Null, Key::of),
        }
    }

    pub(super) fn keys(self, items: &[Value]) -> Vec<Key> {
        items.iter().map(|item| self.key(item)).collect()
    }
}

/// The first place of each key in a list.
pub(super) struct Places(HashMap<Key, usize>);

impl Places {
    pub(super) fn of(keys: impl IntoIterator<Item = Key>) -> Places {
        let mut places = Places(HashMap::new());
        keys.into_iter().enumerate().for_each(|(place, key)| places.add(key, place));
        places
    }

    pub(super) fn add(&mut self, key: Key, place: usize) {
        if !key.is_compound() {
            self.0.entry(key).or_insert(place);
        }
    }

    pub(super) fn find(&self, key: &Key) -> Option<usize> {
        self.0.get(key).copied()
    }
}
