//! The part of a spec that every kind of database has.

use super::*;
use apimachinery::api_type;
use apimachinery::core::{Affinity, Toleration, TopologySpreadConstraint};
use apimachinery::quantity::Quantity;
use std::collections::BTreeMap;

/// What every kind of database can be asked for.
#[api_type]
pub struct InstanceSpec {
    /// Name of the DatabaseClass that answers this object. When unset, the class that is the default for the kind
    /// is written here on creation. It cannot change once set.
    #[api(1, immutable)]
    pub class_name: String,
    /// Version to run, as the class lists them: "17", or "17.6" where the class offers exact versions. When unset,
    /// the class's default. It can rise but not fall; a new major version needs upgradePolicy.major InPlace.
    #[api(2)]
    pub version: String,
    /// Product that speaks the kind's protocol, where a class offers several. It cannot change.
    #[api(3, feature = "Flavor", immutable)]
    pub flavor: String,
    /// How many servers there are, the primary included: 1 to 99. Defaults to 1.
    #[api(4, feature = "Replicas", default = "1")]
    pub instances: Option<i32>,
    /// Space for the data.
    #[api(5)]
    pub storage: Storage,
    /// Compute resources of each server: cpu, memory, and huge pages where the class takes those. What a class takes stands in
    /// its status.resources.
    #[api(6)]
    pub resources: Option<Resources>,
    /// Machine types by cloud. Entries of other providers are ignored, so that one manifest serves several clouds.
    #[api(7, keys("provider"), feature = "MachineTypes", merge_key = "provider", merge)]
    pub machine_types: Vec<MachineType>,
    /// Where the servers may run.
    #[api(8, feature = "Scheduling")]
    pub scheduling: Option<Scheduling>,
    /// Server parameters by name, in the server's own syntax. Parameters that would take the server out of the
    /// class's hands, such as archive_command or listen_addresses, are refused.
    #[api(9, feature = "Parameters")]
    pub parameters: BTreeMap<String, String>,
    /// Encryption of connections.
    #[api(10)]
    pub tls: Option<Tls>,
    /// How the database is reached.
    #[api(11)]
    pub network: Option<Network>,
    /// Backups of this database.
    #[api(12)]
    pub backup: Option<Backup>,
    /// Where the first data comes from: a DatabaseBackup, another database, a BackupRepository, or a Secret that
    /// opens a database to import. It cannot change.
    #[api(13, immutable)]
    pub data_source_ref: Option<SourceRef>,
    /// The point to recover to, with dataSourceRef. It cannot change.
    #[api(14, feature = "PointInTimeRecovery", immutable)]
    pub recovery_target: Option<RecoveryTarget>,
    /// What to take over as it is: an object of the class's operator; or, where the class keeps data itself, the binding Secret of
    /// a database of this namespace that was deleted with deletionPolicy Retain, whose data, roles and passwords this object then
    /// has. The version is that of what is taken over. It cannot change.
    #[api(15, feature = "Adoption", immutable)]
    pub adopt_ref: Option<ObjectRef>,
    /// Metrics, alerts and dashboards.
    #[api(16)]
    pub observability: Option<Observability>,
    /// When disruptive work may be done.
    #[api(17, feature = "MaintenanceWindow")]
    pub maintenance: Option<Maintenance>,
    /// How new versions are taken on.
    #[api(18)]
    pub upgrade_policy: Option<UpgradePolicy>,
    /// Running, or Stopped with all data kept. Defaults to Running.
    #[api(19, feature = "Stop", default = "\"Running\"")]
    pub state: Option<State>,
    /// Who may refer to this database from other namespaces.
    #[api(20)]
    pub allowed_access: Option<AllowedAccess>,
    /// What happens to the data when this object is deleted. Retain keeps data and credentials: the implementation and the
    /// Secrets stay, belong to no object any more, and are taken up again by a new object whose adoptRef names them. Delete
    /// removes both. Snapshot deletes as well, once a backup has been made, which stays; the condition BackedUp says where it
    /// is. Forbid refuses the deletion. A deletion under way can be changed to Retain, and from Snapshot to Delete. When
    /// unset, the class's default, else Retain.
    #[api(21)]
    pub deletion_policy: Option<DeletionPolicy>,
    /// Settings that only this class's implementation knows, in an object of a kind that the class lists.
    #[api(22)]
    pub parameters_ref: Option<ObjectRef>,
    /// Path within the BackupRepository that dataSourceRef names. It cannot change.
    #[api(23, immutable)]
    pub data_source_path: String,
}

/// Space for the data.
#[api_type]
pub struct Storage {
    /// Size of the data volume of each server, such as 20Gi. It can grow where the class supports it.
    #[api(1)]
    pub size: Option<Quantity>,
    /// StorageClass of the volumes. When unset, the class decides. It cannot change once set.
    #[api(2, feature = "StorageClass", immutable)]
    pub storage_class_name: Option<String>,
}

/// Compute resources of a server.
pub type Resources = apimachinery::core::ResourceRequirements;

/// A machine type of one cloud.
#[api_type]
pub struct MachineType {
    /// The cloud, in CamelCase, such as AWS, GCP or Azure.
    #[api(1, required)]
    pub provider: String,
    /// The cloud's name of the machine type, such as db.m6g.large.
    #[api(2, required)]
    pub name: String,
}

/// Where servers may run.
#[api_type]
pub struct Scheduling {
    /// Labels a node must have.
    #[api(1, atomic)]
    pub node_selector: BTreeMap<String, String>,
    /// Affinity to nodes and pods.
    #[api(2)]
    pub affinity: Option<Affinity>,
    /// Taints that are tolerated.
    #[api(3)]
    pub tolerations: Vec<Toleration>,
    /// How servers spread over domains.
    #[api(4)]
    pub topology_spread_constraints: Vec<TopologySpreadConstraint>,
    /// Priority class of the servers.
    #[api(5)]
    pub priority_class_name: String,
}
