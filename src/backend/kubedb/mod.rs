//! KubeDB 2026.7 and later: a `Postgres`, and a `PostgresOpsRequest` for what changes of one that runs.
//!
//! - **Versions** are those of the `PostgresVersion`s that are installed, but for other products and deprecated ones.
//! - **Databases, owners, users and extensions** are made over SQL by the superuser of KubeDB's Secret: KubeDB makes none.
//! - **Changes of what runs** are asked for by requests, one at a time, and a request that failed is left for a person to read:
//!   once it is deleted, it is made again.
//! - **`spec.parametersRef`**: what it changes of one that runs, KubeDB takes up at the next restart.
//! - **TLS** is by an issuer of cert-manager (`spec.tls.issuerRef`); without one there is none.
//! - **Pooling** is a `PgBouncer` beside the `Postgres`, which serves the one database that the object lists. It is of the newest
//!   `PgBouncerVersion` when it is made; another version, resources and sizes of pools are whoever's says them on that object.
//! - **Metrics** are exported by a container beside each server, which the Service `NAME-stats` has Prometheus collect. It is there
//!   from the beginning, or comes and goes while the database is stopped: KubeDB adds none to pods that run.
//! - **From outside** it is reached by the primary's Service. What is said of that in `serviceTemplates` is said as a whole.
//! - **Stopped** is halted. Whoever deletes a `Postgres` by hand loses no data: `deletionPolicy` is `Halt` until the object is
//!   deleted with its data.

mod ops;
mod pooler;
mod postgres;
mod seen;
mod subject;
#[cfg(test)]
pub(super) mod tests;
mod versions;

use super::operator::{Administration, Dialect, Found, Installed, Parameters, Role, Wish, at};
use super::postgresql::offer;
use super::{Change, Class, Effect, Error, Observed, Offer, Refusal};
use crate::cluster::Resource;
use databases_api::shared::State;
use serde_json::{Value, json};

/// The dialect.
#[derive(Default)]
pub struct KubeDB;

const GROUP: &str = "kubedb.com";
const POOLERS: Resource = Resource { group: GROUP, version: "v1", kind: "PgBouncer", plural: "pgbouncers" };
const REQUESTS: Resource = resource("ops.kubedb.com", "PostgresOpsRequest", "postgresopsrequests");
const POOLER_REQUESTS: Resource = resource("ops.kubedb.com", "PgBouncerOpsRequest", "pgbounceropsrequests");
const VERSIONS: Resource = resource("catalog.kubedb.com", "PostgresVersion", "postgresversions");
const POOLER_VERSIONS: Resource = resource("catalog.kubedb.com", "PgBouncerVersion", "pgbouncerversions");

const fn resource(group: &'static str, kind: &'static str, plural: &'static str) -> Resource {
    Resource { group, version: "v1alpha1", kind, plural }
}

/// What is offered beyond the core.
const FEATURES: &[&str] = &[
    "PostgreSQL",
    "PostgreSQLAdoption",
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
    "PostgreSQLSuperuserAccess",
    "PostgreSQLSynchronousReplication",
    "PostgreSQLTLS",
    "PostgreSQLTLSCustomCertificate",
    "PostgreSQLUserAttributes",
    "PostgreSQLUsers",
];
/// What is offered where there is a `PgBouncer`.
const POOLED: &[&str] = &["PostgreSQLConnectionPooling"];
/// What is offered where requests are carried out.
const BY_REQUEST: &[&str] =
    &["PostgreSQLInPlaceMajorUpgrade", "PostgreSQLRestart", "PostgreSQLStorageExpansion"];

impl Dialect for KubeDB {
    const NAME: &'static str = "KubeDB";
    const CONTROLLER_NAME: &'static str = "kubedb.databases.standard.k8s.io/postgresql";
    const MAIN: Resource = Resource { group: GROUP, version: "v1", kind: "Postgres", plural: "postgreses" };
    const BESIDE: &'static [Resource] = &[REQUESTS, POOLERS, POOLER_REQUESTS];
    const CATALOGS: &'static [Resource] = &[VERSIONS, POOLER_VERSIONS];
    const LONGEST_NAME: usize = 50;
    const CLASS_PARAMETERS: &'static [Parameters] = &[];

    fn offer(&self, _: &Class, installed: &Installed) -> Result<Offer, Error> {
        let versions = versions::offered(installed);
        let refused = versions
            .is_empty()
            .then(|| Refusal::new("Unsupported", "this cluster has no PostgresVersion that can be used"));
        let more = [(BY_REQUEST, installed.serves(&REQUESTS)), (POOLED, pooler::is_offered(installed))];
        let more = more.into_iter().filter(|(_, is_offered)| *is_offered).flat_map(|(features, _)| features);
        // Which libraries an image has, nobody says.
        Ok(Offer { refused, ..offer(versions, FEATURES.iter().chain(more).copied()) })
    }

    fn roles(&self, wish: &Wish<'_>) -> Vec<Role> {
        wish.roles()
    }

    fn secret_labels(&self, wish: &Wish<'_>) -> Value {
        pooler::labels(wish)
    }

    fn authority(&self, wish: &Wish<'_>) -> Option<(String, &'static str)> {
        let tls = &wish.live["spec"]["tls"];
        if tls.is_null() {
            return None;
        }
        let certificates = tls["certificates"].as_array().into_iter().flatten();
        let mut named = certificates.filter(|one| one["alias"] == "server").map(|one| at(one, "secretName"));
        let named = named.find(|name| !name.is_empty());
        Some((named.map_or_else(|| format!("{}-server-cert", wish.name), str::to_owned), "ca.crt"))
    }

    fn exposed(&self, name: &str) -> Option<String> {
        Some(name.to_owned())
    }

    fn wanted(&self, wish: &Wish<'_>) -> Result<Vec<Value>, Refusal> {
        let database = postgres::subject(wish)?;
        let mut objects = vec![postgres::wanted(wish, &database)?];
        objects.extend(ops::request(wish, &database)?);
        if let Some(subject) = pooler::subject(wish, &database)? {
            objects.push(pooler::wanted(wish, &subject));
            objects.extend(ops::request(wish, &subject)?);
        }
        Ok(objects)
    }

    fn state(&self, wish: &Wish<'_>) -> Option<Value> {
        let wanted = postgres::halted(wish)?;
        let is_so = wish.live["spec"]["halted"].as_bool().unwrap_or_default() == wanted;
        (!is_so).then(|| json!({"spec": {"halted": wanted}}))
    }

    fn administration(&self, wish: &Wish<'_>) -> Option<Administration> {
        let secret = match at(wish.live, "spec.authSecret.name") {
            "" => format!("{}-auth", wish.name),
            named => named.to_owned(),
        };
        Some(Administration {
            secret,
            username: "username",
            password: "password",
            tells_health: false,
            gives: false,
        })
    }

    fn upcoming(&self, wish: &Wish<'_>) -> Vec<Change> {
        let Ok(database) = postgres::subject(wish) else { return Vec::new() };
        let mut changes = ops::upcoming(wish, &database);
        if let Ok(Some(subject)) = pooler::subject(wish, &database) {
            changes.extend(ops::upcoming(wish, &subject));
        }
        changes
    }

    fn ending(&self, live: &Value, _: &str) -> Option<Value> {
        let wanted = json!({"spec": {"deletionPolicy": "WipeOut"}});
        (live["spec"]["deletionPolicy"] != "WipeOut").then_some(wanted)
    }

    fn pods(&self, name: &str) -> String {
        format!("app.kubernetes.io/name=postgreses.kubedb.com,app.kubernetes.io/instance={name}")
    }

    fn seen(&self, found: &Found<'_>) -> Observed {
        seen::seen(found)
    }

    fn disturbs(&self, field: &str, wish: &Wish<'_>) -> (String, Effect) {
        let stops = wish.object.spec.instance.state == Some(State::Stopped);
        let (ours, effect) = match field {
            "halted" if stops => ("spec.state", Effect::Downtime),
            "halted" => ("spec.state", Effect::Nothing),
            "deletionPolicy" => ("spec.deletionPolicy", Effect::Nothing),
            // What is left to the main object was carried out by a request.
            "version" => ("spec.version", Effect::Nothing),
            "replicas" | "streamingMode" => ("spec.instances", Effect::Nothing),
            "configuration.inline" => ("spec.parameters", Effect::Nothing),
            "storage.resources" => ("spec.storage.size", Effect::Nothing),
            "serviceTemplates" => ("spec.network", Effect::Nothing),
            "sslMode" | "tls.issuerRef" => ("spec.tls", Effect::Nothing),
            "monitor.agent" => ("spec.observability.metrics", Effect::Nothing),
            _ => ("spec.parametersRef", Effect::Restart),
        };
        (ours.to_owned(), effect)
    }
}
