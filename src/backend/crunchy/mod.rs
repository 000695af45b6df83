//! Crunchy's PGO: a `PostgresCluster`. What is said of it stands in [`pgo`](super::pgo).
//!
//! **Versions** are those that the operator has images for as it is published, as far as the installed definition of the kind
//! admits them; one that an operator of yours has no image for stays `Creating`, and the events of the `PostgresCluster` say so.
//!
//! **Metrics** are exported by the operator's image of postgres_exporter, on port 9187 of every server's pod.
//!
//! Not offered: ranges of addresses, for which the `PostgresCluster` has no field.

#[cfg(test)]
pub(super) mod tests;

use super::operator::Parameters;
use super::pgo::{Flavour, Pgo, Service};
use super::{Class, Refusal};
use crate::cluster::Resource;
use serde_json::Value;

/// The dialect.
pub type Crunchy = Pgo<PostgresCluster>;

/// What is Crunchy's own.
#[derive(Default)]
pub struct PostgresCluster;

/// The majors that the operator is published with images for, the default first.
const MAJORS: [&str; 4] = ["18", "17", "16", "15"];

impl Flavour for PostgresCluster {
    const NAME: &'static str = "Crunchy's PGO";
    const CONTROLLER_NAME: &'static str = "crunchy.databases.standard.k8s.io/postgresql";
    const MAIN: Resource = Resource {
        group: "postgres-operator.crunchydata.com",
        version: "v1beta1",
        kind: "PostgresCluster",
        plural: "postgresclusters",
    };
    const INNER: &'static [Resource] = &[];
    const SERVICE: Service = Service { part: "service", annotations: "metadata.annotations", ranges: None };
    const STOP: &'static str = "shutdown";
    const CLASS_PARAMETERS: &'static [Parameters] = &[];
    const EXPORTER: Option<&'static str> = Some("monitoring.pgmonitor.exporter");
    const RESERVED: &'static [&'static str] = &["_crunchypgbouncer", "_crunchyrepl", "ccp_monitoring"];

    fn majors(_: &Class, admitted: &[String]) -> Result<Vec<String>, Refusal> {
        let known = MAJORS.iter().map(|major| (*major).to_owned());
        Ok(known.filter(|major| admitted.contains(major)).collect())
    }

    fn own(_: &Class, _: &str) -> Result<Vec<(&'static str, Value)>, Refusal> {
        Ok(Vec::new())
    }

    /// The operator has an image.
    fn pooler(_: &Class) -> Option<Vec<(&'static str, Value)>> {
        Some(Vec::new())
    }
}
