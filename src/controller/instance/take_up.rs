//! The beginning of an object: its class takes it, or it waits and says for what.
//!
//! An object may be older than its class. What the class decides for it, and whether the class allows it, is then settled
//! when it is taken up; admission does so for the very update that puts the finalizer on.

use super::Database;
use super::choice::Chosen;
use super::conditions;
use super::facts;
use super::reconcile::{Error, Reconciler, announced};
use crate::backend::{Reference, Refusal, Request};
use crate::controller::class_use;
use crate::controller::runtime::Outcome;
use crate::registry::{Part, Shared};
use apimachinery::kind::Kind;
use apimachinery::meta::{Condition, condition, is_true};
use apimachinery::status::ApiError;
use databases_api::databaseclass::DatabaseClass;
use databases_api::defaulting;
use databases_api::instance::{BACKEND_FINALIZER, is_taken_up, waiting_for};
use std::time::Duration;

/// Where a new object will be, with what its backend is asked about it.
struct Place<K> {
    request: Request<K>,
    chosen: Chosen<K>,
    reference: Reference,
}

/// Puts the finalizer on.
fn hold<K: Database>(object: &mut K) {
    let meta = Kind::meta_mut(object);
    if !is_taken_up(meta) {
        meta.finalizers.push(BACKEND_FINALIZER.into());
    }
}

impl<K: Database> Reconciler<K> {
    /// Puts the finalizer on, once the class agrees; where nothing is in the way, the place is written with it and the database
    /// begun. Whatever is in the way is told by the next look, of an object that cannot go unseen any more.
    pub(super) async fn take_up(
        &self,
        object: &K,
        chosen: &Chosen<K>,
        introduced: bool,
    ) -> Result<Outcome, Error> {
        let new = object.status().backend_ref.is_none();
        if let (true, Ok(class)) = (new, &chosen.class)
            && let Some(refusal) = self.keep_class(class).await?
        {
            return self.wait(object, &refusal).await;
        }
        let place = if new && introduced { self.place(object, chosen).await } else { None };
        let taken = match &place {
            Some(place) => self.write_place(object, place).await,
            None => self.update(object, Part::Main, hold).await,
        };
        match (taken, place) {
            (Err(Error::Registry(error)), _) if error.is_invalid() => {
                self.wait(object, &Refusal::new("Conflict", error.to_string())).await
            }
            (Err(error), _) => Err(error),
            (Ok(taken), Some(place)) => self.begin(object, &taken, place).await,
            (Ok(_), None) => Ok(Outcome::Again(Duration::ZERO)),
        }
    }

    /// Where a new object will be, if nothing is in its way.
    async fn place(&self, object: &K, chosen: &Chosen<K>) -> Option<Place<K>> {
        let (request, chosen) = self.inquiry().request(object, chosen).await.ok()?;
        if chosen.lost().is_some() {
            return None;
        }
        let reference = self.reference(&request, &*chosen.backend).await.ok()?;
        Some(Place { request, chosen, reference })
    }

    /// Writes the finalizer and the place at once; of a spec that came meanwhile nothing is said.
    async fn write_place(&self, object: &K, place: &Place<K>) -> Result<Shared<K>, Error> {
        let seen = Kind::meta(object);
        let taken = self.objects.update_whole(seen, |object| {
            hold(object);
            if Kind::meta(object).generation == seen.generation {
                announced(object, &place.chosen, &place.reference);
            }
        });
        taken.await?.ok_or_else(|| ApiError::not_found(K::kind(), &seen.name).into())
    }

    /// Goes on with an object that was taken up, unless that is another wish, as its class may have decided something, or is
    /// elsewhere.
    async fn begin(&self, before: &K, taken: &K, place: Place<K>) -> Result<Outcome, Error> {
        self.tell_between(before, taken).await;
        let is_here = taken.status().backend_ref == Some(facts::backend_ref(&place.reference));
        if !is_here || Kind::meta(taken).generation != Kind::meta(before).generation {
            return Ok(Outcome::Again(Duration::ZERO));
        }
        let Place { request, chosen, .. } = place;
        self.ensure(&Request { object: taken.clone(), ..request }, &chosen).await
    }

    /// Keeps the class for an object that begins to use it, or says why it cannot.
    async fn keep_class(&self, class: &DatabaseClass) -> Result<Option<Refusal>, Error> {
        let name = &class.metadata.name;
        let conditions = &class.status.conditions;
        if !is_true(conditions, "Accepted") {
            return Ok(Some(not_accepted(name, condition(conditions, "Accepted"))));
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
            return self.delete(object, Err(refusal.clone()), self.backends.all()).await;
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

    /// An object that somebody elsewhere answers. He has not looked at it while nobody but us has written its status: what that
    /// says of a class that was not there, or of another one, holds no more.
    pub(super) async fn elsewhere(&self, object: &K) -> Result<Outcome, Error> {
        let waits = Refusal::new("Pending", waiting_for(&object.spec().class_name));
        let said = condition(&object.status().conditions, "Accepted");
        let is_past = said.is_some_and(|said| said.message != waits.message);
        if is_past && object.status().backend_ref.is_none() && self.is_told_here(object) {
            return self.wait(object, &waits).await;
        }
        Ok(Outcome::Settled)
    }

    /// Whether it is on record that we wrote an object's status, and that nobody else did.
    fn is_told_here(&self, object: &K) -> bool {
        let entries = Kind::meta(object).managed_fields.iter();
        let mut writers = entries.filter(|entry| entry.subresource == "status").map(|entry| &*entry.manager);
        let ours = self.objects.manager();
        writers.next() == Some(ours) && writers.all(|writer| writer == ours)
    }

    /// Says why nobody answers; the class's own event brings the object back.
    pub(super) async fn wait(&self, object: &K, refusal: &Refusal) -> Result<Outcome, Error> {
        let Refusal { reason, message } = refusal;
        self.set_status(object, |object| conditions::not_accepted(object, reason, message)).await?;
        Ok(Outcome::Settled)
    }
}

/// Why a class takes no new object. One that nobody has looked at yet, as both were just applied, is only waited for.
fn not_accepted(name: &str, accepted: Option<&Condition>) -> Refusal {
    let why = accepted.map_or("", |accepted| accepted.message.as_str());
    match accepted.is_none_or(|accepted| accepted.reason == "Pending") {
        true => Refusal::new("Pending", format!("DatabaseClass {name:?} is not looked at yet: {why}")),
        false => Refusal::new("ClassNotAccepted", format!("DatabaseClass {name:?} is not accepted: {why}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::fake::Fake;
    use databases_api::postgresql::PostgreSQL;

    #[test]
    fn a_class_that_nobody_looked_at_yet_is_waited_for() {
        let said = |reason: &str| Condition {
            kind: "Accepted".into(),
            reason: reason.into(),
            message: "why".into(),
            ..Condition::default()
        };
        let waits = Refusal::new("Pending", "DatabaseClass \"gold\" is not looked at yet: why");
        assert_eq!(not_accepted("gold", Some(&said("Pending"))), waits);
        let refused = Refusal::new("ClassNotAccepted", "DatabaseClass \"gold\" is not accepted: why");
        assert_eq!(not_accepted("gold", Some(&said("InvalidParameters"))), refused);
    }

    #[test]
    fn what_was_announced_stays() {
        let class = Err(Refusal::new("ClassNotFound", "there is none"));
        let chosen = Chosen::<PostgreSQL> { backend: Fake::new(), class, unresolved: None, read: Vec::new() };
        let reference = |name: &str| Reference {
            group: "fake.example.com".to_owned(),
            kind: "Database".to_owned(),
            namespace: String::new(),
            name: name.to_owned(),
        };
        let mut object = PostgreSQL::default();
        for name in ["first", "second"] {
            announced(&mut object, &chosen, &reference(name));
        }
        assert_eq!(object.status.instance.backend_ref.expect("a place is announced").name, "first");
    }
}
