//! What a caller wants of one instance.

use crate::backend::postgresql::Secret;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One PostgreSQL instance as it should be: a primary and its streaming replicas.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Desired {
    /// The key of the instance: what has another uid is another instance, whatever its name.
    pub uid: String,
    /// The namespace of the object: data that is kept stays in it.
    pub namespace: String,
    /// The name of the object; servers are called `<name>-1`, `<name>-2`, …
    pub name: String,
    /// A major version such as `15`, or an exact one such as `15.18`; empty for the one that wrote the data, else the newest.
    pub version: String,
    /// All servers, the primary included; at least one.
    pub instances: u32,
    /// How many bytes each server may take; none is not held. What an earlier release accepted is not.
    #[serde(default)]
    pub size: Option<u64>,
    /// What each server may take of processors and memory.
    #[serde(default)]
    pub resources: Resources,
    /// Whether a commit waits until one replica has it.
    pub synchronous: bool,
    /// Server parameters by name.
    pub parameters: BTreeMap<String, String>,
    /// The databases; the first one's owner is whom the instance is bound by.
    pub databases: Vec<Database>,
    /// Further login roles.
    pub users: Vec<User>,
    /// Whether the superuser may connect over TCP and its password is handed out.
    pub superuser_access: bool,
    /// Encryption of connections.
    pub tls: Tls,
    /// The port the primary should listen on; none takes a free one and keeps it.
    pub port: Option<u16>,
    /// Whether the servers should be down, with all data kept.
    pub stopped: bool,
    /// A restart is made once for every new value.
    pub restarted_at: Option<String>,
}

/// What a server may take of the machine, and what it needs of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resources {
    /// The most it takes.
    pub limits: Amounts,
    /// What it needs.
    pub requests: Amounts,
    /// What else is named, which nothing is known of here.
    pub others: Vec<String>,
}

/// So much of each resource; none is not said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Amounts {
    /// Thousandths of a processor.
    pub cpu: Option<u64>,
    /// Bytes.
    pub memory: Option<u64>,
}

/// A database and its owner. Leaving out an entry never drops a database. Another owner gets everything that the one
/// before owned in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Database {
    /// The database.
    pub name: String,
    /// The role that owns it.
    pub owner: String,
    /// What is installed in it.
    pub extensions: Vec<Extension>,
}

/// An extension of a database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extension {
    /// Its name, as in `CREATE EXTENSION`.
    pub name: String,
    /// Its version; none takes the default of the installed package.
    pub version: Option<String>,
    /// The schema of its objects, created when missing; none takes the extension's own choice.
    pub schema: Option<String>,
}

/// A login role beside the owners.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// The role.
    pub name: String,
    /// What it may do.
    pub attributes: Vec<Attribute>,
    /// The databases it has all privileges on (to connect, to create schemas and temporary tables).
    pub databases: Vec<String>,
}

/// An attribute of a role; what is not listed is taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Attribute {
    /// No check of permissions applies to it.
    Superuser,
    /// It may create databases.
    CreateDB,
    /// It may create roles.
    CreateRole,
    /// It may stream the write-ahead log.
    Replication,
    /// Row security does not apply to it.
    BypassRLS,
    /// It may not connect.
    NoLogin,
}

/// Encryption of connections.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tls {
    /// Whether clients may, or must, encrypt.
    pub mode: TlsMode,
    /// The caller's own certificate; none takes one signed by the CA of the data root.
    pub certificate: Option<Certificate>,
}

/// Whether clients may, or must, encrypt.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum TlsMode {
    /// Connections are not encrypted. The default: servers listen on the loopback interface only.
    #[default]
    Disabled,
    /// Clients choose.
    Optional,
    /// Connections without TLS are refused.
    Required,
}

/// A serving certificate, as PEM.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificate {
    /// The certificate, then its intermediates.
    pub chain: String,
    /// Its private key.
    pub key: Secret,
    /// The CA clients verify it with, when known.
    pub ca: Option<String>,
}
