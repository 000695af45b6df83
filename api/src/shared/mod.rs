//! What the kinds of databases have in common.

mod amounts;
mod enumerations;
mod instance;
mod network;
mod policies;
mod reference_rules;
mod references;
mod status;
mod validation;

pub(crate) use amounts::{check_resources, shown, too_large};
pub(crate) use enumerations::check_enumerations;
pub use instance::{InstanceSpec, MachineType, Resources, Scheduling, Storage};
pub use network::{IngressPolicy, Network, NetworkType, Tls, TlsMode};
pub use policies::{
    Access, AllowedAccess, AllowedNamespaces, Backup, DeletionPolicy, Maintenance, MaintenanceWindow,
    MajorUpgrade, MinorUpgrade, NamespacesFrom, Observability, State, Switch, UpgradePolicy, UpgradeStrategy,
    Weekday,
};
pub(crate) use reference_rules::{check_named, check_references, check_subdomain};
pub use references::{
    ADOPT_REF, BACKUP_CONFIGURATION_REF, CERTIFICATE_SECRET_REF, DATA_SOURCE_REF, ISSUER_REF, LocalRef,
    ObjectRef, PARAMETERS_REF, RESTARTED_AT, RecoveryTarget, Reference, SECRET, SourceRef,
};
pub use status::{
    BackendRef, BackupStatus, Endpoint, InstanceStatus, SecretRef, StorageStatus, UnsupportedField,
    UserSecret,
};
pub(crate) use validation::{TO_STOP, check_change, check_instance};

/// The package of every type of version v1.
pub(crate) const PACKAGE: &str = "io.k8s.standard.databases.v1";
