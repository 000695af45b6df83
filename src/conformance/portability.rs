//! What an application's manifests would have to change for this class, as the server and the Secret say: `portability` of
//! the report, from which the lines to change between two classes are counted.

use super::suite::Suite;
use apimachinery::wire::yaml;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The manifests that are tried, by their paths: all that an application needs to say, and nearly every field there is.
pub(super) const MANIFESTS: [(&str, &str); 2] = [
    ("deploy/examples/postgresql.yaml", include_str!("../../deploy/examples/postgresql.yaml")),
    (
        "api/testdata/examples/postgresql-full.v1.yaml",
        include_str!("../../api/testdata/examples/postgresql-full.v1.yaml"),
    ),
];

/// The section of the report. What could not be measured is left out.
pub(super) async fn measured(suite: &Suite) -> Value {
    let mut manifests = Vec::new();
    for (path, text) in MANIFESTS {
        match refused(suite, text).await {
            Some(refused) => manifests.push(json!({"manifest": path, "refused": refused})),
            None => manifests.push(json!({"manifest": path})),
        }
    }
    let mut measured = json!({ "manifests": manifests });
    if let Some(binding) = binding(suite).await {
        measured["binding"] = binding;
    }
    measured
}

/// The fields of a manifest that the server refuses for the class; none where its answer tells of none.
async fn refused(suite: &Suite, manifest: &str) -> Option<BTreeSet<String>> {
    let (manifest, _) = yaml::decode(manifest.as_bytes()).ok()?;
    match suite.tried_manifest(manifest).await {
        // A class that only warns takes everything, and the answer does not tell what of it counts.
        Ok(_) if suite.class.warns => None,
        Ok(_) => Some(BTreeSet::new()),
        Err(kube::Error::Api(status)) if status.code == 422 => {
            let causes = status.details.as_ref().map_or(&[][..], |details| &details.causes);
            Some(causes.iter().map(|cause| cause.field.clone()).collect())
        }
        Err(_) => None,
    }
}

/// What an application finds: the Secret's name, with the object's in angle brackets, its type and its keys.
async fn binding(suite: &Suite) -> Option<Value> {
    let database = suite.shared()?;
    let login = database.login().await.ok()?;
    let name = login.name.replace(&database.name, "<name>");
    Some(json!({"secret": name, "type": login.kind, "keys": login.keys()}))
}
