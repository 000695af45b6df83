//! The database that another one begins as a copy of: `spec.dataSourceRef` names one of its own kind. Both are this server's, so
//! nobody else is asked for it; and only the backend that made it can copy it.

use super::Controllers;
use super::references::{Absent, INVALID_KIND, SOURCE_NOT_READY, place, unread};
use crate::backend::{Backend, Refusal};
use apimachinery::meta::is_true;
use databases_api::instance::{self, Instance};
use databases_api::shared::Reference;

impl Controllers {
    /// It as JSON of a version, as it is in memory; or what is in the way of a copy. Its status tells its backend where its data is.
    pub(super) fn source(
        &self,
        object: &dyn Instance,
        backend: &dyn Backend,
        reference: &Reference<'_>,
        version: &str,
    ) -> Result<String, Refusal> {
        let (definition, namespace) = (object.definition(), &object.meta().namespace);
        let mut stores = self.registry.stores().iter();
        let store = stores.find(|store| std::ptr::eq(store.definition, definition));
        let found = store.and_then(|store| store.find(&store.snapshot(), namespace, reference.name).ok());
        let version = definition.versions.iter().find(|served| served.name == version);
        let (Some(stored), Some(version)) = (found, version) else {
            return Err(unread(&Absent::Missing, reference, namespace));
        };
        if let Some(source) = instance::of(&**stored.object()) {
            check(source, backend, reference)?;
        }
        Ok(String::from_utf8_lossy(stored.json(version)).into_owned())
    }
}

/// What is in the way of a copy by this backend.
fn check(source: &dyn Instance, backend: &dyn Backend, reference: &Reference<'_>) -> Result<(), Refusal> {
    let (meta, status) = (source.meta(), source.status());
    let is_ready = is_true(&status.conditions, "Ready") && !status.version.is_empty();
    let (reason, why) = match &status.backend_ref {
        _ if meta.deletion_timestamp.is_some() => (SOURCE_NOT_READY, "is being deleted".to_owned()),
        Some(made) if !backend.recognises(&made.group) => {
            let who = backend.controller_name();
            (INVALID_KIND, format!("is a {} of {:?}, which {who:?} cannot copy", made.kind, made.group))
        }
        Some(_) if is_ready => return Ok(()),
        _ => (SOURCE_NOT_READY, "is not Ready".to_owned()),
    };
    let Reference { kind, path, .. } = reference;
    let named = place(&meta.namespace, &meta.name);
    Err(Refusal::new(reason, format!("{kind} {named}, which {path} names, {why}")))
}
