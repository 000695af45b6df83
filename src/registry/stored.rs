//! An object as the cache keeps it: its encoded bytes, once per served version and media type, and the few facts that
//! lists, watches and controllers ask of every object. Decoded it is only while somebody uses it.

use super::codec::{self, Encoded};
use super::object::{Object, Slot};
use apimachinery::kind::{Definition, Hub, Version};
use bytes::Bytes;
use databases_storage::Revision;
use databases_storage::encryption::Plain;
use std::cell::Cell;
use std::sync::{Arc, OnceLock};

/// A stored object with its shared encodings.
pub struct Stored {
    definition: &'static Definition,
    /// The revision of the write that put it there.
    pub revision: Revision,
    /// Whether its stored bytes are not those that are written today: of another version, of another
    /// encryption, or beyond today's limits.
    pub stale: bool,
    name: Box<str>,
    namespace: Box<str>,
    uid: Box<str>,
    labels: Box<[(Box<str>, Box<str>)]>,
    /// The values of the kind's selectable fields, in their order.
    fields: Box<[Box<str>]>,
    decoded: Slot,
    encodings: Box<[Encodings]>,
}

#[derive(Default)]
struct Encodings {
    json: OnceLock<Bytes>,
    protobuf: OnceLock<Bytes>,
}

impl Stored {
    /// An object at its revision, which becomes its resource version.
    pub fn new(mut object: Box<dyn Hub>, revision: Revision) -> Self {
        object.meta_mut().resource_version = revision.to_string();
        Self::with(object, revision)
    }

    /// An object that was encoded when it was written.
    pub(super) fn written((mut object, encoded): (Box<dyn Hub>, Encoded), revision: Revision) -> Self {
        object.meta_mut().resource_version = revision.to_string();
        let json = encoded.at(revision);
        debug_assert_eq!(json, encode_storage(&*object), "only the resource version is another");
        Self::encoded(object, revision, json)
    }

    /// An object that a dry run did not write: it has the resource version that its client said.
    pub(super) fn unwritten(object: Box<dyn Hub>) -> Self {
        Self::with(object, 0)
    }

    fn with(object: Box<dyn Hub>, revision: Revision) -> Self {
        let json = encode_storage(&*object);
        Self::encoded(object, revision, json)
    }

    fn encoded(object: Box<dyn Hub>, revision: Revision, json: Bytes) -> Self {
        let definition = object.definition();
        let meta = object.meta();
        let labels = meta.labels.iter().map(|(key, value)| (key.as_str().into(), value.as_str().into()));
        let fields = definition.selectable_fields.iter().map(|field| (field.value)(&*object).into());
        let (labels, fields) = (labels.collect(), fields.collect());
        let (name, namespace, uid) =
            (meta.name.as_str().into(), meta.namespace.as_str().into(), meta.uid.as_str().into());
        let encodings: Box<[Encodings]> = definition.versions.iter().map(|_| Encodings::default()).collect();
        let (index, _) = storage_version(definition);
        let size = json.len();
        encodings[index].json.get_or_init(|| json);
        let decoded = Slot::new(object, size);
        Stored {
            definition,
            revision,
            stale: false,
            name,
            namespace,
            uid,
            labels,
            fields,
            decoded,
            encodings,
        }
    }

    pub(super) fn decode(
        definition: &Definition,
        plain: Plain<'_>,
        revision: Revision,
    ) -> Result<Self, String> {
        let (object, stale) = codec::decode(definition, &plain.value)?;
        Ok(Stored { stale: stale || plain.stale, ..Stored::new(object, revision) })
    }

    /// The object, if it is the one of this key below `prefix`; one that lay elsewhere could not be reached by its name.
    pub(super) fn lies_at(self, prefix: &str, key: &str) -> Result<Self, String> {
        let place = key.strip_prefix(prefix).unwrap_or(key);
        let fits = match self.definition.namespaced {
            true => place.split_once('/') == Some((&*self.namespace, &*self.name)),
            false => *place == *self.name,
        };
        match fits {
            true => Ok(self),
            false => Err("the value is another object's".to_owned()),
        }
    }

    /// The object, with its resource version.
    pub fn object(&self) -> Arc<Object> {
        let (index, version) = storage_version(self.definition);
        let json = self.encodings[index].json.get().expect("the storage version is encoded from the start");
        self.decoded.get(json.len(), || codec::decode_own(version, json))
    }

    /// `metadata.name`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// `metadata.namespace`; empty for what lives in none.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// `metadata.uid`.
    pub fn uid(&self) -> &str {
        &self.uid
    }

    /// The value of a label.
    pub fn label(&self, key: &str) -> Option<&str> {
        let at = self.labels.binary_search_by(|(label, _)| (**label).cmp(key)).ok()?;
        Some(&self.labels[at].1)
    }

    /// The value of a field that selectors may name.
    pub fn field(&self, name: &str) -> Option<&str> {
        match name {
            "metadata.name" => Some(&self.name),
            "metadata.namespace" => Some(&self.namespace),
            _ => {
                let at = self.definition.selectable_fields.iter().position(|field| field.name == name)?;
                Some(&self.fields[at])
            }
        }
    }

    /// The JSON object without `kind` and `apiVersion`: an item of a list as it stands.
    pub fn json(&self, version: &'static Version) -> &Bytes {
        let encode = || encode_exactly(|out| (version.encode_json)(&**self.object(), out));
        self.encodings(version).json.get_or_init(encode)
    }

    /// The protobuf message, without the envelope.
    pub fn protobuf(&self, version: &'static Version) -> &Bytes {
        let encode = || encode_exactly(|out| (version.encode_protobuf)(&**self.object(), out));
        self.encodings(version).protobuf.get_or_init(encode)
    }

    fn encodings(&self, version: &'static Version) -> &Encodings {
        &self.encodings[version_index(self.definition, version)]
    }

    /// The same object as of another revision, as the last state before a deletion is shown.
    pub fn at(&self, revision: Revision) -> Stored {
        Stored::new(self.object().boxed(), revision)
    }
}

/// Which of a kind's versions it is.
pub(super) fn version_index(definition: &Definition, version: &'static Version) -> usize {
    let index = definition.versions.iter().position(|served| std::ptr::eq(served, version));
    index.expect("the version is one of this kind's")
}

fn storage_version(definition: &'static Definition) -> (usize, &'static Version) {
    let mut versions = definition.versions.iter().enumerate();
    versions
        .find(|(_, version)| version.name == definition.storage_version)
        .expect("the storage version is one of the served versions")
}

/// The object as JSON of the storage version.
fn encode_storage(object: &dyn Hub) -> Bytes {
    let (_, version) = storage_version(object.definition());
    encode_exactly(|out| (version.encode_json)(object, out))
}

/// Encoded bytes live as long as the object: they take exactly the memory they need, and the room to write them in is
/// used again.
fn encode_exactly(encode: impl FnOnce(&mut Vec<u8>)) -> Bytes {
    thread_local! {
        static ROOM: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
    }
    const LARGEST_KEPT: usize = 256 * 1024;
    let mut room = ROOM.take();
    room.clear();
    encode(&mut room);
    let bytes = Bytes::copy_from_slice(&room);
    if room.capacity() <= LARGEST_KEPT {
        ROOM.set(room);
    }
    bytes
}
