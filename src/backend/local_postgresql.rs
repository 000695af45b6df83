//! `local`: PostgreSQL from this machine's packages, as a backend.

use super::local::{self, LocalPostgres, RemovePolicy, ShutdownMode};
use super::postgresql::{self, secret_text, was_made};
use super::{
    Announcer, Answers, Backend, Class, Disposal, Endpoint, Error, Login, News, Observed, Offer,
    ParametersKind, Phase, Plan, Reference, ReferenceKind, Refusal, Request, Role,
};
use apimachinery::quantity::Quantity;
use async_trait::async_trait;
use databases_api::postgresql::{PostgreSQL, ReplicationMode, UserAttribute};
use databases_api::shared::{ADOPT_REF, Access, RESTARTED_AT, Resources, SECRET, State, TlsMode};
use futures_util::StreamExt;
use futures_util::stream::{BoxStream, select};
use std::collections::BTreeMap;
use std::path::PathBuf;
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
        LocalPostgres::open(root, options).await.map(|local| Self::over(local, ends_all))
    }

    /// Over a data root that is open.
    pub(super) fn over(local: Arc<LocalPostgres>, ends_all: bool) -> Self {
        LocalPostgreSQL { local, ends_all, offered: Mutex::default(), announcer: Announcer::default() }
    }

    /// Begins an instance, with the kept data that the object names where it names some.
    async fn begin(
        &self,
        request: &Request<PostgreSQL>,
        desired: &local::Desired,
    ) -> Result<local::Observed, local::Error> {
        if let Some(named) = &request.object.spec.instance.adopt_ref
            && !self.local.has(&desired.uid)
        {
            self.local.adopt(desired, &key(request, &named.name)?).await?;
        }
        self.local.ensure(desired).await
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
        self.local.refresh().await;
        let resources = self.local.resources();
        let offer = Offer { resources, ..offer(&self.local.versions(), self.local.libraries()) };
        let before = self.offered.lock().unwrap_or_else(PoisonError::into_inner).replace(offer.clone());
        if before.is_some_and(|before| before != offer) {
            // Other classes get it too, and objects may wait for a version.
            self.announcer.tell(News::Everything);
        }
        // Nobody waits for a larger disk.
        Ok(Offer { storage_bytes: self.local.disk(), ..offer })
    }

    fn news(&self) -> BoxStream<'static, News> {
        let changed = self.local.changes().map(|uid| News::Object { uid });
        select(changed, self.announcer.listen()).boxed()
    }

    async fn close(&self) {
        if !self.ends_all {
            return;
        }
        if let Err(error) = self.local.shutdown(ShutdownMode::Fast).await {
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
        self.local.plan(&desired(&request.object)).await.map_err(error)
    }

    async fn observe(&self, request: &Request<PostgreSQL>) -> Result<Option<Observed>, Error> {
        let object = &request.object;
        match self.local.observe(&object.metadata.uid).await {
            Ok(observed) => Ok(Some(seen(observed))),
            Err(local::Error::UnknownInstance(_)) if !was_made(object) => Ok(None),
            Err(_) => Ok(Some(seen(self.local.glimpse(&desired(object)).await))),
        }
    }

    async fn ensure(&self, request: &Request<PostgreSQL>) -> Result<Observed, Error> {
        let object = &request.object;
        let desired = desired(object);
        let ensured = match was_made(object) {
            true => self.local.keep(&desired).await,
            false => self.begin(request, &desired).await,
        };
        let refused = match ensured {
            Ok(observed) => return Ok(seen(observed)),
            Err(other) if !other.is_refusal() => return Err(error(other)),
            Err(refused) => refused,
        };
        match self.local.observe(&object.metadata.uid).await {
            Ok(observed) if observed.reason != Phase::Creating => {
                let refusal = Refusal::new(refused.reason(), refused.to_string());
                Ok(Observed { refused: Some(refusal), ..seen(observed) })
            }
            _ => Err(error(refused)),
        }
    }

    async fn remove(&self, request: &Request<PostgreSQL>, disposal: Disposal) -> Result<(), Error> {
        let policy = match disposal {
            // Nobody was ever told of it, so nobody could ask for what is kept.
            Disposal::Retain if !was_made(&request.object) => RemovePolicy::RetainReady,
            Disposal::Retain => RemovePolicy::Retain,
            Disposal::Delete => RemovePolicy::Delete,
        };
        self.local.remove(&request.object.metadata.uid, policy).await.map_err(error)
    }
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
    let secret = serde_json::from_str(&found.object).unwrap_or_default();
    let (username, password) = (secret_text(&secret, "username"), secret_text(&secret, "password"));
    match (username, password) {
        (Some(username), Some(password)) if !username.is_empty() && !password.is_empty() => {
            Ok(local::Key { title, username, password: local::Secret::new(password) })
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

fn desired(object: &PostgreSQL) -> local::Desired {
    let (meta, spec) = (&object.metadata, &object.spec);
    // An object keeps the version it began with, whatever is installed later.
    let version = [&spec.instance.version, &object.status.instance.version]
        .into_iter()
        .find(|version| !version.is_empty());
    local::Desired {
        uid: meta.uid.clone(),
        namespace: meta.namespace.clone(),
        name: meta.name.clone(),
        version: version.map(|version| major(version).to_owned()).unwrap_or_default(),
        instances: spec.instance.instances.map_or(1, |count| u32::try_from(count).unwrap_or(1)),
        size: spec.instance.storage.size.as_ref().and_then(Quantity::to_bytes),
        resources: spec.instance.resources.as_ref().map(resources).unwrap_or_default(),
        synchronous: spec.replication.as_ref().and_then(|replication| replication.mode.as_ref())
            == Some(&ReplicationMode::Synchronous),
        parameters: spec.instance.parameters.clone(),
        databases: databases(object),
        users: users(object),
        superuser_access: spec.superuser_access == Some(Access::Enabled),
        tls: tls(object),
        port: spec
            .instance
            .network
            .as_ref()
            .and_then(|network| network.port)
            .and_then(|port| u16::try_from(port).ok()),
        stopped: spec.instance.state == Some(State::Stopped),
        restarted_at: meta.annotations.get(RESTARTED_AT).cloned(),
    }
}

fn resources(wanted: &Resources) -> local::Resources {
    const KNOWN: [&str; 2] = ["cpu", "memory"];
    let amounts = |list: &BTreeMap<String, Quantity>| local::Amounts {
        cpu: list.get("cpu").and_then(Quantity::to_millis),
        memory: list.get("memory").and_then(Quantity::to_bytes),
    };
    let named = wanted.limits.keys().chain(wanted.requests.keys());
    local::Resources {
        limits: amounts(&wanted.limits),
        requests: amounts(&wanted.requests),
        others: named.filter(|name| !KNOWN.contains(&name.as_str())).cloned().collect(),
    }
}

fn databases(object: &PostgreSQL) -> Vec<local::Database> {
    let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let databases = object.spec.databases.iter().map(|database| local::Database {
        name: database.name.clone(),
        owner: database.owner.clone(),
        extensions: database
            .extensions
            .iter()
            .map(|extension| local::Extension {
                name: extension.name.clone(),
                version: some(&extension.version),
                schema: some(&extension.schema),
            })
            .collect(),
    });
    databases.collect()
}

fn users(object: &PostgreSQL) -> Vec<local::User> {
    let attribute = |attribute: &UserAttribute| match attribute {
        UserAttribute::Superuser => Some(local::Attribute::Superuser),
        UserAttribute::CreateDB => Some(local::Attribute::CreateDB),
        UserAttribute::CreateRole => Some(local::Attribute::CreateRole),
        UserAttribute::Replication => Some(local::Attribute::Replication),
        UserAttribute::BypassRLS => Some(local::Attribute::BypassRLS),
        UserAttribute::NoLogin => Some(local::Attribute::NoLogin),
        UserAttribute::Other(_) => None,
    };
    let users = object.spec.users.iter().map(|user| local::User {
        name: user.name.clone(),
        attributes: user.attributes.iter().filter_map(attribute).collect(),
        databases: user.databases.clone(),
    });
    users.collect()
}

fn tls(object: &PostgreSQL) -> local::Tls {
    let mode = match object.spec.instance.tls.as_ref().and_then(|tls| tls.mode.as_ref()) {
        Some(TlsMode::Required) => local::TlsMode::Required,
        Some(TlsMode::Optional) => local::TlsMode::Optional,
        _ => local::TlsMode::Disabled,
    };
    local::Tls { mode, certificate: None }
}

fn seen(observed: local::Observed) -> Observed {
    let login = |credentials: local::Credentials| Login {
        database: credentials.database,
        password: credentials.password.expose().to_owned(),
        username: credentials.username,
        user: String::new(),
    };
    let endpoint = |role, endpoint: local::Endpoint| Endpoint::new(role, endpoint.host, endpoint.port);
    // A stopped instance that never ran has no port yet.
    let read_write = Some(observed.read_write).filter(|found| found.port > 0);
    let read_write = read_write.map(|found| endpoint(Role::ReadWrite, found));
    let read_only = observed.read_only.map(|found| endpoint(Role::ReadOnly, found));
    Observed {
        phase: observed.reason,
        message: observed.message,
        version: observed.version,
        instances: i32::try_from(observed.instances).unwrap_or(i32::MAX),
        ready_instances: i32::try_from(observed.ready_instances).unwrap_or(i32::MAX),
        primary: observed.primary,
        selector: String::new(),
        endpoints: read_write.into_iter().chain(read_only).collect(),
        logins: observed.credentials.into_iter().map(login).collect(),
        superuser: observed.superuser.map(login),
        certificates: observed.ca,
        tls_required: observed.tls_required,
        storage_bytes: Some(observed.storage_bytes),
        pending: None,
        refused: None,
        shortage: observed.shortage,
    }
}
