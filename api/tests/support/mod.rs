//! Objects of table rows, and their faults.

use apimachinery::field::Errors;
use apimachinery::kind::{Definition, Hub};
use serde_json::{Value, json};

/// The base with a change merged into it, in v1.
pub(crate) fn object(definition: &'static Definition, base: &Value, change: &Value) -> Box<dyn Hub> {
    let mut tree = base.clone();
    json_merge(&mut tree, change);
    let version = definition.version("v1").expect("v1 is served");
    let (mut object, context) = (version.decode_tree)(&tree).expect("the row's types are right");
    assert!(context.problems().is_empty(), "{:?}", context.problems());
    object.default_fields();
    object
}

/// Objects merge; everything else replaces, and null removes.
fn json_merge(target: &mut Value, change: &Value) {
    match (target, change) {
        (Value::Object(target), Value::Object(change)) => {
            for (name, value) in change {
                if value.is_null() {
                    target.remove(name);
                } else {
                    json_merge(target.entry(name).or_insert(json!({})), value);
                }
            }
        }
        (target, change) => *target = change.clone(),
    }
}

fn texts(errors: &Errors) -> Vec<String> {
    errors.iter().map(ToString::to_string).collect()
}

/// The fault of a new object; the empty text stands for none.
pub(crate) fn fresh(definition: &'static Definition, base: &Value, rows: &[(Value, &str)]) {
    for (change, expected) in rows {
        let mut errors = Errors::new();
        object(definition, base, change).validate(&mut errors);
        let expected: Vec<&str> = Some(*expected).filter(|text| !text.is_empty()).into_iter().collect();
        assert_eq!(texts(&errors), expected, "{change}");
    }
}

/// The fault of a change from one object to another.
pub(crate) fn changed(definition: &'static Definition, base: &Value, rows: &[(Value, Value, &str)]) {
    for (before, after, expected) in rows {
        let (before, after) = (object(definition, base, before), object(definition, base, after));
        let mut errors = Errors::new();
        after.validate_update(&*before, &mut errors);
        let expected: Vec<&str> = Some(*expected).filter(|text| !text.is_empty()).into_iter().collect();
        assert_eq!(texts(&errors), expected, "{:?}", after);
    }
}
