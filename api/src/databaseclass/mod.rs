//! `DatabaseClass`: a kind of database that a cluster offers, and who answers it.

mod kind;
mod trial;
mod v1;
mod v1alpha1;

pub use kind::DEFINITION;
pub use trial::{unmet, unoffered};
pub use v1::V1;
pub use v1alpha1::V1alpha1;

use crate::shared::{
    AllowedNamespaces, Backup, DeletionPolicy, Maintenance, ObjectRef, Observability, PACKAGE, Resources,
    Storage, Tls, UpgradePolicy,
};
use apimachinery::meta::{Condition, ObjectMeta};
use apimachinery::quantity::Quantity;
use apimachinery::{api_enum, api_type};
use std::collections::BTreeMap;

/// The hub.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DatabaseClass {
    /// Metadata.
    pub metadata: ObjectMeta,
    /// What is wanted.
    pub spec: DatabaseClassSpec,
    /// What is.
    pub status: DatabaseClassStatus,
}

api_enum! {
    /// What happens to a field that a class does not honour.
    pub enum UnsupportedFieldPolicy { Reject, Warn }
}

/// What a class stands for.
#[api_type]
pub struct DatabaseClassSpec {
    /// Who answers objects of this class, as domain/path. It cannot change.
    #[api(1, required, immutable)]
    pub controller_name: String,
    /// Settings that only the controller knows, in an object of a kind that it documents.
    #[api(2)]
    pub parameters_ref: Option<ObjectRef>,
    /// Kinds for which this class is chosen when an object names none. Of several default classes the newest is
    /// chosen.
    #[api(3, set)]
    pub default_for: Vec<String>,
    /// Reject: a field that the class does not honour is an error. Warn: it is a warning, and the field is
    /// ignored. Defaults to Reject.
    #[api(4)]
    pub unsupported_field_policy: Option<UnsupportedFieldPolicy>,
    /// Namespaces whose objects may use this class. Defaults to all.
    #[api(5)]
    pub allowed_namespaces: Option<AllowedNamespaces>,
    /// Values for fields that an object leaves unset. They are written into the object when it is created.
    #[api(6)]
    pub defaults: Option<InstanceDefaults>,
    /// What an object may not exceed.
    #[api(7)]
    pub limits: Option<Limits>,
    /// What the class is for, up to 64 characters.
    #[api(8)]
    pub description: String,
}

/// Values for fields that an object leaves unset.
#[api_type]
pub struct InstanceDefaults {
    /// Version to run.
    #[api(1)]
    pub version: String,
    /// How many servers there are.
    #[api(2)]
    pub instances: Option<i32>,
    /// Space for the data.
    #[api(3)]
    pub storage: Option<Storage>,
    /// Compute resources of each server.
    #[api(4)]
    pub resources: Option<Resources>,
    /// Encryption of connections.
    #[api(5)]
    pub tls: Option<Tls>,
    /// Backups.
    #[api(6)]
    pub backup: Option<Backup>,
    /// Metrics, alerts and dashboards.
    #[api(7)]
    pub observability: Option<Observability>,
    /// When disruptive work may be done.
    #[api(8)]
    pub maintenance: Option<Maintenance>,
    /// How new versions are taken on.
    #[api(9)]
    pub upgrade_policy: Option<UpgradePolicy>,
    /// What happens to the data of a deleted object.
    #[api(10)]
    pub deletion_policy: Option<DeletionPolicy>,
}

/// What an object may not exceed.
#[api_type]
pub struct Limits {
    /// Most servers.
    #[api(1)]
    pub max_instances: Option<i32>,
    /// Largest volume.
    #[api(2)]
    pub max_storage_size: Option<Quantity>,
    /// Most resources of each server, by name. An object that states no limit of cpu or memory gets this one, where the
    /// controller can hold limits.
    #[api(3)]
    pub max_resources: BTreeMap<String, Quantity>,
}

/// What a class offers; written by its controller.
#[api_type]
pub struct DatabaseClassStatus {
    /// The generation of spec that the rest of the status is about.
    #[api(1)]
    pub observed_generation: i64,
    /// Accepted, SupportedVersion and InUse.
    #[api(2, keys("type"), merge_key = "type", merge)]
    pub conditions: Vec<Condition>,
    /// What it can run.
    #[api(3)]
    pub engines: Vec<Engine>,
    /// Extended features that it supports, sorted by name. A kind's own name stands for all Core fields of the kind.
    #[api(4, keys("name"), merge_key = "name", merge)]
    pub supported_features: Vec<SupportedFeature>,
    /// Kinds that parametersRef of an object may name.
    #[api(5)]
    pub parameters_kinds: Vec<ParametersKind>,
    /// Modules that the parameter shared_preload_libraries of a PostgreSQL may name, sorted.
    #[api(6)]
    pub libraries: Vec<String>,
    /// Compute resources that an object may name, and how much of each; empty for any.
    #[api(7, keys("name"), merge_key = "name", merge)]
    pub resources: Vec<OfferedResource>,
    /// Kinds that references of an object may name, such as its adoptRef. A field that is not listed is not judged by this.
    #[api(8)]
    pub reference_kinds: Vec<ReferenceKind>,
    /// All the space that there is for the data of a server, used or not; not set where that is not known.
    #[api(9)]
    pub storage_capacity: Option<Quantity>,
}

/// One product in its versions.
#[api_type]
pub struct Engine {
    /// Kind that it answers, such as PostgreSQL.
    #[api(1, required)]
    pub kind: String,
    /// The product.
    #[api(2)]
    pub flavor: String,
    /// Versions that it runs.
    #[api(3, keys("name"), merge_key = "name", merge)]
    pub versions: Vec<EngineVersion>,
    /// Numbers of servers that are possible; empty for any.
    #[api(4)]
    pub instance_counts: Vec<i32>,
}

/// One version of a product.
#[api_type]
pub struct EngineVersion {
    /// The version, as spec.version names it.
    #[api(1, required)]
    pub name: String,
    /// Whether it is chosen when an object names none.
    #[api(2)]
    pub default: bool,
    /// Whether it should no longer be chosen.
    #[api(3)]
    pub deprecated: bool,
    /// Versions it can be upgraded to.
    #[api(4)]
    pub upgrades_to: Vec<String>,
}

/// A feature by name.
#[api_type]
pub struct SupportedFeature {
    /// The name.
    #[api(1, required)]
    pub name: String,
}

/// How much of a compute resource a server can have.
#[api_type]
pub struct OfferedResource {
    /// The resource, such as cpu.
    #[api(1, required)]
    pub name: String,
    /// The least that a limit may be.
    #[api(2)]
    pub min_limit: Option<Quantity>,
    /// The most that a request may be: what a machine has.
    #[api(3)]
    pub max_request: Option<Quantity>,
    /// Why no limit can be held, in words that follow "because"; empty where limits are held.
    #[api(4)]
    pub no_limits: String,
}

/// A kind that a reference of an object may name.
#[api_type]
pub struct ReferenceKind {
    /// The field, such as spec.adoptRef.
    #[api(1, required)]
    pub field: String,
    /// API group; empty for the core group.
    #[api(2)]
    pub group: String,
    /// Kind.
    #[api(3, required)]
    pub kind: String,
}

/// A kind of parameters.
#[api_type]
pub struct ParametersKind {
    /// API group; empty for the core group.
    #[api(1)]
    pub group: String,
    /// Kind.
    #[api(2, required)]
    pub kind: String,
}
