//! What a request may ask for in its body.

use super::PACKAGE;
use crate::api_type;

crate::api_enum! {
    /// What happens to the dependents of a deleted object.
    pub enum PropagationPolicy { Orphan, Background, Foreground }
}

/// How an object is to be deleted.
#[api_type(kind)]
pub struct DeleteOptions {
    /// Seconds before the object should be deleted; 0 means at once.
    #[api(1)]
    pub grace_period_seconds: Option<i64>,
    /// Must hold before the deletion is carried out.
    #[api(2)]
    pub preconditions: Option<Preconditions>,
    /// Deprecated: use propagationPolicy.
    #[api(3)]
    pub orphan_dependents: Option<bool>,
    /// What happens to dependents.
    #[api(4)]
    pub propagation_policy: Option<PropagationPolicy>,
    /// `All`: nothing is written.
    #[api(5)]
    pub dry_run: Vec<String>,
    /// Deletes an object whose stored value cannot be read, without regard to its finalizers; needs the verb
    /// unsafe-delete-ignore-read-errors, and is refused for an object that can be read.
    #[api(6)]
    pub ignore_store_read_error_with_cluster_breaking_potential: Option<bool>,
}

/// What must hold before a deletion is carried out.
#[api_type]
pub struct Preconditions {
    /// The object's UID.
    #[api(1)]
    pub uid: Option<String>,
    /// The object's resource version.
    #[api(2)]
    pub resource_version: Option<String>,
}
