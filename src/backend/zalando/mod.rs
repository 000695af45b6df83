//! Zalando's Postgres Operator: a `postgresql`, which has its roles and databases in it.
//!
//! - **Versions** are those that the installed definition of the kind lists. A running database keeps its own: whether the
//!   operator upgrades is a setting of the operator (`major_version_upgrade_mode`) that is not to be seen from here.
//! - **Passwords** are the operator's: it makes a Secret for each role, by its usual template of names. Where
//!   `secret_name_template` is another one, the object waits and says for which Secret.
//! - **TLS** is always on, with a certificate that each server makes for itself, and plain connections are refused. `Optional`
//!   admits them; `Disabled` is refused. A certificate of one's own needs its CA beside it (`ca.crt`) for clients to check it.
//! - **Synchronous** is Patroni's strict mode: without a replica no commit ends.
//! - **What there is** the operator does not say: the primary is who is behind its Service, and the replicas that are ready are
//!   those behind theirs.
//! - **Deletion.** The annotations that the operator may be told to wait for (`delete-date`, `delete-clustername`) are set before.
//!   Volumes go unless the operator keeps them by its settings (`enable_persistent_volume_claim_deletion`).
//!
//! Not offered: stopping, as a setting of the operator (`persistent_volume_claim_retention_policy`) may delete the volumes of a
//! cluster without servers; restarts, which it has no word for; extensions, which it installs only in databases with roles of
//! its own making; users, whose login and rights it never takes back. For the same reason an owner keeps its login when it is
//! listed no more, and a parameter that takes a restart keeps its value when it is: set it to another one.

mod names;
mod postgresql;
mod seen;
#[cfg(test)]
pub(super) mod tests;

use super::operator::{Dialect, Found, Installed, Parameters, Role, Wish, at};
use super::postgresql::offer;
use super::{Class, Effect, Error, Observed, Offer, Refusal};
use crate::cluster::{ENDPOINTS, Resource};
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

/// What is offered beyond the core.
const FEATURES: &[&str] = &[
    "PostgreSQL",
    "PostgreSQLAdoption",
    "PostgreSQLMultipleDatabases",
    "PostgreSQLParameters",
    "PostgreSQLReadOnlyEndpoint",
    "PostgreSQLReplicas",
    "PostgreSQLScheduling",
    "PostgreSQLStorageClass",
    "PostgreSQLStorageExpansion",
    "PostgreSQLSuperuserAccess",
    "PostgreSQLSynchronousReplication",
    "PostgreSQLTLS",
    "PostgreSQLTLSCustomCertificate",
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
        wish.owners(SUPERUSER, |role| names::secret(wish.name, role))
    }

    fn authority(&self, wish: &Wish<'_>) -> Option<(String, &'static str)> {
        let secret = match at(wish.live, "spec.tls.caSecretName") {
            "" => at(wish.live, "spec.tls.secretName"),
            named => named,
        };
        (!secret.is_empty()).then(|| (secret.to_owned(), "ca.crt"))
    }

    fn evidence(&self, name: &str) -> Vec<(Resource, String)> {
        // They tell who is behind the Services.
        ["", "-repl"].map(|suffix| (ENDPOINTS, format!("{name}{suffix}"))).into()
    }

    fn wanted(&self, wish: &Wish<'_>) -> Result<Vec<Value>, Refusal> {
        names::check(wish.object)?;
        postgresql::wanted(wish).map(|main| vec![main])
    }

    fn state(&self, _: &Wish<'_>) -> Option<Value> {
        None
    }

    fn ending(&self, live: &Value, today: &str) -> Option<Value> {
        let name = at(live, "metadata.name");
        Some(json!({"metadata": {"annotations": {"delete-date": today, "delete-clustername": name}}}))
    }

    fn leftovers(&self, wish: &Wish<'_>) -> Vec<String> {
        let owners = wish.object.spec.databases.iter().map(|database| database.owner.as_str());
        let made =
            wish.live["spec"]["users"].as_object().into_iter().flatten().map(|(name, _)| name.as_str());
        let all: BTreeSet<&str> = owners.chain(made).chain([SUPERUSER, STANDBY]).collect();
        all.into_iter().map(|name| names::secret(wish.name, name)).collect()
    }

    fn seen(&self, found: &Found<'_>) -> Observed {
        seen::seen(found)
    }

    fn disturbs(&self, field: &str, wish: &Wish<'_>) -> (String, Effect) {
        postgresql::disturbs(field, wish)
    }
}
