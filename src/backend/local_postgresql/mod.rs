//! `local`: PostgreSQL from this machine's packages, as a backend.

mod apart;
mod convert;

pub(in crate::backend) use apart::Apart;

use super::local::{self, LocalPostgres, RemovePolicy, ShutdownMode};
use super::postgresql::{self, secret_text, was_made};
use super::{
    Announcer, Answers, Backend, Class, Disposal, Error, News, Observed, Offer, Orphan, ParametersKind,
    Phase, Plan, Reference, ReferenceKind, Refusal, Request,
};
use apimachinery::kind::Kind;
use async_trait::async_trait;
use convert::{desired, seen};
use databases_api::postgresql::PostgreSQL;
use databases_api::shared::{ADOPT_REF, SECRET};
use futures_util::StreamExt;
use futures_util::stream::{BoxStream, select};
use serde_json::Value;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

const DOMAIN: &str = "local.databases.standard.k8s.io";
const CONTROLLER_NAME: &str = "local.databases.standard.k8s.io/postgresql";

/// What is offered beyond the core; everything else in a manifest is refused when it is written.
const FEATURES: &[&str] = &[
    "PostgreSQL",
    "PostgreSQLAdoption",
    "PostgreSQLExtensions",
    "PostgreSQLMultipleDatabases",
    "PostgreSQLParameters",
    "PostgreSQLPort",
    "PostgreSQLReadOnlyEndpoint",
    "PostgreSQLReplicas",
    "PostgreSQLRestart",
    "PostgreSQLStop",
    "PostgreSQLStorageExpansion",
    "PostgreSQLSuperuserAccess",
    "PostgreSQLSynchronousReplication",
    "PostgreSQLTLS",
    "PostgreSQLUserAttributes",
    "PostgreSQLUsers",
];

/// The backend over one data root.
pub struct LocalPostgreSQL {
    local: Arc<LocalPostgres>,
    apart: Apart,
    /// Whether the databases end with the server.
    ends_all: bool,
    /// What was offered last: all classes get the same.
    offered: Mutex<Option<Offer>>,
    announcer: Announcer,
}

impl LocalPostgreSQL {
    /// Opens the data root. Instances that run already are left alone; `ends_all` has them stopped, with all data kept, when
    /// the server ends.
    pub async fn open(root: PathBuf, options: local::Options, ends_all: bool) -> Result<Self, local::Error> {
        let apart = Apart::new().map_err(local::Error::io("start", Path::new("threads")))?;
        let local = apart.run(LocalPostgres::open(root, options)).await?;
        Ok(Self::over(local, ends_all, apart))
    }

    /// Over a data root that is open.
    pub(super) fn over(local: Arc<LocalPostgres>, ends_all: bool, apart: Apart) -> Self {
        LocalPostgreSQL { local, apart, ends_all, offered: Mutex::default(), announcer: Announcer::default() }
    }

    /// Does something with the instances, apart from who asks for it.
    async fn with<T: Send + 'static, W>(&self, work: impl FnOnce(Arc<LocalPostgres>) -> W) -> T
    where
        W: Future<Output = T> + Send + 'static,
    {
        self.apart.run(work(self.local.clone())).await
    }
}

#[async_trait]
impl Backend for LocalPostgreSQL {
    fn controller_name(&self) -> &str {
        CONTROLLER_NAME
    }

    fn object_references(&self) -> Vec<ReferenceKind> {
        let kind = ParametersKind { group: String::new(), version: "v1".into(), kind: SECRET.into() };
        vec![ReferenceKind { path: ADOPT_REF.into(), kind }]
    }

    /// The Secret opens kept data, which is then the object's.
    fn needed_once(&self) -> Vec<&'static str> {
        vec![ADOPT_REF]
    }

    async fn offer(&self, _: &Class) -> Result<Offer, Error> {
        let looked = self.with(|local| async move {
            local.refresh().await;
            let resources = local.resources();
            (Offer { resources, ..offer(&local.versions(), local.libraries()) }, local.disk())
        });
        let (offer, disk) = looked.await;
        let before = self.offered.lock().unwrap_or_else(PoisonError::into_inner).replace(offer.clone());
        if before.is_some_and(|before| before != offer) {
            // Other classes get it too, and objects may wait for a version.
            self.announcer.tell(News::Everything);
        }
        // Nobody waits for a larger disk.
        Ok(Offer { storage_bytes: disk, ..offer })
    }

    fn news(&self) -> BoxStream<'static, News> {
        let changed = self.local.changes().map(|uid| News::Object { uid });
        select(changed, self.announcer.listen()).boxed()
    }

    async fn held(&self) -> Result<Vec<String>, Error> {
        self.with(|local| async move { local.in_use() }).await.map_err(error)
    }

    async fn orphaned(&self, uid: &str) -> Result<Option<Orphan>, Error> {
        let message = "it is stopped, and its data is kept on the server's machine by that uid, where `databases-apiserver \
                       retained` lists, opens and deletes it; an object of that uid that is there again takes it up";
        let orphan = |local::Kept { namespace, name, .. }| Orphan {
            kind: PostgreSQL::definition().kind.into(),
            namespace,
            name,
            message: message.into(),
        };
        let uid = uid.to_owned();
        let kept = self.with(|local| async move { local.orphan(&uid).await }).await;
        kept.map(|kept| kept.map(orphan)).map_err(error)
    }

    async fn close(&self) {
        if !self.ends_all {
            return;
        }
        if let Err(error) = self.with(|local| async move { local.shutdown(ShutdownMode::Fast).await }).await {
            tracing::error!(%error, "not every database could be stopped");
        }
    }
}

#[async_trait]
impl Answers<PostgreSQL> for LocalPostgreSQL {
    async fn reference(&self, request: &Request<PostgreSQL>) -> Result<Reference, Error> {
        let meta = &request.object.metadata;
        let (namespace, name) = (meta.namespace.clone(), meta.uid.clone());
        Ok(Reference { group: DOMAIN.into(), kind: "Instance".into(), namespace, name })
    }

    async fn plan(&self, request: &Request<PostgreSQL>) -> Result<Plan, Error> {
        let desired = desired(&request.object);
        self.with(|local| async move { local.plan(&desired).await }).await.map_err(error)
    }

    async fn observe(&self, request: &Request<PostgreSQL>) -> Result<Option<Observed>, Error> {
        let object = &request.object;
        let uid = object.metadata.uid.clone();
        match self.with(|local| async move { local.observe(&uid).await }).await {
            Ok(observed) => Ok(Some(seen(object, observed))),
            Err(local::Error::UnknownInstance(_)) if !was_made(object) => Ok(None),
            Err(_) => {
                let desired = desired(object);
                let found = self.with(|local| async move { local.glimpse(&desired).await }).await;
                Ok(Some(seen(object, found)))
            }
        }
    }

    async fn ensure(&self, request: &Request<PostgreSQL>) -> Result<Observed, Error> {
        let object = &request.object;
        let desired = desired(object);
        let ensured = match was_made(object) {
            true => self.with(|local| async move { local.keep(&desired).await }).await,
            false => {
                let kept = object.spec.instance.adopt_ref.as_ref().map(|named| key(request, &named.name));
                self.with(|local| begin(local, desired, kept)).await
            }
        };
        let refused = match ensured {
            Ok(observed) => return Ok(seen(object, observed)),
            Err(other) if !other.is_refusal() => return Err(error(other)),
            Err(refused) => refused,
        };
        let uid = object.metadata.uid.clone();
        match self.with(|local| async move { local.observe(&uid).await }).await {
            Ok(observed) if observed.reason != Phase::Creating => {
                let refusal = Refusal::new(refused.reason(), refused.to_string());
                Ok(Observed { refused: Some(refusal), ..seen(object, observed) })
            }
            _ => Err(Error::rejected(refused.reason(), refused.to_string())),
        }
    }

    async fn remove(&self, request: &Request<PostgreSQL>, disposal: Disposal) -> Result<(), Error> {
        let policy = match disposal {
            // Nobody was ever told of it, so nobody could ask for what is kept.
            Disposal::Retain if !was_made(&request.object) => RemovePolicy::RetainReady,
            Disposal::Retain => RemovePolicy::Retain,
            Disposal::Delete => RemovePolicy::Delete,
        };
        let uid = request.object.metadata.uid.clone();
        self.with(|local| async move { local.remove(&uid, policy).await }).await.map_err(error)
    }
}

/// Begins an instance, with the kept data that the object names where it names some.
async fn begin(
    local: Arc<LocalPostgres>,
    desired: local::Desired,
    kept: Option<Result<local::Key, local::Error>>,
) -> Result<local::Observed, local::Error> {
    if let Some(key) = kept
        && !local.has(&desired.uid)
    {
        local.adopt(&desired, &key?).await?;
    }
    local.ensure(&desired).await
}

/// What is offered with these versions, oldest first.
fn offer(versions: &[String], libraries: Vec<String>) -> Offer {
    let mut majors: Vec<String> = versions.iter().map(|version| major(version).to_owned()).collect();
    majors.reverse();
    majors.dedup();
    let none = "no PostgreSQL is installed on this machine: install it with `apt-get install postgresql`";
    let refused = majors.is_empty().then(|| Refusal::new("Unsupported", none));
    Offer { libraries, refused, ..postgresql::offer(majors, FEATURES.iter().copied()) }
}

fn major(version: &str) -> &str {
    version.split('.').next().unwrap_or(version)
}

fn error(error: local::Error) -> Error {
    match error.code() {
        code if code.is_retried() => Error::retried(code, error.to_string()),
        _ => Error::rejected(error.reason(), error.to_string()),
    }
}

/// The login that the Secret has which an object names by `spec.adoptRef`.
fn key(request: &Request<PostgreSQL>, name: &str) -> Result<local::Key, local::Error> {
    let title = format!("Secret {}/{name}", request.object.metadata.namespace);
    let refuse = |reason, message| local::Error::NotAdopted { reason, message };
    let Some(found) = request.reference(ADOPT_REF) else {
        let message = format!(
            "{title}, which {ADOPT_REF} names, is not there: put it back, or, where nobody has it any more, what \
             `databases-apiserver retained` prints on the machine that has the data"
        );
        return Err(refuse("SecretNotFound", message));
    };
    let secret: Value = serde_json::from_str(&found.object).unwrap_or_default();
    let (username, password) = (secret_text(&secret, "username"), secret_text(&secret, "password"));
    match (username, password) {
        (Some(username), Some(password)) if !username.is_empty() && !password.is_empty() => {
            let told = local::Secret::new(secret["metadata"].to_string());
            Ok(local::Key { title, username, password: local::Secret::new(password), told })
        }
        _ => {
            let message = format!(
                "{title} lacks its key username or password: name the binding Secret of a database that was deleted with \
                 deletionPolicy Retain"
            );
            Err(refuse("BackendRejected", message))
        }
    }
}
