//! `PostgreSQL`: a database that speaks PostgreSQL's protocol.

mod instance;
mod kind;
pub mod parameters;
mod v1;
mod v1alpha1;
mod validation;

pub use crate::instance::BACKEND_FINALIZER;
pub use instance::{FACTS, PROTOCOL};
pub use kind::DEFINITION;
pub use v1::V1;
pub use v1alpha1::V1alpha1;
pub use validation::{LEAST_SIZE, is_reserved_role};

use crate::shared::{Access, InstanceSpec, InstanceStatus, PACKAGE};
use apimachinery::meta::ObjectMeta;
use apimachinery::{api_enum, api_type};

/// The hub.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PostgreSQL {
    /// Metadata.
    pub metadata: ObjectMeta,
    /// What is wanted.
    pub spec: PostgreSQLSpec,
    /// What is.
    pub status: PostgreSQLStatus,
}

api_enum! {
    /// Whether a commit waits for a replica.
    pub enum ReplicationMode { Asynchronous, Synchronous }
}

api_enum! {
    /// What a role may do.
    pub enum UserAttribute { Superuser, CreateDB, CreateRole, Replication, BypassRLS, NoLogin }
}

api_enum! {
    /// How a pooler hands out connections.
    pub enum PoolingMode { Disabled, Session, Transaction }
}

/// What is wanted of a PostgreSQL database.
#[api_type]
pub struct PostgreSQLSpec {
    /// What every kind of database can be asked for.
    #[api(1, inline)]
    pub instance: InstanceSpec,
    /// How replicas follow the primary.
    #[api(2)]
    pub replication: Option<Replication>,
    /// Databases and their owners. The first is the one that status.binding opens. Defaults to one database "app"
    /// owned by "app". Taking an entry off the list never drops data.
    #[api(3, keys("name"), merge_key = "name", merge)]
    pub databases: Vec<Database>,
    /// Further roles. Owners of databases are roles already and are not listed here. A role that is taken off the list cannot
    /// log in any more; what it owns stays.
    #[api(4, keys("name"), merge_key = "name", merge, feature = "Users")]
    pub users: Vec<User>,
    /// Whether a superuser's credentials are published, in the Secret that status.superuserSecretRef names. A superuser can
    /// read files and run programs where the server runs, as the user that it runs as. Defaults to Disabled.
    #[api(5, feature = "SuperuserAccess", default = "\"Disabled\"")]
    pub superuser_access: Option<Access>,
    /// A connection pooler in front of the database.
    #[api(6)]
    pub pooling: Option<Pooling>,
}

/// How replicas follow the primary.
#[api_type]
pub struct Replication {
    /// Asynchronous, or Synchronous: a commit waits until one replica has it. Synchronous needs more than one
    /// instance. Defaults to Asynchronous.
    #[api(1, feature = "SynchronousReplication", default = "\"Asynchronous\"")]
    pub mode: Option<ReplicationMode>,
}

/// A database and its owner.
#[api_type]
pub struct Database {
    /// Name of the database, up to 63 bytes; not postgres and not template0 or template1.
    #[api(1, required)]
    pub name: String,
    /// Role that owns it, created with a password of its own.
    #[api(2, required)]
    pub owner: String,
    /// Extensions installed in it.
    #[api(3, keys("name"), merge_key = "name", merge, feature = "Extensions")]
    pub extensions: Vec<Extension>,
}

/// An extension of a database.
#[api_type]
pub struct Extension {
    /// Its name, as in CREATE EXTENSION.
    #[api(1, required)]
    pub name: String,
    /// Its version. When unset, the default of the installed package.
    #[api(2)]
    pub version: String,
    /// Schema of its objects. When unset, the extension's own choice.
    #[api(3)]
    pub schema: String,
}

/// A role beside the owners.
#[api_type]
pub struct User {
    /// Name of the role.
    #[api(1, required)]
    pub name: String,
    /// What the role may do: Superuser, CreateDB, CreateRole, Replication, BypassRLS, NoLogin. A Superuser can read files and
    /// run programs where the server runs, as the user that it runs as.
    #[api(2, set)]
    pub attributes: Vec<UserAttribute>,
    /// Databases on which the role has all privileges.
    #[api(3, set)]
    pub databases: Vec<String>,
}

/// A connection pooler.
#[api_type]
pub struct Pooling {
    /// Disabled, Session or Transaction. Defaults to Disabled.
    #[api(1, feature = "ConnectionPooling", default = "\"Disabled\"")]
    pub mode: Option<PoolingMode>,
    /// How many poolers there are. When unset, the class decides.
    #[api(2, feature = "ConnectionPooling")]
    pub instances: Option<i32>,
}

/// What a PostgreSQL database is.
#[api_type]
pub struct PostgreSQLStatus {
    /// What every kind of database tells.
    #[api(flat)]
    pub instance: InstanceStatus,
}
