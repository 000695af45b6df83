//! Every database of a kind: from what is desired, through its class's backend, to its status and its Secrets. What differs by
//! kind is said by `databases_api::instance`.

mod backup;
mod binding;
mod choice;
mod conditions;
mod copies;
mod deletion;
mod departed;
mod facts;
mod foretold;
mod news;
mod publish;
mod published;
mod reconcile;
mod secrets;
mod take_up;
mod warnings;

pub(super) use binding::names as secret_names;
pub(super) use foretold::foretold;

use super::class_use;
use super::referring::{self, Referring};
use super::runtime::{self, Controller, Outcome, Queue, Seats};
use super::{Backends, Controllers};
use crate::backend::News;
use crate::registry::{Objects, Registry, Stored, readable};
use apimachinery::kind::{Definition, Kind};
use apimachinery::meta::ObjectMeta;
use databases_api::databaseclass::{DatabaseClass, DatabaseClassSpec, DatabaseClassStatus};
use databases_api::instance::{Instance, is_taken_up};
use departed::Departed;
use futures_util::stream::{self, Stream, StreamExt, select_all};
use reconcile::{Error, Reconciler};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// A kind of databases.
pub trait Database: Kind + Instance {
    /// What is known of the kind: both traits say so.
    fn kind() -> &'static Definition {
        <Self as Kind>::definition()
    }
}

impl<K: Kind + Instance> Database for K {}

/// An object is looked at again so often, against drift that nobody reports.
const RESYNC: Duration = Duration::from_secs(30);
/// Of many in good order each within so many times this, spread by chance, so that rest costs the same however many there are.
const RESYNC_EACH: Duration = Duration::from_millis(200);

/// Runs until the server ends.
pub(super) async fn run<K: Database>(
    controllers: Arc<Controllers>,
    backends: Backends<K>,
    ended: CancellationToken,
) {
    let registry: &Registry = &controllers.registry;
    let manager = format!("{}-controller", K::kind().singular());
    let (Some(objects), Some(classes)) =
        (registry.objects::<K>(manager.clone()), registry.objects(manager.clone()))
    else {
        return;
    };
    let (secrets, writer) =
        (registry.store("", "secrets").cloned(), controllers.cluster.manager().to_owned());
    let held = referring::parameters(registry);
    let changed = changed_by_themselves(&backends, &objects);
    let warned = warnings::told(&controllers, &backends, &objects);
    let (all, known) = (objects.clone(), classes.clone());
    let departed = Arc::<Departed<K>>::default();
    let gone = departed::noticed(departed.clone());
    let controller = Controller::with_queue(|queue| {
        let seats = Seats::new(queue);
        Reconciler { controllers, backends, objects, classes, seats, departed }
    });
    let referring = Arc::<Referring>::default();
    let mut controller = match &secrets {
        Some(secrets) => controller
            .attends(all.store(), secrets::refers(all.clone(), referring.clone()))
            .hears(secrets, secrets::changed(all.clone(), referring, writer)),
        None => controller,
    };
    let referring = Arc::<Referring>::default();
    controller = controller.attends(known.store(), referring::parametrised(known.clone(), referring.clone()));
    for held in &held {
        controller = controller
            .follows(held, parameters_changed(all.clone(), referring.clone(), held.definition.kind));
    }
    controller
        .hears(all.store(), gone)
        .minds(all.store(), manager, |stored, queue| queue.add(&key(stored)))
        .follows(all.store(), copies::copied(all.clone()))
        .follows(known.store(), class_changed(all.clone(), known.clone()))
        .wakes(changed)
        .wakes(warned)
        .run(ended)
        .await;
}

impl<K: Database> runtime::Reconciler for Reconciler<K> {
    type Key = String;
    type Error = Error;
    const NAME: &'static str = "reconciling a database";
    const WORKERS: usize = 24;

    async fn reconcile(&self, key: &String) -> Result<Outcome, Error> {
        let (namespace, name) = key.split_once('/').unwrap_or_default();
        let object = self.objects.current(namespace, name).await?;
        let finished = self.finish(key, object.as_deref()).await;
        let looked = match &object {
            Some(object) => self.look(key, object).await,
            None => Ok(Outcome::Settled),
        };
        match finished? {
            Some(again) => looked.map(|_| again),
            None => looked,
        }
    }
}

fn key(stored: &Stored) -> String {
    format!("{}/{}", stored.namespace(), stored.name())
}

/// What of a class matters to those who wait for it; `None` where it is gone. Who uses it is not among that.
fn outline(classes: &Objects<DatabaseClass>, name: &str) -> Option<DatabaseClass> {
    let mut class = DatabaseClass::clone(&*classes.known("", name)?);
    class.metadata = ObjectMeta {
        uid: class.metadata.uid,
        generation: class.metadata.generation,
        deletion_timestamp: class.metadata.deletion_timestamp,
        ..ObjectMeta::default()
    };
    class.status.conditions.retain(|condition| condition.kind != class_use::CONDITION);
    Some(class)
}

/// What of it matters to those who have it: what a class decides for new objects is settled for them.
fn kept(outline: DatabaseClass) -> DatabaseClass {
    let DatabaseClassSpec { controller_name, parameters_ref, unsupported_field_policy, .. } = outline.spec;
    DatabaseClass {
        metadata: ObjectMeta { uid: outline.metadata.uid, ..ObjectMeta::default() },
        spec: DatabaseClassSpec {
            controller_name,
            parameters_ref,
            unsupported_field_policy,
            ..DatabaseClassSpec::default()
        },
        status: DatabaseClassStatus {
            supported_features: outline.status.supported_features,
            ..DatabaseClassStatus::default()
        },
    }
}

/// Whom a change of a class concerns is looked at again.
fn class_changed<K: Database>(
    objects: Objects<K>,
    classes: Objects<DatabaseClass>,
) -> impl FnMut(&Arc<Stored>, &Queue<String>) + Send {
    let mut outlines = HashMap::new();
    move |class, queue| {
        let now = outline(&classes, class.name());
        let before = outlines.insert(class.name().to_owned(), now.clone()).flatten();
        if before == now {
            return;
        }
        let all = before.map(kept) != now.map(kept);
        let concerned = |stored: &&Arc<Stored>| {
            let name = stored.field("spec.className").unwrap_or_default();
            (name == class.name() || name.is_empty()) && (all || !is_taken_up(stored.object().meta()))
        };
        readable(&objects.store().snapshot()).filter(concerned).for_each(|stored| queue.add(&key(stored)));
    }
}

/// Those who have a class are looked at again when what its `spec.parametersRef` names becomes another, comes, or goes.
fn parameters_changed<K: Database>(
    objects: Objects<K>,
    referring: Arc<Referring>,
    kind: &'static str,
) -> impl FnMut(&Arc<Stored>, &Queue<String>) + Send {
    move |stored, queue| {
        let classes = referring::by_parameters(&referring, kind, stored);
        if classes.is_empty() {
            return;
        }
        let concerned =
            |stored: &&Arc<Stored>| classes.iter().any(|class| stored.field("spec.className") == Some(class));
        readable(&objects.store().snapshot()).filter(concerned).for_each(|stored| queue.add(&key(stored)));
    }
}

/// What changed by itself, such as a database whose server died, is looked at at once.
fn changed_by_themselves<K: Database>(
    backends: &Backends<K>,
    objects: &Objects<K>,
) -> impl Stream<Item = String> + Send + use<K> {
    let store = objects.store().clone();
    let news = select_all(backends.all().iter().map(|backend| backend.news()));
    news.flat_map(move |news| {
        let concerns = |stored: &&Arc<Stored>| match &news {
            News::Object { uid } => stored.uid() == uid,
            News::Class { name } => stored.field("spec.className") == Some(name),
            News::Everything => true,
        };
        let found: Vec<String> =
            readable(&store.snapshot()).filter(concerns).map(|stored| key(stored)).collect();
        stream::iter(found)
    })
}
