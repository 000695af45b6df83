//! A backend without databases, for tests: it does every step that a real one does, can be made to fail or to lie at each,
//! and tells what it was asked and what it has.
//!
//! An object with the annotation `fake.example.com/refused` is a wish that it refuses; what it accepted before is kept.
//! Parameters of a class are a ConfigMap whose key `features` lists what the class has more than others; those of an object one
//! whose key `users` lists users that it has more; the Secret that `spec.adoptRef` names may have such a key, too. A copy has the
//! rows of what it copies.

mod steer;
mod world;

pub(crate) use steer::{Lie, Step};

use super::postgresql;
use super::{
    Announcer, Answers, Backend, Backup, BackupPhase, Change, Class, Code, Disposal, Effect, Error, News,
    Observed, Offer, Orphan, ParametersKind, Plan, Reference, ReferenceKind, Refusal, Request, Warner,
    Warning,
};
use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use databases_api::GROUP;
use databases_api::instance::Instance;
use databases_api::postgresql::{PROTOCOL, PostgreSQL};
use databases_api::shared::{ADOPT_REF, DATA_SOURCE_REF, SECRET, State as Wanted};
use futures_util::stream::BoxStream;
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use world::{Database, World};

const PORT: u16 = PROTOCOL.port;
const REFUSED: &str = "fake.example.com/refused";
const FEATURES: [&str; 8] = [
    "PostgreSQL",
    "PostgreSQLAdoption",
    "PostgreSQLClone",
    "PostgreSQLDeletionSnapshot",
    "PostgreSQLParameters",
    "PostgreSQLPort",
    "PostgreSQLStop",
    "PostgreSQLUsers",
];

/// What a class names it by.
pub(crate) const CONTROLLER_NAME: &str = "fake.example.com/postgresql";

/// The backend: a process that may end, over a world that stays.
pub(crate) struct Fake {
    name: &'static str,
    world: Arc<Mutex<World>>,
    announcer: Announcer,
    warner: Warner,
}

impl Fake {
    /// One that has nothing yet.
    pub(crate) fn new() -> Arc<Self> {
        Self::named(CONTROLLER_NAME)
    }

    /// One of another name, which has nothing yet.
    pub(crate) fn named(name: &'static str) -> Arc<Self> {
        Arc::new(Fake {
            name,
            world: Arc::default(),
            announcer: Announcer::default(),
            warner: Warner::default(),
        })
    }

    /// The domain of its name.
    fn domain(&self) -> &'static str {
        self.name.split_once('/').map_or(self.name, |(domain, _)| domain)
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Comes to a step: others may run, the process may end, or it fails as it was told to.
    async fn step(&self, step: Step, request: &Request<PostgreSQL>) -> Result<(), Error> {
        tokio::task::yield_now().await;
        let hangs = {
            let mut world = self.world();
            world.asked.push(format!("{step:?} {}", request.object.metadata.name));
            world.hangs_at == Some(step)
        };
        if hangs {
            std::future::pending::<()>().await;
        }
        self.world().failure(step).map_or(Ok(()), Err)
    }

    /// Changes a database by its own rules.
    fn change(&self, request: &Request<PostgreSQL>, change: impl FnOnce(&mut Database)) {
        let uid = request.object.metadata.uid.clone();
        change(self.world().databases.entry(uid).or_default());
    }

    /// The rows that a database begins with.
    fn copied(&self, request: &Request<PostgreSQL>) -> Result<BTreeSet<String>, Error> {
        let (object, world) = (&request.object, self.world());
        let is_made = world.databases.get(&object.metadata.uid).is_some_and(|database| database.made);
        if is_made || object.copied().is_none() {
            return Ok(BTreeSet::new());
        }
        let source = request.reference(DATA_SOURCE_REF);
        let source: Value =
            serde_json::from_str(source.map_or("", |source| &source.object)).unwrap_or_default();
        let uid = source["metadata"]["uid"].as_str().unwrap_or_default();
        let found = world.databases.get(uid).map(|database| database.rows.clone());
        found.ok_or_else(|| Error::retried(Code::FailedPrecondition, "what is to be copied is not there"))
    }

    /// What is there, as far as it tells the truth.
    fn seen(&self, request: &Request<PostgreSQL>) -> Option<Observed> {
        let world = self.world();
        let database = world.databases.get(&request.object.metadata.uid);
        match &world.lie {
            Some(Lie::Gone) => None,
            Some(Lie::Observed(lie)) => Some((**lie).clone()),
            Some(Lie::Babble) => database.map(|database| {
                let observed = database.observed();
                Observed { message: world.babble(&observed.message), ..observed }
            }),
            Some(Lie::Reference(_) | Lie::BackedUp) | None => database.map(Database::observed),
        }
    }
}

fn port(object: &PostgreSQL) -> u16 {
    let wish = object.spec.instance.network.as_ref().and_then(|network| network.port);
    wish.and_then(|port| u16::try_from(port).ok()).unwrap_or(PORT)
}

/// The users; none where it is not known what they are.
fn users(request: &Request<PostgreSQL>) -> Option<Vec<String>> {
    let parameters: Value = serde_json::from_str(request.parameters.as_ref()?).unwrap_or_default();
    let more = parameters["data"]["users"].as_str().unwrap_or_default().to_owned();
    let adopted = match request.object.spec.instance.adopt_ref {
        Some(_) => secret_users(&request.reference(ADOPT_REF)?.object),
        None => String::new(),
    };
    let spec = request.object.spec.users.iter().map(|user| user.name.as_str());
    Some(spec.chain(more.split_whitespace()).chain(adopted.split_whitespace()).map(str::to_owned).collect())
}

fn secret_users(secret: &str) -> String {
    let secret: Value = serde_json::from_str(secret).unwrap_or_default();
    let users = STANDARD.decode(secret["data"]["users"].as_str().unwrap_or_default());
    String::from_utf8(users.unwrap_or_default()).unwrap_or_default()
}

fn refusal(object: &PostgreSQL) -> Option<Refusal> {
    let refused = object.metadata.annotations.contains_key(REFUSED);
    refused.then(|| Refusal::new("InvalidParameters", "the wish is refused"))
}

fn is_stopped(object: &PostgreSQL) -> bool {
    object.spec.instance.state == Some(Wanted::Stopped)
}

#[async_trait]
impl Backend for Fake {
    fn controller_name(&self) -> &str {
        self.name
    }

    fn class_parameters(&self) -> Vec<ParametersKind> {
        if self.world().failure(Step::Introduce).is_some() {
            return Vec::new();
        }
        vec![ParametersKind { group: String::new(), version: "v1".into(), kind: "ConfigMap".into() }]
    }

    fn object_parameters(&self) -> Vec<ParametersKind> {
        self.class_parameters()
    }

    fn object_references(&self) -> Vec<ReferenceKind> {
        let reference = |path: &str, group: &str, kind: &str| ReferenceKind {
            path: path.into(),
            kind: ParametersKind { group: group.into(), version: "v1".into(), kind: kind.into() },
        };
        vec![reference(ADOPT_REF, "", SECRET), reference(DATA_SOURCE_REF, GROUP, "PostgreSQL")]
    }

    fn needed_once(&self) -> Vec<&'static str> {
        vec![DATA_SOURCE_REF]
    }

    fn remembers_logins(&self) -> bool {
        !self.world().forgets_logins
    }

    async fn introduce(&self) -> Result<(), Error> {
        self.world().failure(Step::Introduce).map_or(Ok(()), Err)
    }

    async fn offer(&self, class: &Class) -> Result<Offer, Error> {
        tokio::task::yield_now().await;
        let mut world = self.world();
        world.asked.push(format!("Offer {}", class.name));
        if let Some(error) = world.failure(Step::Offer) {
            return Err(error);
        }
        if let Some(offer) = world.offers.get(&class.name) {
            return Ok(offer.clone());
        }
        let parameters: Value = serde_json::from_str(&class.parameters).unwrap_or_default();
        let more = parameters["data"]["features"].as_str().unwrap_or_default();
        Ok(postgresql::offer(vec!["17".into()], FEATURES.into_iter().chain(more.split_whitespace())))
    }

    fn news(&self) -> BoxStream<'static, News> {
        self.announcer.listen()
    }

    fn warnings(&self) -> BoxStream<'static, Warning> {
        self.warner.listen()
    }

    async fn held(&self) -> Result<Vec<String>, Error> {
        let world = self.world();
        Ok(world.databases.iter().filter(|(_, one)| one.kept).map(|(uid, _)| uid.clone()).collect())
    }

    async fn orphaned(&self, uid: &str) -> Result<Option<Orphan>, Error> {
        let mut world = self.world();
        world.asked.push(format!("Orphan {uid}"));
        let Some(database) = world.databases.get_mut(uid).filter(|one| one.kept) else { return Ok(None) };
        database.stop();
        database.kept = false;
        let text = |text: &str| text.to_owned();
        let message = text("it is kept");
        Ok(Some(Orphan { kind: text("PostgreSQL"), namespace: text("demo"), name: text("lost"), message }))
    }
}

#[async_trait]
impl Answers<PostgreSQL> for Fake {
    async fn reference(&self, request: &Request<PostgreSQL>) -> Result<Reference, Error> {
        self.step(Step::Reference, request).await?;
        if let Some(Lie::Reference(lie)) = &self.world().lie {
            return Ok(lie.clone());
        }
        let meta = &request.object.metadata;
        let (namespace, name) = (meta.namespace.clone(), meta.uid.clone());
        Ok(Reference { group: self.domain().into(), kind: "Instance".into(), namespace, name })
    }

    async fn plan(&self, request: &Request<PostgreSQL>) -> Result<Plan, Error> {
        self.step(Step::Plan, request).await?;
        let (object, world, mut plan) = (&request.object, self.world(), Plan::default());
        let database = world.databases.get(&object.metadata.uid).filter(|database| database.up);
        if let Some(refusal) = refusal(object) {
            plan.add("metadata.annotations", Effect::Refused, refusal.message);
        }
        let Some(database) = database else { return Ok(plan) };
        if is_stopped(object) {
            plan.add("spec.state", Effect::Downtime, "stops it");
        } else if plan.changes.is_empty() && database.port != port(object) {
            let (fields, message) = (vec!["spec.network.port".into()], "restarts it".into());
            plan.changes.push(Change { fields, effect: Effect::Restart, message });
        }
        Ok(plan)
    }

    async fn observe(&self, request: &Request<PostgreSQL>) -> Result<Option<Observed>, Error> {
        self.step(Step::Observe, request).await?;
        Ok(self.seen(request))
    }

    async fn ensure(&self, request: &Request<PostgreSQL>) -> Result<Observed, Error> {
        let object = &request.object;
        self.step(Step::Record, request).await?;
        let (refused, known) = (refusal(object), self.world().databases.contains_key(&object.metadata.uid));
        if let Some(Refusal { reason, message }) = refused.clone().filter(|_| !known) {
            return Err(Error::rejected(&reason, message));
        }
        self.change(request, |database| database.kept = true);
        if is_stopped(object) {
            self.step(Step::Stop, request).await?;
            self.change(request, Database::stop);
        } else {
            self.step(Step::Make, request).await?;
            let copied = self.copied(request)?;
            self.change(request, |database| database.make(port(object), copied));
            self.step(Step::Start, request).await?;
            self.change(request, |database| database.start(refused.is_none().then(|| port(object))));
            self.step(Step::Fill, request).await?;
            if let Some(users) = users(request).filter(|_| refused.is_none()) {
                self.change(request, |database| database.users = users);
            }
        }
        let seen = self.seen(request).unwrap_or_default();
        let logins = self.world().with_passwords(&request.logins, seen.logins);
        Ok(Observed { refused: refused.or(seen.refused), logins, ..seen })
    }

    async fn back_up(&self, request: &Request<PostgreSQL>) -> Result<Backup, Error> {
        self.step(Step::BackUp, request).await?;
        let (meta, mut world) = (&request.object.metadata, self.world());
        let Some(rows) = world.databases.get(&meta.uid).filter(|database| database.made) else {
            return Ok(Backup::nothing());
        };
        let rows = rows.rows.clone();
        let (namespace, name) = (meta.namespace.clone(), format!("{}-final", meta.name));
        let reference = Reference { group: self.domain().into(), kind: "Backup".into(), namespace, name };
        if matches!(world.lie, Some(Lie::BackedUp)) {
            return Ok(Backup { phase: BackupPhase::Succeeded, ..Backup::default() });
        }
        let (phase, message) = match world.backups.contains_key(&meta.uid) {
            true => (BackupPhase::Succeeded, String::new()),
            false => world.backs_up.clone(),
        };
        if phase == BackupPhase::Succeeded {
            world.backups.entry(meta.uid.clone()).or_insert(rows);
        }
        Ok(Backup { reference, phase, message })
    }

    async fn remove(&self, request: &Request<PostgreSQL>, disposal: Disposal) -> Result<(), Error> {
        self.step(Step::End, request).await?;
        let uid = &request.object.metadata.uid;
        if let Some(database) = self.world().databases.get_mut(uid) {
            database.stop();
            database.kept = false;
        }
        self.step(Step::Remove, request).await?;
        if disposal == Disposal::Delete {
            self.world().databases.remove(uid);
        }
        Ok(())
    }
}
