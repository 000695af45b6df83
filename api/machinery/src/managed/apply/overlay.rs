//! A configuration laid over an object by somebody who comes to own nothing of it.

use super::{check, go, merge};
use crate::managed::element::Element;
use crate::managed::tree::Ownership;
use crate::schema::{Schema, Shape, Topology};
use serde_json::Value;

/// What an object becomes by a configuration of its type. Nothing is taken out, and nothing is owned by one owner as a
/// whole may be set: who means to add to it would replace it. The error says why it cannot be laid over.
pub fn overlay(schema: &'static Schema, live: &Value, config: &Value) -> Result<Value, String> {
    check::check(schema, config)
        .map_err(|why| format!("failed to convert patch object to typed object: {why}"))?;
    let mut atomics = Atomics::default();
    atomics.find(schema, Topology::Default, config);
    if !atomics.found.is_empty() {
        let paths = atomics.found.join(", ");
        return Err(format!(
            "invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: {paths}"
        ));
    }
    let mut object = live.clone();
    merge::merge(&mut object, config, Ownership::of(schema, Topology::Default));
    Ok(object)
}

/// Paths of lists, maps and structs that have one owner.
#[derive(Default)]
struct Atomics<'a> {
    path: Vec<Element<'a>>,
    found: Vec<String>,
}

impl<'a> Atomics<'a> {
    fn find(&mut self, schema: &'static Schema, topology: Topology, value: &'a Value) {
        let is_whole = matches!(Ownership::of(schema, topology), Ownership::Whole);
        let has_parts = matches!(schema.shape, Shape::Object(_) | Shape::Map(_) | Shape::List(_));
        if is_whole && has_parts && (value.is_array() || value.is_object()) {
            self.found.push(go::path(&self.path));
        }
        match (&schema.shape, value) {
            (Shape::Object(_), Value::Object(fields)) => {
                for (name, value) in fields {
                    let Some(field) = schema.field(name) else { continue };
                    self.at(Element::field(name.as_str()), field.schema, field.topology, value);
                }
            }
            (Shape::List(item), Value::Array(items)) => {
                for (index, value) in (0..).zip(items) {
                    self.at(Element::Index(index), item, Topology::Default, value);
                }
            }
            // What stands in a map is not looked at, as in Kubernetes.
            _ => {}
        }
    }

    fn at(&mut self, element: Element<'a>, schema: &'static Schema, topology: Topology, value: &'a Value) {
        self.path.push(element);
        self.find(schema, topology, value);
        self.path.pop();
    }
}
