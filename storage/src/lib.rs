//! Revisioned bytes with compare-and-swap and watch: what an API server needs of a store, and no more.
//!
//! # The consistency contract
//! Every engine keeps one totally ordered history. Each successful write gets the next [`Revision`]; a key's
//! value carries the revision of the write that put it there. The guarantees below are named, and
//! [`conformance`] holds one executable check for each; every engine passes all of them.
//!
//! - **Atomic**: a write happens whole or not at all; a failed comparison changes nothing.
//! - **Durable**: an acknowledged write survives the death of the process (not engine `memory`).
//! - **Linearizable**: a read at [`ReadAt::Latest`] sees every write acknowledged before the read began.
//! - **Ordered**: a watch delivers events in revision order, and all watches see the same order.
//! - **Unique**: no event is delivered twice on one watch.
//! - **Reliable**: no event is left out; a watch that cannot go on ends with an error instead.
//! - **Resumable**: a watch from revision R delivers exactly the events after R, or fails with
//!   [`Error::Compacted`].
//! - **Bookmarkable**: `Progress(R)` means that every event up to and including R was delivered.
//!
//! This crate never parses a value: Kubernetes objects are bytes here. Where they are to be encrypted at rest, their owner has a
//! [`encryption::Transformer`] between the object and the bytes.

pub mod cache;
pub mod conformance;
pub mod encryption;
pub mod engine;
mod error;
mod types;

pub use error::Error;
pub use types::{Event, EventKind, KeyValue, Page, ReadAt, Revision, Update, WatchMessage};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream::BoxStream;

/// The messages of a watch, in revision order. An `Err` is the last item.
pub type WatchStream = BoxStream<'static, Result<WatchMessage, Error>>;

/// A store of revisioned bytes. Keys are `/`-separated text that begins with `/`; a prefix ends with `/`, and
/// `/` is the whole store.
#[async_trait]
pub trait Storage: Send + Sync + 'static {
    /// The newest revision of the whole store, linearizable.
    async fn revision(&self) -> Result<Revision, Error>;

    /// One key, with the store's revision at the time of the read.
    async fn get(&self, key: &str, at: ReadAt) -> Result<(Option<KeyValue>, Revision), Error>;

    /// Up to `limit` keys (0: all) below `prefix`, in key order, from `start` (a full key, inclusive) on.
    async fn list(&self, prefix: &str, start: Option<&str>, limit: usize, at: ReadAt) -> Result<Page, Error>;

    /// Puts a value where there is none, else [`Update::Conflict`] with what is there.
    async fn create(&self, key: &str, value: Bytes) -> Result<Update, Error>;

    /// Replaces a value whose revision is `expected`, else [`Update::Conflict`] with what is there.
    async fn update(&self, key: &str, value: Bytes, expected: Revision) -> Result<Update, Error>;

    /// Removes a value whose revision is `expected`, else [`Update::Conflict`] with what is there.
    async fn delete(&self, key: &str, expected: Revision) -> Result<Update, Error>;

    /// Every event below `prefix` with a revision greater than `after`.
    async fn watch(&self, prefix: &str, after: Revision) -> Result<WatchStream, Error>;

    /// Asks that every open watch soon delivers `Progress(r)`, with `r` at least the greatest revision that any
    /// call on this store returned before.
    async fn request_progress(&self) -> Result<(), Error>;

    /// Forgets the history before `revision`; reads and watches that need it then fail as `Compacted`.
    async fn compact(&self, revision: Revision) -> Result<(), Error>;

    /// The size of the store on disk in bytes, where the engine knows it.
    async fn size(&self) -> Result<Option<u64>, Error>;
}
