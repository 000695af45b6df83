//! Objects of an operator made as they should be, and let go.

use super::dialect::{Dialect, Wish};
use super::{Operator, UID_LABEL, at, exposure, names, parameters, shape, trouble};
use crate::backend::tenant;
use crate::backend::{Error, Refusal};
use crate::cluster::{self, Place, Resource, SECRETS};
use serde_json::{Value, json};

/// Why nothing was applied.
pub(super) enum Unapplied {
    /// The operator, or the cluster, will not have one of the objects as it is.
    Refused(Refusal),
    /// Not now.
    Failed(Error),
}

impl<D: Dialect> Operator<D> {
    pub(super) fn kinds() -> impl Iterator<Item = &'static Resource> {
        [const { &D::MAIN }].into_iter().chain(D::BESIDE)
    }

    /// The objects beside the main one that were made for this object.
    pub(super) async fn beside(&self, namespace: &str, uid: &str) -> Result<Vec<Value>, Error> {
        let mut found = Vec::new();
        for resource in D::BESIDE {
            match self.cluster.labelled(resource, namespace, UID_LABEL, uid).await {
                Ok(objects) => found.extend(objects),
                // An older release of the operator has not all of its kinds.
                Err(error) if error.is_not_found() => {}
                Err(error) => return Err(trouble::<D>(&error)),
            }
        }
        Ok(found)
    }

    /// The objects of a wish with all metadata that is ours.
    pub(super) fn complete(&self, wish: &Wish<'_>, parameters: Value) -> Result<Vec<Value>, Refusal> {
        names::check_reserved(wish.object, D::NAME, D::RESERVED)?;
        exposure::check(wish.object)?;
        if let Some(administration) = self.dialect.administration(wish) {
            let checked = tenant::check(wish.object, &administration.names(wish.object));
            checked.map_err(|error| Refusal::new("BackendRejected", error.to_string()))?;
        }
        self.check_copied(wish)?;
        let mut objects = self.dialect.wanted(wish)?;
        let class = parameters::together(self.dialect.usual(wish), parameters::of_class(wish.class)?);
        let parameters = parameters::together(class, parameters);
        if let Some(main) = objects.first_mut() {
            let spec = main["spec"].take();
            main["spec"] = parameters::together(parameters, spec);
            self.check_backups(wish, main)?;
        }
        let meta = &wish.object.metadata;
        for object in &mut objects {
            object["metadata"]["namespace"] = meta.namespace.clone().into();
            object["metadata"]["labels"][UID_LABEL] = meta.uid.clone().into();
            object["metadata"]["labels"][names::NAME_LABEL] = meta.name.clone().into();
            let hash = shape::hash(object);
            object["metadata"]["annotations"][names::APPLIED] = hash.into();
        }
        Ok(objects)
    }

    /// Those of the objects that are not so.
    fn due<'a>(wish: &Wish<'_>, objects: &'a [Value]) -> Vec<&'a Value> {
        let known =
            |object: &Value| [wish.live].into_iter().chain(wish.beside).find(|live| is_same(live, object));
        objects
            .iter()
            .filter(|object| !known(object).is_some_and(|live| shape::covers(live, object, D::LISTS_BY_NAME)))
            .collect()
    }

    /// The objects beside the main one that are not wanted any more.
    fn left<'a>(wish: &'a Wish<'_>, objects: &'a [Value]) -> impl Iterator<Item = &'a Value> {
        wish.beside.iter().filter(|live| !objects.iter().any(|object| is_same(live, object)))
    }

    /// Whether everything is so.
    pub(super) fn is_so(wish: &Wish<'_>, objects: &[Value]) -> bool {
        Self::due(wish, objects).is_empty() && Self::left(wish, objects).next().is_none()
    }

    /// Applies what is due, all of it or nothing, and takes away what is not wanted any more.
    pub(super) async fn apply(&self, wish: &Wish<'_>, objects: &[Value]) -> Result<(), Unapplied> {
        let due = Self::due(wish, objects);
        for dry_run in [true, false] {
            for object in &due {
                // Nothing can be tried in what is not there yet.
                let place = Self::place(object).map_err(Unapplied::Failed)?;
                self.cluster.apply(place, object, dry_run).await.map_err(|error| unapplied::<D>(&error))?;
            }
        }
        for left in Self::left(wish, objects) {
            self.delete(left).await.map_err(Unapplied::Failed)?;
        }
        Ok(())
    }

    /// Says on a main object what its deletion needs, and how that is taken back: who is to be deleted may be retained yet.
    pub(super) async fn announce_end(&self, main: &Value) -> Result<(), Error> {
        let today = jiff::Timestamp::now().strftime("%Y-%m-%d").to_string();
        let Some(patch) = self.dialect.ending(main, &today) else { return Ok(()) };
        let said = main["metadata"]["annotations"][names::TAKES_BACK].as_str();
        let back = said.map_or_else(|| shape::back(main, &patch).to_string(), str::to_owned);
        let remembered = json!({"metadata": {"annotations": {names::TAKES_BACK: back}}});
        self.change(main, &shape::overlay(patch, remembered)).await
    }

    /// Deletes an object as it was seen.
    pub(super) async fn delete(&self, object: &Value) -> Result<(), Error> {
        let deleted = self.cluster.delete(Self::place(object)?, at(object, "metadata.uid")).await;
        deleted.map_err(|error| trouble::<D>(&error))
    }

    /// Takes off an object that it is anybody's, and that it was to be deleted. Its fields are then nobody's either: whoever
    /// applies less of them later, such as an object that adopts it, takes none of them away.
    pub(super) async fn release(&self, object: &Value) -> Result<(), Error> {
        let mut fields = object["metadata"]["managedFields"].clone();
        if let Some(entries) = fields.as_array_mut() {
            entries.retain(|entry| !self.is_ours(entry));
        }
        // An empty list would be taken for one that was not said.
        let fields = if fields == json!([]) { json!([{}]) } else { fields };
        let patch = json!({"metadata": {
            "resourceVersion": object["metadata"]["resourceVersion"],
            "labels": {UID_LABEL: null, names::NAME_LABEL: null},
            "annotations": {names::APPLIED: null, names::TAKES_BACK: null},
            "managedFields": fields,
        }});
        let back = object["metadata"]["annotations"][names::TAKES_BACK].as_str();
        let back = back.and_then(|back| serde_json::from_str(back).ok()).unwrap_or_else(|| json!({}));
        self.change(object, &shape::overlay(back, patch)).await
    }

    /// Whether fields of an object are applied by this server.
    pub(super) fn has_fields(&self, object: &Value) -> bool {
        let entries = object["metadata"]["managedFields"].as_array();
        entries.is_some_and(|entries| entries.iter().any(|entry| self.is_ours(entry)))
    }

    fn is_ours(&self, entry: &Value) -> bool {
        entry["manager"] == self.cluster.manager()
    }

    /// Changes an object by a merge patch.
    pub(super) async fn change(&self, object: &Value, patch: &Value) -> Result<(), Error> {
        self.cluster.merge(Self::place(object)?, patch).await.map_err(|error| trouble::<D>(&error))
    }

    /// The Secrets that were made for an object.
    pub(super) async fn secrets(&self, namespace: &str, uid: &str) -> Result<Vec<Value>, Error> {
        let found = self.cluster.labelled(&SECRETS, namespace, UID_LABEL, uid).await;
        found.map_err(|error| trouble::<D>(&error))
    }

    fn place(object: &Value) -> Result<Place<'_>, Error> {
        let kind = at(object, "kind");
        let backups = [const { &D::BACKUPS }].into_iter().flatten();
        let resource = Self::kinds().chain([&SECRETS]).chain(backups).find(|resource| resource.kind == kind);
        let resource = resource.ok_or_else(|| {
            Error::retried(crate::backend::Code::Unavailable, format!("{} has no {kind}", D::NAME))
        })?;
        Ok(Place { resource, namespace: at(object, "metadata.namespace"), name: at(object, "metadata.name") })
    }
}

fn is_same(a: &Value, b: &Value) -> bool {
    at(a, "kind") == at(b, "kind") && at(a, "metadata.name") == at(b, "metadata.name")
}

fn unapplied<D: Dialect>(error: &cluster::Error) -> Unapplied {
    if error.is_refusal() {
        let message = format!("{} refuses this: {}", D::NAME, error.said());
        return Unapplied::Refused(Refusal::new("InvalidParameters", message));
    }
    Unapplied::Failed(trouble::<D>(error))
}
