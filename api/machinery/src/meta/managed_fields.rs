//! The list in `metadata.managedFields`.

use super::ManagedFieldsEntry;
use crate::schema::Schema;
use crate::wire::{Decoding, Deserializer, ProtobufError, Serialize, Serializer, Value, WireType};
use std::ops::Deref;
use std::sync::Arc;

/// Who set which fields. Copies share the entries.
///
/// A list that is written as empty asks for the entries to be forgotten, just as one with a single empty entry does; it
/// is read as the latter, because an empty list cannot be told from an absent one.
#[derive(Clone, Debug, Default)]
pub struct ManagedFields(Option<Arc<Vec<ManagedFieldsEntry>>>);

impl ManagedFields {
    /// Whether the entries are to be forgotten.
    pub fn is_reset(&self) -> bool {
        matches!(&**self, [only] if *only == ManagedFieldsEntry::default())
    }

    /// Whether both share their entries, or have none.
    pub fn is_shared(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Some(one), Some(other)) => Arc::ptr_eq(one, other),
            (one, other) => one.is_none() && other.is_none(),
        }
    }

    /// Takes the entries away.
    pub fn clear(&mut self) {
        self.0 = None;
    }

    fn to_mut(&mut self) -> &mut Vec<ManagedFieldsEntry> {
        Arc::make_mut(self.0.get_or_insert_default())
    }
}

impl Deref for ManagedFields {
    type Target = [ManagedFieldsEntry];

    fn deref(&self) -> &Self::Target {
        self.0.as_deref().map_or(&[], Vec::as_slice)
    }
}

impl From<Vec<ManagedFieldsEntry>> for ManagedFields {
    fn from(entries: Vec<ManagedFieldsEntry>) -> Self {
        ManagedFields((!entries.is_empty()).then(|| Arc::new(entries)))
    }
}

impl PartialEq for ManagedFields {
    fn eq(&self, other: &Self) -> bool {
        self.is_shared(other) || **self == **other
    }
}

impl Serialize for ManagedFields {
    fn serialize<S: Serializer>(&self, target: S) -> Result<S::Ok, S::Error> {
        (**self).serialize(target)
    }
}

impl Value for ManagedFields {
    const SCHEMA: &'static Schema = <Vec<ManagedFieldsEntry>>::SCHEMA;

    fn is_empty(&self) -> bool {
        (**self).is_empty()
    }

    fn decode<'de, D: Deserializer<'de>>(
        &mut self,
        source: D,
        context: &mut Decoding,
    ) -> Result<(), D::Error> {
        let mut given = self.0.take().map(Arc::unwrap_or_clone);
        given.decode(source, context)?;
        *self = match given {
            Some(entries) if entries.is_empty() => vec![ManagedFieldsEntry::default()].into(),
            given => given.unwrap_or_default().into(),
        };
        Ok(())
    }

    fn encode_field(&self, number: u32, out: &mut Vec<u8>) {
        self.iter().for_each(|entry| entry.encode_field(number, out));
    }

    fn field_length(&self, number: u32) -> usize {
        self.iter().map(|entry| entry.field_length(number)).sum()
    }

    fn merge_field(&mut self, wire: WireType, source: &mut &[u8]) -> Result<(), ProtobufError> {
        self.to_mut().merge_field(wire, source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meta::ObjectMeta;
    use crate::wire::json;

    fn read(text: &str) -> ManagedFields {
        json::decode_value::<ObjectMeta>(text.as_bytes()).unwrap().managed_fields
    }

    #[test]
    fn an_empty_list_asks_to_forget_and_none_does_not() {
        assert!(read(r#"{"managedFields":[]}"#).is_reset() && read(r#"{"managedFields":[{}]}"#).is_reset());
        assert!(!read("{}").is_reset() && !read(r#"{"managedFields":null}"#).is_reset());
        assert!(!read(r#"{"managedFields":[{"manager":"m"}]}"#).is_reset());
        assert!(read(r#"{"managedFields":null}"#).is_empty());
    }

    #[test]
    fn a_list_that_stands_twice_is_read_into_the_first() {
        let twice = read(r#"{"managedFields":[{"manager":"m"},{}],"managedFields":[{"operation":"Apply"}]}"#);
        assert_eq!(twice, read(r#"{"managedFields":[{"manager":"m","operation":"Apply"}]}"#));
    }

    #[test]
    fn copies_share_their_entries() {
        let one = read(r#"{"managedFields":[{"manager":"m","fieldsV1":{"f:spec":{}}}]}"#);
        let same = read(r#"{"managedFields":[{"manager":"m","fieldsV1":{"f:spec":{}}}]}"#);
        assert!(one.clone().is_shared(&one) && !one.is_shared(&same) && one == same);
    }
}
