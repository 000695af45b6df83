//! Every `DatabaseClass`: it stays while somebody uses it. What one whose controller is here can do, and who uses it, is
//! written to its status.

use super::Controllers;
use super::class_news;
use super::class_use::{self, Users};
use super::feed;
use super::queue::Queue;
use crate::backend::Offer;
use crate::registry::{Part, Store, UpdateOptions};
use apimachinery::kind::Hub;
use apimachinery::meta::{ConditionStatus, set_condition};
use apimachinery::status::ApiError;
use databases_api::GROUP;
use databases_api::databaseclass::{DatabaseClass, Engine, EngineVersion, SupportedFeature};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// What is installed may change while the server runs.
const RESYNC: Duration = Duration::from_secs(60);
/// Users come and go in numbers; they are counted together.
const SETTLE: Duration = Duration::from_millis(500);

pub(super) async fn run(controllers: Arc<Controllers>, ended: CancellationToken) {
    let Some(store) = controllers.registry.store(GROUP, "databaseclasses").cloned() else { return };
    let Some(objects) = controllers.registry.store(GROUP, "postgresqls").cloned() else { return };
    let queue = Queue::default();
    let fed = feed::follow(store.clone(), ended.clone(), |stored| queue.add(stored.name()));
    let used = feed::follow(objects.clone(), ended.clone(), |stored| {
        if let Some(class) = stored.field("spec.className").filter(|class| !class.is_empty()) {
            queue.add_after(class, SETTLE);
        }
    });
    let work = async {
        loop {
            let name = queue.next().await;
            match look(&controllers, &store, &objects, &name).await {
                Ok(true) => {
                    queue.done(&name);
                    queue.add_after(&name, RESYNC);
                }
                Ok(false) => queue.done(&name),
                Err(error) => {
                    tracing::warn!(%error, class = name, "a class's status is not written yet");
                    queue.failed(&name);
                }
            }
        }
    };
    tokio::select! {
        () = fed => {}
        () = used => {}
        () = work => {}
        () = ended.cancelled() => {}
    }
}

/// Keeps the class or lets it go, and writes its status; whether there is such a class.
async fn look(
    controllers: &Controllers,
    store: &Store,
    objects: &Store,
    name: &str,
) -> Result<bool, ApiError> {
    let stored = match store.get("", name).await {
        Err(error) if error.code() == 404 => return Ok(false),
        outcome => outcome?,
    };
    let object = stored.object();
    let Some(class) = object.downcast::<DatabaseClass>() else { return Ok(false) };
    let users = Users::of(objects, name).await?;
    match (users.is_none(), class_use::is_held(class)) {
        (false, false) => drop(class_use::hold(store, name).await?),
        (true, true) => class_use::release(store, name).await?,
        _ => {}
    }
    let offer = controllers.backend(&class.spec.controller_name).map(|backend| backend.offer());
    // The status of a class of somebody else's is left to him, unless it is we who keep it.
    if offer.is_none() && class.metadata.deletion_timestamp.is_none() {
        return Ok(true);
    }
    let options = UpdateOptions { part: Part::Status, dry_run: false, origin: None };
    let mut before = Vec::new();
    let outcome = store.update("", name, options, |stored| {
        let mut class = stored.object().downcast::<DatabaseClass>().cloned().unwrap_or_default();
        before.clone_from(&class.status.conditions);
        if let Some(offer) = &offer {
            write(&mut class, offer);
        }
        users.tell(&mut class);
        Ok(Box::new(class) as Box<dyn Hub>)
    });
    match outcome.await {
        Err(error) if error.code() == 404 => Ok(false),
        Err(error) => Err(error),
        Ok((stored, _)) => {
            class_news::tell(controllers, &before, &stored).await;
            Ok(true)
        }
    }
}

fn write(class: &mut DatabaseClass, offer: &Offer) {
    let engines = offer.engines.iter().map(|engine| Engine {
        kind: engine.kind.to_owned(),
        flavor: engine.flavor.to_owned(),
        versions: versions(&engine.versions),
        instance_counts: Vec::new(),
    });
    class.status.engines = engines.collect();
    let mut names: Vec<&str> = offer.features.to_vec();
    names.sort_unstable();
    let feature = |name: &str| SupportedFeature { name: name.to_owned() };
    class.status.supported_features = names.into_iter().map(feature).collect();
    class.status.libraries.clone_from(&offer.libraries);
    class.status.libraries.sort_unstable();
    let generation = class.metadata.generation;
    let none = offer.engines.iter().all(|engine| engine.versions.is_empty());
    let (status, reason, message) = match none {
        true => (
            ConditionStatus::False,
            "Unsupported",
            "no PostgreSQL is installed on this machine: install it with `apt-get install postgresql`",
        ),
        false => (ConditionStatus::True, "Accepted", "this server answers objects of this class"),
    };
    set_condition(&mut class.status.conditions, "Accepted", status, reason, message, generation);
    class.status.observed_generation = generation;
}

fn versions(names: &[String]) -> Vec<EngineVersion> {
    let version = |(index, name): (usize, &String)| EngineVersion {
        name: name.clone(),
        default: index == 0,
        deprecated: false,
        upgrades_to: Vec::new(),
    };
    names.iter().enumerate().map(version).collect()
}
