//! Who answers an object: the contract of a backend, and the list of them.
//!
//! A backend is told what is wanted and makes it so; it is asked again and again, so everything it does is
//! idempotent and keyed by the object's uid. It says beforehand what it can do ([`Backend::offer`]), so that
//! admission refuses the rest while somebody is still looking.

#[cfg(test)]
pub mod fake;
pub mod local;
mod local_postgresql;

pub use local_postgresql::LocalPostgreSQL;

use async_trait::async_trait;
use databases_api::postgresql::PostgreSQL;
use futures_util::stream::BoxStream;

/// What a backend can do.
#[derive(Clone, Debug, Default)]
pub struct Offer {
    /// What it runs.
    pub engines: Vec<Engine>,
    /// Names of Extended features, such as `PostgreSQLReplicas`; Core needs no name but the kind's.
    pub features: Vec<&'static str>,
    /// Modules that `shared_preload_libraries` may name.
    pub libraries: Vec<String>,
}

/// One product in its versions.
#[derive(Clone, Debug)]
pub struct Engine {
    /// The kind, such as `PostgreSQL`.
    pub kind: &'static str,
    /// The product, such as `PostgreSQL`.
    pub flavor: &'static str,
    /// Versions as `spec.version` names them; the first is the default.
    pub versions: Vec<String>,
}

/// What became of an object.
#[derive(Clone, Debug, Default)]
pub struct Observed {
    /// Whether the read-write endpoint accepts connections.
    pub ready: bool,
    /// Why, as a reason of the `Ready` condition.
    pub reason: String,
    /// Why, for a person.
    pub message: String,
    /// The exact version that runs.
    pub version: String,
    /// All servers.
    pub instances: i32,
    /// Servers that serve.
    pub ready_instances: i32,
    /// The name of the primary.
    pub primary: String,
    /// Where to connect.
    pub endpoints: Vec<Endpoint>,
    /// Logins, the one of the first database's owner first.
    pub logins: Vec<Login>,
    /// The superuser's login, where it was asked for.
    pub superuser: Option<Login>,
    /// The CA that signed the serving certificate, PEM.
    pub certificates: Option<String>,
    /// Whether clients must encrypt.
    pub tls_required: bool,
    /// The size of the data in bytes.
    pub storage_bytes: Option<u64>,
    /// What of the object is refused, where all the rest of this tells of what was accepted before.
    pub refused: Option<Refusal>,
}

/// What a backend will not do while it keeps running what it accepted before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// A reason of the `Accepted` condition, such as `InvalidParameters`.
    pub reason: &'static str,
    /// What to change.
    pub message: String,
}

/// Where to connect.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// `ReadWrite` or `ReadOnly`.
    pub role: &'static str,
    /// A host that clients resolve.
    pub host: String,
    /// The port.
    pub port: u16,
}

/// A role with its password. `Debug` does not show it.
#[derive(Clone)]
pub struct Login {
    /// The role.
    pub username: String,
    /// Its password.
    pub password: String,
    /// The database it is for.
    pub database: String,
}

impl std::fmt::Debug for Login {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Login({} to {})", self.username, self.database)
    }
}

/// Where an object's implementation is to be found.
#[derive(Clone, Debug)]
pub struct Reference {
    /// API group, or the backend's own name where there is no object.
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
    /// It stays, to be adopted again.
    Retain,
    /// It goes.
    Delete,
}

/// Why a backend did not do what was wanted.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It will never do that, and nothing of the object was accepted before: the object has to change.
    #[error("{message}")]
    Rejected {
        /// A reason of the `Accepted` or `Programmed` condition, such as `InvalidParameters`.
        reason: &'static str,
        /// What to change.
        message: String,
    },
    /// It cannot now, and is to be asked again.
    #[error("{0}")]
    Unavailable(String),
}

/// An implementation of `PostgreSQL`.
#[async_trait]
pub trait Backend: Send + Sync + 'static {
    /// What a class names it by: `domain/path`.
    fn controller_name(&self) -> &'static str;

    /// What it can do on this machine or cluster, now.
    fn offer(&self) -> Offer;

    /// Where the implementation of an object will be, known before it exists.
    fn reference(&self, object: &PostgreSQL) -> Reference;

    /// Whether a reference that was recorded is one of this backend's: it then keeps and removes the object, whatever
    /// became of its class. A backend whose references are not of its own domain says so itself.
    fn recognises(&self, group: &str) -> bool {
        self.controller_name().split('/').next() == Some(group)
    }

    /// What is there, changing nothing; `None` where there is nothing yet.
    async fn observe(&self, object: &PostgreSQL) -> Result<Option<Observed>, Error>;

    /// Makes it so, as far as that goes now, and says how far it went.
    ///
    /// A refused wish does not stop the care for what is there. Where the object asks for something that will never be
    /// done, and something was accepted before, the backend changes nothing towards the wish, brings up and keeps what it
    /// accepted last, and returns what that is with [`Observed::refused`]: endpoints, logins and readiness are those of
    /// what runs. `Observed` without `refused` says that everything the object lists is so.
    /// [`Error::Rejected`] is for an object of which nothing was ever accepted; [`Error::Unavailable`] for what may go
    /// well next time. Being stopped and being removed are never refused for another part of the object.
    async fn ensure(&self, object: &PostgreSQL) -> Result<Observed, Error>;

    /// Ends the implementation. Not finding it is success.
    async fn remove(&self, object: &PostgreSQL, disposal: Disposal) -> Result<(), Error>;

    /// The uids of objects that changed by themselves and should be looked at.
    fn changes(&self) -> BoxStream<'static, String>;

    /// Ends what runs, keeping all data; used where the server's end is to be everything's end.
    async fn stop_all(&self);
}
