//! Zalando's Postgres Operator: a `postgresql`, which has its roles and databases in it.
//!
//! - **Versions** are those that the installed definition of the kind lists. A running database keeps its own: whether the
//!   operator upgrades is a setting of the operator (`major_version_upgrade_mode`) that is not to be seen from here.
//! - **Owners and databases** are the operator's, with their passwords: it makes a Secret for each role, by its usual template of
//!   names. Where `secret_name_template` is another one, the object waits and says for which Secret.
//! - **Users and extensions** are made over SQL by the superuser of the operator's Secret: the operator takes back neither a login
//!   nor a right, and has extensions only in databases with roles of its own making. An owner who is listed no more is shut out.
//! - **TLS** is always on, with a certificate that each server makes for itself, and plain connections are refused. `Optional`
//!   admits them; `Disabled` is refused. A certificate of one's own needs its CA beside it (`ca.crt`) for clients to check it.
//! - **Synchronous** is Patroni's strict mode: without a replica no commit ends.
//! - **From outside** it is reached by the primary's Service. Where no ranges are given, its load balancer is told of all addresses:
//!   told of none, the operator lets nobody in.
//! - **Stopped** is no servers. The operator may be told to delete the volumes of servers that are too many
//!   (`persistent_volume_claim_retention_policy`), which is then to be seen on its StatefulSet: nothing is stopped there.
//! - **Restarts** are another value of a variable in the servers' environment, for which the operator replaces them one by one.
//! - **Pooling** is the operator's PgBouncer. It is told of databases when the operator makes them.
//! - **What there is** the operator does not say: the primary is who is behind its Service, and the replicas that are ready are
//!   those behind theirs.
//! - **A copy** of another `postgresql` is taken by `pg_basebackup` from its primary, as the operator's role for replicas. It has all
//!   databases and roles: those that are listed become what the spec says of them, with passwords of their own; whom we made at
//!   the source and who is not listed cannot log in once it is Ready; a role that somebody made there by SQL keeps what it has, its
//!   password, too. Its servers are replaced once before that. Its storage has to be as large as the data.
//! - **Deletion.** The annotations that the operator may be told to wait for (`delete-date`, `delete-clustername`) are set before.
//!   A deletion is done once its servers are. Volumes go unless the operator keeps them by its settings
//!   (`enable_persistent_volume_claim_deletion`), or has not looked at them since they were made, as it does every half an hour.
//!
//! Not offered: maintenance windows, as the operator keeps only new majors and primaries on nodes that go to them, and restarts for
//! a change at once; backups, which are settings of the operator. A parameter keeps its value when it is listed no more, as the operator
//! takes none back: set it to another one.

mod beginning;
mod connections;
mod life;
mod names;
mod postgresql;
mod seen;
#[cfg(test)]
pub(super) mod tests;

use super::operator::{Administration, Cloning, Dialect, Found, Installed, Parameters, Role, Wish, at};
use super::postgresql::offer;
use super::{Class, Effect, Error, Observed, Offer, Refusal};
use crate::cluster::{ENDPOINTS, Resource};
use databases_api::postgresql::PostgreSQL;
use serde_json::{Value, json};
use std::cmp::Reverse;
use std::collections::BTreeSet;

/// The dialect.
#[derive(Default)]
pub struct Zalando;

const GROUP: &str = "acid.zalan.do";
/// The superuser; the operator's usual name of it.
const SUPERUSER: &str = "postgres";
/// Who replicas follow the primary as.
const STANDBY: &str = "standby";
/// Who the pooler asks for passwords as.
const POOLER: &str = "pooler";
/// It keeps the volumes, or does not.
const STATEFUL_SETS: Resource =
    Resource { group: "apps", version: "v1", kind: "StatefulSet", plural: "statefulsets" };

/// What is offered beyond the core.
const FEATURES: &[&str] = &[
    "PostgreSQL",
    "PostgreSQLAdoption",
    "PostgreSQLClone",
    "PostgreSQLConnectionPooling",
    "PostgreSQLExtensions",
    "PostgreSQLExternalAccess",
    "PostgreSQLMultipleDatabases",
    "PostgreSQLParameters",
    "PostgreSQLReadOnlyEndpoint",
    "PostgreSQLReplicas",
    "PostgreSQLRestart",
    "PostgreSQLScheduling",
    "PostgreSQLServiceAnnotations",
    "PostgreSQLSourceRanges",
    "PostgreSQLStop",
    "PostgreSQLStorageClass",
    "PostgreSQLStorageExpansion",
    "PostgreSQLSuperuserAccess",
    "PostgreSQLSynchronousReplication",
    "PostgreSQLTLS",
    "PostgreSQLTLSCustomCertificate",
    "PostgreSQLUserAttributes",
    "PostgreSQLUsers",
];

impl Dialect for Zalando {
    const NAME: &'static str = "Zalando's Postgres Operator";
    const CONTROLLER_NAME: &'static str = "zalando.databases.standard.k8s.io/postgresql";
    const MAIN: Resource =
        Resource { group: GROUP, version: "v1", kind: "postgresql", plural: "postgresqls" };
    const BESIDE: &'static [Resource] = &[];
    // Pods carry the name and eleven characters of the StatefulSet's in a label.
    const LONGEST_NAME: usize = 50;
    const CLASS_PARAMETERS: &'static [Parameters] = &[];
    const CLONES: Option<Cloning> = Some(Cloning::Primary);
    const RESERVED: &'static [&'static str] = &["admin", "cron_admin", "fes_user", POOLER, STANDBY];
    const READS_SCHEMA: bool = true;

    fn versions(schema: &Value) -> Vec<String> {
        let listed = schema["properties"]["postgresql"]["properties"]["version"]["enum"].as_array();
        let mut versions: Vec<String> =
            listed.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
        versions.sort_unstable_by_key(|version| Reverse(version.parse::<u32>().unwrap_or_default()));
        versions
    }

    fn offer(&self, _: &Class, installed: &Installed) -> Result<Offer, Error> {
        let versions = installed.versions.clone();
        let refused = versions.is_empty().then(|| {
            let message = format!(
                "{} lists no versions: install the operator's own definition",
                Self::MAIN.qualified()
            );
            Refusal::new("Unsupported", message)
        });
        // Which libraries its image has, the operator does not say.
        Ok(Offer { refused, ..offer(versions, FEATURES.iter().copied()) })
    }

    fn roles(&self, wish: &Wish<'_>) -> Vec<Role> {
        let knows = |role: &str| !wish.live["spec"]["users"][role].is_null();
        wish.roles_beside(knows, |role| names::secret(wish.name, role))
    }

    fn authority(&self, wish: &Wish<'_>) -> Option<(String, &'static str)> {
        let secret = match at(wish.live, "spec.tls.caSecretName") {
            "" => at(wish.live, "spec.tls.secretName"),
            named => named,
        };
        (!secret.is_empty()).then(|| (secret.to_owned(), "ca.crt"))
    }

    fn evidence(&self, object: &PostgreSQL, name: &str) -> Vec<(Resource, String)> {
        // They tell who is behind the Services.
        let endpoints = |suffix| (ENDPOINTS, format!("{name}{suffix}"));
        let poolers = object.spec.pooling.is_some().then(|| endpoints("-pooler"));
        let set = (STATEFUL_SETS, name.to_owned());
        [endpoints(""), endpoints("-repl"), set].into_iter().chain(poolers).collect()
    }

    fn exposed(&self, name: &str) -> Option<String> {
        Some(name.to_owned())
    }

    fn wanted(&self, wish: &Wish<'_>) -> Result<Vec<Value>, Refusal> {
        names::check(wish.object)?;
        postgresql::wanted(wish).map(|main| vec![main])
    }

    fn state(&self, wish: &Wish<'_>) -> Option<Value> {
        let now = wish.live["spec"]["numberOfInstances"].as_i64();
        let wanted = match life::stopped(wish)? {
            true if life::keeps_volumes(wish) => 0,
            false if now == Some(0) => life::instances(wish),
            _ => return None,
        };
        (now != Some(wanted)).then(|| json!({"spec": {"numberOfInstances": wanted}}))
    }

    fn administration(&self, wish: &Wish<'_>) -> Option<Administration> {
        let secret = names::secret(wish.name, SUPERUSER);
        let (username, password) = ("username", "password");
        Some(Administration { secret, username, password, tells_health: false, gives: true })
    }

    fn ending(&self, live: &Value, today: &str) -> Option<Value> {
        let name = at(live, "metadata.name");
        Some(json!({"metadata": {"annotations": {"delete-date": today, "delete-clustername": name}}}))
    }

    fn leftovers(&self, wish: &Wish<'_>) -> Vec<String> {
        let owners = wish.object.spec.databases.iter().map(|database| database.owner.as_str());
        let made =
            wish.live["spec"]["users"].as_object().into_iter().flatten().map(|(name, _)| name.as_str());
        let all: BTreeSet<&str> = owners.chain(made).chain([SUPERUSER, STANDBY, POOLER]).collect();
        all.into_iter().map(|name| names::secret(wish.name, name)).collect()
    }

    fn pods(&self, name: &str) -> String {
        format!("application=spilo,cluster-name={name}")
    }

    fn seen(&self, found: &Found<'_>) -> Observed {
        seen::seen(found)
    }

    fn disturbs(&self, field: &str, wish: &Wish<'_>) -> (String, Effect) {
        postgresql::disturbs(field, wish)
    }
}
