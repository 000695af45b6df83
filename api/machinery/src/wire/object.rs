//! Structs in self-describing formats.

use super::decoding::Step;
use super::{Decoding, Object, Value};
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde::ser::{SerializeMap, Serializer};
use std::borrow::Cow;
use std::fmt;

/// Reads the fields of a struct: unknown and duplicate fields are noted, and a duplicate is read into what the first
/// one left.
pub fn decode_object<'de, T: Object, D: Deserializer<'de>>(
    value: &mut T,
    source: D,
    context: &mut Decoding,
) -> Result<(), D::Error> {
    source.deserialize_any(ObjectVisitor { value, context })
}

/// Writes a struct as a map of its set fields.
pub fn serialize_object<T: Object, S: Serializer>(value: &T, target: S) -> Result<S::Ok, S::Error> {
    let mut map = target.serialize_map(None)?;
    value.serialize_fields(&mut map)?;
    map.end()
}

/// Reads the next value of a map into the field `name`.
pub fn next_value<'de, T: Value, A: MapAccess<'de>>(
    map: &mut A,
    name: &'static str,
    value: &mut T,
    context: &mut Decoding,
) -> Result<(), A::Error> {
    context.enter(Step::Field(name));
    map.next_value_seed(Seed { value, context })?;
    context.leave();
    Ok(())
}

/// A [`Value`] with its decoding context, as serde wants it.
pub(super) struct Seed<'s, T> {
    pub(super) value: &'s mut T,
    pub(super) context: &'s mut Decoding,
}

impl<'de, T: Value> DeserializeSeed<'de> for Seed<'_, T> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<(), D::Error> {
        self.value.decode(source, self.context)
    }
}

struct ObjectVisitor<'s, T> {
    value: &'s mut T,
    context: &'s mut Decoding,
}

impl<'de, T: Object> Visitor<'de> for ObjectVisitor<'_, T> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("object")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_none<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        const { assert!(T::FIELDS <= 126, "the set of seen fields has 128 places") };
        let mut seen = 0u128;
        while let Some(Key(name)) = map.next_key::<Key<'de>>()? {
            if T::TOP_LEVEL && (name == "kind" || name == "apiVersion") {
                let (bit, name) = if name == "kind" { (126, "kind") } else { (127, "apiVersion") };
                note(&mut seen, bit, name, self.context);
                let meta = &mut self.context.type_meta;
                let mut text =
                    std::mem::take(if bit == 126 { &mut meta.kind } else { &mut meta.api_version });
                next_value(&mut map, name, &mut text, self.context)?;
                let meta = &mut self.context.type_meta;
                *(if bit == 126 { &mut meta.kind } else { &mut meta.api_version }) = text;
            } else if let Some(index) = T::field_index(&name) {
                note(&mut seen, index, &name, self.context);
                self.value.decode_field(index, &mut map, self.context)?;
            } else {
                self.context.unknown(&name, |other| T::field_index(other).is_some());
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
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
