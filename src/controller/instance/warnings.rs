//! What backends warn of, shown as events of the objects that it is about, from the backend: what an operator has to say is told
//! apart from what this server says, and takes it no room.

use super::super::{Backends, Controllers};
use super::Database;
use crate::cluster::EventType;
use crate::registry::{Objects, Shared, readable};
use apimachinery::kind::Kind;
use futures_util::stream::{Stream, StreamExt, select_all};
use std::sync::Arc;

/// Tells of each, one after the other. Nothing is looked at for it.
pub(super) fn told<K: Database>(
    controllers: &Arc<Controllers>,
    backends: &Backends<K>,
    objects: &Objects<K>,
) -> impl Stream<Item = String> + Send + use<K> {
    let warnings = select_all(backends.all().iter().map(|backend| {
        let name = backend.controller_name().to_owned();
        backend.warnings().map(move |warning| (name.clone(), warning.plausible())).boxed()
    }));
    let (controllers, objects) = (controllers.clone(), objects.clone());
    warnings.filter_map(move |(backend, warning)| {
        let (controllers, objects) = (controllers.clone(), objects.clone());
        async move {
            let object = known(&objects, &warning.uid)?;
            let (kind, meta) = (K::kind().kind, Kind::meta(&*object));
            let (reason, message) = (&warning.reason, &warning.message);
            controllers.report(&backend, kind, meta, EventType::Warning, reason, message).await;
            None
        }
    })
}

/// The object of a uid.
fn known<K: Database>(objects: &Objects<K>, uid: &str) -> Option<Shared<K>> {
    let snapshot = objects.store().snapshot();
    let stored = readable(&snapshot).find(|stored| stored.uid() == uid)?;
    objects.known(stored.namespace(), stored.name())
}
