//! The values of the contract: owned, plain, and the same for a backend in another process as for one in this.

use std::fmt;

/// A class, as its backend sees it. `Debug` does not show its parameters, which may be a Secret's.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Class {
    /// Its name.
    pub name: String,
    /// The object that `spec.parametersRef` names, as JSON, as it was when the backend was asked; empty where there is none.
    pub parameters: String,
}

impl fmt::Debug for Class {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Class({})", self.name)
    }
}

/// A kind of object that a `spec.parametersRef` may name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ParametersKind {
    /// API group; empty for the core group.
    pub group: String,
    /// The version it is read in.
    pub version: String,
    /// Kind.
    pub kind: String,
}

/// A kind of object that a reference of a spec may name; it is read for the backend.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReferenceKind {
    /// The field of the spec, such as `spec.adoptRef`.
    pub path: String,
    /// What it may name.
    pub kind: ParametersKind,
}

/// An object that a field of the spec refers to, as it was when the backend was asked. `Debug` does not show what is in it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Resolved {
    /// The field of the spec, such as `spec.adoptRef`.
    pub path: String,
    /// API group; empty for the core group.
    pub group: String,
    /// Kind.
    pub kind: String,
    /// Name.
    pub name: String,
    /// The object, as JSON.
    pub object: String,
}

impl fmt::Debug for Resolved {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Resolved({}: {} {})", self.path, self.kind, self.name)
    }
}

/// What a backend is asked about one object. `Debug` does not show what the objects hold that it comes with.
#[derive(Clone)]
pub struct Request<K> {
    /// The object as it is stored: what is wanted is its spec, its key is `metadata.uid`.
    pub object: K,
    /// Its class; none where that is gone, or another backend's by now. What was accepted is then kept.
    pub class: Option<Class>,
    /// Why there is none, where that is known.
    pub lost: Option<Refusal>,
    /// The object that its `spec.parametersRef` names, as JSON; empty where it names none; none where what it names is not
    /// there. What was accepted is then kept.
    pub parameters: Option<String>,
    /// The objects that its spec refers to, of the kinds that the backend reads. What a field names and is not among them is
    /// not there, or may not be read: what was accepted is then kept.
    pub references: Vec<Resolved>,
    /// For a backend that does not remember logins: those that were published last, as the Secrets have them.
    pub logins: Vec<Login>,
}

impl<K: fmt::Debug> fmt::Debug for Request<K> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Request { object, class, references, .. } = self;
        write!(out, "Request({object:?}, {class:?}, {references:?})")
    }
}

impl<K> Request<K> {
    /// The object that a field of the spec refers to.
    pub fn reference(&self, path: &str) -> Option<&Resolved> {
        self.references.iter().find(|resolved| resolved.path == path)
    }

    /// About an object of which nothing else is known.
    pub fn new(object: K) -> Self {
        Request {
            object,
            class: None,
            lost: None,
            parameters: None,
            references: Vec::new(),
            logins: Vec::new(),
        }
    }
}

/// Where an object stands. Its name is a reason of the `Ready` condition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Phase {
    /// It was never up yet.
    #[default]
    Creating,
    /// The read-write endpoint accepts connections, and everything asked for is there but what is pending.
    Available,
    /// No server takes writes.
    NoPrimary,
    /// Servers run but cannot be used.
    Failing,
    /// It is down because it was asked to be.
    Stopped,
}

impl Phase {
    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Phase::Creating => "Creating",
            Phase::Available => "Available",
            Phase::NoPrimary => "NoPrimary",
            Phase::Failing => "Failing",
            Phase::Stopped => "Stopped",
        }
    }
}

/// What became of an object.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Observed {
    /// Where it stands.
    pub phase: Phase,
    /// Why, for a person: one sentence.
    pub message: String,
    /// The exact version that runs; empty where that is not known.
    pub version: String,
    /// All servers.
    pub instances: i32,
    /// Servers that serve.
    pub ready_instances: i32,
    /// The name of the primary; empty where there is none.
    pub primary: String,
    /// The labels of its pods, as a selector in text form; empty where it has none.
    pub selector: String,
    /// Where to connect.
    pub endpoints: Vec<Endpoint>,
    /// Logins, the one that applications are bound by first; empty where they are not known.
    pub logins: Vec<Login>,
    /// The superuser's login, where it was asked for.
    pub superuser: Option<Login>,
    /// The CA that signed the serving certificate, PEM.
    pub certificates: Option<String>,
    /// Whether clients must encrypt.
    pub tls_required: bool,
    /// The size of the data in bytes; none where it is not measured.
    pub storage_bytes: Option<u64>,
    /// What of the object is still being done, where all the rest of this tells of what serves meanwhile; none where nothing is.
    pub pending: Option<String>,
    /// Whether a restart that the object asks for is still to be made.
    pub restarting: bool,
    /// What of the object is refused, where all the rest of this tells of what was accepted before.
    pub refused: Option<Refusal>,
    /// That the storage that was asked for gets short, and what to do: with a reason of `StorageLow`, such as `NotGrowable`, or
    /// `StorageFull` once writes are refused.
    pub shortage: Option<Refusal>,
}

impl Observed {
    /// Whether it serves as asked.
    pub fn is_ready(&self) -> bool {
        self.phase == Phase::Available
    }

    /// Whether nothing is to be waited for.
    pub fn is_settled(&self) -> bool {
        matches!(self.phase, Phase::Available | Phase::Stopped) && self.pending.is_none()
    }
}

/// What a backend will not do while it keeps running what it accepted before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refusal {
    /// A reason of the `Accepted` condition, such as `InvalidParameters`.
    pub reason: String,
    /// What to change.
    pub message: String,
}

impl Refusal {
    /// From a reason and a message.
    pub fn new(reason: &str, message: impl Into<String>) -> Self {
        Refusal { reason: reason.into(), message: message.into() }
    }
}

/// What an endpoint is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Role {
    /// Reads and writes.
    #[default]
    ReadWrite,
    /// Reads alone.
    ReadOnly,
    /// Reads and writes, through a connection pooler.
    PooledReadWrite,
}

impl Role {
    /// Its name in a status.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::ReadWrite => "ReadWrite",
            Role::ReadOnly => "ReadOnly",
            Role::PooledReadWrite => "PooledReadWrite",
        }
    }
}

/// From where an endpoint is reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// From within the cluster, or the machine. Secrets name these alone.
    #[default]
    Cluster,
    /// From outside, too.
    External,
}

impl Scope {
    /// Its name in a status.
    pub fn as_str(self) -> &'static str {
        match self {
            Scope::Cluster => "Cluster",
            Scope::External => "External",
        }
    }
}

/// Where to connect.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Endpoint {
    /// What it is for.
    pub role: Role,
    /// A host that clients resolve.
    pub host: String,
    /// The port.
    pub port: u16,
    /// From where it is reached.
    pub scope: Scope,
}

impl Endpoint {
    /// One within the cluster.
    pub fn new(role: Role, host: impl Into<String>, port: u16) -> Self {
        Endpoint { role, host: host.into(), port, scope: Scope::Cluster }
    }

    /// Whether it is the one within the cluster that takes writes.
    pub fn is_main(&self) -> bool {
        self.role == Role::ReadWrite && self.scope == Scope::Cluster
    }
}

/// A role with its password. `Debug` does not show it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Login {
    /// The role.
    pub username: String,
    /// Its password.
    pub password: String,
    /// The database it is for.
    pub database: String,
    /// The user as the spec names it, where the role is called otherwise; else empty.
    pub user: String,
}

impl Login {
    /// The user as the spec names it.
    pub fn user(&self) -> &str {
        if self.user.is_empty() { &self.username } else { &self.user }
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Login({} to {})", self.username, self.database)
    }
}

/// Where an object's implementation is to be found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reference {
    /// API group, or the backend's own domain where there is no object.
    pub group: String,
    /// Kind.
    pub kind: String,
    /// Namespace; empty for cluster-scoped.
    pub namespace: String,
    /// Name.
    pub name: String,
}

/// What happens to the data of a deleted object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disposal {
    /// It stays, and no other object gets it.
    Retain,
    /// It goes.
    Delete,
}

/// What there is of an object that is not there any more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Orphan {
    /// The kind of that object.
    pub kind: String,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Where its data is, and what can be done with it.
    pub message: String,
}
