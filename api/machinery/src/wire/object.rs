//! Structs in self-describing formats.

use super::decoding::Step;
use super::{Decoding, Object, Value};
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde::ser::{SerializeMap, Serializer};
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

/// Reads a struct: unknown and duplicate fields are noted, the last of duplicates wins, `null` is zero.
pub fn decode_object<'de, T: Object, D: Deserializer<'de>>(
    source: D,
    context: &mut Decoding,
) -> Result<T, D::Error> {
    source.deserialize_any(ObjectVisitor { context, result: PhantomData })
}

/// Writes a struct as a map of its set fields.
pub fn serialize_object<T: Object, S: Serializer>(value: &T, target: S) -> Result<S::Ok, S::Error> {
    let mut map = target.serialize_map(None)?;
    value.serialize_fields(&mut map)?;
    map.end()
}

/// Reads the next value of a map as the field `name`.
pub fn next_value<'de, T: Value, A: MapAccess<'de>>(
    map: &mut A,
    name: &'static str,
    context: &mut Decoding,
) -> Result<T, A::Error> {
    context.enter(Step::Field(name));
    let value = map.next_value_seed(Seed::new(context))?;
    context.leave();
    Ok(value)
}

/// A [`Value`] with its decoding context, as serde wants it.
pub(super) struct Seed<'c, T> {
    context: &'c mut Decoding,
    result: PhantomData<T>,
}

impl<'c, T> Seed<'c, T> {
    pub(super) fn new(context: &'c mut Decoding) -> Self {
        Seed { context, result: PhantomData }
    }
}

impl<'de, T: Value> DeserializeSeed<'de> for Seed<'_, T> {
    type Value = T;
    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<T, D::Error> {
        T::decode(source, self.context)
    }
}

struct ObjectVisitor<'c, T> {
    context: &'c mut Decoding,
    result: PhantomData<T>,
}

impl<'de, T: Object> Visitor<'de> for ObjectVisitor<'_, T> {
    type Value = T;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("object")
    }

    fn visit_unit<E>(self) -> Result<T, E> {
        Ok(T::default())
    }

    fn visit_none<E>(self) -> Result<T, E> {
        Ok(T::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<T, A::Error> {
        const { assert!(T::FIELDS <= 126, "the set of seen fields has 128 places") };
        let mut value = T::default();
        let mut seen = 0u128;
        while let Some(Key(name)) = map.next_key::<Key<'de>>()? {
            if T::TOP_LEVEL && (name == "kind" || name == "apiVersion") {
                let (bit, name) = if name == "kind" { (126, "kind") } else { (127, "apiVersion") };
                note(&mut seen, bit, name, self.context);
                let text: String = next_value(&mut map, name, self.context)?;
                let slot = &mut self.context.type_meta;
                *(if bit == 126 { &mut slot.kind } else { &mut slot.api_version }) = text;
            } else if let Some(index) = T::field_index(&name) {
                note(&mut seen, index, &name, self.context);
                value.decode_field(index, &mut map, self.context)?;
            } else {
                self.context.unknown(&name);
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(value)
    }
}

fn note(seen: &mut u128, bit: usize, name: &str, context: &mut Decoding) {
    if *seen & (1 << bit) != 0 {
        context.duplicate(name);
    }
    *seen |= 1 << bit;
}

/// A map key, borrowed where the input allows it.
pub(super) struct Key<'de>(pub(super) Cow<'de, str>);

impl<'de> serde::Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        source.deserialize_str(KeyVisitor)
    }
}

struct KeyVisitor;

impl<'de> Visitor<'de> for KeyVisitor {
    type Value = Key<'de>;
    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a field name")
    }
    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Key<'de>, E> {
        Ok(Key(Cow::Borrowed(text)))
    }
    fn visit_str<E>(self, text: &str) -> Result<Key<'de>, E> {
        Ok(Key(Cow::Owned(text.to_owned())))
    }
    fn visit_string<E>(self, text: String) -> Result<Key<'de>, E> {
        Ok(Key(Cow::Owned(text)))
    }
}
