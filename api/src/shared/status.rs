//! The part of a status that every kind of database has.

use super::PACKAGE;
use apimachinery::api_type;
use apimachinery::quantity::Quantity;
use apimachinery::time::Time;

/// Where to connect.
#[api_type]
pub struct Endpoint {
    /// ReadWrite, ReadOnly, PooledReadWrite or PooledReadOnly.
    #[api(1, required)]
    pub role: String,
    /// Host name or address.
    #[api(2, required)]
    pub host: String,
    /// Port.
    #[api(3, required)]
    pub port: i32,
    /// Cluster or External.
    #[api(4, required)]
    pub scope: String,
}

/// A Secret in the same namespace.
#[api_type]
pub struct SecretRef {
    /// Its name.
    #[api(1, required)]
    pub name: String,
}

/// The Secret of one role.
#[api_type]
pub struct UserSecret {
    /// The role.
    #[api(1, required)]
    pub user: String,
    /// Name of the Secret.
    #[api(2, required)]
    pub name: String,
}

/// What the volumes have.
#[api_type]
pub struct StorageStatus {
    /// Size of the smallest volume.
    #[api(1)]
    pub size: Option<Quantity>,
}

/// What implements the object.
#[api_type]
pub struct BackendRef {
    /// API group.
    #[api(1)]
    pub group: String,
    /// Kind.
    #[api(2, required)]
    pub kind: String,
    /// Namespace; empty for cluster-scoped kinds.
    #[api(3)]
    pub namespace: String,
    /// Name.
    #[api(4, required)]
    pub name: String,
}

/// A field that the class does not honour.
#[api_type]
pub struct UnsupportedField {
    /// The field.
    #[api(1, required)]
    pub path: String,
    /// The feature it needs.
    #[api(2, required)]
    pub feature: String,
}

/// How backups are doing.
#[api_type]
pub struct BackupStatus {
    /// When the last backup succeeded.
    #[api(1)]
    pub last_success_time: Option<Time>,
    /// The last DatabaseBackup.
    #[api(2)]
    pub last_backup_ref: Option<SecretRef>,
    /// The first moment that can be recovered.
    #[api(3)]
    pub earliest_recoverable_time: Option<Time>,
    /// The last moment that can be recovered.
    #[api(4)]
    pub latest_recoverable_time: Option<Time>,
}
