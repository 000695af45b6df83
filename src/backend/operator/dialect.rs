//! What one operator calls things.

use crate::backend::{Class, Effect, Error, Login, Observed, Offer, ParametersKind, Refusal};
use crate::cluster::Resource;
use databases_api::postgresql::PostgreSQL;
use serde_json::Value;

/// How an operator is told what is wanted, and how it tells what is. Everything here is a pure function of what it is given,
/// so that the whole of a dialect is tested without a cluster.
pub trait Dialect: Send + Sync + 'static {
    /// Its name, as its makers spell it.
    const NAME: &'static str;
    /// What classes name it by.
    const CONTROLLER_NAME: &'static str;
    /// The kind of the main object: what a person would delete to be rid of the database.
    const MAIN: Resource;
    /// Kinds of objects beside the main one, in its group.
    const BESIDE: &'static [Resource];
    /// The longest name of a main object.
    const LONGEST_NAME: usize;
    /// Kinds that a class's `spec.parametersRef` may name.
    const CLASS_PARAMETERS: &'static [Parameters];

    /// What it can do for a class, where the cluster serves these kinds of its group, by their names in URLs.
    fn offer(&self, class: &Class, served: &[String]) -> Result<Offer, Error>;

    /// The roles that need a password. The first opens the first database.
    fn roles(&self, wish: &Wish<'_>) -> Vec<Role>;

    /// The Secret and its key that have the CA of the serving certificate; none where the operator has none.
    fn authority(&self, wish: &Wish<'_>) -> Option<(String, &'static str)>;

    /// All objects as they should be, the main one first. Metadata says their names alone; the rest of it is added.
    fn wanted(&self, wish: &Wish<'_>) -> Result<Vec<Value>, Refusal>;

    /// A merge patch of the main object that stops it or starts it again, as the object says, whatever else is refused of it;
    /// none where it is so.
    fn state(&self, wish: &Wish<'_>) -> Option<Value>;

    /// What is there.
    fn seen(&self, found: &Found<'_>) -> Observed;

    /// What a change of this field of the main object's spec does, and what it is called in ours.
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
}

impl Wish<'_> {
    /// Whether the implementation was there before the object: what the object does not say is left as it is.
    pub fn is_adopted(&self) -> bool {
        self.object.spec.instance.adopt_ref.is_some()
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
    /// The host name of a Service in the object's namespace, as every namespace resolves it.
    pub fn host(&self, service: &str) -> String {
        format!("{service}.{}.svc.{}", self.wish.object.metadata.namespace, self.domain)
    }
}
