//! The layout of the file.
//!
//! - `log`: revision → what happened, with the value. Each value is stored here, once, and new ones are
//!   appended, which is where a B-tree writes fastest.
//! - `versions`: (key, revision) → whether the key is there since then. The newest version of a key is its
//!   state now, the newest up to R its state at R: reads at any revision are one range scan.
//! - `meta`: a few numbers by name, among them the version of this layout.
//!
//! `Deleted` at revision 9 of a key created at 7, for example, is `log[9] = Deleted, previous 7, key`, and
//! `versions[(key, 9)] = false`; compaction to 9 or later removes both, and those of 7.

use ::redb::{StorageError, TableDefinition};
use bytes::Bytes;

use crate::{EventKind, Revision};

/// The layout described above.
pub(super) const FORMAT: u64 = 1;

pub(super) const LOG: TableDefinition<'_, Revision, &[u8]> = TableDefinition::new("log");
pub(super) const VERSIONS: TableDefinition<'_, (&str, Revision), bool> = TableDefinition::new("versions");
pub(super) const META: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");

/// The layout's version.
pub(super) const META_FORMAT: &str = "format";
/// The newest revision.
pub(super) const META_REVISION: &str = "revision";
/// The oldest revision that can be read.
pub(super) const META_COMPACTED: &str = "compacted";
/// Up to which revision compaction has removed what it may.
pub(super) const META_SWEPT: &str = "swept";

/// An entry of the log.
pub(super) struct Record<'a> {
    pub(super) kind: EventKind,
    /// The revision of the value before; 0: none.
    pub(super) previous: Revision,
    pub(super) key: &'a str,
    pub(super) value: &'a [u8],
}

impl<'a> Record<'a> {
    /// kind (1 byte), previous (8), length of the key (4), key, value; numbers little-endian.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(13 + self.key.len() + self.value.len());
        bytes.push(match self.kind {
            EventKind::Created => 1,
            EventKind::Updated => 2,
            EventKind::Deleted => 3,
        });
        bytes.extend_from_slice(&self.previous.to_le_bytes());
        // A key is limited far below 4 GiB by what a request may carry.
        bytes.extend_from_slice(&u32::try_from(self.key.len()).unwrap_or(u32::MAX).to_le_bytes());
        bytes.extend_from_slice(self.key.as_bytes());
        bytes.extend_from_slice(self.value);
        bytes
    }

    pub(super) fn decode(revision: Revision, bytes: &'a [u8]) -> Result<Self, StorageError> {
        Self::parse(bytes)
            .ok_or_else(|| StorageError::Corrupted(format!("the log's entry {revision} cannot be read")))
    }

    fn parse(bytes: &'a [u8]) -> Option<Self> {
        let (kind, rest) = bytes.split_first()?;
        let (previous, rest) = rest.split_first_chunk()?;
        let (length, rest) = rest.split_first_chunk()?;
        let (key, value) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
        let kind = match kind {
            1 => EventKind::Created,
            2 => EventKind::Updated,
            3 => EventKind::Deleted,
            _ => return None,
        };
        let key = std::str::from_utf8(key).ok()?;
        Some(Self { kind, previous: u64::from_le_bytes(*previous), key, value })
    }

    pub(super) fn value(&self) -> Bytes {
        Bytes::copy_from_slice(self.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_encoding_stays_as_it_is() {
        let record = Record { kind: EventKind::Updated, previous: 7, key: "/a", value: b"xyz" };
        let bytes = record.encode();
        assert_eq!(bytes, b"\x02\x07\0\0\0\0\0\0\0\x02\0\0\0/axyz");
        let read = Record::decode(9, &bytes).unwrap();
        assert_eq!(
            (read.kind, read.previous, read.key, read.value),
            (EventKind::Updated, 7, "/a", &b"xyz"[..])
        );
    }

    #[test]
    fn a_cut_entry_is_damage() {
        let bytes = Record { kind: EventKind::Created, previous: 0, key: "/abc", value: b"" }.encode();
        for length in 0..bytes.len() {
            assert!(
                matches!(Record::decode(9, &bytes[..length]), Err(StorageError::Corrupted(_))),
                "{length}"
            );
        }
    }
}
