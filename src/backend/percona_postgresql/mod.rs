//! Percona's operator for PostgreSQL: a `PerconaPGCluster`, of which it makes a `PostgresCluster` of its own. What is said of it
//! stands in [`pgo`](super::pgo).
//!
//! - **Versions and images.** The operator has no images of its own. A class whose `spec.parametersRef` names a ConfigMap offers the
//!   majors that are its keys, each with the image that is its value, and poolers where it has a key `pgbouncer`; one without offers
//!   those that were published with the operator.
//! - **Extensions** that the operator knows it has made and, where its object does not name them, dropped in every database: they
//!   are fields of that, too. The operator restarts servers for those that are libraries.
//! - **No backups** are asked for.
//! - **Deletion.** Volumes and Secrets go by the operator's finalizers, which are set only then: whatever else deletes the object
//!   leaves them.

#[cfg(test)]
pub(super) mod tests;

use super::operator::{Parameters, Wish};
use super::pgo::{Flavour, Pgo, Service};
use super::{Class, Refusal};
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

    fn majors(class: &Class, admitted: &[String]) -> Result<Vec<String>, Refusal> {
        let mut majors: Vec<String> =
            images(class)?.into_keys().filter(|key| admitted.contains(key)).collect();
        majors.sort_unstable_by_key(|major| Reverse(major.parse::<u32>().unwrap_or_default()));
        Ok(majors)
    }

    fn own(class: &Class, major: &str) -> Result<Vec<(&'static str, Value)>, Refusal> {
        let image = images(class)?.remove(major);
        Ok(vec![("image", image.into()), ("backups.enabled", false.into())])
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
            // What is listed no more is not dropped.
            let now = path.split('.').fold(&wish.live["spec"], |here, name| &here[name]);
            listed.contains(name) || *now == true && !wish.is_adopted() && !gives_way(name)
        };
        let had: Vec<(&str, &'static str)> =
            BUILT_IN.into_iter().filter(|(name, path)| is_had(name, path)).collect();
        let rival = had.iter().any(|(name, _)| *name == other);
        let without = BUILT_IN.into_iter().filter(|(name, _)| rival && *name == usual);
        Ok(had.iter().map(|(_, path)| (*path, true)).chain(without.map(|(_, path)| (path, false))).collect())
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
    if class.parameters.is_empty() {
        return Ok(TAGS
            .iter()
            .map(|(major, tag)| ((*major).to_owned(), format!("{IMAGES}:{tag}")))
            .chain([(PGBOUNCER_KEY.to_owned(), PGBOUNCER.to_owned())])
            .collect());
    }
    let refused =
        |why: String| Refusal::new("InvalidParameters", format!("spec.parametersRef of the class: {why}"));
    let map: Value = serde_json::from_str(&class.parameters).map_err(|error| refused(error.to_string()))?;
    let data = map["data"].as_object().into_iter().flatten();
    data.map(|(major, image)| match (major.parse::<u32>(), image.as_str()) {
        (Ok(_), Some(image)) => Ok((major.clone(), image.to_owned())),
        (Err(_), Some(image)) if major == PGBOUNCER_KEY => Ok((major.clone(), image.to_owned())),
        _ => Err(refused(format!("the key {major:?} is no major of PostgreSQL, such as 18"))),
    })
    .collect()
}
