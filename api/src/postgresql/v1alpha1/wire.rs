//! The draft of 2019 as it was written down, with its casing made even.

use apimachinery::api_type;
use apimachinery::core::{Affinity, ResourceRequirements, Toleration};
use apimachinery::meta::{Condition, ObjectMeta};
use apimachinery::quantity::Quantity;
use apimachinery::wire::StringList;
use std::collections::BTreeMap;

const PACKAGE: &str = "io.k8s.standard.databases.v1alpha1";

/// A PostgreSQL database in the shape of the 2019 draft.
#[api_type(kind)]
pub struct PostgreSQL {
    /// Metadata.
    #[api(1, written)]
    pub metadata: ObjectMeta,
    /// What is wanted.
    #[api(2, required)]
    pub spec: PostgreSQLSpec,
    /// What is.
    #[api(3)]
    pub status: PostgreSQLStatus,
}

/// What is wanted of a PostgreSQL database.
#[api_type]
pub struct PostgreSQLSpec {
    /// Name of the DatabaseClass.
    #[api(1)]
    pub class_name: String,
    /// Volumes; the first holds the data.
    #[api(2)]
    pub volume_claim_template: Vec<VolumeClaimTemplate>,
    /// How the database is reached.
    #[api(3)]
    pub network: Option<Network>,
    /// Servers and where they run.
    #[api(4)]
    pub compute: Option<Compute>,
    /// Metrics, alerts and dashboards.
    #[api(5)]
    pub observability: Option<Observability>,
    /// Backups.
    #[api(6)]
    pub backups: Option<Backups>,
    /// PostgreSQL's own options.
    #[api(7)]
    pub options: Option<Options>,
}

/// A volume.
#[api_type]
pub struct VolumeClaimTemplate {
    /// The claim.
    #[api(1)]
    pub spec: VolumeClaimSpec,
}

/// A claim for a volume.
#[api_type]
pub struct VolumeClaimSpec {
    /// How the volume is mounted. Kept, without effect.
    #[api(1)]
    pub access_modes: Vec<String>,
    /// StorageClass.
    #[api(2)]
    pub storage_class_name: Option<String>,
    /// Requests; storage is the size.
    #[api(3)]
    pub resources: VolumeResources,
}

/// What a claim asks for.
#[api_type]
pub struct VolumeResources {
    /// Amounts by resource.
    #[api(1)]
    pub requests: BTreeMap<String, Quantity>,
}

/// How the database is reached.
#[api_type]
pub struct Network {
    /// Whether connections must be encrypted.
    #[api(1)]
    pub secure: Option<bool>,
    /// Which pods may connect.
    #[api(2)]
    pub network_policy: Option<NetworkPolicy>,
    /// The Service.
    #[api(3)]
    pub service: Option<Service>,
}

/// Which pods may connect.
#[api_type]
pub struct NetworkPolicy {
    /// Whether there is a policy at all.
    #[api(1)]
    pub enabled: bool,
    /// Whether pods without the label of clients may connect.
    #[api(2)]
    pub allow_external: bool,
}

/// The Service.
#[api_type]
pub struct Service {
    /// ClusterIP, NodePort or LoadBalancer.
    #[api(1, name = "type")]
    pub kind: String,
    /// Annotations.
    #[api(2)]
    pub annotations: BTreeMap<String, String>,
    /// Ports.
    #[api(3)]
    pub spec: Option<ServiceSpec>,
}

/// Ports of the Service.
#[api_type]
pub struct ServiceSpec {
    /// The first is PostgreSQL's. Others are kept, without effect.
    #[api(1)]
    pub ports: Vec<ServicePort>,
}

/// A port of the Service.
#[api_type]
pub struct ServicePort {
    /// Name.
    #[api(1)]
    pub name: String,
    /// Number.
    #[api(2)]
    pub port: i32,
}

/// Servers and where they run.
#[api_type]
pub struct Compute {
    /// How many servers there are.
    #[api(1)]
    pub replicas: Option<i32>,
    /// Compute resources of each.
    #[api(2)]
    pub resources: Option<ResourceRequirements>,
    /// Labels a node must have.
    #[api(3)]
    pub node_selector: BTreeMap<String, String>,
    /// Affinity to nodes and pods.
    #[api(4)]
    pub affinity: Option<Affinity>,
    /// Taints that are tolerated.
    #[api(5)]
    pub tolerations: Vec<Toleration>,
    /// On AWS.
    #[api(6)]
    pub aws: Option<Aws>,
    /// On Google Cloud.
    #[api(7)]
    pub gcloud: Option<Gcloud>,
    /// On Azure.
    #[api(8)]
    pub azure: Option<Azure>,
}

/// A machine of AWS.
#[api_type]
pub struct Aws {
    /// Such as db.m6g.large.
    #[api(1)]
    pub instance_class: String,
}

/// A machine of Google Cloud.
#[api_type]
pub struct Gcloud {
    /// Such as db-custom-2-8192.
    #[api(1)]
    pub machine_type: String,
}

/// A machine of Azure.
#[api_type]
pub struct Azure {
    /// Such as Standard_D2s_v3.
    #[api(1)]
    pub vm_size: String,
}

/// Metrics, alerts and dashboards.
#[api_type]
pub struct Observability {
    /// Whether metrics are collected.
    #[api(1)]
    pub deploy_exporters: Option<bool>,
    /// Whether alert rules are installed.
    #[api(2)]
    pub deploy_alerts: Option<bool>,
    /// Whether dashboards are installed.
    #[api(3)]
    pub deploy_dashboards: Option<bool>,
}

/// Backups.
#[api_type]
pub struct Backups {
    /// Name of the BackupConfiguration.
    #[api(1)]
    pub configuration: String,
    /// Where backups run.
    #[api(2)]
    pub compute: Option<BackupCompute>,
}

/// Where backups run.
#[api_type]
pub struct BackupCompute {
    /// Compute resources.
    #[api(1)]
    pub resources: Option<ResourceRequirements>,
    /// Labels a node must have.
    #[api(2)]
    pub node_selector: BTreeMap<String, String>,
    /// Affinity to nodes and pods.
    #[api(3)]
    pub affinity: Option<Affinity>,
    /// Taints that are tolerated.
    #[api(4)]
    pub tolerations: Vec<Toleration>,
}

/// PostgreSQL's own options.
#[api_type]
pub struct Options {
    /// Version to run.
    #[api(1)]
    pub version: String,
    /// asynchronous or synchronous.
    #[api(2)]
    pub streaming_mode: String,
    /// Hot or Warm. Kept, without effect.
    #[api(3)]
    pub standby_mode: String,
    /// Roles and their flags: superuser, createdb, createrole, replication, bypassrls, nologin.
    #[api(4)]
    pub users: BTreeMap<String, StringList>,
    /// Databases and their owners.
    #[api(5)]
    pub databases: BTreeMap<String, String>,
    /// Kept, without effect.
    #[api(6)]
    pub cache_percent: Option<i32>,
    /// Kept, without effect.
    #[api(7, name = "maxSQLMemoryPercent")]
    pub max_sql_memory_percent: Option<i32>,
    /// How new versions are taken on.
    #[api(8)]
    pub updates: Option<Updates>,
}

/// How new versions are taken on.
#[api_type]
pub struct Updates {
    /// How servers are replaced.
    #[api(1)]
    pub update_strategy: Option<UpdateStrategy>,
    /// Whether a new major version may be taken on.
    #[api(2)]
    pub allow_major_version_upgrade: Option<bool>,
    /// Whether minor versions are taken on by themselves.
    #[api(3)]
    pub allow_minor_version_upgrade: Option<bool>,
}

/// How servers are replaced.
#[api_type]
pub struct UpdateStrategy {
    /// RollingUpdate or Recreate.
    #[api(1, name = "type")]
    pub kind: String,
}

/// What a PostgreSQL database is.
#[api_type]
pub struct PostgreSQLStatus {
    /// Pending, Running, Stopped or Failed; computed from the conditions of v1 and ignored when written.
    #[api(1)]
    pub phase: String,
    /// The Secret with the credentials.
    #[api(2)]
    pub secret_name: String,
    /// The generation of spec that the rest of the status is about.
    #[api(3)]
    pub observed_generation: i64,
    /// The conditions of v1.
    #[api(4, keys("type"), merge_key = "type", merge)]
    pub conditions: Vec<Condition>,
}

/// A part that says nothing is left out.
pub(super) trait V1alpha1Parts: Default + PartialEq {
    fn some(self) -> Option<Self> {
        (self != Self::default()).then_some(self)
    }
}

impl V1alpha1Parts for Options {}
impl V1alpha1Parts for Network {}
impl V1alpha1Parts for Service {}
impl V1alpha1Parts for Compute {}
impl V1alpha1Parts for BackupCompute {}
