//! Percona's operator for PostgreSQL: a `PerconaPGCluster`, of which it makes a `PostgresCluster` of its own. What is said of it
//! stands in [`pgo`](super::pgo).
//!
//! - **Versions and images.** The operator has no images of its own. A class whose `spec.parametersRef` names a ConfigMap offers the
//!   majors that are its keys, each with the image that is its value, and poolers where it has a key `pgbouncer`; one without such
//!   keys offers those that were published with the operator.
//! - **Extensions** that the operator knows it has made and, where its object does not name them, dropped in every database: they
//!   are fields of that, too. The operator restarts servers for those that are libraries.
//! - **Backups** are off where nobody says otherwise. Where the class's ConfigMap has them on, with a repository in a bucket (its key
//!   `spec`: `backups.enabled` and `backups.pgbackrest`, with its image), a `PerconaPGBackup` into that repository is made before a
//!   deletion that asks for it. Each database has a path of its own in it, where the class says no other. A repository on a volume goes with the database, and with the finalizer
//!   `percona.com/delete-backups` so does one in a bucket.
//! - **A copy** of another `PerconaPGCluster` is restored out of its repository in a bucket, into which a `PerconaPGBackup` is made
//!   once the copy is asked for. It has what was committed before that backup began, and what was archived since. The backup stays:
//!   it is one of those of what was copied, later ones may build on it, and the retention of its repository ends it. What is copied
//!   has to be there until the copy is Ready. The copy has all databases and roles, and those extensions of the operator's that are
//!   on there. Roles that are listed become what the spec says of them, with passwords of their own; whom we made at the source
//!   and who is not listed cannot log in once it is Ready; a role that somebody made there by SQL keeps what it has, its password,
//!   too. Its storage has to be as large as the data.
//! - **Deletion.** Volumes and Secrets go by the operator's finalizers, which are set only then: whatever else deletes the object
//!   leaves them.

#[cfg(test)]
pub(super) mod tests;

use super::operator::{Became, Cloning, Parameters, SPEC_KEY, Wish, at, put};
use super::pgo::{Flavour, Pgo, Service, is_in_a_bucket, paths};
use super::{BackupPhase, Class, Refusal};
use crate::cluster::Resource;
use serde_json::{Value, json};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// The dialect.
pub type PerconaPostgreSQL = Pgo<PerconaPGCluster>;

/// What is Percona's own.
#[derive(Default)]
pub struct PerconaPGCluster;

/// Where images are published.
const IMAGES: &str = "docker.io/percona/percona-distribution-postgresql";
/// The image of PgBouncer that was published with it.
const PGBOUNCER: &str = "docker.io/percona/percona-pgbouncer:1.25.1-1";
/// The key of a class's ConfigMap that has another one.
const PGBOUNCER_KEY: &str = "pgbouncer";
/// Extensions that the operator knows, and its fields for them.
const BUILT_IN: [(&str, &str); 5] = [
    ("pg_stat_monitor", "extensions.builtin.pg_stat_monitor"),
    ("pg_stat_statements", "extensions.builtin.pg_stat_statements"),
    ("pgaudit", "extensions.builtin.pg_audit"),
    ("pg_repack", "extensions.builtin.pg_repack"),
    ("vector", "extensions.builtin.pgvector"),
];
/// Of these the operator has one at most, and the first by itself.
const RIVALS: [&str; 2] = ["pg_stat_monitor", "pg_stat_statements"];
/// The images that were published with release 3.0 of the operator, by their majors.
const TAGS: [(&str, &str); 5] =
    [("18", "18.4-1"), ("17", "17.10-1"), ("16", "16.14-1"), ("15", "15.18-1"), ("14", "14.23-1")];
/// By this one the operator deletes backups with the database.
const DELETES_BACKUPS: &str = "percona.com/delete-backups";
/// By these the operator deletes volumes with the passwords of roles, and certificates.
const FINALIZERS: [&str; 2] = ["percona.com/delete-pvc", "percona.com/delete-ssl"];

impl Flavour for PerconaPGCluster {
    const NAME: &'static str = "Percona Operator for PostgreSQL";
    const CONTROLLER_NAME: &'static str = "percona.databases.standard.k8s.io/postgresql";
    const MAIN: Resource = Resource {
        group: "pgv2.percona.com",
        version: "v2",
        kind: "PerconaPGCluster",
        plural: "perconapgclusters",
    };
    const INNER: &'static [Resource] = &[Resource {
        group: "upstream.pgv2.percona.com",
        version: "v1beta1",
        kind: "PostgresCluster",
        plural: "postgresclusters",
    }];
    const SERVICE: Service =
        Service { part: "expose", annotations: "annotations", ranges: Some("loadBalancerSourceRanges") };
    const STOP: &'static str = "pause";
    const CLASS_PARAMETERS: &'static [Parameters] =
        &[Parameters { group: "", version: "v1", kind: "ConfigMap" }];
    const RESERVED: &'static [&'static str] =
        &["_crunchypgbouncer", "_crunchyrepl", "logicalrepl", "monitor"];
    const BACKUPS: Option<Resource> = Some(Resource {
        group: "pgv2.percona.com",
        version: "v2",
        kind: "PerconaPGBackup",
        plural: "perconapgbackups",
    });

    const CLONES: Option<Cloning> = Some(Cloning::Repository);

    fn majors(class: &Class, admitted: &[String]) -> Result<Vec<String>, Refusal> {
        let mut majors: Vec<String> =
            images(class)?.into_keys().filter(|key| admitted.contains(key)).collect();
        majors.sort_unstable_by_key(|major| Reverse(major.parse::<u32>().unwrap_or_default()));
        Ok(majors)
    }

    fn own(class: &Class, major: &str) -> Result<Vec<(&'static str, Value)>, Refusal> {
        let image = images(class)?.remove(major);
        Ok(vec![("image", image.into())])
    }

    fn pooler(class: &Class) -> Option<Vec<(&'static str, Value)>> {
        let image = images(class).ok()?.remove(PGBOUNCER_KEY)?;
        Some(vec![("image", image.into())])
    }

    fn extensions(wish: &Wish<'_>) -> Result<Vec<(&'static str, bool)>, Refusal> {
        let databases = wish.object.spec.databases.iter();
        let listed: BTreeSet<&str> =
            databases.flat_map(|database| &database.extensions).map(|one| one.name.as_str()).collect();
        let [usual, other] = RIVALS;
        if listed.contains(usual) && listed.contains(other) {
            let message =
                format!("spec.databases: {} has one of {usual} and {other}: list one of them", Self::NAME);
            return Err(Refusal::new("UnsupportedFeature", message));
        }
        let gives_way =
            |name: &str| RIVALS.contains(&name) && RIVALS.iter().any(|rival| listed.contains(rival));
        let is_had = |name: &str, path: &str| {
            // What is listed no more, or only at what is copied, is not dropped.
            let now = path.split('.').fold(&wish.before()["spec"], |here, name| &here[name]);
            listed.contains(name) || *now == true && !wish.is_adopted() && !gives_way(name)
        };
        let had: Vec<(&str, &'static str)> =
            BUILT_IN.into_iter().filter(|(name, path)| is_had(name, path)).collect();
        let rival = had.iter().any(|(name, _)| *name == other);
        let without = BUILT_IN.into_iter().filter(|(name, _)| rival && *name == usual);
        Ok(had.iter().map(|(_, path)| (*path, true)).chain(without.map(|(_, path)| (path, false))).collect())
    }

    fn usual(wish: &Wish<'_>) -> Value {
        let live = &wish.live["spec"]["backups"];
        let mut usual = json!({});
        if !wish.is_adopted() {
            put(&mut usual, "backups.enabled", live["enabled"] == true);
        }
        put(&mut usual, "backups.pgbackrest.global", paths(wish, &live["pgbackrest"]["global"]));
        usual
    }

    fn backup(main: &Value) -> Result<Value, String> {
        let backups = &main["spec"]["backups"];
        let finalizers = main["metadata"]["finalizers"].as_array().map_or(&[][..], Vec::as_slice);
        if backups["enabled"] == false {
            return Err("has no backups (spec.backups.enabled)".into());
        }
        if finalizers.iter().any(|name| name == DELETES_BACKUPS) {
            return Err(format!("takes its backups with it (finalizer {DELETES_BACKUPS})"));
        }
        let mut repos = backups["pgbackrest"]["repos"].as_array().into_iter().flatten();
        match repos.find(|repo| is_in_a_bucket(repo)) {
            Some(repo) => Ok(json!({"pgCluster": at(main, "metadata.name"), "repoName": repo["name"]})),
            None => Err("has no repository in a bucket (spec.backups.pgbackrest.repos[])".into()),
        }
    }

    fn backed_up(backup: &Value) -> Became {
        let (said, error) = (at(backup, "status.state"), at(backup, "status.error"));
        let phase = match said {
            "Succeeded" => BackupPhase::Succeeded,
            "Failed" => BackupPhase::Failed,
            _ => BackupPhase::Running,
        };
        Became::new(Self::NAME, phase, [said, error], at(backup, "status.completed"))
    }

    fn ending(live: &Value) -> Option<Value> {
        let known = live["metadata"]["finalizers"].as_array().map_or(&[][..], Vec::as_slice);
        let missing: Vec<Value> =
            FINALIZERS.iter().map(|name| Value::from(*name)).filter(|name| !known.contains(name)).collect();
        let all: Vec<Value> = known.iter().cloned().chain(missing).collect();
        Some(json!({"metadata": {"finalizers": all}}))
    }
}

/// The images of a class by their majors, and that of its poolers.
fn images(class: &Class) -> Result<BTreeMap<String, String>, Refusal> {
    let refused =
        |why: String| Refusal::new("InvalidParameters", format!("spec.parametersRef of the class: {why}"));
    let map: Value = match class.parameters.as_str() {
        "" => Value::Null,
        named => serde_json::from_str(named).map_err(|error| refused(error.to_string()))?,
    };
    let data = map["data"].as_object().into_iter().flatten().filter(|(key, _)| *key != SPEC_KEY);
    let own = data.map(|(major, image)| match (major.parse::<u32>(), image.as_str()) {
        (Ok(_), Some(image)) => Ok((major.clone(), image.to_owned())),
        (Err(_), Some(image)) if major == PGBOUNCER_KEY => Ok((major.clone(), image.to_owned())),
        _ => Err(refused(format!("the key {major:?} is no major of PostgreSQL, such as 18"))),
    });
    let own: BTreeMap<String, String> = own.collect::<Result<_, _>>()?;
    Ok(if own.is_empty() && (map.is_null() || !map["data"][SPEC_KEY].is_null()) { published() } else { own })
}

/// The images that were published with the operator.
fn published() -> BTreeMap<String, String> {
    let of_major = |(major, tag): (&str, &str)| (major.to_owned(), format!("{IMAGES}:{tag}"));
    TAGS.into_iter().map(of_major).chain([(PGBOUNCER_KEY.to_owned(), PGBOUNCER.to_owned())]).collect()
}
