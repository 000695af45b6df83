//! How deep JSON may be nested, so that whatever is accepted can be written and read back in every form.
//!
//! Readers take [`DEEPEST`] arrays and objects within one another: serde_json, which our own readers and many clients
//! are made of, takes no more. An object is never read back alone: lists, watch events, tables and reviews stand around
//! it. Types have a depth that is known when the program is compiled, and nothing in them is of unknown depth but
//! [`Raw`](super::Raw), which has a limit of its own. So the sum is checked by the compiler, for every version of every
//! kind.

use crate::schema::{Scalar, Schema, Shape};
use serde_json::Value;

/// Arrays and objects within one another that any text or tree may have.
pub const DEEPEST: usize = 127;
/// Those that JSON may have that the server carries without knowing it.
pub const DEEPEST_RAW: usize = 64;
/// Those that stand around an object where it is read back: a watch event with a table has five.
pub const DEEPEST_AROUND: usize = 8;

/// Those that JSON may have that is read over, because no type knows it: as many as Go's decoder takes.
pub const DEEPEST_UNKNOWN: usize = 10_000;

/// What is said of JSON that is nested deeper.
pub(crate) const RAW_TOO_DEEP: &str = "it is nested deeper than 64 levels";

/// Whether an object of this type can be read back wherever it is shown.
pub const fn fits(schema: &'static Schema) -> bool {
    depth(schema) + DEEPEST_AROUND <= DEEPEST
}

/// The most arrays and objects within one another that a value of this type has.
const fn depth(schema: &'static Schema) -> usize {
    match &schema.shape {
        Shape::Scalar(Scalar::Raw | Scalar::FieldsV1) => DEEPEST_RAW,
        Shape::Scalar(_) | Shape::Enum(_) => 0,
        Shape::List(item) | Shape::Map(item) => 1 + depth(item),
        Shape::Object(fields) => {
            let (mut deepest, mut index) = (0, 0);
            while index < fields.len() {
                let depth = depth(fields[index].schema);
                if depth > deepest {
                    deepest = depth;
                }
                index += 1;
            }
            1 + deepest
        }
    }
}

/// Whether a tree has at most so many arrays and objects within one another. It looks no deeper than that.
pub fn is_within(tree: &Value, levels: usize) -> bool {
    match tree {
        Value::Array(items) => levels > 0 && items.iter().all(|item| is_within(item, levels - 1)),
        Value::Object(map) => levels > 0 && map.values().all(|item| is_within(item, levels - 1)),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meta::ObjectMeta;
    use crate::wire::Value as _;
    use serde_json::json;

    #[test]
    fn the_depth_of_a_type_counts_what_it_carries_unknown() {
        // The metadata, the list of managers, one of them.
        assert_eq!(depth(ObjectMeta::SCHEMA), 3 + DEEPEST_RAW);
        assert_eq!(depth(<Vec<String>>::SCHEMA), 1);
    }

    #[test]
    fn trees_are_measured_no_deeper_than_asked() {
        let tree = json!({"a": [1, {"b": "c"}]});
        assert!(is_within(&tree, 3) && !is_within(&tree, 2));
        assert!(is_within(&json!("x"), 0) && !is_within(&json!([]), 0));
    }

    #[test]
    fn the_message_names_the_limit() {
        assert!(RAW_TOO_DEEP.contains(&DEEPEST_RAW.to_string()));
    }
}
