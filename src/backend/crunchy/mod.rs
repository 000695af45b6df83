//! Crunchy's PGO: a `PostgresCluster`. What is said of it stands in [`pgo`](super::pgo).
//!
//! **Versions** are those that the operator has images for as it is published, as far as the installed definition of the kind
//! admits them; one that an operator of yours has no image for stays `Creating`, and the events of the `PostgresCluster` say so.
//!
//! **Metrics** are exported by the operator's image of postgres_exporter, on port 9187 of every server's pod.
//!
//! **Backups** are made where the class's ConfigMap (its key `spec`) or an object's own gives the `PostgresCluster` a repository
//! (`backups.pgbackrest.repos`). In a bucket each database has a path of its own, where the class says no other.
//!
//! **A copy** of another `PostgresCluster` is restored out of its first repository, into which the operator is asked for a backup
//! once the copy is asked for: by its annotation `pgbackrest-backup` and `backups.pgbackrest.manual`, which stay. The copy has what
//! was committed before that backup began, and what was archived since. The backup is one of those of what was copied, and the
//! retention of its repository ends it. What is copied has to be there until the copy is Ready. The copy has all databases and roles.
//! Roles that are listed become what the spec says of them, with passwords of their own; whom we made at the source and who is not
//! listed cannot log in once it is Ready; a role that somebody made there by SQL keeps what it has, its password, too. Its storage
//! has to be as large as the data.
//!
//! Not offered: ranges of addresses, for which the `PostgresCluster` has no field.

#[cfg(test)]
pub(super) mod tests;

use super::operator::{Asked, Became, Cloning, Parameters, Wish, at, put};
use super::pgo::{Flavour, Pgo, Service, first_repository, paths};
use super::{BackupPhase, Class, Refusal};
use crate::cluster::Resource;
use serde_json::{Value, json};

/// The dialect.
pub type Crunchy = Pgo<PostgresCluster>;

/// What is Crunchy's own.
#[derive(Default)]
pub struct PostgresCluster;

/// The majors that the operator is published with images for, the default first.
const MAJORS: [&str; 4] = ["18", "17", "16", "15"];
/// Another value of it on a `PostgresCluster` asks for a backup.
const BACKUP: &str = "postgres-operator.crunchydata.com/pgbackrest-backup";

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
    const CLASS_PARAMETERS: &'static [Parameters] =
        &[Parameters { group: "", version: "v1", kind: "ConfigMap" }];
    const CLONES: Option<Cloning> = Some(Cloning::Asked);
    const EXPORTER: Option<&'static str> = Some("monitoring.pgmonitor.exporter");
    const RESERVED: &'static [&'static str] = &["_crunchypgbouncer", "_crunchyrepl", "ccp_monitoring"];

    fn majors(_: &Class, admitted: &[String]) -> Result<Vec<String>, Refusal> {
        let known = MAJORS.iter().map(|major| (*major).to_owned());
        Ok(known.filter(|major| admitted.contains(major)).collect())
    }

    fn own(_: &Class, _: &str) -> Result<Vec<(&'static str, Value)>, Refusal> {
        Ok(Vec::new())
    }

    fn usual(wish: &Wish<'_>) -> Value {
        let live = &wish.live["spec"]["backups"]["pgbackrest"]["global"];
        let mut usual = json!({});
        put(&mut usual, "backups.pgbackrest.global", paths(wish, live));
        usual
    }

    fn asked(main: &Value) -> Result<Option<Asked>, String> {
        if first_repository(main).is_empty() {
            return Err("has no repository (spec.backups.pgbackrest.repos[])".into());
        }
        let (told, id) =
            (&main["status"]["pgbackrest"]["manualBackup"], &main["metadata"]["annotations"][BACKUP]);
        // Without it the annotation asks for nothing.
        let is_asked = main["spec"]["backups"]["pgbackrest"]["manual"].is_object() && id.is_string();
        if is_asked && told["id"] != *id {
            let became = Became::new(Self::NAME, BackupPhase::Running, ["", ""], "");
            return Ok(Some(Asked {
                id: id.as_str().unwrap_or_default().to_owned(),
                became,
                ..Asked::default()
            }));
        }
        if told["id"].is_null() {
            return Ok(None);
        }
        let (phase, said) = match told["finished"] == true {
            true if told["succeeded"].as_i64() > Some(0) => (BackupPhase::Succeeded, "Succeeded"),
            true => (BackupPhase::Failed, "Failed"),
            false => (BackupPhase::Running, "Running"),
        };
        let began = at(told, "startTime");
        // When one that failed ended is not told.
        let became = Became::new(Self::NAME, phase, [said, ""], began);
        Ok(Some(Asked { id: at(told, "id").to_owned(), began: began.to_owned(), became }))
    }

    fn ask(main: &Value, id: &str) -> Value {
        let manual = json!({"repoName": first_repository(main)});
        json!({
            "metadata": {"annotations": {BACKUP: id}},
            "spec": {"backups": {"pgbackrest": {"manual": manual}}},
        })
    }

    /// The operator has an image.
    fn pooler(_: &Class) -> Option<Vec<(&'static str, Value)>> {
        Some(Vec::new())
    }
}
