//! The kinds of `databases.standard.k8s.io`, as values: names, versions, fields, conversions, validation, features.
//!
//! Nothing here knows a network, a store, or who answers an object.

/// The API group.
pub const GROUP: &str = "databases.standard.k8s.io";

apimachinery::kind::kinds! {
    /// The kinds of the standard.
    pub fn definitions: databaseclass, postgresql
}

pub mod allowance;
pub mod defaulting;
mod draft;
pub mod features;
pub mod instance;
mod maxima;
mod offered;
pub mod shared;
mod stash;
mod status;
