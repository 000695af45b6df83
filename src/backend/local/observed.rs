//! What an instance is seen to be.

use crate::backend::postgresql::Secret;
use crate::backend::{Phase, Refusal};

/// One instance as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observed {
    /// Whether the primary accepts connections and everything asked for is there.
    pub ready: bool,
    /// Where it stands.
    pub reason: Phase,
    /// The same in one sentence.
    pub message: String,
    /// The name of the primary's server, such as `shop-1`.
    pub primary: String,
    /// The exact version, such as `15.18`.
    pub version: String,
    /// How many servers are made, the primary included.
    pub instances: u32,
    /// How many of them serve: the primary, and the replicas that stream from it; without a primary, those that answer.
    pub ready_instances: u32,
    /// Where reads and writes go.
    pub read_write: Endpoint,
    /// Where only reads go; present while a replica serves.
    pub read_only: Option<Endpoint>,
    /// The login of each role, the owner of the first database first.
    pub credentials: Vec<Credentials>,
    /// The superuser's login, when it was asked for.
    pub superuser: Option<Credentials>,
    /// The CA that signed the serving certificate, when TLS is on and its CA is known.
    pub ca: Option<String>,
    /// Whether clients must encrypt.
    pub tls_required: bool,
    /// What is still to be done of what is wanted, by the next call.
    pub pending: Option<String>,
    /// The restart that was last made.
    pub restarted_at: Option<String>,
    /// How many bytes the largest data directory takes.
    pub storage_bytes: u64,
    /// That the room which was asked for gets short, and what to do.
    pub shortage: Option<Refusal>,
}

/// A host and port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// The host, always the loopback address.
    pub host: String,
    /// The port.
    pub port: u16,
}

/// The login of one role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The role.
    pub username: String,
    /// Its password; not shown by `Debug`.
    pub password: Secret,
    /// The database it is meant for.
    pub database: String,
}
