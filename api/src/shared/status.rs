//! The part of a status that every kind of database has.

use super::PACKAGE;
use apimachinery::api_type;
use apimachinery::meta::Condition;
use apimachinery::quantity::Quantity;
use apimachinery::time::Time;

/// What every kind of database tells. Its fields have their numbers in the message of the kind's status, whose own go from 64
/// on.
#[api_type]
pub struct InstanceStatus {
    /// The generation of spec that the rest of the status is about.
    #[api(1)]
    pub observed_generation: i64,
    /// Accepted, ResolvedRefs, FullySupported, Programmed, Ready, InstancesReady, Progressing, BackupsHealthy, and
    /// Stopped, Reconciling, Stalled, StorageLow, which are there only while they are True.
    /// `kubectl wait --for=condition=Ready` waits until the read-write endpoint accepts connections and the
    /// Secret of status.binding exists. A database that is stopped on purpose has Stopped in place of Ready. While
    /// spec asks for what is refused, Stalled says so and the observedGeneration of Ready is that of the spec that runs.
    #[api(2, keys("type"), merge_key = "type", merge)]
    pub conditions: Vec<Condition>,
    /// The exact version that runs, or that ran last.
    #[api(3)]
    pub version: String,
    /// The product that runs.
    #[api(4)]
    pub flavor: String,
    /// How many servers there are; none while it is stopped.
    #[api(5)]
    pub instances: i32,
    /// How many of them serve.
    #[api(6)]
    pub ready_instances: i32,
    /// Label selector of the servers, in text form, for the scale subresource.
    #[api(7)]
    pub selector: String,
    /// The server that takes writes, as the backend calls it; empty while none does.
    #[api(8)]
    pub primary: String,
    /// Where to connect; nowhere while it is stopped.
    #[api(9, keys("role", "scope"), merge_key = "role", merge)]
    pub endpoints: Vec<Endpoint>,
    /// The Secret with the credentials of the first database's owner.
    #[api(10)]
    pub binding: Option<SecretRef>,
    /// The Secret with the superuser's credentials, with superuserAccess Enabled.
    #[api(11)]
    pub superuser_secret_ref: Option<SecretRef>,
    /// The Secrets of the other roles.
    #[api(12, keys("user"), merge_key = "user", merge)]
    pub user_secrets: Vec<UserSecret>,
    /// What the volumes have.
    #[api(13)]
    pub storage: Option<StorageStatus>,
    /// What implements this object; written before it exists.
    #[api(14)]
    pub backend_ref: Option<BackendRef>,
    /// Fields that the class does not honour, where it warns instead of refusing.
    #[api(15, keys("path"))]
    pub unsupported_fields: Vec<UnsupportedField>,
    /// How backups are doing.
    #[api(16)]
    pub backup: Option<BackupStatus>,
}

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
    /// What the largest server takes of it, rounded up; not set where that is not measured.
    #[api(2)]
    pub used: Option<Quantity>,
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
