//! One object and its implementation.

use super::apply::Unapplied;
use super::current::is_current;
use super::dialect::{Dialect, Found, Installed, Wish};
use super::{DOMAIN, Operator, UID_LABEL, at, exposure, names, parameters, shape, trouble};
use crate::backend::postgresql::was_made;
use crate::backend::{
    Answers, Backup, Class, Code, Disposal, Effect, Error, Observed, Phase, Plan, Reference, Refusal,
    Request, Resolved,
};
use crate::cluster::Place;
use async_trait::async_trait;
use databases_api::postgresql::PostgreSQL;
use serde_json::Value;
use std::sync::Arc;

/// An implementation as it was found.
pub(super) struct Live {
    pub(super) name: String,
    main: Value,
    beside: Vec<Value>,
    evidence: Vec<Value>,
    source: Value,
    begins: Value,
    installed: Arc<Installed>,
}

impl Live {
    pub(super) fn wish<'a>(
        &'a self,
        object: &'a PostgreSQL,
        class: &'a Class,
        references: &'a [Resolved],
    ) -> Wish<'a> {
        let Live { name, main, beside, evidence, source, begins, installed } = self;
        Wish { object, class, name, live: main, beside, evidence, references, source, begins, installed }
    }

    pub(super) fn is_there(&self) -> bool {
        !self.main.is_null()
    }

    pub(super) fn is_ending(&self) -> bool {
        !at(&self.main, "metadata.deletionTimestamp").is_empty()
    }
}

impl<D: Dialect> Operator<D> {
    fn name(object: &PostgreSQL) -> String {
        match &object.spec.instance.adopt_ref {
            Some(adopted) => adopted.name.clone(),
            None => names::implementation(object, D::LONGEST_NAME),
        }
    }

    pub(super) async fn find(&self, object: &PostgreSQL, references: &[Resolved]) -> Result<Live, Error> {
        let (name, meta) = (Self::name(object), &object.metadata);
        let place = Place { resource: &D::MAIN, namespace: &meta.namespace, name: &name };
        let main = self.cluster.look(place).await.map_err(|error| trouble::<D>(&error))?;
        let beside = self.beside(&meta.namespace, &meta.uid).await?;
        let (main, installed) = (main.unwrap_or_default(), self.installed().await?);
        let (evidence, source, begins) = match main {
            Value::Null => (Vec::new(), self.source(object, references).await?, self.begins(object).await?),
            _ => (self.evidence(object, &name).await?, Value::Null, Value::Null),
        };
        Ok(Live { name, main, beside, evidence, source, begins, installed })
    }

    /// Whose it is: another object's is left alone.
    fn check_owner(object: &PostgreSQL, live: &Live) -> Result<(), Refusal> {
        let owner = live.main["metadata"]["labels"][UID_LABEL].as_str().unwrap_or_default();
        if owner.is_empty() || owner == object.metadata.uid {
            return Ok(());
        }
        let whose = live.main["metadata"]["labels"][names::NAME_LABEL].as_str().unwrap_or("another object");
        let (kind, name) = (D::MAIN.kind, &live.name);
        let message = format!("{kind} {name} is the implementation of {whose}; delete that object first");
        Err(Refusal::new("Conflict", message))
    }

    /// What is missing before anything can be made.
    fn check_there(object: &PostgreSQL, live: &Live) -> Result<(), Error> {
        if live.is_there() {
            return Ok(());
        }
        let (kind, name) = (D::MAIN.kind, &live.name);
        if object.spec.instance.adopt_ref.is_some() {
            let message = format!("there is no {kind} {name}, which spec.adoptRef names");
            return Err(Error::retried(Code::FailedPrecondition, message));
        }
        if was_made(object) && !D::DATA_IS_APART {
            let message = format!(
                "{kind} {name} is gone with its data: somebody deleted it. Delete this object, or restore it by a new one"
            );
            return Err(Error::retried(Code::FailedPrecondition, message));
        }
        Ok(())
    }

    /// What is there, changing nothing.
    async fn see(&self, wish: &Wish<'_>) -> Result<Observed, Error> {
        let seen = self.see_outside(wish).await?;
        self.look_inside(wish, seen).await
    }

    /// What the operator tells.
    pub(super) async fn see_outside(&self, wish: &Wish<'_>) -> Result<Observed, Error> {
        let roles = self.roles(wish);
        let (logins, superuser) = self.logins(wish, &roles).await?;
        let certificates = self.certificates(wish).await?;
        let mut seen =
            self.dialect.seen(&Found { wish, domain: &self.domain, logins, superuser, certificates });
        if let Some(service) = self.dialect.exposed(wish.name) {
            exposure::tell(&mut seen, wish, &service);
        }
        seen.selector = self.dialect.pods(wish.name);
        if !is_current(wish.live, self.cluster.manager(), jiff::Timestamp::now()) {
            seen.pending.get_or_insert_with(|| format!("{} has not taken up the change yet", D::NAME));
        }
        Ok(seen)
    }

    /// What is there, with what is refused of the wish; where nothing is there, the refusal is all there is to say.
    async fn keep(&self, wish: &Wish<'_>, refusal: Refusal) -> Result<Observed, Error> {
        // What carries our mark was taken once.
        if !wish.is_bound() {
            return Err(Error::rejected(&refusal.reason, refusal.message));
        }
        let Some(patch) = self.dialect.state(wish) else {
            return Ok(Observed { refused: Some(refusal), ..self.see(wish).await? });
        };
        self.change(wish.live, &patch).await?;
        let live = self.find(wish.object, wish.references).await?;
        let seen = self.see(&live.wish(wish.object, wish.class, wish.references)).await?;
        Ok(Observed { refused: Some(refusal), ..seen })
    }
}

#[async_trait]
impl<D: Dialect> Answers<PostgreSQL> for Operator<D> {
    async fn reference(&self, request: &Request<PostgreSQL>) -> Result<Reference, Error> {
        let namespace = request.object.metadata.namespace.clone();
        let (group, kind) = (D::MAIN.group.into(), D::MAIN.kind.into());
        Ok(Reference { group, kind, namespace, name: Self::name(&request.object) })
    }

    async fn plan(&self, request: &Request<PostgreSQL>) -> Result<Plan, Error> {
        let (object, mut plan) = (&request.object, Plan::default());
        let Some((class, parameters)) = accepted(request) else { return Ok(plan) };
        let live = self.find(object, &request.references).await?;
        let wish = live.wish(object, class, &request.references);
        let checked = Self::check_owner(object, &live).and_then(|()| parameters::of_object(parameters));
        let objects = match checked.and_then(|parameters| self.complete(&wish, parameters)) {
            Ok(objects) => objects,
            Err(refusal) => {
                plan.add("spec", Effect::Refused, refusal.message);
                return Ok(plan);
            }
        };
        if !live.is_there() {
            return Ok(plan);
        }
        let main = objects.first().cloned().unwrap_or_default();
        for (part, prefix) in [("spec", ""), ("metadata", "metadata.")] {
            for field in shape::differences(&live.main[part], &main[part], D::LISTS_BY_NAME) {
                if field.starts_with(&format!("annotations.{DOMAIN}")) || field.starts_with("labels") {
                    continue;
                }
                let (ours, effect) = self.dialect.disturbs(&format!("{prefix}{field}"), &wish);
                if !ours.is_empty() {
                    plan.add(ours, effect, format!("{} changes {field}", D::MAIN.kind));
                }
            }
        }
        plan.changes.extend(self.dialect.upcoming(&wish));
        Ok(plan)
    }

    async fn observe(&self, request: &Request<PostgreSQL>) -> Result<Option<Observed>, Error> {
        let (object, class) = (&request.object, request.class.clone().unwrap_or_default());
        let live = self.find(object, &request.references).await?;
        if !live.is_there() {
            return Ok(was_made(object).then(|| gone(Self::check_there(object, &live))));
        }
        self.see(&live.wish(object, &class, &request.references)).await.map(Some)
    }

    async fn ensure(&self, request: &Request<PostgreSQL>) -> Result<Observed, Error> {
        let (object, class) = (&request.object, request.class.clone().unwrap_or_default());
        let mut live = self.find(object, &request.references).await?;
        if let Err(refusal) = Self::check_owner(object, &live) {
            return Err(Error::rejected(&refusal.reason, refusal.message));
        }
        if let Err(missing) = Self::check_there(object, &live) {
            return if was_made(object) { Ok(gone(Err(missing))) } else { Err(missing) };
        }
        if live.is_ending() {
            let message = format!("{} {} is being deleted by somebody", D::MAIN.kind, live.name);
            return Ok(Observed { phase: Phase::Failing, message, ..Observed::default() });
        }
        let wish = live.wish(object, &class, &request.references);
        if wish.is_adopted() && !wish.is_bound() && self.has_fields(&live.main) {
            self.release(&live.main).await?;
            live = self.find(object, &request.references).await?;
        }
        let Some((_, parameters)) = accepted(request) else {
            return self.see(&live.wish(object, &class, &request.references)).await;
        };
        let wish = live.wish(object, &class, &request.references);
        let wanted =
            parameters::of_object(parameters).and_then(|parameters| self.complete(&wish, parameters));
        let objects = match wanted {
            Ok(objects) => objects,
            Err(refusal) => return self.keep(&wish, refusal).await,
        };
        if let Some(refusal) = self.judged(&wish).await? {
            return self.keep(&wish, refusal).await;
        }
        if let Some(waits) = self.back_up_source(&wish).await? {
            return Ok(waits);
        }
        self.make_secrets(&wish, &self.roles(&wish)).await?;
        match self.apply(&wish, &objects).await {
            Ok(()) => {}
            Err(Unapplied::Refused(refusal)) => return self.keep(&wish, refusal).await,
            Err(Unapplied::Failed(error)) => return Err(error),
        }
        if !Self::is_so(&wish, &objects) {
            live = self.find(object, &request.references).await?;
        }
        let wish = live.wish(object, &class, &request.references);
        if was_made(object) {
            self.forget_backups(object).await?;
        }
        let seen = self.see_outside(&wish).await?;
        let seen = self.bring_inside(&wish, seen).await?;
        self.forget_superuser(&wish).await.map(|()| seen)
    }

    async fn back_up(&self, request: &Request<PostgreSQL>) -> Result<Backup, Error> {
        self.make_backup(request).await
    }

    async fn remove(&self, request: &Request<PostgreSQL>, disposal: Disposal) -> Result<(), Error> {
        let object = &request.object;
        self.verdicts.forget(&object.metadata.uid);
        let live = self.find(object, &[]).await?;
        let is_ours = Self::check_owner(object, &live).is_ok();
        let labelled = live.main["metadata"]["labels"][UID_LABEL] == object.metadata.uid.as_str();
        let main = live.is_there() && is_ours && labelled;
        let secrets = self.secrets(&object.metadata.namespace, &object.metadata.uid).await?;
        match disposal {
            Disposal::Retain => {
                if was_made(object) || !live.is_there() {
                    self.forget_backups(object).await?;
                }
                // The main object last: as long as it is marked, this is done again.
                for released in live.beside.iter().chain(&secrets) {
                    self.release(released).await?;
                }
                if main { self.release(&live.main).await } else { Ok(()) }
            }
            Disposal::Delete => {
                let class = Class::default();
                let wish = live.wish(object, &class, &request.references);
                if main && !live.is_ending() {
                    self.announce_end(&live.main).await?;
                    self.delete(&live.main).await?;
                }
                // By their names alone they may be those of somebody whom an object wished to adopt.
                let known = main || !live.is_there() && (was_made(object) || !wish.is_adopted());
                let left = if known { self.clear(&wish).await? } else { None };
                for deleted in live.beside.iter().chain(&secrets) {
                    self.delete(deleted).await?;
                }
                self.forget_backups(object).await?;
                let left = match main && self.find(object, &[]).await?.is_there() {
                    true => Some(format!("{} {} is being deleted", D::MAIN.kind, live.name)),
                    false => left,
                };
                left.map_or(Ok(()), |left| Err(Error::retried(Code::Unavailable, left)))
            }
        }
    }
}

/// What a request has when it is to be made so, and not only kept.
fn accepted(request: &Request<PostgreSQL>) -> Option<(&Class, &str)> {
    request.class.as_ref().zip(request.parameters.as_deref())
}

/// What is left of an implementation that is gone.
fn gone(missing: Result<(), Error>) -> Observed {
    let message = missing.err().map(|error| error.message).unwrap_or_default();
    Observed { phase: Phase::Failing, message, ..Observed::default() }
}
