//! The repositories that databases are backed up into, and begin with.

use crate::backend::operator::{Wish, at, class_part};
use crate::backend::postgresql::was_made;
use databases_api::instance::Instance;
use serde_json::{Map, Value, json};

/// The name of a main object's first repository; empty where it has none.
pub(in crate::backend) fn first_repository(main: &Value) -> &str {
    at(&main["spec"]["backups"]["pgbackrest"]["repos"][0], "name")
}

/// Whether it outlives its database. Another one is on a volume, where it has its usual path.
pub(in crate::backend) fn is_in_a_bucket(repo: &Value) -> bool {
    ["s3", "gcs", "azure"].iter().any(|store| repo[*store].is_object())
}

/// Where the databases of a class are in the buckets that it gives them: each in a place of its own, which the operator's usual
/// one is not. What was said before stays.
pub(in crate::backend) fn paths(wish: &Wish<'_>, live: &Value) -> Value {
    let given = class_part(wish.class).unwrap_or_default();
    let repos = given["backups"]["pgbackrest"]["repos"].as_array().into_iter().flatten();
    let path = |repo: &Value| {
        let (repo, namespace) = (at(repo, "name"), &wish.object.metadata.namespace);
        let (key, usual) = (format!("{repo}-path"), format!("/pgbackrest/{namespace}/{}/{repo}", wish.name));
        let said = live[&key].as_str().map_or(usual, str::to_owned);
        (key, Value::from(said))
    };
    let paths: Map<String, Value> = repos.filter(|repo| is_in_a_bucket(repo)).map(path).collect();
    if paths.is_empty() { Value::Null } else { paths.into() }
}

/// Whose repository it begins with, until it was made: a restore in place would end with those data once more.
pub(super) fn begins(wish: &Wish<'_>) -> Value {
    if wish.object.copied().is_none() || was_made(wish.object) {
        return Value::Null;
    }
    let live = &wish.live["spec"]["dataSource"]["postgresCluster"];
    let (cluster, repository) = match () {
        () if !wish.live.is_null() => (at(live, "clusterName"), at(live, "repoName")),
        () if !wish.begins.is_null() => (at(wish.begins, "spec.pgCluster"), at(wish.begins, "spec.repoName")),
        () => (at(wish.source, "metadata.name"), first_repository(wish.source)),
    };
    if repository.is_empty() { Value::Null } else { json!({"clusterName": cluster, "repoName": repository}) }
}
