//! StackGres 1.18 and later: an `SGCluster`, with an `SGInstanceProfile` and an `SGPostgresConfig` of its own where the object says
//! something of those, and an `SGDbOps` for a restart.
//!
//! - **Databases, owners and users** are made over SQL by the superuser of StackGres's Secret, and not by `SGScript`: a script
//!   runs once, and puts nothing right. Extensions are listed for StackGres to install, and created over SQL.
//! - **Pooling** is StackGres's PgBouncer beside each server, which answers the primary's port 5432. Port 5433 leads to PostgreSQL
//!   itself, whether there is a PgBouncer or not; so that is the port of a database, and databases are managed over it.
//! - **Changes** are rolled out as soon as they are made (`updateStrategy` `Always`). Another major version is an `SGDbOps` that
//!   a person makes.
//! - **Resources**: what has no limit gets what it requests as its limit.
//! - **TLS** is on where it is not disabled. Plain connections are taken all the same, so `Required` is refused.
//! - **Metrics** are exported on port 9187 of every pod, unless they are `Disabled`.
//! - **From outside** it is reached by the primary's Service.
//! - **Stopped** is `instances: 0`.
//! - **A backup before the deletion** is an `SGBackup` into the `SGObjectStorage` that the class's ConfigMap gives the `SGCluster`
//!   (`configurations.backups`); its lifecycle is not StackGres's to manage, so that no retention takes it away.
//! - **A copy** of another `SGCluster` is made out of an `SGBackup` of it, into its `SGObjectStorage`, which is begun once the copy
//!   is asked for and deleted once the copy is there. The copy has what was committed before that backup began, and what was
//!   archived since, as far as StackGres finds it. It has all databases and roles, and the extensions that are installed there are
//!   installed in it. Those that are listed become what the spec says of them, with passwords of their own; whom we made at the
//!   source and who is not listed cannot log in once it is Ready; a role that somebody made there by SQL keeps what it has, its
//!   password, too. Its storage has to be as large as the data.

mod backup;
mod beside;
mod cluster;
mod seen;
#[cfg(test)]
pub(super) mod tests;

use super::operator::{
    Administration, Became, Cloning, Dialect, Found, Installed, Parameters, Role, Wish, at,
};
use super::postgresql::offer;
use super::{Change, Class, Effect, Error, Observed, Offer, Refusal};
use crate::cluster::Resource;
use databases_api::shared::State;
use serde_json::{Value, json};

/// The dialect.
#[derive(Default)]
pub struct StackGres;

const GROUP: &str = "stackgres.io";
const PROFILES: Resource = resource("SGInstanceProfile", "sginstanceprofiles");
const CONFIGS: Resource = resource("SGPostgresConfig", "sgpgconfigs");
const OPERATIONS: Resource = resource("SGDbOps", "sgdbops");
const BACKUPS: Resource = resource("SGBackup", "sgbackups");
/// The majors that StackGres runs, the default first.
const MAJORS: [&str; 5] = ["18", "17", "16", "15", "14"];

/// What is offered beyond the core.
const FEATURES: &[&str] = &[
    "PostgreSQL",
    "PostgreSQLAdoption",
    "PostgreSQLConnectionPooling",
    "PostgreSQLExtensions",
    "PostgreSQLExternalAccess",
    "PostgreSQLMetrics",
    "PostgreSQLMultipleDatabases",
    "PostgreSQLParameters",
    "PostgreSQLReadOnlyEndpoint",
    "PostgreSQLReplicas",
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

const fn resource(kind: &'static str, plural: &'static str) -> Resource {
    Resource { group: GROUP, version: "v1", kind, plural }
}

impl Dialect for StackGres {
    const NAME: &'static str = "StackGres";
    const CONTROLLER_NAME: &'static str = "stackgres.databases.standard.k8s.io/postgresql";
    const MAIN: Resource = resource("SGCluster", "sgclusters");
    const BESIDE: &'static [Resource] = &[PROFILES, CONFIGS, OPERATIONS];
    const LONGEST_NAME: usize = 44;
    const CLASS_PARAMETERS: &'static [Parameters] =
        &[Parameters { group: "", version: "v1", kind: "ConfigMap" }];
    const BACKUPS: Option<Resource> = Some(BACKUPS);
    const CLONES: Option<Cloning> = Some(Cloning::Backup);

    fn offer(&self, _: &Class, installed: &Installed) -> Result<Offer, Error> {
        let versions = MAJORS.map(str::to_owned).into();
        let restart = installed.serves(&OPERATIONS).then_some("PostgreSQLRestart");
        // Which libraries can be loaded depends on the extensions that are listed.
        Ok(offer(versions, FEATURES.iter().copied().chain(restart)))
    }

    fn roles(&self, wish: &Wish<'_>) -> Vec<Role> {
        wish.roles()
    }

    fn authority(&self, wish: &Wish<'_>) -> Option<(String, &'static str)> {
        let ssl = &wish.live["spec"]["postgres"]["ssl"];
        if ssl["enabled"] == false || wish.live.is_null() {
            return None;
        }
        Some(match at(ssl, "certificateSecretKeySelector.name") {
            // Its own certificate vouches for itself.
            "" => (format!("{}-ssl", wish.name), "tls.crt"),
            named => (named.to_owned(), "ca.crt"),
        })
    }

    fn exposed(&self, name: &str) -> Option<String> {
        Some(name.to_owned())
    }

    fn wanted(&self, wish: &Wish<'_>) -> Result<Vec<Value>, Refusal> {
        let mut objects = vec![cluster::wanted(wish)?];
        objects.extend(beside::wanted(wish)?);
        Ok(objects)
    }

    fn state(&self, wish: &Wish<'_>) -> Option<Value> {
        let wanted = match &wish.object.spec.instance.state {
            Some(State::Stopped) => 0,
            Some(_) if wish.live["spec"]["instances"] == 0 => cluster::instances(wish)?,
            _ => return None,
        };
        (wish.live["spec"]["instances"] != wanted).then(|| json!({"spec": {"instances": wanted}}))
    }

    fn administration(&self, wish: &Wish<'_>) -> Option<Administration> {
        let (secret, username, password) = (wish.name.to_owned(), "superuser-username", "superuser-password");
        Some(Administration { secret, username, password, tells_health: true, gives: false })
    }

    fn upcoming(&self, wish: &Wish<'_>) -> Vec<Change> {
        beside::upcoming(wish)
    }

    fn backup(&self, main: &Value) -> Result<Value, String> {
        backup::wanted(main)
    }

    fn backed_up(&self, backup: &Value) -> Became {
        backup::became(backup)
    }

    fn pods(&self, name: &str) -> String {
        format!("stackgres.io/cluster=true,stackgres.io/cluster-name={name}")
    }

    fn seen(&self, found: &Found<'_>) -> Observed {
        seen::seen(found)
    }

    fn disturbs(&self, field: &str, wish: &Wish<'_>) -> (String, Effect) {
        cluster::disturbs(field, wish)
    }
}
