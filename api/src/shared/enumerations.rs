//! Unknown texts of enumerations, found by the schema.

use apimachinery::field::{Errors, FieldError, Path};
use apimachinery::schema::{Schema, Shape};
use serde_json::Value;

/// Adds an error for each text that its enumeration does not have.
pub(crate) fn check_enumerations(schema: &'static Schema, value: &Value, path: &Path, errors: &mut Errors) {
    match (&schema.shape, value) {
        (Shape::Object(_), Value::Object(map)) => {
            for field in schema.fields() {
                if let Some(value) = map.get(field.name) {
                    check_enumerations(field.schema, value, &path.child(field.name), errors);
                }
            }
        }
        (Shape::List(item), Value::Array(list)) => {
            for (index, value) in list.iter().enumerate() {
                check_enumerations(item, value, &path.index(index), errors);
            }
        }
        (Shape::Map(item), Value::Object(map)) => {
            for (key, value) in map {
                check_enumerations(item, value, &path.key(key), errors);
            }
        }
        (Shape::Enum(supported), Value::String(text)) if !supported.contains(&text.as_str()) => {
            errors.push(FieldError::not_supported(path, text.as_str(), supported));
        }
        _ => {}
    }
}
