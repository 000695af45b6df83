//! The kinds of `databases.standard.k8s.io`, as values: names, versions, fields, conversions, validation, features.
//!
//! Nothing here knows a network, a store, or who answers an object.

/// The API group.
pub const GROUP: &str = "databases.standard.k8s.io";

/// Lists kinds: a module each, and its definition.
macro_rules! kinds {
    ($(#[$meta:meta])* $list:ident: $($path:path),+ $(,)?) => {
        $(#[$meta])*
        pub fn $list() -> &'static [&'static apimachinery::kind::Definition] {
            static ALL: &[&apimachinery::kind::Definition] = &[$(&$path),+];
            ALL
        }
    };
}

kinds! {
    /// The kinds of the standard.
    definitions:
    databaseclass::DEFINITION,
    postgresql::DEFINITION,
}

kinds! {
    /// The kinds of the core group that a server without a cluster serves beside them.
    core_definitions:
    core::namespace::DEFINITION,
    core::secret::DEFINITION,
    core::config_map::DEFINITION,
    core::event::DEFINITION,
}

pub mod allowance;
pub mod core;
pub mod databaseclass;
pub mod defaulting;
pub mod features;
pub mod instance;
pub mod postgresql;
pub mod shared;
mod stash;
mod status;
