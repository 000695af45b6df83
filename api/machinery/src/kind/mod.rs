//! Kinds, their versions, and what a server knows of them.
//!
//! A kind has one *hub* type, which no wire format knows, and a wire type per version with conversions to and
//! from the hub. The server handles hubs as `dyn Hub`: it is erased once, here, so that everything that serves
//! a kind is compiled once and not per kind.
//!
//! What is the same in every kind is written by the macros [`kinds!`], [`version!`], [`only_version!`], [`object!`], [`parts!`],
//! [`of!`].

mod declare;
mod definition;
mod hub;
#[cfg(test)]
mod tests;
mod version;

pub use declare::{kinds, object, of, only_version, parts, version};
pub use definition::{Column, Definition, NameRule, SelectableField};
pub use hub::Hub;
pub use version::Version;

use crate::field::Errors;
use crate::meta::ObjectMeta;
use crate::wire::Object;
use std::fmt::Debug;

/// A hub type. Everything a strategy decides about a kind stands in its implementation.
pub trait Kind: Clone + Debug + PartialEq + Send + Sync + 'static {
    /// What the server knows of the kind.
    fn definition() -> &'static Definition;
    /// The object's metadata.
    fn meta(&self) -> &ObjectMeta;
    /// The object's metadata.
    fn meta_mut(&mut self) -> &mut ObjectMeta;

    /// Static defaults: idempotent, and the same at every time.
    fn default_fields(&mut self) {}
    /// Drops the observed state, where there is one.
    fn clear_status(&mut self) {}
    /// Drops what a creator may not set.
    fn prepare_create(&mut self) {
        self.clear_status();
    }
    /// Takes the desired state of `old`; where none is told apart, everything.
    fn keep_spec(&mut self, old: &Self) {
        *self = old.clone();
    }
    /// Takes the observed state of `old`, where there is one.
    fn keep_status(&mut self, _old: &Self) {}
    /// Takes from `old` what an update of the main resource may not set.
    fn prepare_update(&mut self, old: &Self) {
        self.keep_status(old);
    }
    /// Takes from `old` what an update of the status may not set; metadata is taken by the registry.
    fn prepare_status_update(&mut self, old: &Self) {
        self.keep_spec(old);
    }
    /// Takes from `old` what an update by the finalize subresource may not set.
    fn prepare_finalize(&mut self, old: &Self) {
        self.keep_status(old);
    }
    /// Whether the desired state is the same, so that the generation stays.
    fn same_desired_state(&self, old: &Self) -> bool;
    /// All faults of a new object's own fields; the registry validates metadata.
    fn validate(&self, _errors: &mut Errors) {}
    /// All faults of an update. A field that did not change is not checked again (ratcheting, K-09).
    fn validate_update(&self, _old: &Self, errors: &mut Errors) {
        self.validate(errors);
    }
    /// Faults of a deletion, such as a policy that forbids it; the text is the reason of a 403.
    fn forbid_deletion(&self) -> Option<String> {
        None
    }
    /// Whether something besides `metadata.finalizers` must end before the object goes.
    fn holds_deletion(&self) -> bool {
        false
    }
    /// Called once when the deletion of an object begins that cannot go at once.
    fn begin_deletion(&mut self) {}
    /// Whether what depends on an object is collected, left or waited for when it is deleted.
    fn has_dependents(&self) -> bool {
        true
    }
    /// Whether changes of the desired state are counted in `metadata.generation`.
    fn has_generation(&self) -> bool {
        true
    }
    /// Whether an update may leave out which version it was made from, and so overwrite what it has not seen.
    fn allows_unconditional_update(&self) -> bool {
        false
    }
    /// Warnings for the person who writes the object.
    fn warnings(&self) -> Vec<String> {
        Vec::new()
    }
    /// What `…/scale` shows.
    fn scale(&self) -> Option<Scale> {
        None
    }
    /// What `…/scale` sets.
    fn set_scale(&mut self, _replicas: i32) {}
}

/// What the scale subresource shows of an object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scale {
    /// `spec.replicas`.
    pub desired: i32,
    /// `status.replicas`.
    pub current: i32,
    /// `status.selector`, a label selector in text form.
    pub selector: String,
}

/// A wire type of a kind. Both conversions are total and lossless, and destructure without `..`.
pub trait WireVersion<K: Kind>: Object {
    /// The version, such as `v1`.
    const NAME: &'static str;
    /// The text of the `Warning` header, for a deprecated version.
    const DEPRECATED: Option<&'static str> = None;
    /// To the hub.
    fn into_hub(self) -> K;
    /// From the hub.
    fn from_hub(hub: &K) -> Self;
}
