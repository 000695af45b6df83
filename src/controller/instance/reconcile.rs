//! One look at one object.

use super::super::patience::{LONG, SHORT, within};
use super::super::runtime::{Entry, Outcome, PATIENCE, Seats};
use super::super::{Backends, Controllers};
use super::choice::{Choice, Chosen};
use super::conditions::{self, CUT_OFF, Progress, UNAVAILABLE};
use super::departed::Departed;
use super::facts;
use super::news::News;
use super::{Database, RESYNC, RESYNC_EACH};
use crate::backend::{Answers, Code, Error as BackendError, Observed, Reference, Request};
use crate::cluster;
use crate::registry::{FOREGROUND, Objects, Part, Shared};
use apimachinery::kind::Kind;
use apimachinery::meta::is_true;
use apimachinery::status::ApiError;
use apimachinery::time::Time;
use databases_api::databaseclass::DatabaseClass;
use databases_api::instance::{Instance, is_taken_up};
use std::sync::Arc;
use std::time::Duration;

/// A Secret that is in the way is looked at again so soon, where no event tells that it went.
const IN_THE_WAY: Duration = Duration::from_secs(5);

/// Why a look at an object has to be repeated.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    /// The registry refused or failed.
    #[error(transparent)]
    Registry(#[from] ApiError),
    /// The host cluster refused or failed.
    #[error(transparent)]
    Cluster(#[from] cluster::Error),
    /// The backend cannot now.
    #[error(transparent)]
    Backend(#[from] BackendError),
}

/// What looks at objects.
pub(super) struct Reconciler<K> {
    pub(super) controllers: Arc<Controllers>,
    pub(super) backends: Backends<K>,
    pub(super) objects: Objects<K>,
    pub(super) classes: Objects<DatabaseClass>,
    pub(super) seats: Seats<String>,
    pub(super) departed: Arc<Departed<K>>,
}

impl<K: Database> Reconciler<K> {
    /// One look at an object, whose key this is.
    pub(super) async fn look(&self, key: &String, object: &K) -> Result<Outcome, Error> {
        // Each change of each object begins a look. What is ours has much to carry, and the others need no room for it.
        match self.inquiry().choose(object).await? {
            Choice::Ours(chosen) => Box::pin(self.ours(key, object, *chosen)).await,
            Choice::Elsewhere => self.elsewhere(object).await,
            Choice::Astray(refusal) => self.wait(object, &refusal).await,
            Choice::Nobody(refusal) => Box::pin(self.without_backend(object, &refusal)).await,
        }
    }

    /// A look at an object that a backend of ours answers.
    async fn ours(&self, key: &String, object: &K, chosen: Chosen<K>) -> Result<Outcome, Error> {
        let _seat = match self.seats.enter(chosen.backend.controller_name(), key) {
            Entry::Seated(seat) => seat,
            Entry::Waits => return Ok(Outcome::Again(PATIENCE)),
            Entry::TurnedAway(error) => return self.turned_away(object, &chosen, error).await,
        };
        // What is read for a backend depends on who it is.
        let introduced = self.introduced(&chosen).await;
        if Kind::meta(object).deletion_timestamp.is_some() && !waits_for_dependents(object) {
            let class = self.inquiry().last_class(&chosen).await;
            return self.delete(object, class, &[chosen.backend]).await;
        }
        if !is_taken_up(Kind::meta(object)) {
            return self.take_up(object, &chosen, introduced.is_ok()).await;
        }
        if let Err(error) = introduced {
            return self.unreached(object, &chosen, error).await;
        }
        let (request, chosen) = match self.inquiry().request(object, &chosen).await {
            Ok(found) => found,
            Err(error) => return self.cut_off(object, &chosen, error).await,
        };
        if object.status().backend_ref.is_none() {
            if let Some(refusal) = &chosen.unresolved {
                self.wait(object, refusal).await?;
                // Nobody tells when it is made.
                return Ok(Outcome::Again(RESYNC));
            }
            return self.announce(&request, &chosen).await;
        }
        self.ensure(&request, &chosen).await
    }

    /// Where the implementation will be is written before it exists, so that it cannot be lost.
    async fn announce(&self, request: &Request<K>, chosen: &Chosen<K>) -> Result<Outcome, Error> {
        match self.reference(request, &*chosen.backend).await {
            Ok(reference) => {
                self.set_status(&request.object, |object| announced(object, chosen, &reference)).await?;
                Ok(Outcome::Again(Duration::ZERO))
            }
            Err(error) => self.failed(request, chosen, error).await,
        }
    }

    /// Where the implementation will be, as its backend will know it again.
    pub(super) async fn reference(
        &self,
        request: &Request<K>,
        backend: &dyn Answers<K>,
    ) -> Result<Reference, BackendError> {
        let reference = within(SHORT, backend, "Reference", backend.reference(request)).await?;
        if backend.recognises(&reference.group) {
            return Ok(reference);
        }
        let (who, group) = (backend.controller_name(), reference.group);
        let message = format!("{who} would not know its own reference of group {group:?} again");
        Err(BackendError::retried(Code::FailedPrecondition, message))
    }

    /// When an object in good order is looked at again.
    fn later(&self) -> Outcome {
        let all = u32::try_from(self.objects.store().snapshot().len()).unwrap_or(u32::MAX);
        let last = RESYNC.max(RESYNC_EACH.saturating_mul(all));
        Outcome::Sometime(rand::random_range(RESYNC..=last))
    }

    /// The backend did not do what is wanted. What it sees all the same is told together with that.
    async fn failed(
        &self,
        request: &Request<K>,
        chosen: &Chosen<K>,
        error: BackendError,
    ) -> Result<Outcome, Error> {
        let (object, lost) = (&request.object, chosen.lost());
        if let Err(error) = self.introduced(chosen).await {
            return self.unreached(object, chosen, error).await;
        }
        let looked = self.seen(request, &*chosen.backend).await;
        let error = error.plausible();
        let Some(refusal) = error.refusal() else {
            // Who cannot even look knows nothing of what runs.
            let Ok(seen) = looked else { return self.unreached(object, chosen, error).await };
            let tell =
                |object: &mut dyn Instance| conditions::unavailable(object, &error.message, seen.as_ref());
            self.set_status(object, |object| conditions::under(object, lost, tell)).await?;
            return Err(error.into());
        };
        let seen = looked.ok().flatten();
        let progress = Progress::Rejected(refusal);
        let tell = |object: &mut dyn Instance| {
            if let Some(seen) = seen.as_ref().filter(|_| !object.status().endpoints.is_empty()) {
                conditions::runs_on(object, seen);
            }
            conditions::progress(object, &progress);
        };
        self.set_status(object, |object| conditions::under(object, lost, tell)).await?;
        Ok(Outcome::Again(RESYNC))
    }

    /// Whether it is known who the backend is.
    async fn introduced(&self, chosen: &Chosen<K>) -> Result<(), BackendError> {
        let backend = &*chosen.backend;
        within(SHORT, backend, "Introduce", backend.introduce()).await
    }

    /// What the backend sees of an object.
    async fn seen(
        &self,
        request: &Request<K>,
        backend: &dyn Answers<K>,
    ) -> Result<Option<Observed>, BackendError> {
        let seen = within(SHORT, backend, "Observe", backend.observe(request)).await;
        seen.map(|seen| seen.map(Observed::plausible))
    }

    /// The backend answers nobody.
    async fn turned_away(
        &self,
        object: &K,
        chosen: &Chosen<K>,
        error: BackendError,
    ) -> Result<Outcome, Error> {
        if Kind::meta(object).deletion_timestamp.is_none() || waits_for_dependents(object) {
            return self.unreached(object, chosen, error).await;
        }
        let error = error.into();
        self.not_removed(object, &error).await?;
        Err(error)
    }

    /// The backend is not there, and nobody looks at what it made.
    async fn unreached(&self, object: &K, chosen: &Chosen<K>, error: BackendError) -> Result<Outcome, Error> {
        let error = error.plausible();
        self.nobody_looks(object, chosen, UNAVAILABLE, &error.message).await?;
        Err(error.into())
    }

    /// The cluster keeps from us what the backend would need.
    async fn cut_off(&self, object: &K, chosen: &Chosen<K>, error: cluster::Error) -> Result<Outcome, Error> {
        self.nobody_looks(object, chosen, CUT_OFF, &error.to_string()).await?;
        Err(error.into())
    }

    async fn nobody_looks(
        &self,
        object: &K,
        chosen: &Chosen<K>,
        reason: &str,
        message: &str,
    ) -> Result<(), Error> {
        let (lost, now) = (chosen.lost(), Time::now());
        let tell = |object: &mut dyn Instance| conditions::unreached(object, reason, message, now);
        self.set_status(object, |object| conditions::under(object, lost, tell)).await
    }

    /// Has the backend do what is wanted, and says how far that went. The care for a database does not depend on its class.
    pub(super) async fn ensure(&self, request: &Request<K>, chosen: &Chosen<K>) -> Result<Outcome, Error> {
        let (object, backend, class) = (&request.object, &*chosen.backend, &chosen.class);
        let mut written = self.say_before(request, backend).await?;
        let lost = chosen.lost();
        let observed = match within(LONG, backend, "Ensure", backend.ensure(request)).await {
            Ok(observed) => observed.plausible(),
            Err(error) => return self.failed(request, chosen, error).await,
        };
        written |= self.announce_secrets(object, &observed).await?;
        let published = self.publish(object, chosen, &observed).await;
        let trouble = published.as_ref().err();
        let tell = |object: &mut dyn Instance| {
            if let Ok(class) = class {
                facts::supported(object, class);
            }
            conditions::observed(object, &observed, trouble);
        };
        let tell = |object: &mut dyn Instance| conditions::under(object, lost, tell);
        // What is known and asks for no write costs none.
        if written || differs(object, tell) {
            self.set_status(object, tell).await?;
        }
        match published {
            Err(error) if error.is_conflict() => return Ok(Outcome::Again(IN_THE_WAY)),
            other => other?,
        }
        Ok(if observed.is_settled() { self.later() } else { Outcome::Unfinished })
    }

    /// What is about to be done is said before. A database that was ready and is not is shown so before it is repaired, and
    /// told of. Whether there was something to say.
    async fn say_before(&self, request: &Request<K>, backend: &dyn Answers<K>) -> Result<bool, Error> {
        let object = &request.object;
        if object.status().observed_generation != Kind::meta(object).generation {
            return self.set_status(object, conditions::changing).await.map(|()| true);
        }
        if !is_true(&object.status().conditions, "Ready") {
            return Ok(false);
        }
        let seen = self.seen(request, backend).await.ok().flatten();
        match seen {
            Some(seen) if !seen.is_ready() => {
                self.set_status(object, |object| conditions::runs_on(object, &seen)).await?;
            }
            Some(seen) if seen.restarting => self.set_status(object, conditions::restarting).await?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Writes the status, and tells of what that changed of the one that was there. Of a spec that came meanwhile nothing is
    /// said before it was looked at.
    pub(super) async fn set_status(
        &self,
        object: &K,
        change: impl Fn(&mut dyn Instance) + Send + Sync,
    ) -> Result<(), Error> {
        let (mut before, about) = (None, Kind::meta(object).generation);
        let written = self.update(object, Part::Status, |object| {
            before = Some(object.clone());
            if Kind::meta(object).generation == about {
                change(object);
            }
        });
        let after = written.await?;
        self.tell_between(before.as_ref().unwrap_or(object), &after).await;
        Ok(())
    }

    /// Tells of what changed.
    pub(super) async fn tell_between(&self, before: &K, after: &K) {
        for news in News::between(before, after) {
            self.controllers.tell(after, &news).await;
        }
    }

    /// Changes the object, whatever else happened to it meanwhile, unless it is gone or another one by now.
    pub(super) async fn update(
        &self,
        object: &K,
        part: Part,
        change: impl FnMut(&mut K) + Send,
    ) -> Result<Shared<K>, Error> {
        let meta = Kind::meta(object);
        let updated = self.objects.update(meta, part, change).await?;
        updated.ok_or_else(|| ApiError::not_found(K::kind(), &meta.name).into())
    }
}

/// Where the implementation will be, written to an object.
pub(super) fn announced<K>(object: &mut dyn Instance, chosen: &Chosen<K>, reference: &Reference) {
    // What was announced stays, whoever did it.
    if object.status().backend_ref.is_some() {
        return;
    }
    if let Ok(class) = &chosen.class {
        facts::supported(object, class);
    }
    object.status_mut().backend_ref = Some(facts::backend_ref(reference));
    conditions::progress(object, &Progress::Creating);
}

/// Whether something changes an object.
fn differs<K: Database>(object: &K, change: impl Fn(&mut dyn Instance)) -> bool {
    let mut changed = object.clone();
    change(&mut changed);
    changed != *object
}

/// A database that is deleted in the foreground runs until its dependents are gone.
fn waits_for_dependents(object: &dyn Instance) -> bool {
    let waits = object.meta().finalizers.iter().any(|finalizer| finalizer == FOREGROUND);
    waits && is_taken_up(object.meta()) && object.status().backend_ref.is_some()
}
