//! Crunchy's PGO and the operators that descend from it: one object, which has its roles and databases in it.
//!
//! - **Owners and databases** are the operator's, with their passwords: it makes a Secret for each role. It makes databases as the
//!   superuser, who then gives each to its owner over SQL; so the superuser is always one of the users that it is told of.
//! - **Users and extensions** are made over SQL: the operator takes back neither a login nor a privilege. An owner who is listed no
//!   more is shut out.
//! - **TLS** is always on, and plain connections are refused. `Optional` admits them by Patroni's `pg_hba`; `Disabled` is refused.
//! - **Synchronous** is Patroni's strict mode: without a replica no commit ends.
//! - **Stopped** is a field of its own: the operator ends the pods and keeps the volumes.
//! - **Pooling** is the operator's PgBouncer.
//! - **From outside** it is reached by the Service `NAME-ha`.
//! - **The primary** is who Patroni says on its Endpoints.
//! - **Scheduling** has no labels of nodes: they become an affinity.
//!
//! Not offered: certificates of one's own, as replicas would need others of the same authority; new majors, which are objects of
//! another kind with the database stopped.

mod cluster;
mod metrics;
mod names;
mod repositories;
mod seen;
#[cfg(test)]
pub(super) mod tests;

use super::operator::{
    Administration, Asked, Became, Cloning, Dialect, Found, Installed, Parameters, Role, Wish, named,
};
use super::postgresql::offer;
use super::{Change, Class, Effect, Error, Observed, Offer, Refusal};
use crate::cluster::{ENDPOINTS, Resource};
use databases_api::postgresql::PostgreSQL;
use databases_api::shared::State;
pub(super) use repositories::{first_repository, is_in_a_bucket, paths};
use serde_json::{Value, json};

/// One of the operators.
pub(super) trait Flavour: Default + Send + Sync + 'static {
    /// Its name, as its makers spell it.
    const NAME: &'static str;
    /// What classes name it by.
    const CONTROLLER_NAME: &'static str;
    /// The kind of the main object.
    const MAIN: Resource;
    /// The kind whose status tells of servers and poolers, of the main one's name; none where that is the main one.
    const INNER: &'static [Resource];
    /// The fields of the Service that is reached from outside.
    const SERVICE: Service;
    /// The field that stops it.
    const STOP: &'static str;
    /// Kinds that a class's `spec.parametersRef` may name.
    const CLASS_PARAMETERS: &'static [Parameters];
    /// Roles that the operator has for itself, and the others do not.
    const RESERVED: &'static [&'static str];

    /// The majors of a class, the default first, of those that the definition admits.
    fn majors(class: &Class, admitted: &[String]) -> Result<Vec<String>, Refusal>;

    /// Fields of a new main object's spec that the others do not have.
    fn own(class: &Class, major: &str) -> Result<Vec<(&'static str, Value)>, Refusal>;

    /// Fields of a pooler that the others do not have; none where a class has no pooler.
    fn pooler(class: &Class) -> Option<Vec<(&'static str, Value)>>;

    /// The part of the main object's spec by whose being there the operator exports metrics; none where it exports none.
    const EXPORTER: Option<&'static str> = None;

    /// Fields of the main object's spec by which the operator has extensions that are listed.
    fn extensions(_: &Wish<'_>) -> Result<Vec<(&'static str, bool)>, Refusal> {
        Ok(Vec::new())
    }

    /// The kind of its backups, where they outlive a main object.
    const BACKUPS: Option<Resource> = None;

    /// How it is made a copy of another one.
    const CLONES: Option<Cloning> = None;

    /// The part of a main object's spec that holds where nobody says otherwise.
    fn usual(_: &Wish<'_>) -> Value {
        Value::Null
    }

    /// The spec of a backup that outlives that main object; or what the main object lacks for one.
    fn backup(_: &Value) -> Result<Value, String> {
        Err("has no backups".into())
    }

    /// What became of a backup.
    fn backed_up(_: &Value) -> Became {
        Became::default()
    }

    /// The backup that was asked for last on a main object; or what it lacks for one.
    fn asked(_: &Value) -> Result<Option<Asked>, String> {
        Err("has no backups".into())
    }

    /// A merge patch of a main object that asks for a backup called so.
    fn ask(_: &Value, _: &str) -> Value {
        Value::Null
    }

    /// A merge patch of the main object without which not all of it would be deleted.
    fn ending(_live: &Value) -> Option<Value> {
        None
    }
}

/// What the fields of the Service that is reached from outside are called.
pub(super) struct Service {
    /// Its part of the main object's spec.
    pub(super) part: &'static str,
    /// Its annotations.
    pub(super) annotations: &'static str,
    /// Who may connect from outside; none where the operator does not know of that.
    pub(super) ranges: Option<&'static str>,
}

/// The dialect of one of them.
#[derive(Default)]
pub struct Pgo<F>(std::marker::PhantomData<F>);

/// The superuser.
const SUPERUSER: &str = "postgres";

/// What is offered beyond the core.
const FEATURES: &[&str] = &[
    "PostgreSQL",
    "PostgreSQLAdoption",
    "PostgreSQLExtensions",
    "PostgreSQLExternalAccess",
    "PostgreSQLMultipleDatabases",
    "PostgreSQLParameters",
    "PostgreSQLReadOnlyEndpoint",
    "PostgreSQLReplicas",
    "PostgreSQLRestart",
    "PostgreSQLScheduling",
    "PostgreSQLServiceAnnotations",
    "PostgreSQLStop",
    "PostgreSQLStorageClass",
    "PostgreSQLStorageExpansion",
    "PostgreSQLSuperuserAccess",
    "PostgreSQLSynchronousReplication",
    "PostgreSQLTLS",
    "PostgreSQLUserAttributes",
    "PostgreSQLUsers",
];
/// What is offered where a class has a pooler.
const POOLING: &str = "PostgreSQLConnectionPooling";
/// What is offered where an operator knows of it.
const RANGES: &str = "PostgreSQLSourceRanges";
/// What is offered where an operator exports some.
const METRICS: &str = "PostgreSQLMetrics";

impl<F: Flavour> Dialect for Pgo<F> {
    const NAME: &'static str = F::NAME;
    const CONTROLLER_NAME: &'static str = F::CONTROLLER_NAME;
    const MAIN: Resource = F::MAIN;
    const BESIDE: &'static [Resource] = &[];
    // Pods carry the name and nineteen characters more in a label.
    const LONGEST_NAME: usize = 44;
    const NAMESAKES: &'static [Resource] = F::INNER;
    const LISTS_BY_NAME: &'static [&'static str] = &["instances", "users"];
    const CLASS_PARAMETERS: &'static [Parameters] = F::CLASS_PARAMETERS;
    const RESERVED: &'static [&'static str] = F::RESERVED;
    const BACKUPS: Option<Resource> = F::BACKUPS;
    const CLONES: Option<Cloning> = F::CLONES;
    const READS_SCHEMA: bool = true;

    /// All between the least and the greatest.
    fn versions(schema: &Value) -> Vec<String> {
        let version = &schema["properties"]["postgresVersion"];
        let bound = |name: &str| version[name].as_u64().unwrap_or_default();
        (bound("minimum")..=bound("maximum")).rev().map(|major| major.to_string()).collect()
    }

    fn offer(&self, class: &Class, installed: &Installed) -> Result<Offer, Error> {
        let (versions, refused) = match F::majors(class, &installed.versions) {
            Ok(versions) if versions.is_empty() => {
                let message = format!(
                    "the installed {} and its images have no version in common",
                    Self::MAIN.qualified()
                );
                (versions, Some(Refusal::new("Unsupported", message)))
            }
            Ok(versions) => (versions, None),
            Err(refusal) => (Vec::new(), Some(refusal)),
        };
        // Which libraries an image has, nobody says.
        let pooling = F::pooler(class).is_some().then_some(POOLING);
        let metrics = F::EXPORTER.map(|_| METRICS);
        let more = F::SERVICE.ranges.map(|_| RANGES).into_iter().chain(pooling).chain(metrics);
        Ok(Offer { refused, ..offer(versions, FEATURES.iter().copied().chain(more)) })
    }

    fn roles(&self, wish: &Wish<'_>) -> Vec<Role> {
        let known = wish.live["spec"]["users"].as_array().map_or(&[][..], Vec::as_slice);
        wish.roles_beside(|role| named(known, &role.into()).is_some(), |role| names::secret(wish.name, role))
    }

    fn authority(&self, wish: &Wish<'_>) -> Option<(String, &'static str)> {
        Some((format!("{}-cluster-cert", wish.name), "ca.crt"))
    }

    fn evidence(&self, _: &PostgreSQL, name: &str) -> Vec<(Resource, String)> {
        // Patroni says on it who the primary is.
        let leader = (ENDPOINTS, format!("{name}-ha"));
        [leader].into_iter().chain(F::INNER.iter().map(|inner| (*inner, name.to_owned()))).collect()
    }

    fn exposed(&self, name: &str) -> Option<String> {
        // The other one of the primary has no address of its own.
        Some(format!("{name}-ha"))
    }

    fn wanted(&self, wish: &Wish<'_>) -> Result<Vec<Value>, Refusal> {
        names::check::<F>(wish.object)?;
        cluster::wanted::<F>(wish).map(|main| vec![main])
    }

    fn usual(&self, wish: &Wish<'_>) -> Value {
        F::usual(wish)
    }

    fn state(&self, wish: &Wish<'_>) -> Option<Value> {
        let wanted = stopped::<F>(wish)?;
        (wish.live["spec"][F::STOP] != wanted).then(|| json!({"spec": {(F::STOP): wanted}}))
    }

    fn administration(&self, wish: &Wish<'_>) -> Option<Administration> {
        let secret = names::secret(wish.name, SUPERUSER);
        Some(Administration {
            secret,
            username: "user",
            password: "password",
            tells_health: false,
            gives: true,
        })
    }

    fn upcoming(&self, wish: &Wish<'_>) -> Vec<Change> {
        metrics::upcoming::<F>(wish).into_iter().collect()
    }

    fn ending(&self, live: &Value, _: &str) -> Option<Value> {
        F::ending(live)
    }

    fn backup(&self, main: &Value) -> Result<Value, String> {
        F::backup(main)
    }

    fn backed_up(&self, backup: &Value) -> Became {
        F::backed_up(backup)
    }

    fn asked(&self, main: &Value) -> Result<Option<Asked>, String> {
        F::asked(main)
    }

    fn ask(&self, main: &Value, id: &str) -> Value {
        F::ask(main, id)
    }

    fn pods(&self, name: &str) -> String {
        format!(
            "postgres-operator.crunchydata.com/cluster={name},postgres-operator.crunchydata.com/data=postgres"
        )
    }

    fn seen(&self, found: &Found<'_>) -> Observed {
        seen::seen::<F>(found)
    }

    fn disturbs(&self, field: &str, wish: &Wish<'_>) -> (String, Effect) {
        cluster::disturbs::<F>(field, wish)
    }
}

/// Whether it is to be stopped; none where nobody says so.
fn stopped<F: Flavour>(wish: &Wish<'_>) -> Option<bool> {
    let said = !wish.is_adopted() && wish.live["spec"][F::STOP].is_boolean();
    match &wish.object.spec.instance.state {
        Some(State::Stopped) => Some(true),
        Some(_) => Some(false),
        None => said.then_some(false),
    }
}

/// The status that tells of servers and poolers.
fn status<'a, F: Flavour>(wish: &'a Wish<'_>) -> &'a Value {
    match F::INNER {
        [] => &wish.live["status"],
        _ => &wish.evidence(1)["status"],
    }
}
