//! What one operator calls things.

use super::backup::{Asked, Became};
use super::clone::Cloning;
use super::names::{UID_LABEL, kubernetes_name};
use crate::backend::{
    Change, Class, Effect, Error, Login, Observed, Offer, ParametersKind, Phase, Refusal, Resolved,
};
use crate::cluster::Resource;
use databases_api::postgresql::{Pooling, PoolingMode, PostgreSQL, UserAttribute};
use databases_api::shared::Switch;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// How an operator is told what is wanted, and how it tells what is. Everything here is a pure function of what it is given,
/// so that the whole of a dialect is tested without a cluster.
pub trait Dialect: Send + Sync + 'static {
    /// Its name, as its makers spell it.
    const NAME: &'static str;
    /// What classes name it by.
    const CONTROLLER_NAME: &'static str;
    /// The kind of the main object: what a person would delete to be rid of the database.
    const MAIN: Resource;
    /// Kinds of objects beside the main one. Those of a group of the operator's are followed.
    const BESIDE: &'static [Resource];
    /// Kinds of which the operator makes an object under a main one's name: a warning about it is about the main one.
    const NAMESAKES: &'static [Resource] = &[];
    /// Kinds without namespace that say what the operator can run, such as catalogs of versions.
    const CATALOGS: &'static [Resource] = &[];
    /// Fields that are lists whose items are known by their names: others' items in them stay.
    const LISTS_BY_NAME: &'static [&'static str] = &[];
    /// Roles that the operator has for itself.
    const RESERVED: &'static [&'static str] = &[];
    /// The longest name of a main object.
    const LONGEST_NAME: usize;
    /// Kinds that a class's `spec.parametersRef` may name.
    const CLASS_PARAMETERS: &'static [Parameters];
    /// Whether the first data may come from the server that a binding Secret names.
    const IMPORTS: bool = false;
    /// How the first data may be that of another PostgreSQL whose operator it is, too ([`Wish::origin`]).
    const CLONES: Option<Cloning> = None;
    /// Whether the data outlives the main object, which is then made anew where somebody deleted it.
    const DATA_IS_APART: bool = false;
    /// The kind of its backups, where they outlive a main object.
    const BACKUPS: Option<Resource> = None;
    /// Whether the versions are read off the definition of the main kind, which takes a right to get it.
    const READS_SCHEMA: bool = false;

    /// The versions that the schema of the main object's spec admits, the default first.
    fn versions(_schema: &Value) -> Vec<String> {
        Vec::new()
    }

    /// What it can do for a class, where this is installed.
    fn offer(&self, class: &Class, installed: &Installed) -> Result<Offer, Error>;

    /// The roles that need a password. The first opens the first database.
    fn roles(&self, wish: &Wish<'_>) -> Vec<Role>;

    /// Labels by which the operator finds the Secrets of roles, beside ours; an empty object where it needs none.
    fn secret_labels(&self, _wish: &Wish<'_>) -> Value {
        json!({})
    }

    /// The Secret and its key that have the CA of the serving certificate; none where the operator has none.
    fn authority(&self, wish: &Wish<'_>) -> Option<(String, &'static str)>;

    /// Objects of the operator's making, beside a main one of that name, that tell what its status does not. They are read at
    /// every look.
    fn evidence(&self, _object: &PostgreSQL, _name: &str) -> Vec<(Resource, String)> {
        Vec::new()
    }

    /// The Service by which the primary is reached from outside where an object asks for that, beside a main object of that
    /// name; none where the operator has none.
    fn exposed(&self, _name: &str) -> Option<String> {
        None
    }

    /// All objects as they should be, the main one first. Metadata says their names alone; the rest of it is added.
    fn wanted(&self, wish: &Wish<'_>) -> Result<Vec<Value>, Refusal>;

    /// The part of a main object's spec that holds where neither a class nor an object says otherwise.
    fn usual(&self, _wish: &Wish<'_>) -> Value {
        Value::Null
    }

    /// A merge patch of the main object that stops it or starts it again, as the object says, whatever else is refused of it;
    /// none where it is so.
    fn state(&self, wish: &Wish<'_>) -> Option<Value>;

    /// How databases, owners, users and extensions are brought about over SQL, as far as the operator does not; none where it
    /// makes all of them.
    fn administration(&self, _wish: &Wish<'_>) -> Option<Administration> {
        None
    }

    /// What is still to be changed otherwise than by a field of the main object.
    fn upcoming(&self, _wish: &Wish<'_>) -> Vec<Change> {
        Vec::new()
    }

    /// A merge patch of the main object without which its deletion, on that day (UTC), would leave data behind; none where it
    /// is so.
    fn ending(&self, _live: &Value, _today: &str) -> Option<Value> {
        None
    }

    /// The spec of a backup that outlives that main object, as it is or will be; or what the main object lacks for one.
    fn backup(&self, _main: &Value) -> Result<Value, String> {
        Err("has no backups".into())
    }

    /// What became of a backup.
    fn backed_up(&self, _backup: &Value) -> Became {
        Became::default()
    }

    /// The backup that was asked for last on that main object, as it is or will be; or what it lacks for one.
    fn asked(&self, _main: &Value) -> Result<Option<Asked>, String> {
        Err("has no backups".into())
    }

    /// A merge patch of a main object that asks for a backup called so.
    fn ask(&self, _main: &Value, _id: &str) -> Value {
        Value::Null
    }

    /// Secrets that the operator made, and may leave behind when the main object is deleted.
    fn leftovers(&self, _wish: &Wish<'_>) -> Vec<String> {
        Vec::new()
    }

    /// The labels of the pods of the servers of a main object, as a selector in text form.
    fn pods(&self, name: &str) -> String;

    /// What is there.
    fn seen(&self, found: &Found<'_>) -> Observed;

    /// What a change of this field of the main object's spec does, and what it is called in ours; nothing where it is of no
    /// field and disturbs nobody.
    fn disturbs(&self, field: &str, wish: &Wish<'_>) -> (String, Effect);
}

/// A kind that a class's `spec.parametersRef` may name.
#[derive(Clone, Copy, Debug)]
pub struct Parameters {
    /// API group; empty for the core group.
    pub group: &'static str,
    /// The version it is read in.
    pub version: &'static str,
    /// Kind.
    pub kind: &'static str,
}

impl From<&Parameters> for ParametersKind {
    fn from(kind: &Parameters) -> Self {
        ParametersKind { group: kind.group.into(), version: kind.version.into(), kind: kind.kind.into() }
    }
}

/// What the cluster has of an operator.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Installed {
    /// The kinds that are served of its groups, by their names in URLs.
    pub served: Vec<String>,
    /// The objects of its catalogs: their kinds, names and specs.
    pub catalog: Vec<Value>,
    /// The versions that the definition of the main kind admits, for a dialect that reads it.
    pub versions: Vec<String>,
}

impl Installed {
    /// Whether a kind is served.
    pub fn serves(&self, kind: &Resource) -> bool {
        self.served.iter().any(|name| name == kind.plural)
    }
}

/// Who manages a PostgreSQL whose operator makes no databases and no roles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Administration {
    /// The Secret with the superuser's login.
    pub secret: String,
    /// Its key for the name.
    pub username: &'static str,
    /// Its key for the password.
    pub password: &'static str,
    /// Whether it is seen by its sessions alone that a server takes writes: the operator does not tell.
    pub tells_health: bool,
    /// Whether the operator makes databases and their owners, with the passwords of those.
    pub gives: bool,
}

/// What is wanted, with what it is made of.
pub struct Wish<'a> {
    /// The object.
    pub object: &'a PostgreSQL,
    /// Its class.
    pub class: &'a Class,
    /// The name of the main object.
    pub name: &'a str,
    /// The main object as it is; null where there is none.
    pub live: &'a Value,
    /// The objects beside it as they are.
    pub beside: &'a [Value],
    /// The objects of [`Dialect::evidence`] as they are, in its order; null where one is not there.
    pub evidence: &'a [Value],
    /// The objects that its spec refers to, as far as they could be read.
    pub references: &'a [Resolved],
    /// The main object of the PostgreSQL that it begins as a copy of; null where it is none, or was made.
    pub source: &'a Value,
    /// The backup that it is made a copy out of, once that is complete; null where it is no such copy, or was made.
    pub begins: &'a Value,
    /// What the cluster has of the operator.
    pub installed: &'a Installed,
}

impl Wish<'_> {
    /// Whether the implementation was there before the object: what the object does not say is left as it is.
    pub fn is_adopted(&self) -> bool {
        self.object.spec.instance.adopt_ref.is_some()
    }

    /// One of the objects of [`Dialect::evidence`]; null where it is not there.
    pub fn evidence(&self, index: usize) -> &Value {
        const NOTHING: &Value = &Value::Null;
        self.evidence.get(index).unwrap_or(NOTHING)
    }

    /// The first database; empty where there is none.
    pub fn first_database(&self) -> &str {
        self.object.spec.databases.first().map(|database| database.name.as_str()).unwrap_or_default()
    }

    /// A role with a Secret of ours.
    pub fn role(&self, name: &str, database: &str) -> Role {
        Role {
            name: name.to_owned(),
            database: database.to_owned(),
            secret: kubernetes_name(self.name, "role", name),
            is_ours: true,
            is_superuser: false,
        }
    }

    /// Everybody who logs in, owners first, with a Secret of ours for each.
    pub fn roles(&self) -> Vec<Role> {
        let (spec, first) = (&self.object.spec, self.first_database());
        let owners = spec.databases.iter().map(|database| self.role(&database.owner, &database.name));
        let users = spec.users.iter().filter(|user| !user.attributes.contains(&UserAttribute::NoLogin));
        let users =
            users.map(|user| self.role(&user.name, user.databases.first().map_or(first, String::as_str)));
        let mut seen = BTreeSet::new();
        owners.chain(users).filter(|role| seen.insert(role.name.clone())).collect()
    }

    /// The same where the operator keeps the passwords of owners, and of others whom it knows, in Secrets of its own.
    pub fn roles_beside(&self, knows: impl Fn(&str) -> bool, secret: impl Fn(&str) -> String) -> Vec<Role> {
        let owners: BTreeSet<&str> =
            self.object.spec.databases.iter().map(|database| database.owner.as_str()).collect();
        let mut roles = self.roles();
        for role in roles.iter_mut().filter(|role| owners.contains(role.name.as_str()) || knows(&role.name)) {
            (role.secret, role.is_ours) = (secret(&role.name), false);
        }
        roles
    }

    /// The connection poolers that the object asks for: how they hand out connections, in PgBouncer's words, and how many there
    /// are.
    pub fn poolers(&self) -> Option<(&'static str, i32)> {
        let Pooling { mode, instances } = self.object.spec.pooling.as_ref()?;
        let mode = match mode {
            Some(PoolingMode::Session) => "session",
            Some(PoolingMode::Transaction) => "transaction",
            _ => return None,
        };
        Some((mode, instances.unwrap_or(1)))
    }

    /// Whether metrics are to be exported; none where the object does not say so.
    pub fn metrics(&self) -> Option<bool> {
        let said = self.object.spec.instance.observability.as_ref()?.metrics.as_ref()?;
        Some(*said == Switch::Enabled)
    }

    /// Whether the implementation is the object's by now.
    pub fn is_bound(&self) -> bool {
        self.is_ours(&self.live["metadata"])
    }

    /// Whether what has this metadata was made for the object.
    pub fn is_ours(&self, metadata: &Value) -> bool {
        metadata["labels"][UID_LABEL] == self.object.metadata.uid.as_str()
    }
}

/// A role with the Secret that has its password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    /// Its name.
    pub name: String,
    /// The database that its login is for.
    pub database: String,
    /// The Secret.
    pub secret: String,
    /// Whether this server makes the Secret; the operator does otherwise.
    pub is_ours: bool,
    /// Whether it is the superuser's.
    pub is_superuser: bool,
}

/// What was found.
pub struct Found<'a> {
    /// What is wanted.
    pub wish: &'a Wish<'a>,
    /// The domain of the cluster's Services.
    pub domain: &'a str,
    /// The logins of the roles whose Secrets there are, in the order of the roles.
    pub logins: Vec<Login>,
    /// The superuser's.
    pub superuser: Option<Login>,
    /// The CA of the serving certificate, PEM.
    pub certificates: Option<String>,
}

impl Found<'_> {
    /// The credentials that were found, in that phase: what a dialect adds the rest to.
    pub fn observed(&self, phase: Phase, message: String) -> Observed {
        Observed {
            phase,
            message,
            logins: self.logins.clone(),
            superuser: self.superuser.clone(),
            certificates: self.certificates.clone(),
            ..Observed::default()
        }
    }

    /// An owner whose Secret is not there yet.
    pub fn missing_owner(&self) -> Option<&str> {
        let mut owners = self.wish.object.spec.databases.iter().map(|database| database.owner.as_str());
        owners.find(|owner| !self.logins.iter().any(|login| login.user() == *owner))
    }

    /// The host name of a Service in the object's namespace, as every namespace resolves it.
    pub fn host(&self, service: &str) -> String {
        format!("{service}.{}.svc.{}", self.wish.object.metadata.namespace, self.domain)
    }
}
