//! What the server says of its API in OpenAPI v2 and v3 (O-01…O-26).
//!
//! Everything follows from [`Definition`]s and their [`Schema`]s: one neutral list of paths and operations, and
//! one walk over the types, are written down in the words of either version. Documents are deterministic: the
//! same definitions give the same document, so its [`hash`] is the same on every replica.
//!
//! Only paths under `/apis/GROUP/VERSION/` (`/api/v1/` for the core group) are published, because that is all
//! an aggregator takes.
//!
//! [`Definition`]: crate::kind::Definition
//! [`Schema`]: crate::schema::Schema

mod definitions;
mod document;
#[cfg(test)]
pub(crate) mod fixture;
mod operation;
mod parameter;
mod path;
pub mod protobuf;
pub(crate) mod scalar;
#[cfg(test)]
mod tests;
mod wellknown;

pub mod v2;
pub mod v3;

use sha2::{Digest, Sha512};

/// The media types a PATCH may have. The documents publish exactly these, and kubectl chooses its way to apply
/// by them (O-06), so a server must answer each of them.
pub const PATCH_MEDIA_TYPES: &[&str] = &[
    "application/json-patch+json",
    "application/merge-patch+json",
    "application/strategic-merge-patch+json",
    "application/apply-patch+yaml",
];

/// The hash of a published document: SHA-512 in upper-case hexadecimal.
pub fn hash(content: &[u8]) -> String {
    Sha512::digest(content).iter().map(|byte| format!("{byte:02X}")).collect()
}
