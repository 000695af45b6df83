//! Sets of the fields of parsed JSON, and what is left of it without the fields of a set.

use super::value::{ValueTree, is_hollow, item_element};
use crate::managed::compare::take_equal;
use crate::managed::element::Element;
use crate::managed::set::{FieldSet, Node};
use crate::managed::tree::Ownership;
use crate::schema::{Schema, Topology};
use serde_json::Value;

/// The fields that an object sets: all without parts, and all items of lists and maps.
pub(super) fn fields_of<'a>(tree: &ValueTree<'a>, schema: &'static Schema) -> FieldSet<'a> {
    fields_below(tree, Ownership::of(schema, Topology::Default))
}

fn fields_below<'a>(tree: &ValueTree<'a>, ownership: Ownership) -> FieldSet<'a> {
    let (mut set, mut rest) = (FieldSet::default(), tree.parts());
    loop {
        match take_equal(&mut rest) {
            [] => return set,
            [(element, part)] => {
                let below = fields_below(part, ownership.below(element).unwrap_or(Ownership::Whole));
                set.push(element, sets_itself(part, ownership), below);
            }
            // Nobody can tell which of the items is meant.
            [(element, _), ..] => set.push(element, true, FieldSet::default()),
        }
    }
}

fn sets_itself(part: &ValueTree<'_>, above: Ownership) -> bool {
    let is_item = !matches!(above, Ownership::Struct(_));
    let is_hollow = part.whole.is_some_and(|whole| is_hollow(whole.0) && !whole.0.is_array());
    is_item || is_hollow || part.parts.is_none()
}

/// Adds the fields of structs below which there is something in the set, but for the metadata, which no object lacks.
pub(super) fn with_structs<'a>(mut set: FieldSet<'a>, schema: &'static Schema) -> FieldSet<'a> {
    name_structs(&mut set, Some(Ownership::of(schema, Topology::Default)));
    for node in set.nodes_mut() {
        node.member &= node.element != Element::field("metadata");
    }
    set
}

fn name_structs(set: &mut FieldSet<'_>, ownership: Option<Ownership>) {
    for node in set.nodes_mut() {
        let below = ownership.and_then(|ownership| ownership.below(&node.element));
        let is_field = below.is_some() && matches!(ownership, Some(Ownership::Struct(_)));
        node.member |= is_field && !node.below.is_empty();
        name_structs(&mut node.below, below);
    }
}

/// Whether a set has something that is owned by parts, and none of its parts: what was applied empty.
pub(super) fn has_hollow(set: &FieldSet<'_>, schema: &'static Schema) -> bool {
    has_hollow_below(set, Ownership::of(schema, Topology::Default))
}

fn has_hollow_below(set: &FieldSet<'_>, ownership: Ownership) -> bool {
    set.nodes().iter().any(|node| match ownership.below(&node.element) {
        None | Some(Ownership::Whole) => false,
        Some(_) if node.below.is_empty() => true,
        Some(below) => has_hollow_below(&node.below, below),
    })
}

/// Takes the fields of a set out of an object. A part of which nothing is left is null.
pub(super) fn remove(object: &mut Value, set: &FieldSet<'_>, schema: &'static Schema) {
    if !set.is_empty() {
        remove_below(object, set, Ownership::of(schema, Topology::Default));
    }
}

fn remove_below(value: &mut Value, set: &FieldSet<'_>, ownership: Ownership) {
    match (ownership, &mut *value) {
        (Ownership::Struct(_) | Ownership::Map(_), Value::Object(fields)) => fields.retain(|name, value| {
            let element = Element::field(name.as_str());
            stays(value, set.find(&element), ownership.below(&element))
        }),
        (Ownership::Set | Ownership::Keyed(..), Value::Array(items)) => items.retain_mut(|item| {
            let element = item_element(item, ownership);
            let (node, below) = (set.find(&element), ownership.below(&element));
            stays(item, node, below)
        }),
        (Ownership::Whole, Value::Object(_) | Value::Array(_)) => *value = Value::Null,
        _ => {}
    }
    if is_hollow(value) {
        *value = Value::Null;
    }
}

/// Whether a part stays; what goes is taken out of it.
fn stays(part: &mut Value, node: Option<&Node<'_>>, ownership: Option<Ownership>) -> bool {
    let Some(node) = node else { return true };
    if !node.member && !node.below.is_empty() {
        remove_below(part, &node.below, ownership.unwrap_or(Ownership::Whole));
    }
    !node.member
}
