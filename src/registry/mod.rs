//! The generic store of every kind: lifecycle, preconditions, and the encoded-bytes cache.
//!
//! A write goes through the stages of [`write`]; a read never leaves memory
//! but for one shared question to the store about its newest revision. No kind is named here.

mod apply;
mod codec;
mod create;
mod delete;
mod mend;
mod meta;
mod object;
mod objects;
mod selection;
mod store;
mod stored;
mod underway;
mod unreadable;
mod update;
mod write;

pub use apply::ApplyOptions;
pub use create::CreateOptions;
pub use delete::{DeleteRequest, Deleted, FOREGROUND, ORPHAN};
pub use meta::settle_namespace;
pub use object::Object;
pub use objects::{Objects, Shared, readable};
pub use selection::Selection;
pub use store::{Frames, ObjectChange, ObjectSnapshot, ObjectWatcher, Store};
pub use stored::Stored;
pub use unreadable::Unreadable;
pub use update::UpdateOptions;
pub use write::Part;

use crate::admission::Admission;
use apimachinery::kind::Definition;
use databases_storage::Storage;
use databases_storage::encryption::Transformer;
use std::sync::Arc;

/// The stores of all kinds that this server serves.
pub struct Registry {
    stores: Vec<Arc<Store>>,
}

impl Registry {
    /// Opens a store for each kind, whose values are stored as its transformer says; their caches fill in the background.
    pub fn open(
        definitions: &[&'static Definition],
        storage: &Arc<dyn Storage>,
        transformer: &dyn Fn(&Definition) -> Transformer,
        admission: &Arc<dyn Admission>,
    ) -> Arc<Self> {
        let open = |definition: &&'static Definition| {
            Store::open(definition, storage.clone(), transformer(definition), admission.clone())
        };
        Arc::new(Registry { stores: definitions.iter().map(open).collect() })
    }

    /// The store of a resource.
    pub fn store(&self, group: &str, plural: &str) -> Option<&Arc<Store>> {
        let wanted =
            |store: &&Arc<Store>| store.definition.plural == plural && store.definition.group == group;
        self.stores.iter().find(wanted)
    }

    /// All stores.
    pub fn stores(&self) -> &[Arc<Store>] {
        &self.stores
    }

    /// Reads again what could not be read, because what it is decrypted with has changed.
    pub fn decode_again(&self) {
        self.stores.iter().for_each(|store| store.decode_again());
    }

    /// Whether every cache holds its whole state.
    pub fn is_ready(&self) -> bool {
        self.stores.iter().all(|store| store.is_ready())
    }
}
