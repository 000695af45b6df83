//! Backends that are programs of their own: the contract of [`super`] as gRPC, described for others in
//! `api/proto/backend/v1/backend.proto`.
//!
//! That file is made from what is declared here: `messages` and `object_messages` (each value of the contract once), `calls` (each call once). The
//! contract's own values are not those messages: on the wire an enumeration has values that are not known yet, a port may be
//! negative and a text anything, and none of that is to reach a controller. `convert` is the border, field by field.
//!
//! A connection is never remade in secret (`session`): whoever is reached is asked first who he is (`link`), and a backend that
//! comes back as another one, or in a version that is not understood, is not used. Every call has a deadline, every message a
//! greatest size, and messages are never logged: logins are in them. What cannot be understood is an error of that call alone.

mod calls;
mod codec;
mod connect;
mod convert;
mod failure;
mod follow;
mod link;
mod messages;
mod object_messages;
mod session;

pub use connect::{Address, Tls};

use super::{
    Announcer, Answers, Backend, Backup, Change, Class, Disposal, Effect, Error, News, Observed, Offer,
    ParametersKind, Plan, Reference, ReferenceKind, Request, Warner, Warning,
};
use apimachinery::kind::Kind;
use apimachinery::wire::Object;
use async_trait::async_trait;
use calls::Call;
use futures_util::stream::BoxStream;
use link::Link;
use messages::{Capability, Info, Removal};
use std::sync::Arc;
use tokio::task::AbortHandle;

/// A backend to be reached.
#[derive(Clone, Debug)]
pub struct Options {
    /// What classes name it by; it must say the same of itself.
    pub name: String,
    /// Where it listens.
    pub address: Address,
    /// What `https` needs.
    pub tls: Option<Tls>,
}

/// A backend that is a program of its own.
pub struct Remote {
    link: Arc<Link>,
    announcer: Arc<Announcer>,
    warner: Warner,
    following: AbortHandle,
}

impl Remote {
    /// Looks for it from now on. That it is not there yet is no error.
    pub fn open(options: Options) -> Arc<Self> {
        let (link, announcer) = (Link::new(options), Arc::new(Announcer::default()));
        let warner = Warner::default();
        let following = follow::follow(link.clone(), announcer.clone(), warner.clone());
        let following = tokio::spawn(following).abort_handle();
        Arc::new(Remote { link, announcer, warner, following })
    }

    /// What it said of itself when it was last reached.
    fn told<T: Default>(&self, part: impl FnOnce(&Info) -> T) -> T {
        self.link.known().map(|info| part(&info)).unwrap_or_default()
    }

    /// Makes a call of a kind's service.
    async fn ask<K: Kind, Q: Object, A: Object>(&self, call: &Call<Q, A>, message: Q) -> Result<A, Error> {
        self.link.call(K::definition().kind, call, message).await
    }
}

impl Drop for Remote {
    fn drop(&mut self) {
        self.following.abort();
    }
}

fn kinds(told: &[messages::ParametersKind]) -> Vec<ParametersKind> {
    told.iter().cloned().map(Into::into).collect()
}

#[async_trait]
impl Backend for Remote {
    fn controller_name(&self) -> &str {
        self.link.name()
    }

    fn class_parameters(&self) -> Vec<ParametersKind> {
        self.told(|info| kinds(&info.class_parameters))
    }

    fn object_parameters(&self) -> Vec<ParametersKind> {
        self.told(|info| kinds(&info.object_parameters))
    }

    fn object_references(&self) -> Vec<ReferenceKind> {
        self.told(|info| info.object_references.iter().cloned().map(Into::into).collect())
    }

    fn recognises(&self, group: &str) -> bool {
        let domain = self.link.name().split('/').next();
        domain == Some(group) || self.told(|info| info.groups.iter().any(|known| known == group))
    }

    fn remembers_logins(&self) -> bool {
        !self.told(|info| info.capabilities.contains(&Capability::ForgetsLogins))
    }

    fn foretells(&self) -> bool {
        self.told(|info| info.capabilities.contains(&Capability::Plan))
    }

    async fn introduce(&self) -> Result<(), Error> {
        self.link.introduced().await
    }

    async fn offer(&self, class: &Class) -> Result<Offer, Error> {
        self.link.call(calls::IDENTITY, &calls::OFFER, class.into()).await.map(Into::into)
    }

    fn news(&self) -> BoxStream<'static, News> {
        self.announcer.listen()
    }

    fn warnings(&self) -> BoxStream<'static, Warning> {
        self.warner.listen()
    }
}

#[async_trait]
impl<K: Kind> Answers<K> for Remote {
    async fn reference(&self, request: &Request<K>) -> Result<Reference, Error> {
        self.ask::<K, _, _>(&calls::REFERENCE, request.into()).await.map(Into::into)
    }

    async fn plan(&self, request: &Request<K>) -> Result<Plan, Error> {
        if !self.link.session().await?.info.capabilities.contains(&Capability::Plan) {
            let (fields, message) =
                (vec!["spec".into()], "the backend does not say what this disturbs".into());
            return Ok(Plan { changes: vec![Change { fields, effect: Effect::Rebuild, message }] });
        }
        self.ask::<K, _, _>(&calls::PLAN, request.into()).await?.try_into()
    }

    async fn observe(&self, request: &Request<K>) -> Result<Option<Observed>, Error> {
        let answer = self.ask::<K, _, _>(&calls::OBSERVE, request.into()).await?;
        answer.observed.map(TryInto::try_into).transpose()
    }

    async fn ensure(&self, request: &Request<K>) -> Result<Observed, Error> {
        self.ask::<K, _, _>(&calls::ENSURE, request.into()).await?.try_into()
    }

    async fn back_up(&self, request: &Request<K>) -> Result<Backup, Error> {
        self.ask::<K, _, _>(&calls::BACK_UP, request.into()).await?.try_into()
    }

    async fn remove(&self, request: &Request<K>, disposal: Disposal) -> Result<(), Error> {
        let removal = Removal { request: Some(request.into()), disposal: disposal.into() };
        self.ask::<K, _, _>(&calls::REMOVE, removal).await.map(drop)
    }
}

#[cfg(test)]
mod tests;
