//! Who set which fields of an object: `metadata.managedFields`.
//!
//! A [`FieldSet`] is a set of paths; a [`Comparison`] of two states of an object says which paths a write set and which
//! it took away, by the declared ownership of the type's parts (atomic, by field, by entry, by item). A [`Write`] makes
//! of that the entries after the write: the writer owns what it set and everybody else loses it, what is gone nobody
//! owns, and what did not change stays with whom it was.
//!
//! An [`Apply`] merges a configuration into the object, and tells its owner from those whose fields it would change.
//!
//! States are compared as the compact JSON that this program writes: where texts differ the values differ, so what has
//! one owner is never parsed. An entry that does not change is never written anew, and its text is shared.
//!
//! These are the rules of `sigs.k8s.io/structured-merge-diff` and of `k8s.io/apimachinery/pkg/util/managedfields`.

mod apply;
mod compare;
mod element;
mod entry;
mod fields_v1;
mod scale;
mod scan;
mod set;
mod tree;
mod update;

#[cfg(test)]
mod tests;

pub use apply::{Applied, Apply, ApplyError, Conflicts, Versions, overlay};
pub use compare::Comparison;
pub use element::{Element, Literal};
pub use entry::{Managed, Manager, read, same_but_for_time};
pub use fields_v1::NoFieldSet;
pub use scale::{CountFields, Scaling};
pub use set::FieldSet;
pub use update::{Form, Write};
