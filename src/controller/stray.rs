//! Databases that no object has, though no removal ended them: the object was lost with its store, or went while no server looked.
//!
//! That an object is missing proves little. It may be another store than the database's, or an older state of it. So nothing is
//! deleted on that ground: what runs is stopped, and all is kept, so that an object that is there again goes on with it. And
//! nothing is done at all before all objects were listed, later than what backends have, and every one could be read.

use super::Controllers;
use super::patience::{LONG, SHORT, within};
use super::report::regarding;
use super::runtime::{Controller, Outcome, Reconciler, Told};
use crate::backend::{Backend, Orphan};
use crate::cluster::{EventType, Regarding};
use crate::registry::{Store, readable};
use apimachinery::meta::ObjectMeta;
use apimachinery::status::ApiError;
use databases_api::instance;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often everything is looked at, besides at the start and when an object goes without having been deleted.
const PERIOD: Duration = Duration::from_secs(600);
/// Looks at all of them together.
const ALL: &str = "databases";
/// The reason of the event.
const REASON: &str = "Orphaned";

struct Strays(Arc<Controllers>);

/// Runs until the server ends.
pub(super) async fn run(controllers: Arc<Controllers>, ended: CancellationToken) {
    let stores = databases(&controllers).unwrap_or_default();
    let mut controller = Controller::new(Strays(controllers)).begins_with(ALL.to_owned());
    for store in &stores {
        controller = controller.hears(store, |stored, told, queue| {
            if matches!(told, Told::Gone) && stored.object().meta().deletion_timestamp.is_none() {
                queue.add(&ALL.to_owned());
            }
        });
    }
    controller.run(ended).await;
}

/// The stores of all kinds of databases; none where one of them is not served here.
pub(super) fn databases(controllers: &Controllers) -> Option<Vec<Arc<Store>>> {
    let store = |facts: &&instance::Facts| {
        controllers.registry.store(facts.definition.group, facts.definition.plural).cloned()
    };
    instance::all().iter().map(store).collect()
}

impl Reconciler for Strays {
    type Key = String;
    type Error = ApiError;
    const NAME: &'static str = "looking for databases without an object";

    async fn reconcile(&self, _: &String) -> Result<Outcome, ApiError> {
        let mut swept = Ok(());
        for backend in self.0.kinds.backends() {
            swept = swept.and(self.sweep(&*backend).await);
        }
        swept.map(|()| Outcome::Again(PERIOD))
    }
}

impl Strays {
    async fn sweep(&self, backend: &dyn Backend) -> Result<(), ApiError> {
        let failed = |error: crate::backend::Error| ApiError::internal(&error.to_string());
        // What is made after this has an object in a list that is made after it.
        let held = within(SHORT, backend, "Held", backend.held()).await.map_err(failed)?;
        if held.is_empty() {
            return Ok(());
        }
        let Some(known) = self.known().await? else { return Ok(()) };
        for uid in held.iter().filter(|uid| !known.contains(*uid)) {
            let orphan = within(LONG, backend, "Orphaned", backend.orphaned(uid)).await.map_err(failed)?;
            if let Some(orphan) = orphan {
                self.tell(backend, uid, orphan).await;
            }
        }
        Ok(())
    }

    /// The uids of all objects; none where some of them cannot be read, so that they are not known.
    async fn known(&self) -> Result<Option<HashSet<String>>, ApiError> {
        let (Some(stores), mut known) = (databases(&self.0), HashSet::new()) else { return Ok(None) };
        for store in stores {
            let all = store.latest().await?;
            if let Some(left_out) = store.left_out(&all, "") {
                tracing::warn!(
                    "{left_out}; nothing is taken for a database without an object before they can be"
                );
                return Ok(None);
            }
            known.extend(readable(&all).map(|stored| stored.uid().to_owned()));
        }
        Ok(Some(known))
    }

    /// Where the namespace is gone, too, an event can be about that alone: those of an object lie in its namespace.
    async fn tell(&self, backend: &dyn Backend, uid: &str, orphan: Orphan) {
        let Orphan { kind, namespace, name, message } = orphan;
        let message =
            format!("no object has the uid {uid} that it was made for, and none was seen to go; {message}");
        tracing::warn!(kind, namespace, name, uid, "{message}");
        let meta = ObjectMeta { namespace, name, uid: uid.to_owned(), ..ObjectMeta::default() };
        let (by, its) = (backend.controller_name(), regarding(&kind, &meta));
        let told = self.0.record(by, &its, EventType::Warning, REASON, &message).await;
        let told = match told {
            Err(error) if error.is_missing() || error.is_forbidden() => {
                let message = format!("{kind} {}/{} was here: {message}", meta.namespace, meta.name);
                self.0.record(by, &of_namespace(meta.namespace), EventType::Warning, REASON, &message).await
            }
            told => told,
        };
        if let Err(error) = told {
            tracing::warn!(%error, reason = REASON, kind, object = meta.name, "an event was not recorded");
        }
    }
}

/// A namespace as what an event is about; the event lies in the namespace `default`, as those of all that is in none.
fn of_namespace(name: String) -> Regarding {
    Regarding {
        api_version: "v1".into(),
        kind: "Namespace".into(),
        namespace: String::new(),
        name,
        uid: String::new(),
        resource_version: String::new(),
    }
}
