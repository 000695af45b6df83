//! Percona's operator for PostgreSQL: a `PerconaPGCluster`, of which it makes a `PostgresCluster` of its own. What is said of it
//! stands in [`pgo`](super::pgo).
//!
//! - **Versions and images.** The operator has no images of its own. A class whose `spec.parametersRef` names a ConfigMap offers the
//!   majors that are its keys, each with the image that is its value; one without offers those that were published with the
//!   operator.
//! - **No PgBouncer** and no backups are asked for.
//! - **Deletion.** Volumes and Secrets go by the operator's finalizers, which are set only then: whatever else deletes the object
//!   leaves them.

#[cfg(test)]
pub(super) mod tests;

use super::operator::Parameters;
use super::pgo::{Flavour, Pgo};
use super::{Class, Refusal};
use crate::cluster::Resource;
use serde_json::{Value, json};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// The dialect.
pub type PerconaPostgreSQL = Pgo<PerconaPGCluster>;

/// What is Percona's own.
#[derive(Default)]
pub struct PerconaPGCluster;

/// Where images are published.
const IMAGES: &str = "docker.io/percona/percona-distribution-postgresql";
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
    const STOP: &'static str = "pause";
    const CLASS_PARAMETERS: &'static [Parameters] =
        &[Parameters { group: "", version: "v1", kind: "ConfigMap" }];
    const RESERVED: &'static [&'static str] = &["logicalrepl", "monitor"];

    fn majors(class: &Class, admitted: &[String]) -> Result<Vec<String>, Refusal> {
        let mut majors: Vec<String> =
            images(class)?.into_keys().filter(|major| admitted.contains(major)).collect();
        majors.sort_unstable_by_key(|major| Reverse(major.parse::<u32>().unwrap_or_default()));
        Ok(majors)
    }

    fn own(class: &Class, major: &str) -> Result<Vec<(&'static str, Value)>, Refusal> {
        let image = images(class)?.remove(major);
        Ok(vec![("image", image.into()), ("backups.enabled", false.into())])
    }

    fn ending(live: &Value) -> Option<Value> {
        let known = live["metadata"]["finalizers"].as_array().map_or(&[][..], Vec::as_slice);
        let missing: Vec<Value> =
            FINALIZERS.iter().map(|name| Value::from(*name)).filter(|name| !known.contains(name)).collect();
        let all: Vec<Value> = known.iter().cloned().chain(missing).collect();
        Some(json!({"metadata": {"finalizers": all}}))
    }
}

/// The images of a class by their majors.
fn images(class: &Class) -> Result<BTreeMap<String, String>, Refusal> {
    if class.parameters.is_empty() {
        return Ok(TAGS
            .iter()
            .map(|(major, tag)| ((*major).to_owned(), format!("{IMAGES}:{tag}")))
            .collect());
    }
    let refused =
        |why: String| Refusal::new("InvalidParameters", format!("spec.parametersRef of the class: {why}"));
    let map: Value = serde_json::from_str(&class.parameters).map_err(|error| refused(error.to_string()))?;
    let data = map["data"].as_object().into_iter().flatten();
    data.map(|(major, image)| match (major.parse::<u32>(), image.as_str()) {
        (Ok(_), Some(image)) => Ok((major.clone(), image.to_owned())),
        _ => Err(refused(format!("the key {major:?} is no major of PostgreSQL, such as 18"))),
    })
    .collect()
}
