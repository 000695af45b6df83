//! An object as the cache keeps it: decoded once, and encoded once per served version and media type.

use super::codec;
use apimachinery::kind::{Definition, Hub, Version};
use bytes::Bytes;
use databases_storage::Revision;
use std::cell::Cell;
use std::sync::OnceLock;

/// A stored object with its shared encodings.
pub struct Stored {
    object: Box<dyn Hub>,
    /// The revision of the write that put it there.
    pub revision: Revision,
    /// Whether its stored bytes are of an older version than the storage version.
    pub stale: bool,
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

    /// An object that a dry run did not write: it has no resource version.
    pub(super) fn unwritten(mut object: Box<dyn Hub>) -> Self {
        object.meta_mut().resource_version.clear();
        Self::with(object, 0)
    }

    fn with(object: Box<dyn Hub>, revision: Revision) -> Self {
        let count = object.definition().versions.len();
        let encodings = (0..count).map(|_| Encodings::default()).collect();
        Stored { object, revision, stale: false, encodings }
    }

    pub(super) fn decode(definition: &Definition, value: &[u8], revision: Revision) -> Result<Self, String> {
        let (object, stale) = codec::decode(definition, value)?;
        Ok(Stored { stale, ..Stored::new(object, revision) })
    }

    /// The object, with its resource version.
    pub fn object(&self) -> &dyn Hub {
        self.object.as_ref()
    }

    /// The JSON object without `kind` and `apiVersion`: an item of a list as it stands.
    pub fn json(&self, version: &'static Version) -> &Bytes {
        let encode = || encode_exactly(|out| (version.encode_json)(self.object(), out));
        self.encodings(version).json.get_or_init(encode)
    }

    /// The protobuf message, without the envelope.
    pub fn protobuf(&self, version: &'static Version) -> &Bytes {
        let encode = || encode_exactly(|out| (version.encode_protobuf)(self.object(), out));
        self.encodings(version).protobuf.get_or_init(encode)
    }

    fn encodings(&self, version: &'static Version) -> &Encodings {
        let versions = self.object.definition().versions;
        let index = versions.iter().position(|served| std::ptr::eq(served, version));
        &self.encodings[index.expect("the version is one of this kind's")]
    }

    /// The same object as of another revision, as the last state before a deletion is shown.
    pub fn at(&self, revision: Revision) -> Stored {
        Stored::new(self.object.boxed(), revision)
    }
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
