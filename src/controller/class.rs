//! Every `DatabaseClass`: it stays while somebody uses it. What one whose controller is here can do, and how many use it, is
//! written to its status.

use super::Controllers;
use super::class_news;
use super::class_use::{self, Users};
use super::patience::{SHORT, within};
use super::referring::{self, Referring};
use super::runtime::{Controller, Entry, Outcome, PATIENCE, Reconciler, Seats, Told};
use crate::backend::{self, Backend, Error as BackendError, News, Offer};
use crate::registry::{Objects, Part, Store, readable};
use apimachinery::meta::{ConditionStatus, is_true, set_condition};
use apimachinery::quantity::Quantity;
use apimachinery::status::ApiError;
use databases_api::databaseclass::{
    DatabaseClass, Engine, EngineVersion, OfferedResource, ParametersKind, ReferenceKind, SupportedFeature,
};
use futures_util::stream::{self, Stream, StreamExt, select_all};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const MANAGER: &str = "databaseclass-controller";
/// What is installed may change while the server runs.
const RESYNC: Duration = Duration::from_secs(60);
/// Users come and go in numbers; they are counted together.
const SETTLE: Duration = Duration::from_millis(500);

/// Why a look at a class has to be repeated.
#[derive(Debug, thiserror::Error)]
enum Error {
    /// The registry refused or failed.
    #[error(transparent)]
    Registry(#[from] ApiError),
    /// What is offered is not known.
    #[error("{0}")]
    Offer(String),
}

struct Classes {
    controllers: Arc<Controllers>,
    classes: Objects<DatabaseClass>,
    /// What may name a class.
    users: Vec<Arc<Store>>,
    backends: Vec<Arc<dyn Backend>>,
    seats: Seats<String>,
}

/// Runs until the server ends.
pub(super) async fn run(controllers: Arc<Controllers>, ended: CancellationToken) {
    let registry = &controllers.registry;
    let Some(classes) = registry.objects(MANAGER) else { return };
    let (own, users) = (classes.store().clone(), class_use::stores(registry));
    let backends = controllers.kinds.backends();
    let changed = offers_changed(&backends, &classes);
    let (known, held) = (classes.clone(), referring::parameters(registry));
    let referring = Arc::<Referring>::default();
    let reconciler = |queue| {
        let seats = Seats::new(queue);
        Classes { controllers, classes, users: users.clone(), backends, seats }
    };
    let mut controller = Controller::with_queue(reconciler)
        .minds(&own, MANAGER.to_owned(), |class, queue| queue.add(&class.name().to_owned()))
        .attends(&own, referring::parametrised(known, referring.clone()))
        .wakes(changed);
    for held in &held {
        let (referring, kind) = (referring.clone(), held.definition.kind);
        controller = controller.follows(held, move |stored, queue| {
            referring::by_parameters(&referring, kind, stored).iter().for_each(|class| queue.add(class));
        });
    }
    for users in &users {
        controller = controller.hears(users, |user, told, queue| {
            let now = user.field("spec.className");
            let before = match told {
                Told::Changed(before) => before.field("spec.className"),
                Told::Is | Told::Gone => None,
            };
            if before != now {
                let named = [before, now].into_iter().flatten().filter(|class| !class.is_empty());
                named.for_each(|class| queue.add_after(&class.to_owned(), SETTLE));
            }
        });
    }
    controller.run(ended).await;
}

/// The classes whose backends announce that they offer something else.
fn offers_changed(
    backends: &[Arc<dyn Backend>],
    classes: &Objects<DatabaseClass>,
) -> impl Stream<Item = String> + Send + use<> {
    let store = classes.store().clone();
    let news = select_all(backends.iter().map(|backend| backend.news()));
    news.flat_map(move |news| {
        let names = match news {
            News::Object { .. } => Vec::new(),
            News::Class { name } => vec![name],
            News::Everything => readable(&store.snapshot()).map(|class| class.name().to_owned()).collect(),
        };
        stream::iter(names)
    })
}

impl Reconciler for Classes {
    type Key = String;
    type Error = Error;
    const NAME: &'static str = "writing a class's status";
    const WORKERS: usize = 24;

    /// Keeps the class or lets it go, and writes its status.
    async fn reconcile(&self, name: &String) -> Result<Outcome, Error> {
        let Some(class) = self.classes.get("", name).await? else { return Ok(Outcome::Settled) };
        let users = Users::of(&self.users, name).await?;
        match (users.is_none(), class_use::is_held(&class)) {
            (false, false) => drop(class_use::hold(&self.classes, &class).await?),
            (true, true) => class_use::release(&self.classes, &class).await?,
            _ => {}
        }
        let named = |backend: &&Arc<dyn Backend>| backend.controller_name() == class.spec.controller_name;
        let backend = self.backends.iter().find(named);
        let offer = match backend {
            Some(backend) => match self.seats.enter(backend.controller_name(), name) {
                Entry::Seated(_seat) => Some(ask(&self.controllers, &class, &**backend).await),
                Entry::Waits => return Ok(Outcome::Again(PATIENCE)),
                Entry::TurnedAway(error) => Some(Err(error.message)),
            },
            None => None,
        };
        // The status of a class of somebody else's is left to him, unless it is we who keep it.
        if offer.is_none() && class.metadata.deletion_timestamp.is_none() {
            return Ok(Outcome::Again(RESYNC));
        }
        let terms = backend.map(|backend| Terms::of(&**backend)).unwrap_or_default();
        let mut before = Vec::new();
        let written = self.classes.update(&class.metadata, Part::Status, |class| {
            before.clone_from(&class.status.conditions);
            match &offer {
                Some(Ok(offer)) => write(class, offer, &terms),
                Some(Err(why)) => unknown(class, why),
                None => {}
            }
            users.tell(class);
        });
        let Some(class) = written.await? else { return Ok(Outcome::Settled) };
        class_news::tell(&self.controllers, &before, &class).await;
        match offer {
            Some(Err(why)) => Err(Error::Offer(why)),
            _ => Ok(Outcome::Again(RESYNC)),
        }
    }
}

/// What a backend offers to a class; or why that cannot be known now.
async fn ask(
    controllers: &Controllers,
    class: &DatabaseClass,
    backend: &dyn Backend,
) -> Result<Offer, String> {
    let refused = |refusal| Offer { refused: Some(refusal), ..Offer::default() };
    let introduced = within(SHORT, backend, "Introduce", backend.introduce()).await;
    introduced.map_err(|error| error.plausible().message)?;
    let seen = controllers.for_backend(class, backend).await.map_err(|error| error.to_string())?;
    let offer = match seen {
        Ok(seen) => within(SHORT, backend, "Offer", backend.offer(&seen)).await,
        Err(refusal) => Ok(refused(refusal)),
    };
    match offer.map(Offer::plausible).map_err(BackendError::plausible) {
        Ok(offer) => Ok(offer),
        Err(error) => error.refusal().map(refused).ok_or(error.message),
    }
}

/// The class with what its backend would offer it; none where it has none here, or that does not answer.
pub(super) async fn foretell(controllers: &Controllers, class: &DatabaseClass) -> Option<DatabaseClass> {
    let mut backends = controllers.kinds.backends().into_iter();
    let backend = backends.find(|backend| backend.controller_name() == class.spec.controller_name)?;
    let offer = ask(controllers, class, &*backend).await.ok()?;
    let mut told = class.clone();
    write(&mut told, &offer, &Terms::of(&*backend));
    Some(told)
}

/// What is offered stays as it was; a class that nothing was offered to says what it waits for.
fn unknown(class: &mut DatabaseClass, why: &str) {
    let conditions = &mut class.status.conditions;
    if !is_true(conditions, "Accepted") {
        let generation = class.metadata.generation;
        set_condition(
            conditions,
            "Accepted",
            ConditionStatus::Unknown,
            "BackendUnavailable",
            why,
            generation,
        );
    }
}

/// What a backend takes of any class.
#[derive(Default)]
struct Terms {
    parameters: Vec<backend::ParametersKind>,
    references: Vec<backend::ReferenceKind>,
}

impl Terms {
    fn of(backend: &dyn Backend) -> Self {
        Terms { parameters: backend.object_parameters(), references: backend.object_references() }
    }
}

fn write(class: &mut DatabaseClass, offer: &Offer, terms: &Terms) {
    let engines = offer.engines.iter().map(|engine| Engine {
        kind: engine.kind.clone(),
        flavor: engine.flavor.clone(),
        versions: versions(&engine.versions),
        instance_counts: Vec::new(),
    });
    let feature = |name: &String| SupportedFeature { name: name.clone() };
    let status = &mut class.status;
    status.engines = engines.collect();
    status.supported_features = offer.features.iter().map(feature).collect();
    let kind = |known: &backend::ParametersKind| ParametersKind {
        group: known.group.clone(),
        kind: known.kind.clone(),
    };
    status.parameters_kinds = terms.parameters.iter().map(kind).collect();
    status.reference_kinds = terms.references.iter().map(reference_kind).collect();
    status.libraries.clone_from(&offer.libraries);
    status.resources = offer.resources.iter().map(resource).collect();
    status.storage_capacity = offer.storage_bytes.map(Quantity::from_bytes);
    let (accepted, reason, message) = match &offer.refused {
        Some(refusal) => (ConditionStatus::False, refusal.reason.as_str(), refusal.message.as_str()),
        None => (ConditionStatus::True, "Accepted", "this server answers objects of this class"),
    };
    let generation = class.metadata.generation;
    set_condition(&mut status.conditions, "Accepted", accepted, reason, message, generation);
    status.observed_generation = generation;
}

fn reference_kind(known: &backend::ReferenceKind) -> ReferenceKind {
    let backend::ReferenceKind { path, kind: backend::ParametersKind { group, kind, .. } } = known.clone();
    ReferenceKind { field: path, group, kind }
}

fn resource(offered: &backend::OfferedResource) -> OfferedResource {
    let backend::OfferedResource { name, min_limit, max_request, no_limits } = offered.clone();
    OfferedResource { name, min_limit, max_request, no_limits }
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
