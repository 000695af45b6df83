//! `Option`, lists and maps.

use super::decoding::Step;
use super::message::delimited;
use super::object::{Key, Seed};
use super::{Decoding, ProtobufError, Value, WireType};
use crate::schema::{Schema, Shape};
use prost::encoding::{decode_key, encode_key, encode_varint, encoded_len_varint, key_len};
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

impl<T: Value> Value for Option<T> {
    const SCHEMA: &'static Schema = T::SCHEMA;

    fn is_empty(&self) -> bool {
        self.is_none()
    }

    fn decode<'de, D: Deserializer<'de>>(
        &mut self,
        source: D,
        context: &mut Decoding,
    ) -> Result<(), D::Error> {
        source.deserialize_option(OptionVisitor { value: self, context })
    }

    fn encode_field(&self, number: u32, out: &mut Vec<u8>) {
        if let Some(value) = self {
            value.encode_field(number, out);
        }
    }

    fn field_length(&self, number: u32) -> usize {
        self.as_ref().map_or(0, |value| value.field_length(number))
    }

    fn merge_field(&mut self, wire: WireType, source: &mut &[u8]) -> Result<(), ProtobufError> {
        self.get_or_insert_default().merge_field(wire, source)?;
        settle(self);
        Ok(())
    }
}

/// An empty value that means "not set" is absent.
fn settle<T: Value>(value: &mut Option<T>) {
    if T::EMPTY_IS_NONE && value.as_ref().is_some_and(T::is_empty) {
        *value = None;
    }
}

struct OptionVisitor<'s, T> {
    value: &'s mut Option<T>,
    context: &'s mut Decoding,
}

impl<'de, T: Value> Visitor<'de> for OptionVisitor<'_, T> {
    type Value = ();
    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a value or null")
    }
    fn visit_none<E>(self) -> Result<(), E> {
        *self.value = None;
        Ok(())
    }
    fn visit_unit<E>(self) -> Result<(), E> {
        *self.value = None;
        Ok(())
    }
    fn visit_some<D: Deserializer<'de>>(self, source: D) -> Result<(), D::Error> {
        self.value.get_or_insert_default().decode(source, self.context)?;
        settle(self.value);
        Ok(())
    }
}

impl<T: Value> Value for Vec<T> {
    const SCHEMA: &'static Schema = &Schema::unnamed(Shape::List(T::SCHEMA));

    fn is_empty(&self) -> bool {
        self.is_empty()
    }

    fn decode<'de, D: Deserializer<'de>>(
        &mut self,
        source: D,
        context: &mut Decoding,
    ) -> Result<(), D::Error> {
        source.deserialize_any(ListVisitor { items: self, context })
    }

    fn encode_field(&self, number: u32, out: &mut Vec<u8>) {
        self.iter().for_each(|item| item.encode_field(number, out));
    }

    fn field_length(&self, number: u32) -> usize {
        self.iter().map(|item| item.field_length(number)).sum()
    }

    fn merge_field(&mut self, wire: WireType, source: &mut &[u8]) -> Result<(), ProtobufError> {
        let mut item = T::default();
        item.merge_field(wire, source)?;
        self.push(item);
        Ok(())
    }
}

struct ListVisitor<'s, T> {
    items: &'s mut Vec<T>,
    context: &'s mut Decoding,
}

impl<'de, T: Value> Visitor<'de> for ListVisitor<'_, T> {
    type Value = ();
    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("array")
    }
    fn visit_unit<E>(self) -> Result<(), E> {
        self.items.clear();
        Ok(())
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let ListVisitor { items, context } = self;
        context.enter(Step::Index(0));
        let mut length = 0;
        loop {
            // An item is read into the one that stood in its place.
            let mut new = T::default();
            let value = items.get_mut(length).unwrap_or(&mut new);
            if list.next_element_seed(Seed { value, context })?.is_none() {
                break;
            }
            if length == items.len() {
                items.push(new);
            }
            length += 1;
            context.set_index(length);
        }
        items.truncate(length);
        context.leave();
        Ok(())
    }
}

impl<T: Value> Value for BTreeMap<String, T> {
    const SCHEMA: &'static Schema = &Schema::unnamed(Shape::Map(T::SCHEMA));

    fn is_empty(&self) -> bool {
        self.is_empty()
    }

    fn decode<'de, D: Deserializer<'de>>(
        &mut self,
        source: D,
        context: &mut Decoding,
    ) -> Result<(), D::Error> {
        source.deserialize_any(MapVisitor { entries: self, context })
    }

    fn encode_field(&self, number: u32, out: &mut Vec<u8>) {
        for (key, value) in self {
            encode_key(number, WireType::LengthDelimited, out);
            encode_varint(entry_length(key, value) as u64, out);
            key.encode_field(1, out);
            value.encode_field(2, out);
        }
    }

    fn field_length(&self, number: u32) -> usize {
        let entry = |(key, value)| {
            let length = entry_length(key, value);
            key_len(number) + encoded_len_varint(length as u64) + length
        };
        self.iter().map(entry).sum()
    }

    fn merge_field(&mut self, wire: WireType, source: &mut &[u8]) -> Result<(), ProtobufError> {
        let mut body = delimited(wire, source)?;
        let (mut key, mut value) = (String::new(), T::default());
        while !body.is_empty() {
            match decode_key(&mut body)? {
                (1, wire) => key.merge_field(wire, &mut body)?,
                (2, wire) => value.merge_field(wire, &mut body)?,
                (number, wire) => super::skip(number, wire, &mut body)?,
            }
        }
        self.insert(key, value);
        Ok(())
    }
}

fn entry_length<T: Value>(key: &String, value: &T) -> usize {
    key.field_length(1) + value.field_length(2)
}

struct MapVisitor<'s, T> {
    entries: &'s mut BTreeMap<String, T>,
    context: &'s mut Decoding,
}

impl<'de, T: Value> Visitor<'de> for MapVisitor<'_, T> {
    type Value = ();
    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("map")
    }
    fn visit_unit<E>(self) -> Result<(), E> {
        self.entries.clear();
        Ok(())
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let MapVisitor { entries, context } = self;
        // What stood in the map before is no duplicate: only the map itself stands twice then.
        let merging = !entries.is_empty();
        let mut seen = BTreeSet::new();
        while let Some(Key(name)) = map.next_key::<Key<'de>>()? {
            let twice = if merging { !seen.insert(name.to_string()) } else { entries.contains_key(&*name) };
            if twice {
                context.duplicate(&name);
            }
            context.enter(Step::Key(name.to_string()));
            let mut value = T::default();
            map.next_value_seed(Seed { value: &mut value, context: &mut *context })?;
            context.leave();
            entries.insert(name.into_owned(), value);
        }
        Ok(())
    }
}
