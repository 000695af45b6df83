//! `Option`, lists and maps.

use super::decoding::Step;
use super::message::delimited;
use super::object::{Key, Seed};
use super::{Decoding, ProtobufError, Value, WireType};
use crate::schema::{Schema, Shape};
use prost::encoding::{decode_key, encode_key, encode_varint, encoded_len_varint, key_len};
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

impl<T: Value> Value for Option<T> {
    const SCHEMA: &'static Schema = T::SCHEMA;

    fn is_empty(&self) -> bool {
        self.is_none()
    }

    fn decode<'de, D: Deserializer<'de>>(source: D, context: &mut Decoding) -> Result<Self, D::Error> {
        let value: Option<T> = source.deserialize_option(OptionVisitor { context, result: PhantomData })?;
        Ok(value.filter(|inner| !(T::EMPTY_IS_NONE && inner.is_empty())))
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
        self.get_or_insert_default().merge_field(wire, source)
    }
}

struct OptionVisitor<'c, T> {
    context: &'c mut Decoding,
    result: PhantomData<T>,
}

impl<'de, T: Value> Visitor<'de> for OptionVisitor<'_, T> {
    type Value = Option<T>;
    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a value or null")
    }
    fn visit_none<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
    fn visit_some<D: Deserializer<'de>>(self, source: D) -> Result<Self::Value, D::Error> {
        T::decode(source, self.context).map(Some)
    }
}

impl<T: Value> Value for Vec<T> {
    const SCHEMA: &'static Schema = &Schema::unnamed(Shape::List(T::SCHEMA));

    fn is_empty(&self) -> bool {
        self.is_empty()
    }

    fn decode<'de, D: Deserializer<'de>>(source: D, context: &mut Decoding) -> Result<Self, D::Error> {
        source.deserialize_any(ListVisitor { context, result: PhantomData })
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

struct ListVisitor<'c, T> {
    context: &'c mut Decoding,
    result: PhantomData<T>,
}

impl<'de, T: Value> Visitor<'de> for ListVisitor<'_, T> {
    type Value = Vec<T>;
    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("array")
    }
    fn visit_unit<E>(self) -> Result<Vec<T>, E> {
        Ok(Vec::new())
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<T>, A::Error> {
        let mut items = Vec::new();
        self.context.enter(Step::Index(0));
        while let Some(item) = list.next_element_seed(Seed::new(self.context))? {
            items.push(item);
            self.context.set_index(items.len());
        }
        self.context.leave();
        Ok(items)
    }
}

impl<T: Value> Value for BTreeMap<String, T> {
    const SCHEMA: &'static Schema = &Schema::unnamed(Shape::Map(T::SCHEMA));

    fn is_empty(&self) -> bool {
        self.is_empty()
    }

    fn decode<'de, D: Deserializer<'de>>(source: D, context: &mut Decoding) -> Result<Self, D::Error> {
        source.deserialize_any(MapVisitor { context, result: PhantomData })
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

struct MapVisitor<'c, T> {
    context: &'c mut Decoding,
    result: PhantomData<T>,
}

impl<'de, T: Value> Visitor<'de> for MapVisitor<'_, T> {
    type Value = BTreeMap<String, T>;
    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("map")
    }
    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(BTreeMap::new())
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut entries = BTreeMap::new();
        while let Some(Key(name)) = map.next_key::<Key<'de>>()? {
            if entries.contains_key(&*name) {
                self.context.duplicate(&name);
            }
            self.context.enter(Step::Key(name.to_string()));
            let value = map.next_value_seed(Seed::new(self.context))?;
            self.context.leave();
            entries.insert(name.into_owned(), value);
        }
        Ok(entries)
    }
}
