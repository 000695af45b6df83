//! The beginning of an object: its class takes it, or it waits and says for what.
//!
//! An object may be older than its class. What the class decides for it, and whether the class allows it, is then settled
//! when it is taken up; admission does so for the very update that puts the finalizer on.

use super::Database;
use super::conditions;
use super::reconcile::{Error, Reconciler};
use crate::backend::Refusal;
use crate::controller::class_use;
use crate::controller::runtime::Outcome;
use crate::registry::Part;
use apimachinery::kind::Kind;
use apimachinery::meta::{condition, is_true};
use databases_api::databaseclass::DatabaseClass;
use databases_api::defaulting;
use databases_api::instance::{BACKEND_FINALIZER, is_taken_up};
use std::time::Duration;

impl<K: Database> Reconciler<K> {
    /// Puts the finalizer on, once the class agrees.
    pub(super) async fn take_up(
        &self,
        object: &K,
        class: &Result<DatabaseClass, Refusal>,
    ) -> Result<Outcome, Error> {
        if let (None, Ok(class)) = (&object.status().backend_ref, class)
            && let Some(refusal) = self.keep_class(class).await?
        {
            return self.wait(object, &refusal).await;
        }
        let outcome = self.update(object, Part::Main, |object| {
            let meta = Kind::meta_mut(object);
            if !is_taken_up(meta) {
                meta.finalizers.push(BACKEND_FINALIZER.into());
            }
        });
        match outcome.await {
            Err(Error::Registry(error)) if error.is_invalid() => {
                self.wait(object, &Refusal::new("Conflict", error.to_string())).await
            }
            Err(error) => Err(error),
            Ok(_) => Ok(Outcome::Again(Duration::ZERO)),
        }
    }

    /// Keeps the class for an object that begins to use it, or says why it cannot.
    async fn keep_class(&self, class: &DatabaseClass) -> Result<Option<Refusal>, Error> {
        let name = &class.metadata.name;
        let conditions = &class.status.conditions;
        if !is_true(conditions, "Accepted") {
            let why = condition(conditions, "Accepted").map_or("", |accepted| accepted.message.as_str());
            let message = format!("DatabaseClass {name:?} is not accepted: {why}");
            return Ok(Some(Refusal::new("ClassNotAccepted", message)));
        }
        if class_use::hold(&self.classes, class).await? {
            return Ok(None);
        }
        let message = format!("DatabaseClass {name:?} is being deleted and takes no new objects");
        Ok(Some(Refusal::new("ClassNotAccepted", message)))
    }

    /// An object that nobody answers: a default class that came late takes it; else it waits, and can be deleted.
    pub(super) async fn without_backend(&self, object: &K, refusal: &Refusal) -> Result<Outcome, Error> {
        if Kind::meta(object).deletion_timestamp.is_some() {
            // Nothing is recorded; should something be there all the same, it is found by the uid.
            return self.delete(object, None, self.backends.all()).await;
        }
        if !object.spec().class_name.is_empty() || !self.has_default(object).await? {
            return self.wait(object, refusal).await;
        }
        match self.update(object, Part::Main, |_| {}).await {
            Err(Error::Registry(error)) if error.is_invalid() => {
                self.wait(object, &Refusal::new("Conflict", error.to_string())).await
            }
            Err(error) => Err(error),
            Ok(_) => Ok(Outcome::Again(Duration::ZERO)),
        }
    }

    /// Whether some class is the default for an object that names none.
    async fn has_default(&self, object: &K) -> Result<bool, Error> {
        let classes: Vec<DatabaseClass> =
            self.classes.list().await?.iter().map(|class| (**class).clone()).collect();
        Ok(defaulting::knows_class(object, &classes))
    }

    /// Says why nobody answers; the class's own event brings the object back.
    pub(super) async fn wait(&self, object: &K, refusal: &Refusal) -> Result<Outcome, Error> {
        let Refusal { reason, message } = refusal;
        self.set_status(object, |object| conditions::not_accepted(object, reason, message)).await?;
        Ok(Outcome::Settled)
    }
}
