//! Who answers an object: the backend that its status records; before anything is recorded, the one of its class.

use super::super::patience::{SHORT, within};
use super::Database;
use super::conditions::CUT_OFF;
use super::reconcile::{Error, Reconciler};
use crate::backend::{Answers, Backend, Class, Refusal, Request};
use crate::cluster;
use crate::controller::{Backends, Controllers};
use crate::registry::{Objects, Shared};
use apimachinery::kind::{Definition, Kind};
use apimachinery::meta::ObjectMeta;
use databases_api::databaseclass::DatabaseClass;
use k8s_openapi::api::core::v1::Secret;
use std::sync::Arc;

/// What is known of who answers an object.
pub(super) enum Choice<K> {
    /// One of our backends.
    Ours(Box<Chosen<K>>),
    /// Nobody yet.
    Nobody(Refusal),
    /// Somebody elsewhere; the object is his.
    Elsewhere,
    /// One of our backends by the class, and nobody whom we know by what its status records.
    Astray(Refusal),
}

/// One of our backends, with what it answers the object by.
pub(super) struct Chosen<K> {
    pub(super) backend: Arc<dyn Answers<K>>,
    /// The object's class, or why it is none of this backend's any more.
    pub(super) class: Result<Shared<DatabaseClass>, Refusal>,
    /// What the object refers to and is not there.
    pub(super) unresolved: Option<Refusal>,
    /// The object's Secrets, where they were read for the backend.
    pub(super) read: Vec<Secret>,
}

impl<K> Chosen<K> {
    fn new(backend: Arc<dyn Answers<K>>, class: Result<Shared<DatabaseClass>, Refusal>) -> Self {
        Chosen { backend, class, unresolved: None, read: Vec::new() }
    }

    /// Why the object is not accepted as it is, whatever the backend says of it.
    pub(super) fn lost(&self) -> Option<&Refusal> {
        self.class.as_ref().err().or(self.unresolved.as_ref())
    }
}

/// What finds out who answers an object, and by what he is asked.
pub(super) struct Inquiry<'a, K> {
    pub(super) controllers: &'a Controllers,
    pub(super) backends: &'a Backends<K>,
    pub(super) classes: &'a Objects<DatabaseClass>,
}

impl<K> Reconciler<K> {
    /// Who finds out who answers an object.
    pub(super) fn inquiry(&self) -> Inquiry<'_, K> {
        Inquiry { controllers: &self.controllers, backends: &self.backends, classes: &self.classes }
    }
}

impl<K: Database> Inquiry<'_, K> {
    pub(super) async fn choose(&self, object: &K) -> Result<Choice<K>, Error> {
        let class = self.class_of(object).await?;
        if let Some(recorded) = &object.status().backend_ref {
            let backend = match self.recorded(object, &class, &recorded.group).await {
                Ok(backend) => backend,
                Err(choice) => return Ok(choice),
            };
            let class = class.map_err(still_kept).and_then(|class| of_backend(class, &*backend));
            return Ok(Choice::Ours(Box::new(Chosen::new(backend.clone(), class))));
        }
        let class = match class {
            Ok(class) => class,
            Err(refusal) => return Ok(Choice::Nobody(refusal)),
        };
        let name = &class.spec.controller_name;
        Ok(match self.backends.named(name).cloned() {
            Some(backend) => Choice::Ours(Box::new(Chosen::new(backend, Ok(class)))),
            None if self.controllers.kinds.know(name) => {
                Choice::Nobody(of_other_kinds(&class, K::kind().kind))
            }
            None => Choice::Elsewhere,
        })
    }

    /// The backend that has this group. One that is a program of its own says which it has.
    async fn recorded(
        &self,
        object: &K,
        class: &Result<Shared<DatabaseClass>, Refusal>,
        group: &str,
    ) -> Result<Arc<dyn Answers<K>>, Choice<K>> {
        if let Some(backend) = self.backends.recorded(group) {
            return Ok(backend.clone());
        }
        let named = class.as_ref().ok().and_then(|class| self.backends.named(&class.spec.controller_name));
        let Some(backend) = named else { return Err(Choice::Elsewhere) };
        if within(SHORT, &**backend, "Introduce", backend.introduce()).await.is_err() {
            return Err(Choice::Elsewhere);
        }
        match backend.recognises(group) {
            true => Ok(backend.clone()),
            false => Err(Choice::Astray(astray(object, group))),
        }
    }

    /// What the backend is asked about an object; and the class as far as it counts: without its parameters it is not the
    /// one that accepted the object.
    pub(super) async fn request(
        &self,
        object: &K,
        chosen: &Chosen<K>,
    ) -> Result<(Request<K>, Chosen<K>), cluster::Error> {
        let (backend, class) = (chosen.backend.clone(), chosen.class.clone());
        let seen = match &class {
            Ok(class) => self.controllers.for_backend(class, &*backend).await?,
            Err(refusal) => Err(refusal.clone()),
        };
        let (class, seen, lost) = match seen {
            Ok(seen) => (class, Some(seen), None),
            Err(refusal) => (Err(refusal.clone()), None, Some(refusal)),
        };
        let (references, unresolved) = self.controllers.references_of(object, &*backend).await?;
        let (parameters, unresolved) = match self.controllers.parameters_of(object, &*backend).await? {
            Ok(parameters) => (Some(parameters), unresolved),
            Err(refusal) => (None, Some(refusal)),
        };
        let (logins, read) = match backend.remembers_logins() {
            true => (Vec::new(), Vec::new()),
            false => self.published(object).await?,
        };
        let object = object.clone();
        let request = Request { object, class: seen, lost, parameters, references, logins };
        Ok((request, Chosen { backend, class, unresolved, read }))
    }

    /// The class of an object that goes, as far as it is still to be had; or why it is not.
    pub(super) async fn last_class(&self, chosen: &Chosen<K>) -> Result<Class, Refusal> {
        let class = chosen.class.as_ref().map_err(Clone::clone)?;
        let seen = self.controllers.for_backend(class, &*chosen.backend).await;
        seen.unwrap_or_else(|error| Err(Refusal::new(CUT_OFF, error.to_string())))
    }

    async fn class_of(&self, object: &K) -> Result<Result<Shared<DatabaseClass>, Refusal>, Error> {
        let name = &object.spec().class_name;
        if name.is_empty() {
            let kind = K::kind().kind;
            let message = format!(
                "no DatabaseClass is the default for {kind}: set spec.className, or spec.defaultFor of a class"
            );
            return Ok(Err(Refusal::new("Pending", message)));
        }
        Ok(match self.classes.current("", name).await? {
            Some(class) => Ok(class),
            None => Err(Refusal::new("ClassNotFound", format!("there is no DatabaseClass {name:?}"))),
        })
    }
}

/// Somebody wrote into the status what only we write.
fn astray<K: Database>(object: &K, group: &str) -> Refusal {
    let (definition, meta) = (K::kind(), Kind::meta(object));
    let Definition { plural, group: own, .. } = definition;
    let message = format!(
        "status.backendRef names the group {group:?}, which the backend of this class does not have, so that nothing is done for \
         the object: put back what was there, or take it off, and it is written again (kubectl patch {plural}.{own} -n {} {} \
         --subresource=status --type=merge -p '{{\"status\":{{\"backendRef\":null}}}}')",
        meta.namespace, meta.name
    );
    Refusal::new("Conflict", message)
}

/// The class is ours, and not for this kind.
fn of_other_kinds(class: &DatabaseClass, kind: &str) -> Refusal {
    let DatabaseClass { metadata: ObjectMeta { name, .. }, spec, .. } = class;
    let controller = &spec.controller_name;
    let message = format!(
        "{controller:?}, which DatabaseClass {name:?} names, answers no {kind}: name a class whose status.engines has it"
    );
    Refusal::new("ClassNotAccepted", message)
}

/// The class is gone, the database is not.
fn still_kept(refusal: Refusal) -> Refusal {
    let message = format!(
        "{}; what runs is kept running: create the class again, or delete this object",
        refusal.message
    );
    Refusal { message, ..refusal }
}

/// A class that came back as somebody else's does not take its objects along.
fn of_backend(class: Shared<DatabaseClass>, backend: &dyn Backend) -> Result<Shared<DatabaseClass>, Refusal> {
    let (name, ours) = (&class.metadata.name, backend.controller_name());
    let theirs = &class.spec.controller_name;
    if theirs == ours {
        return Ok(class);
    }
    let message = format!(
        "DatabaseClass {name:?} is of {theirs:?} now; {ours:?}, which made this database, keeps it running: \
         make a class of this name with that controller again, or move the data to a new object"
    );
    Err(Refusal::new("Conflict", message))
}
