//! What an object asks for, in the words of [`local`]; what is seen of it, in those of the contract.

use super::major;
use crate::backend::{Endpoint, Login, Observed, Role, local};
use apimachinery::quantity::Quantity;
use databases_api::postgresql::{PostgreSQL, ReplicationMode, UserAttribute};
use databases_api::shared::{Access, RESTARTED_AT, Resources, State, TlsMode};
use std::collections::BTreeMap;

pub(super) fn desired(object: &PostgreSQL) -> local::Desired {
    let (meta, spec) = (&object.metadata, &object.spec);
    // An object keeps the version it began with, whatever is installed later.
    let version = [&spec.instance.version, &object.status.instance.version]
        .into_iter()
        .find(|version| !version.is_empty());
    local::Desired {
        uid: meta.uid.clone(),
        namespace: meta.namespace.clone(),
        name: meta.name.clone(),
        version: version.map(|version| major(version).to_owned()).unwrap_or_default(),
        instances: spec.instance.instances.map_or(1, |count| u32::try_from(count).unwrap_or(1)),
        size: spec.instance.storage.size.as_ref().and_then(Quantity::to_bytes),
        resources: spec.instance.resources.as_ref().map(resources).unwrap_or_default(),
        synchronous: spec.replication.as_ref().and_then(|replication| replication.mode.as_ref())
            == Some(&ReplicationMode::Synchronous),
        parameters: spec.instance.parameters.clone(),
        databases: databases(object),
        users: users(object),
        superuser_access: spec.superuser_access == Some(Access::Enabled),
        tls: tls(object),
        port: spec
            .instance
            .network
            .as_ref()
            .and_then(|network| network.port)
            .and_then(|port| u16::try_from(port).ok()),
        stopped: spec.instance.state == Some(State::Stopped),
        restarted_at: meta.annotations.get(RESTARTED_AT).cloned(),
    }
}

fn resources(wanted: &Resources) -> local::Resources {
    const KNOWN: [&str; 2] = ["cpu", "memory"];
    let amounts = |list: &BTreeMap<String, Quantity>| local::Amounts {
        cpu: list.get("cpu").and_then(Quantity::to_millis),
        memory: list.get("memory").and_then(Quantity::to_bytes),
    };
    let named = wanted.limits.keys().chain(wanted.requests.keys());
    local::Resources {
        limits: amounts(&wanted.limits),
        requests: amounts(&wanted.requests),
        others: named.filter(|name| !KNOWN.contains(&name.as_str())).cloned().collect(),
    }
}

fn databases(object: &PostgreSQL) -> Vec<local::Database> {
    let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let databases = object.spec.databases.iter().map(|database| local::Database {
        name: database.name.clone(),
        owner: database.owner.clone(),
        extensions: database
            .extensions
            .iter()
            .map(|extension| local::Extension {
                name: extension.name.clone(),
                version: some(&extension.version),
                schema: some(&extension.schema),
            })
            .collect(),
    });
    databases.collect()
}

fn users(object: &PostgreSQL) -> Vec<local::User> {
    let attribute = |attribute: &UserAttribute| match attribute {
        UserAttribute::Superuser => Some(local::Attribute::Superuser),
        UserAttribute::CreateDB => Some(local::Attribute::CreateDB),
        UserAttribute::CreateRole => Some(local::Attribute::CreateRole),
        UserAttribute::Replication => Some(local::Attribute::Replication),
        UserAttribute::BypassRLS => Some(local::Attribute::BypassRLS),
        UserAttribute::NoLogin => Some(local::Attribute::NoLogin),
        UserAttribute::Other(_) => None,
    };
    let users = object.spec.users.iter().map(|user| local::User {
        name: user.name.clone(),
        attributes: user.attributes.iter().filter_map(attribute).collect(),
        databases: user.databases.clone(),
    });
    users.collect()
}

fn tls(object: &PostgreSQL) -> local::Tls {
    let mode = match object.spec.instance.tls.as_ref().and_then(|tls| tls.mode.as_ref()) {
        Some(TlsMode::Required) => local::TlsMode::Required,
        Some(TlsMode::Optional) => local::TlsMode::Optional,
        _ => local::TlsMode::Disabled,
    };
    local::Tls { mode, certificate: None }
}

pub(super) fn seen(object: &PostgreSQL, observed: local::Observed) -> Observed {
    let login = |credentials: local::Credentials| Login {
        database: credentials.database,
        password: credentials.password.expose().to_owned(),
        username: credentials.username,
        user: String::new(),
    };
    let endpoint = |role, endpoint: local::Endpoint| Endpoint::new(role, endpoint.host, endpoint.port);
    let asked = object.metadata.annotations.get(RESTARTED_AT);
    // A stopped instance that never ran has no port yet.
    let read_write = Some(observed.read_write).filter(|found| found.port > 0);
    let read_write = read_write.map(|found| endpoint(Role::ReadWrite, found));
    let read_only = observed.read_only.map(|found| endpoint(Role::ReadOnly, found));
    Observed {
        phase: observed.reason,
        message: observed.message,
        version: observed.version,
        instances: i32::try_from(observed.instances).unwrap_or(i32::MAX),
        ready_instances: i32::try_from(observed.ready_instances).unwrap_or(i32::MAX),
        primary: observed.primary,
        selector: String::new(),
        endpoints: read_write.into_iter().chain(read_only).collect(),
        logins: observed.credentials.into_iter().map(login).collect(),
        superuser: observed.superuser.map(login),
        certificates: observed.ca,
        tls_required: observed.tls_required,
        storage_bytes: Some(observed.storage_bytes),
        pending: observed.pending,
        restarting: asked.is_some_and(|at| observed.restarted_at.as_ref() != Some(at)),
        refused: None,
        shortage: observed.shortage,
    }
}
