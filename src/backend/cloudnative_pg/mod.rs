//! CloudNativePG 1.30 and later: a `Cluster`, with a `Database` and a `DatabaseRole` for each of those.
//!
//! - **Versions.** A class whose `spec.parametersRef` names a `ClusterImageCatalog` offers the majors of that catalog; any
//!   other offers those that the operator supports, in the images that its makers publish.
//! - **Users with databases** are members of those databases' owners: the operator grants nothing else. That is more than all
//!   privileges on the database: what the owner may do in it, they may.
//! - **A user that is taken off the list** cannot log in any more. A session that it has goes on until it ends: the operator ends
//!   none, and nobody whose password is here may.
//! - **TLS** is always on. `Required` refuses plain connections by `pg_hba`; `Disabled` is refused. A certificate of one's own
//!   is a Secret that has the CA that signed it, too (`ca.crt`).
//! - **Import** is of the database that a binding Secret names, into the first one of the object, whose owner gets what is in it. The
//!   operator connects as the Secret's login, from within the cluster; the Secret stays until the object has a version.
//! - **A copy** of another `Cluster` is taken by `pg_basebackup` from its primary, as the operator's own role, whose certificate
//!   the copy names until it was made. It has all databases and roles: those that are listed become what the spec says of them,
//!   with passwords of their own; owners and users of the source that are not listed stay, and cannot log in once the operator
//!   has got to their `DatabaseRole`; a role that somebody made there by SQL keeps what it has, its password, too. Its storage
//!   has to be as large as the data.
//! - **Metrics** are always exported, on port 9187 of every pod; `Disabled` is refused.
//! - **From outside** it is reached by a Service of its own, `NAME-external`; the operator's stay within the cluster.
//! - **Stopped** is hibernation: the operator removes the pods and keeps the volumes.
//! - **A backup before the deletion** is a `Backup` of the method that the class's ConfigMap gives the `Cluster`: an object store,
//!   the plugin that archives WAL, or snapshots of volumes that do not belong to the `Cluster`. Without an archive of WAL these
//!   are taken of a server that is shut down for it, which the operator does; a backup of one that runs could not be restored
//!   from them alone.

mod backup;
mod beside;
mod bootstrap;
mod cluster;
mod images;
mod import;
mod seen;
#[cfg(test)]
pub(super) mod tests;

use super::operator::{Became, Cloning, Dialect, Found, Installed, Parameters, Role, Wish, kubernetes_name};
use super::postgresql::offer;
use super::{Class, Effect, Error, Observed, Offer, Refusal};
use crate::cluster::Resource;
use databases_api::shared::Access;
use serde_json::{Value, json};

/// The dialect.
#[derive(Default)]
pub struct CloudNativePG;

const GROUP: &str = "postgresql.cnpg.io";
const DATABASES: Resource = resource("Database", "databases");
const ROLES: Resource = resource("DatabaseRole", "databaseroles");
const POOLERS: Resource = resource("Pooler", "poolers");
const BACKUPS: Resource = resource("Backup", "backups");
/// What is offered beyond the core.
const FEATURES: &[&str] = &[
    "PostgreSQL",
    "PostgreSQLAdoption",
    "PostgreSQLClone",
    "PostgreSQLConnectionPooling",
    "PostgreSQLExtensions",
    "PostgreSQLExternalAccess",
    "PostgreSQLImport",
    "PostgreSQLInPlaceMajorUpgrade",
    "PostgreSQLMetrics",
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

const fn resource(kind: &'static str, plural: &'static str) -> Resource {
    Resource { group: GROUP, version: "v1", kind, plural }
}

impl Dialect for CloudNativePG {
    const NAME: &'static str = "CloudNativePG";
    const CONTROLLER_NAME: &'static str = "cloudnative-pg.databases.standard.k8s.io/postgresql";
    const MAIN: Resource = resource("Cluster", "clusters");
    const BESIDE: &'static [Resource] = &[DATABASES, ROLES, POOLERS];
    const IMPORTS: bool = true;
    const CLONES: Option<Cloning> = Some(Cloning::Primary);
    const LONGEST_NAME: usize = 50;
    const CLASS_PARAMETERS: &'static [Parameters] = &[
        Parameters { group: GROUP, version: "v1", kind: "ClusterImageCatalog" },
        Parameters { group: "", version: "v1", kind: "ConfigMap" },
    ];
    const BACKUPS: Option<Resource> = Some(BACKUPS);

    fn offer(&self, class: &Class, installed: &Installed) -> Result<Offer, Error> {
        let missing = Self::BESIDE.iter().find(|kind| !installed.serves(kind));
        if let Some(kind) = missing {
            let message =
                format!("this cluster serves no {}: CloudNativePG 1.30 or later is needed", kind.qualified());
            let refused = Some(Refusal::new("Unsupported", message));
            return Ok(Offer { refused, ..Offer::default() });
        }
        let versions = images::versions(class)?;
        let refused = versions
            .is_empty()
            .then(|| Refusal::new("InvalidParameters", "the image catalog of this class has no image"));
        // Which libraries an image has, nobody says.
        Ok(Offer { refused, ..offer(versions, FEATURES.iter().copied()) })
    }

    fn roles(&self, wish: &Wish<'_>) -> Vec<Role> {
        let mut roles = wish.roles();
        let adopted = bootstrap::adopted_owner(wish);
        for role in roles.iter_mut().filter(|role| Some(&*role.name) == adopted) {
            (role.secret, role.is_ours) = (bootstrap::owner_secret(wish), false);
        }
        if wish.object.spec.superuser_access == Some(Access::Enabled) {
            roles.push(Role {
                name: "postgres".into(),
                database: roles.first().map(|first| first.database.clone()).unwrap_or_default(),
                secret: named_or(&wish.live["spec"]["superuserSecret"]["name"], wish.name, "superuser"),
                is_ours: false,
                is_superuser: true,
            });
        }
        roles
    }

    fn authority(&self, wish: &Wish<'_>) -> Option<(String, &'static str)> {
        let known = &wish.live["status"]["certificates"]["serverCASecret"];
        Some((named_or(known, wish.name, "ca"), "ca.crt"))
    }

    fn exposed(&self, name: &str) -> Option<String> {
        Some(cluster::exposed(name))
    }

    fn wanted(&self, wish: &Wish<'_>) -> Result<Vec<Value>, Refusal> {
        let mut objects = vec![cluster::wanted(wish)?];
        objects.extend(beside::wanted(wish));
        Ok(objects)
    }

    fn state(&self, wish: &Wish<'_>) -> Option<Value> {
        let wanted = cluster::hibernation(wish)?;
        let is_so = wish.live["metadata"]["annotations"][HIBERNATION] == wanted;
        (!is_so).then(|| json!({"metadata": {"annotations": {HIBERNATION: wanted}}}))
    }

    fn backup(&self, main: &Value) -> Result<Value, String> {
        backup::wanted(main)
    }

    fn backed_up(&self, backup: &Value) -> Became {
        backup::became(backup)
    }

    fn pods(&self, name: &str) -> String {
        format!("cnpg.io/cluster={name},cnpg.io/podRole=instance")
    }

    fn seen(&self, found: &Found<'_>) -> Observed {
        seen::seen(found)
    }

    fn disturbs(&self, field: &str, wish: &Wish<'_>) -> (String, Effect) {
        cluster::disturbs(field, wish)
    }
}

/// A name that is written somewhere, or the operator's own.
fn named_or(named: &Value, name: &str, what: &str) -> String {
    named.as_str().map_or_else(|| format!("{name}-{what}"), str::to_owned)
}

/// Whether a cluster sleeps.
const HIBERNATION: &str = "cnpg.io/hibernation";
