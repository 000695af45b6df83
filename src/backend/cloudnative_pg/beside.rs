//! What stands beside a `Cluster`: its databases, its roles, and its connection poolers.

use super::bootstrap::bootstrap_owner;
use super::{DATABASES, GROUP, POOLERS, ROLES, kubernetes_name};
use crate::backend::operator::{Wish, at};
use databases_api::postgresql::{Database, User, UserAttribute};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The schemas that every database has.
const OWN_SCHEMAS: [&str; 2] = ["public", "pg_catalog"];

pub(super) fn wanted(wish: &Wish<'_>) -> Vec<Value> {
    let spec = &wish.object.spec;
    let databases = spec.databases.iter().map(|listed| database(wish, listed));
    let users = spec.users.iter().map(|listed| user(wish, listed));
    let mut listed: BTreeSet<&str> = spec.users.iter().map(|user| user.name.as_str()).collect();
    let bootstrap = bootstrap_owner(wish);
    let owners: Vec<Value> = spec
        .databases
        .iter()
        .map(|database| database.owner.as_str())
        .filter(|owner| Some(*owner) != bootstrap && listed.insert(owner))
        .map(|name| {
            role(
                wish,
                name,
                json!({"login": true, "passwordSecret": {"name": kubernetes_name(wish.name, "role", name)}}),
            )
        })
        .collect();
    // A role that is listed no more, or was only at what is copied, stays as nobody who can log in: what it owns is still its own.
    let known = wish.beside.iter().filter(|live| at(live, "kind") == ROLES.kind);
    let mut left: BTreeSet<String> = known.map(|live| at(live, "spec.name").to_owned()).collect();
    left.extend(wish.copied_roles());
    left.retain(|name| !listed.contains(&**name) && Some(&**name) != bootstrap);
    let left: Vec<Value> =
        left.iter().map(|name| role(wish, name, json!({"login": false, "disablePassword": true}))).collect();
    databases.chain(owners).chain(users).chain(left).chain(pooler(wish)).collect()
}

/// The name of the pooler of a cluster, and of its Service.
pub(super) fn pooler_name(cluster: &str) -> String {
    format!("{cluster}-pooler-rw")
}

fn pooler(wish: &Wish<'_>) -> Option<Value> {
    let (mode, instances) = wish.poolers()?;
    Some(json!({
        "apiVersion": format!("{GROUP}/v1"),
        "kind": POOLERS.kind,
        "metadata": {"name": pooler_name(wish.name)},
        "spec": {
            "cluster": {"name": wish.name},
            "type": "rw",
            "instances": instances,
            "pgbouncer": {"poolMode": mode},
        },
    }))
}

/// Whether a user has something to log in with.
pub(super) fn logs_in(user: &User) -> bool {
    !user.attributes.contains(&UserAttribute::NoLogin)
}

fn object(wish: &Wish<'_>, kind: &str, what: &str, name: &str, spec: Value) -> Value {
    let mut object = json!({
        "apiVersion": format!("{GROUP}/v1"),
        "kind": kind,
        "metadata": {"name": kubernetes_name(wish.name, what, name)},
        "spec": spec,
    });
    object["spec"]["cluster"] = json!({"name": wish.name});
    object["spec"]["name"] = name.into();
    object
}

fn database(wish: &Wish<'_>, listed: &Database) -> Value {
    let mut spec = json!({"owner": listed.owner, "databaseReclaimPolicy": "retain"});
    if !listed.extensions.is_empty() {
        let extensions = listed.extensions.iter().map(|extension| {
            let mut wanted = json!({"name": extension.name});
            for (name, value) in [("version", &extension.version), ("schema", &extension.schema)] {
                if !value.is_empty() {
                    wanted[name] = value.as_str().into();
                }
            }
            wanted
        });
        spec["extensions"] = extensions.collect();
    }
    // The operator makes an extension in a schema that is there.
    let schemas: BTreeSet<&str> = listed
        .extensions
        .iter()
        .map(|extension| extension.schema.as_str())
        .filter(|schema| !schema.is_empty() && !OWN_SCHEMAS.contains(schema))
        .collect();
    if !schemas.is_empty() {
        spec["schemas"] = schemas.iter().map(|name| json!({"name": name, "owner": listed.owner})).collect();
    }
    object(wish, DATABASES.kind, "database", &listed.name, spec)
}

fn role(wish: &Wish<'_>, name: &str, mut spec: Value) -> Value {
    spec["databaseRoleReclaimPolicy"] = "retain".into();
    object(wish, ROLES.kind, "role", name, spec)
}

fn user(wish: &Wish<'_>, listed: &User) -> Value {
    let has = |attribute: &UserAttribute| listed.attributes.contains(attribute);
    let mut spec = json!({
        "login": logs_in(listed),
        "superuser": has(&UserAttribute::Superuser),
        "createdb": has(&UserAttribute::CreateDB),
        "createrole": has(&UserAttribute::CreateRole),
        "replication": has(&UserAttribute::Replication),
        "bypassrls": has(&UserAttribute::BypassRLS),
    });
    match logs_in(listed) {
        true => spec["passwordSecret"] = json!({"name": kubernetes_name(wish.name, "role", &listed.name)}),
        false => spec["disablePassword"] = true.into(),
    }
    let databases = wish.object.spec.databases.iter();
    let owners: BTreeSet<&str> = databases
        .filter(|database| listed.databases.contains(&database.name))
        .map(|database| database.owner.as_str())
        .collect();
    if !owners.is_empty() {
        spec["inRoles"] = owners.into_iter().collect();
    }
    role(wish, &listed.name, spec)
}
