//! Every `DatabaseClass`: it stays while somebody uses it. What one whose controller is here can do, and who uses it, is
//! written to its status.

use super::Controllers;
use super::class_news;
use super::class_use::{self, Users};
use super::runtime::{Controller, Outcome, Reconciler};
use crate::backend::Offer;
use crate::registry::{Objects, Part};
use apimachinery::meta::{ConditionStatus, set_condition};
use apimachinery::status::ApiError;
use databases_api::databaseclass::{DatabaseClass, Engine, EngineVersion, SupportedFeature};
use databases_api::postgresql::PostgreSQL;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// What is installed may change while the server runs.
const RESYNC: Duration = Duration::from_secs(60);
/// Users come and go in numbers; they are counted together.
const SETTLE: Duration = Duration::from_millis(500);

struct Classes {
    controllers: Arc<Controllers>,
    classes: Objects<DatabaseClass>,
    users: Objects<PostgreSQL>,
}

/// Runs until the server ends.
pub(super) async fn run(controllers: Arc<Controllers>, ended: CancellationToken) {
    let registry = &controllers.registry;
    let (Some(classes), Some(users)) = (registry.objects(), registry.objects::<PostgreSQL>()) else { return };
    let (own, used) = (classes.store().clone(), users.store().clone());
    let controller = Controller::new(Classes { controllers, classes, users })
        .follows(&own, |class, queue| queue.add(&class.name().to_owned()))
        .follows(&used, |user, queue| {
            if let Some(class) = user.field("spec.className").filter(|class| !class.is_empty()) {
                queue.add_after(&class.to_owned(), SETTLE);
            }
        });
    controller.run(ended).await;
}

impl Reconciler for Classes {
    type Key = String;
    type Error = ApiError;
    const NAME: &'static str = "writing a class's status";

    /// Keeps the class or lets it go, and writes its status.
    async fn reconcile(&self, name: &String) -> Result<Outcome, ApiError> {
        let Some(class) = self.classes.get("", name).await? else { return Ok(Outcome::Settled) };
        let users = Users::of(&self.users, name).await?;
        match (users.is_none(), class_use::is_held(&class)) {
            (false, false) => drop(class_use::hold(&self.classes, &class).await?),
            (true, true) => class_use::release(&self.classes, &class).await?,
            _ => {}
        }
        let offer = self.controllers.backend(&class.spec.controller_name).map(|backend| backend.offer());
        // The status of a class of somebody else's is left to him, unless it is we who keep it.
        if offer.is_none() && class.metadata.deletion_timestamp.is_none() {
            return Ok(Outcome::Again(RESYNC));
        }
        let mut before = Vec::new();
        let written = self.classes.update(&class.metadata, Part::Status, |class| {
            before.clone_from(&class.status.conditions);
            if let Some(offer) = &offer {
                write(class, offer);
            }
            users.tell(class);
        });
        let Some(class) = written.await? else { return Ok(Outcome::Settled) };
        class_news::tell(&self.controllers, &before, &class).await;
        Ok(Outcome::Again(RESYNC))
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
