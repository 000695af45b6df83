//! Unknown texts of enumerations, found by the schema.

use apimachinery::field::{Errors, FieldError, Path};
use apimachinery::schema::{Schema, Shape};
use serde_json::Value;

/// Adds an error for each text that its enumeration does not have.
pub(crate) fn check_enumerations(schema: &'static Schema, value: &Value, path: &Path, errors: &mut Errors) {
    check(schema, value, &Place::Top(path), errors);
}

/// Where a value stands. Its path is made for the few that are at fault.
enum Place<'a> {
    Top(&'a Path),
    Child(&'a Place<'a>, &'a str),
    Index(&'a Place<'a>, usize),
    Key(&'a Place<'a>, &'a str),
}

impl Place<'_> {
    fn path(&self) -> Path {
        match self {
            Place::Top(path) => (*path).clone(),
            Place::Child(place, name) => place.path().child(name),
            Place::Index(place, index) => place.path().index(*index),
            Place::Key(place, key) => place.path().key(key),
        }
    }
}

fn check(schema: &'static Schema, value: &Value, place: &Place<'_>, errors: &mut Errors) {
    match (&schema.shape, value) {
        (Shape::Object(_), Value::Object(map)) => {
            for (name, value) in map {
                if let Some(field) = schema.field(name) {
                    check(field.schema, value, &Place::Child(place, name), errors);
                }
            }
        }
        (Shape::List(item), Value::Array(list)) => {
            for (index, value) in list.iter().enumerate() {
                check(item, value, &Place::Index(place, index), errors);
            }
        }
        (Shape::Map(item), Value::Object(map)) => {
            for (key, value) in map {
                check(item, value, &Place::Key(place, key), errors);
            }
        }
        (Shape::Enum(supported), Value::String(text)) if !supported.contains(&text.as_str()) => {
            errors.push(FieldError::not_supported(&place.path(), text.as_str(), supported));
        }
        _ => {}
    }
}
