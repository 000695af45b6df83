//! The end of an object, as its deletion policy wants it.

use super::super::Controllers;
use super::super::patience::{LONG, within};
use super::super::runtime::Outcome;
use super::Database;
use super::backup::waits_for_backup;
use super::binding;
use super::conditions::{self, BACKED_UP};
use super::news::News;
use super::reconcile::{Error, Reconciler};
use crate::backend::{Answers, Class, Disposal, Refusal, Request};
use crate::registry::Part;
use apimachinery::kind::Kind;
use apimachinery::meta::{condition, is_true};
use databases_api::instance::{BACKEND_FINALIZER, Instance, is_backed_up_first, is_taken_up};
use databases_api::shared::DeletionPolicy;
use std::sync::Arc;

impl<K: Database> Reconciler<K> {
    /// Ends what these backends have of the object, then lets it go. Everything may be repeated.
    pub(super) async fn delete(
        &self,
        object: &K,
        class: Result<Class, Refusal>,
        backends: &[Arc<dyn Answers<K>>],
    ) -> Result<Outcome, Error> {
        let (made, uid) = (object.status().backend_ref.is_some(), &Kind::meta(object).uid);
        if !is_taken_up(Kind::meta(object)) {
            if made && !self.departed.is_ended(uid) {
                self.ended(&mut asked(object, class), backends, last_disposal(object)).await?;
            }
            return self.held(object).await;
        }
        let disposal = disposal(object);
        if made
            && !is_told(object)
            && let Err(error) = self.terminating(object, "the database is being removed").await
        {
            return gone(error);
        }
        let mut request = asked(object, class);
        if waits_for_backup(object) {
            for backend in backends {
                match self.back_up(&request, &**backend).await {
                    Ok(None) => {}
                    Ok(Some(outcome)) => return Ok(outcome),
                    Err(error) => {
                        self.not_removed(object, &error).await?;
                        return Err(error);
                    }
                }
            }
        }
        self.ended(&mut request, backends, disposal).await?;
        let outcome = self.update(object, Part::Main, |object| {
            Kind::meta_mut(object).finalizers.retain(|finalizer| finalizer != BACKEND_FINALIZER);
        });
        outcome.await.map_or_else(gone, |_| Ok(Outcome::Settled))
    }

    /// The same for an object that is there, which says why it did not go.
    async fn ended(
        &self,
        request: &mut Request<K>,
        backends: &[Arc<dyn Answers<K>>],
        disposal: Disposal,
    ) -> Result<(), Error> {
        if let Err(error) = self.end(request, backends, disposal).await {
            self.not_removed(&request.object, &error).await?;
            return Err(error);
        }
        self.departed.ends(&Kind::meta(&request.object).uid);
        Ok(())
    }

    /// Ends what these backends have of an object, and its Secrets.
    pub(super) async fn end(
        &self,
        request: &mut Request<K>,
        backends: &[Arc<dyn Answers<K>>],
        disposal: Disposal,
    ) -> Result<(), Error> {
        for backend in backends {
            self.remove(request, &**backend, disposal).await?;
        }
        let object = &request.object;
        let kept = self.controllers.dispose_secrets(object, disposal).await?;
        if disposal == Disposal::Retain && object.status().backend_ref.is_some() {
            let was_ready = !object.status().version.is_empty();
            self.controllers.tell(object, &News::retained(&Kind::meta(object).uid, was_ready, &kept)).await;
        }
        Ok(())
    }

    /// The database is done with; the object stays as long as others hold it, and says who does.
    async fn held(&self, object: &K) -> Result<Outcome, Error> {
        let told = self.update(object, Part::Status, |object| {
            let became = last_disposal(object);
            conditions::held(object, became);
        });
        told.await.map_or_else(gone, |_| Ok(Outcome::Settled))
    }

    async fn remove(
        &self,
        request: &mut Request<K>,
        backend: &dyn Answers<K>,
        disposal: Disposal,
    ) -> Result<(), Error> {
        // What is gone by now is not waited for: whether it is needed is for the backend to say.
        (request.references, _) = self.controllers.references_of(&request.object, backend).await?;
        Ok(within(LONG, backend, "Remove", backend.remove(request, disposal)).await?)
    }

    /// Says why the database is still there.
    pub(super) async fn not_removed(&self, object: &K, error: &Error) -> Result<(), Error> {
        if object.status().backend_ref.is_none() {
            return Ok(());
        }
        let message = format!("the database cannot be removed yet: {error}");
        let before = condition(&object.status().conditions, "Ready").map(|ready| ready.message.as_str());
        if before != Some(&*message) {
            self.controllers.tell(object, &News::not_removed(&message)).await;
        }
        self.terminating(object, &message).await
    }

    /// An object that others still hold does not say that its database is there.
    async fn terminating(&self, object: &K, message: &str) -> Result<(), Error> {
        let told = self.update(object, Part::Status, |object| {
            if !waits_for_backup(object) {
                conditions::without_backup(object);
            }
            conditions::terminating(object, message);
        });
        told.await.map(drop)
    }
}

/// What backends are asked about an object that goes.
pub(super) fn asked<K: Database>(object: &K, class: Result<Class, Refusal>) -> Request<K> {
    let (class, lost) = class.map_or_else(|lost| (None, Some(lost)), |class| (Some(class), None));
    Request { class, lost, ..Request::new(object.clone()) }
}

/// What becomes of the data of an object that nothing is waited for any more: what was to be backed up first and was not is kept.
pub(super) fn last_disposal(object: &dyn Instance) -> Disposal {
    if waits_for_backup(object) { Disposal::Retain } else { disposal(object) }
}

/// What becomes of the data.
fn disposal(object: &dyn Instance) -> Disposal {
    match object.spec().deletion_policy {
        Some(DeletionPolicy::Delete) => Disposal::Delete,
        _ if is_backed_up_first(object) => Disposal::Delete,
        _ => Disposal::Retain,
    }
}

/// Whether it was said that the object goes: told once, what a failure then says of it stays until it is mended. A backup that is
/// not waited for any more is not spoken of.
fn is_told(object: &dyn Instance) -> bool {
    let conditions = &object.status().conditions;
    let is_over = condition(conditions, BACKED_UP).is_some() && !is_true(conditions, BACKED_UP);
    let is_so = condition(conditions, "Ready").is_some_and(|now| now.reason == "Terminating");
    is_so && (!is_over || waits_for_backup(object))
}

/// An object that went meanwhile is what was wanted.
fn gone(error: Error) -> Result<Outcome, Error> {
    match error {
        Error::Registry(error) if error.is_not_found() => Ok(Outcome::Settled),
        error => Err(error),
    }
}

impl Controllers {
    /// The Secrets go with the data they open, or stay with it; the names of those that stay.
    async fn dispose_secrets(&self, object: &dyn Instance, disposal: Disposal) -> Result<Vec<String>, Error> {
        let (namespace, uid) = (&object.meta().namespace, &object.meta().uid);
        let mut kept = Vec::new();
        for name in binding::names(object) {
            match disposal {
                Disposal::Delete => self.cluster.retract(namespace, &name, uid).await?,
                Disposal::Retain if self.cluster.release(namespace, &name, uid).await? => kept.push(name),
                Disposal::Retain => {}
            }
        }
        Ok(kept)
    }
}
