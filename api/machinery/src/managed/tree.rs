//! An object, cut where its schema says that parts have owners of their own.

use super::element::{Element, Key, Literal};
use super::scan::Scanner;
use crate::schema::{Field, Schema, Shape, Topology};
use std::borrow::Cow;

/// A value, as JSON text unless said otherwise, and its parts where they have owners of their own.
#[derive(Debug)]
pub(super) struct Tree<'a, T = &'a str> {
    /// `None` where only some of its parts count.
    pub(super) whole: Option<T>,
    /// By element; equal ones where a list has an item twice. `None` for what has one owner.
    pub(super) parts: Option<Vec<(Element<'a>, Tree<'a, T>)>>,
}

/// How a value is owned.
#[derive(Clone, Copy, Debug)]
pub(super) enum Ownership {
    /// By one owner.
    Whole,
    /// By field.
    Struct(&'static Schema),
    /// By entry.
    Map(&'static Schema),
    /// By item, found by value.
    Set,
    /// By item, found by its keys.
    Keyed(&'static Schema, &'static [&'static str]),
}

impl Ownership {
    pub(super) fn of(schema: &'static Schema, topology: Topology) -> Self {
        match (&schema.shape, topology) {
            (_, Topology::Atomic) => Ownership::Whole,
            (Shape::Object(_), _) if schema.atomic => Ownership::Whole,
            (Shape::Object(_), _) => Ownership::Struct(schema),
            (Shape::Map(value), _) => Ownership::Map(value),
            (Shape::List(_), Topology::Set) => Ownership::Set,
            (Shape::List(item), Topology::Map(keys)) => Ownership::Keyed(item, keys),
            (Shape::List(_) | Shape::Enum(_) | Shape::Scalar(_), _) => Ownership::Whole,
        }
    }

    pub(super) fn of_field(field: &Field) -> Self {
        Ownership::of(field.schema, field.topology)
    }

    /// That of what stands in a list or map.
    pub(super) fn of_item(schema: &'static Schema) -> Self {
        Ownership::of(schema, Topology::Default)
    }

    /// That of a part; `None` where there is none of that kind.
    pub(super) fn below(self, element: &Element<'_>) -> Option<Ownership> {
        match (self, element) {
            (Ownership::Struct(schema), Element::Field(name)) => schema.field(name).map(Ownership::of_field),
            (Ownership::Map(value), Element::Field(_)) => Some(Ownership::of_item(value)),
            (Ownership::Keyed(item, _), Element::Key(_)) => Some(Ownership::of_item(item)),
            (Ownership::Set, Element::Value(_)) => Some(Ownership::Whole),
            _ => None,
        }
    }
}

impl<'a, T> Tree<'a, T> {
    /// A value whose parts are put in order.
    pub(super) fn of_parts(whole: Option<T>, mut parts: Vec<(Element<'a>, Self)>) -> Self {
        parts.sort_by(|(one, _), (other, _)| one.order(other));
        Tree { whole, parts: Some(parts) }
    }

    pub(super) fn parts(&self) -> &[(Element<'a>, Self)] {
        self.parts.as_deref().unwrap_or_default()
    }
}

impl<'a> Tree<'a> {
    /// Reads the fields of an object that `counts` names by path: `[name]`, and `[metadata, name]` within the metadata.
    pub(super) fn read(schema: &'static Schema, text: &'a str, counts: &dyn Fn(&[&str]) -> bool) -> Self {
        let tree = read_struct(&mut Scanner::new(text), schema, &mut |scanner, field| {
            if !counts(&[field.name]) {
                return skip(scanner);
            }
            if field.name != "metadata" {
                return Some(read(scanner, Ownership::of_field(field)));
            }
            let metadata = read_struct(scanner, field.schema, &mut |scanner, field| match counts(&[
                "metadata", field.name,
            ]) {
                true => Some(read(scanner, Ownership::of_field(field))),
                false => skip(scanner),
            });
            Some(Tree { whole: None, ..metadata })
        });
        Tree { whole: None, ..tree }
    }
}

fn skip<'a>(scanner: &mut Scanner<'a>) -> Option<Tree<'a>> {
    scanner.value();
    None
}

fn read<'a>(scanner: &mut Scanner<'a>, ownership: Ownership) -> Tree<'a> {
    match ownership {
        Ownership::Whole => Tree { whole: Some(scanner.value()), parts: None },
        Ownership::Struct(schema) => read_struct(scanner, schema, &mut |scanner, field| {
            Some(read(scanner, Ownership::of_field(field)))
        }),
        Ownership::Map(value) => read_parts(scanner, b'{', &mut |scanner| {
            let name = scanner.name();
            Some((Element::Field(name), read(scanner, Ownership::of_item(value))))
        }),
        Ownership::Set => read_parts(scanner, b'[', &mut |scanner| {
            let text = scanner.value();
            let element = Element::Value(Literal::read(&mut Scanner::new(text)));
            Some((element, Tree { whole: Some(text), parts: None }))
        }),
        Ownership::Keyed(item, keys) => read_parts(scanner, b'[', &mut |scanner| {
            let value = read(scanner, Ownership::of_item(item));
            Some((Element::Key(keys_of(item, keys, value.whole.unwrap_or_default())), value))
        }),
    }
}

/// A struct; names that the type does not have are passed over.
fn read_struct<'a>(
    scanner: &mut Scanner<'a>,
    schema: &'static Schema,
    value: &mut dyn FnMut(&mut Scanner<'a>, &'static Field) -> Option<Tree<'a>>,
) -> Tree<'a> {
    read_parts(scanner, b'{', &mut |scanner| {
        let name = scanner.name();
        match schema.field(&name) {
            Some(field) => value(scanner, field).map(|tree| (Element::field(field.name), tree)),
            None => {
                scanner.value();
                None
            }
        }
    })
}

/// Parts in order; `null` has none.
fn read_parts<'a>(
    scanner: &mut Scanner<'a>,
    bracket: u8,
    part: &mut dyn FnMut(&mut Scanner<'a>) -> Option<(Element<'a>, Tree<'a>)>,
) -> Tree<'a> {
    let mark = scanner.mark();
    let mut parts = Vec::new();
    if scanner.open(bracket) {
        while scanner.next() {
            parts.extend(part(scanner));
        }
    } else {
        scanner.value();
    }
    Tree::of_parts(Some(scanner.since(mark)), parts)
}

/// The keys of an item, by name; one that is absent has its default, if there is any.
fn keys_of<'a>(item: &'static Schema, keys: &'static [&'static str], text: &'a str) -> Vec<Key<'a>> {
    let mut found = Vec::with_capacity(keys.len());
    let mut scanner = Scanner::new(text);
    if scanner.open(b'{') {
        while scanner.next() {
            let name = scanner.name();
            match keys.contains(&&*name) {
                true => found.push((name, Literal::read(&mut scanner))),
                false => drop(scanner.value()),
            }
        }
    }
    with_defaults(found, item, keys)
}

/// The keys that were found, with the defaults of others, in order.
pub(super) fn with_defaults<'a>(
    mut found: Vec<Key<'a>>,
    item: &'static Schema,
    keys: &'static [&'static str],
) -> Vec<Key<'a>> {
    for key in keys {
        let is_absent = !found.iter().any(|(name, _)| name == key);
        if let Some(text) = item.field(key).and_then(Field::default_text).filter(|_| is_absent) {
            found.push((Cow::Borrowed(key), Literal::read(&mut Scanner::new(text))));
        }
    }
    found.sort_by(|(one, _), (other, _)| one.cmp(other));
    found
}
