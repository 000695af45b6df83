//! The messages about one object: what a backend is asked, and what it says.

use super::messages::{Class, PACKAGE, Refusal};
use apimachinery::wire::ByteString;
use apimachinery::{api_enum, api_type};

api_enum! {
    /// Where an object stands.
    pub(super) enum Phase { Creating, Available, NoPrimary, Failing, Stopped }
}

api_enum! {
    /// What an endpoint is for.
    pub(super) enum Role { ReadWrite, ReadOnly, PooledReadWrite }
}

api_enum! {
    /// From where an endpoint is reached.
    pub(super) enum Scope { Cluster, External }
}

api_enum! {
    /// What a change does to those who are connected.
    pub(super) enum Effect { Nothing, Reload, Restart, Switchover, Downtime, Rebuild, Refused }
}

api_enum! {
    /// What happens to the data of a deleted object.
    pub(super) enum Disposal { Retain, Delete }
}

api_enum! {
    /// How far a backup is.
    pub(super) enum BackupPhase { Nothing, Running, Failed, Succeeded }
}

/// What a backend is asked about one object.
#[api_type]
pub(super) struct Request {
    /// The object as kubectl shows it, in v1. What is wanted is its spec; its key is metadata.uid, and everything that is done
    /// for it is idempotent by that.
    #[api(1)]
    pub(super) object_json: ByteString,
    /// Its class; not set where that is gone, or another backend's by now. What was accepted is then kept.
    #[api(2)]
    pub(super) database_class: Option<Class>,
    /// What its spec.parametersRef names; not set where that is not there. What was accepted is then kept.
    #[api(3)]
    pub(super) parameters: Option<Parameters>,
    /// The objects that its spec refers to, of the kinds in object_references. What a field names and is not among them is not
    /// there, or may not be read: what was accepted is then kept.
    #[api(4)]
    pub(super) references: Vec<Resolved>,
    /// With the capability ForgetsLogins: the logins that were published last.
    #[api(5)]
    pub(super) logins: Vec<Login>,
}

/// An object that a field of the spec refers to.
#[api_type]
pub(super) struct Resolved {
    /// The field of the spec, such as spec.adoptRef.
    #[api(1)]
    pub(super) path: String,
    /// API group; empty for the core group.
    #[api(2)]
    pub(super) group: String,
    /// Kind.
    #[api(3)]
    pub(super) kind: String,
    /// Name.
    #[api(4)]
    pub(super) name: String,
    /// The object as JSON.
    #[api(5)]
    pub(super) object_json: ByteString,
}

/// The object that a spec.parametersRef names.
#[api_type]
pub(super) struct Parameters {
    /// The object as JSON; empty where none is named.
    #[api(1)]
    pub(super) json: ByteString,
}

/// Where an object's implementation is to be found.
#[api_type]
pub(super) struct Reference {
    /// API group, or the backend's own domain where there is no object.
    #[api(1)]
    pub(super) group: String,
    /// Kind.
    #[api(2)]
    pub(super) kind: String,
    /// Namespace; empty for cluster-scoped.
    #[api(3)]
    pub(super) namespace: String,
    /// Name.
    #[api(4)]
    pub(super) name: String,
}

/// What bringing an object to its spec will disturb. Nothing listed is nothing disturbed.
#[api_type]
pub(super) struct Plan {
    /// One entry for each field, or for fields that act together.
    #[api(1)]
    pub(super) changes: Vec<Change>,
}

/// What one change does.
#[api_type]
pub(super) struct Change {
    /// The fields, by their path, such as spec.parameters[max_connections].
    #[api(1)]
    pub(super) fields: Vec<String>,
    /// What it does, the least first. Reload: connections stay. Restart: they end and can be made again at once. Switchover:
    /// another server becomes the primary. Downtime: an endpoint is not served until something else changes, or for long.
    /// Rebuild: the data is copied. Refused: it is not done.
    #[api(2)]
    pub(super) effect: Effect,
    /// The same for a person.
    #[api(3)]
    pub(super) message: String,
}

/// What is there.
#[api_type]
pub(super) struct Observation {
    /// Not set where there is nothing yet.
    #[api(1)]
    pub(super) observed: Option<Observed>,
}

/// What became of an object.
#[api_type]
pub(super) struct Observed {
    /// Creating: it was never up yet. Available: the read-write endpoint accepts connections, and everything asked for is
    /// there but what is pending. NoPrimary: no server takes writes. Failing: servers run but cannot be used. Stopped: it is
    /// down because it was asked to be.
    #[api(1)]
    pub(super) phase: Phase,
    /// Why, for a person: one sentence, without a secret.
    #[api(2)]
    pub(super) message: String,
    /// The exact version that runs; empty where that is not known.
    #[api(3)]
    pub(super) version: String,
    /// All servers.
    #[api(4)]
    pub(super) instances: i32,
    /// Servers that serve.
    #[api(5)]
    pub(super) ready_instances: i32,
    /// The name of the primary; empty where there is none.
    #[api(6)]
    pub(super) primary: String,
    /// Where to connect.
    #[api(7)]
    pub(super) endpoints: Vec<Endpoint>,
    /// Logins, the one that applications are bound by first; empty where they are not known.
    #[api(8)]
    pub(super) logins: Vec<Login>,
    /// The superuser's login, where it was asked for.
    #[api(9)]
    pub(super) superuser: Option<Login>,
    /// The CA that signed the serving certificate, PEM; empty where there is none.
    #[api(10)]
    pub(super) certificates: String,
    /// Whether clients must encrypt.
    #[api(11)]
    pub(super) tls_required: bool,
    /// The size of the data in bytes; 0 where it is not measured.
    #[api(12)]
    pub(super) storage_bytes: i64,
    /// What of the object is refused, where all the rest of this tells of what was accepted before.
    #[api(13)]
    pub(super) refused: Option<Refusal>,
    /// What of the object is still being done, where all the rest of this tells of what serves meanwhile; empty where nothing is.
    #[api(14)]
    pub(super) pending: String,
    /// That the storage that was asked for gets short, and what to do: with a reason of StorageLow, such as NotGrowable, or
    /// StorageFull once writes are refused.
    #[api(15)]
    pub(super) shortage: Option<Refusal>,
    /// The labels of its pods, as a label selector in text form; empty where it has none.
    #[api(16)]
    pub(super) selector: String,
}

/// Where to connect.
#[api_type]
pub(super) struct Endpoint {
    /// What it is for.
    #[api(1)]
    pub(super) role: Role,
    /// A host that clients resolve.
    #[api(2)]
    pub(super) host: String,
    /// The port.
    #[api(3)]
    pub(super) port: i32,
    /// From where it is reached: Cluster where nothing is said. A database that is available has a ReadWrite one of that scope,
    /// and Secrets name those alone.
    #[api(4)]
    pub(super) scope: Scope,
}

/// A role with its password.
#[api_type]
pub(super) struct Login {
    /// The role.
    #[api(1)]
    pub(super) username: String,
    /// Its password, UTF-8.
    #[api(2)]
    pub(super) password: ByteString,
    /// The database it is for.
    #[api(3)]
    pub(super) database: String,
    /// The user as the spec names it, where the role is called otherwise; else empty.
    #[api(4)]
    pub(super) user: String,
}

/// The backup that is made of an object before its deletion.
#[api_type]
pub(super) struct Backup {
    /// Where it is, or will be: the object by which people find it.
    #[api(1)]
    pub(super) reference: Option<Reference>,
    /// How far it is. Nothing: there is nothing to back up. Running: it is being made, or waits. Failed: another one is tried
    /// after a while. Succeeded: it stays when the object goes.
    #[api(2)]
    pub(super) phase: BackupPhase,
    /// Why, for a person.
    #[api(3)]
    pub(super) message: String,
}

/// An object that goes.
#[api_type]
pub(super) struct Removal {
    /// The object.
    #[api(1)]
    pub(super) request: Option<Request>,
    /// What happens to its data. Retain: it stays, and no other object gets it. Delete: it goes.
    #[api(2)]
    pub(super) disposal: Disposal,
}
