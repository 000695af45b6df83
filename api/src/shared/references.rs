//! References to other objects.

use super::PACKAGE;
use apimachinery::api_type;
use apimachinery::time::Time;

/// An object of a known kind in the same namespace.
#[api_type]
pub struct LocalRef {
    /// Its name.
    #[api(1, required)]
    pub name: String,
}

/// An object of any kind; namespaced kinds are looked up in the same namespace.
#[api_type]
pub struct ObjectRef {
    /// API group; empty for the core group.
    #[api(1)]
    pub group: String,
    /// Kind.
    #[api(2, required)]
    pub kind: String,
    /// Name.
    #[api(3, required)]
    pub name: String,
    /// Namespace, where the reference may leave its own.
    #[api(4)]
    pub namespace: String,
}

/// Where data comes from.
#[api_type]
pub struct SourceRef {
    /// API group; empty for the core group.
    #[api(1)]
    pub api_group: String,
    /// Kind: DatabaseBackup, BackupRepository, Secret, or the database's own kind.
    #[api(2, required)]
    pub kind: String,
    /// Name.
    #[api(3, required)]
    pub name: String,
}

/// A point to recover to.
#[api_type]
pub struct RecoveryTarget {
    /// The last moment that is recovered. When unset, the latest possible.
    #[api(1)]
    pub time: Option<Time>,
}
