//! Who answers an object: the contract of a backend, and the list of them.
//!
//! A backend is told what is wanted and makes it so; it is asked again and again, so everything it does is idempotent and
//! keyed by the object's uid. It says beforehand what it can do for a class ([`Backend::offer`]), so that admission refuses
//! the rest while somebody is still looking, and what a change would disturb ([`Answers::plan`]).
//!
//! What goes in and comes out are owned values, so that a backend may as well be a program of its own behind a protocol.
//! Sizes are in bytes. A field that says nothing has its type's empty value.

mod backup;
mod cloudnative_pg;
#[cfg(test)]
pub(crate) mod conformance;
mod crunchy;
mod error;
mod external;
#[cfg(test)]
pub(crate) mod fake;
mod kubedb;
pub mod local;
mod local_postgresql;
mod news;
mod offered;
mod operator;
mod percona_postgresql;
mod pgo;
mod plan;
mod plausible;
pub mod postgresql;
pub mod remote;
mod stackgres;
mod statefulset;
mod tenant;
mod values;
mod zalando;

pub use backup::{Backup, BackupPhase};
pub use cloudnative_pg::CloudNativePG;
pub use crunchy::Crunchy;
pub use error::{Code, Error};
pub use external::ExternalPostgreSQL;
pub use kubedb::KubeDB;
pub use local_postgresql::LocalPostgreSQL;
pub use news::{Announcer, News, Warner, Warning};
pub use offered::{Engine, Offer, OfferedResource};
pub use operator::Operator;
pub use percona_postgresql::PerconaPostgreSQL;
pub use plan::{Change, Effect, Plan};
pub use remote::Remote;
pub use stackgres::StackGres;
pub use statefulset::StatefulSetPostgreSQL;
pub use values::{
    Class, Disposal, Endpoint, Login, Observed, Orphan, ParametersKind, Phase, Reference, ReferenceKind,
    Refusal, Request, Resolved, Role, Scope,
};
pub use zalando::Zalando;

use apimachinery::kind::Kind;
use async_trait::async_trait;
use futures_util::StreamExt;
use futures_util::stream::BoxStream;

/// An implementation of one or several kinds: what of it is the same for all of them.
#[async_trait]
pub trait Backend: Send + Sync + 'static {
    /// What a class names it by: `domain/path`.
    fn controller_name(&self) -> &str;

    /// Kinds that `spec.parametersRef` of a class may name. Those of other kinds are not read for it.
    fn class_parameters(&self) -> Vec<ParametersKind> {
        Vec::new()
    }

    /// Kinds that `spec.parametersRef` of an object may name; they lie in the object's namespace.
    fn object_parameters(&self) -> Vec<ParametersKind> {
        Vec::new()
    }

    /// Kinds that other references of an object may name, such as `spec.adoptRef`; they lie in the object's namespace. What a
    /// backend does not list is not read for it: a backend needs no rights in the cluster for what an object refers to.
    fn object_references(&self) -> Vec<ReferenceKind> {
        Vec::new()
    }

    /// The fields among them that only an object needs which was not made yet; what they name may go after that.
    fn needed_once(&self) -> Vec<&'static str> {
        Vec::new()
    }

    /// Whether it knows the passwords that it gave out. Where it does not, it is given the published ones with every request
    /// ([`Request::logins`]): the Secrets are then where they are kept, and the only place.
    fn remembers_logins(&self) -> bool {
        true
    }

    /// Whether it can say what a change will disturb; the plan of one that cannot means that anything may happen.
    fn foretells(&self) -> bool {
        true
    }

    /// Whether it is known who it is: what it lists above counts only then. A backend of this process always is.
    async fn introduce(&self) -> Result<(), Error> {
        Ok(())
    }

    /// Whether a reference that was recorded is one of this backend's: it then keeps and removes the object, whatever
    /// became of its class. A backend whose references are not of its own domain says so itself.
    fn recognises(&self, group: &str) -> bool {
        self.controller_name().split('/').next() == Some(group)
    }

    /// What it can do for the objects of a class, now. Two classes that name it may differ. [`Code::InvalidArgument`] says
    /// that the class has to change; after any other error the class stays as it was offered last.
    async fn offer(&self, class: &Class) -> Result<Offer, Error>;

    /// What changes by itself, from now on: objects, and what is offered to classes.
    fn news(&self) -> BoxStream<'static, News>;

    /// What is warned of from now on, beside all that [`Observed`] says: the words of whoever looks after the implementations,
    /// such as an operator's events. Each is told once.
    fn warnings(&self) -> BoxStream<'static, Warning> {
        futures_util::stream::empty().boxed()
    }

    /// The uids of the objects whose databases it has, as far as it keeps account of them itself; those that a removal ended or
    /// kept are not among them.
    async fn held(&self) -> Result<Vec<String>, Error> {
        Ok(Vec::new())
    }

    /// There is no object of this uid, and nobody said what is to become of its data: nothing of it runs on, and all of it is
    /// kept. An object that is there again takes it up as if nothing had been. Whose it was, where anything had to be done.
    async fn orphaned(&self, _uid: &str) -> Result<Option<Orphan>, Error> {
        Ok(None)
    }

    /// The server ends in good order; nothing is asked after this. What runs is not the server's: a backend that ends it
    /// does so by its own settings.
    async fn close(&self) {}
}

/// A backend of one kind.
///
/// For one object it is asked by one caller at a time; [`Answers::plan`] alone, which changes nothing, may come beside. A call that is dropped, or whose process ends, is made again; what it
/// had done by then must not be in its way. A backend that is reached over a network sets a deadline for each call.
#[async_trait]
pub trait Answers<K: Kind>: Backend {
    /// Where the implementation of an object will be, known before it exists and the same ever after.
    async fn reference(&self, request: &Request<K>) -> Result<Reference, Error>;

    /// What [`Answers::ensure`] would disturb, changing nothing.
    async fn plan(&self, request: &Request<K>) -> Result<Plan, Error>;

    /// What is there, changing nothing; `None` where there is nothing yet.
    async fn observe(&self, request: &Request<K>) -> Result<Option<Observed>, Error>;

    /// Makes it so, as far as that goes now, and says how far it went.
    ///
    /// A refused wish does not stop the care for what is there. Where the object asks for something that will never be
    /// done, and something was accepted before, the backend changes nothing towards the wish, brings up and keeps what it
    /// accepted last, and returns what that is with [`Observed::refused`]: endpoints, logins and readiness are those of
    /// what runs. `Observed` without `refused` says that everything the object lists is so.
    /// [`Code::InvalidArgument`] is for an object of which nothing was ever accepted; the other codes are for what may go
    /// well next time. Being stopped and being removed are never refused for another part of the object.
    async fn ensure(&self, request: &Request<K>) -> Result<Observed, Error>;

    /// Makes the backup that outlives the object, as far as that goes now, and says how far it is. It is asked for before
    /// [`Answers::remove`] where the deletion policy is Snapshot, again and again until the backup succeeded or there is
    /// nothing to back up; the policy may become another one meanwhile. One backup is made, called by the object's name and
    /// uid; after one that failed another is begun, later each time. Nothing is removed by it, and what is stopped may be
    /// started for it. Who does not offer `DeletionSnapshot` is not asked.
    async fn back_up(&self, _request: &Request<K>) -> Result<Backup, Error> {
        let message = format!("{:?} makes no backups", self.controller_name());
        Err(Error::retried(Code::FailedPrecondition, message))
    }

    /// Ends the implementation. Not finding it is success.
    async fn remove(&self, request: &Request<K>, disposal: Disposal) -> Result<(), Error>;
}
