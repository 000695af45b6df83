//! The `PgBouncer`: connection poolers in front of a `Postgres`.
//!
//! It serves one database. Who logs in there it learns from the Secrets of roles, by their labels ([`labels`]), within 20 seconds.

use super::subject::{Facet, Kind, Subject, put_tls, tls_now};
use super::{GROUP, POOLER_REQUESTS, POOLERS, versions};
use crate::backend::Refusal;
use crate::backend::operator::{Installed, Wish, at, put};
use crate::backend::postgresql::hash;
use serde_json::{Value, json};

/// The file of what PgBouncer is told beside its connections.
pub(super) const FILE: &str = "pgbouncer.ini";
/// What KubeDB calls a `Postgres` in the labels of what belongs to one.
const POSTGRES: &str = "postgreses.kubedb.com";
/// The longest name whose pods can be labelled with it and a revision.
const LONGEST_NAME: usize = 52;
/// What its name ends with.
const SUFFIX: &str = "-pooler";
/// Hexadecimal digits of a hash in a name.
const HASH: usize = 8;

/// Whether there can be one.
pub(super) fn is_offered(installed: &Installed) -> bool {
    installed.serves(&POOLERS) && versions::pooler(installed).is_some()
}

/// Its name, and that of its Service.
fn name(database: &str) -> String {
    if database.len() + SUFFIX.len() <= LONGEST_NAME {
        return format!("{database}{SUFFIX}");
    }
    let known: String = database.chars().take(LONGEST_NAME - SUFFIX.len() - HASH - 1).collect();
    format!("{}-{}{SUFFIX}", known.trim_end_matches(['-', '.']), hash(database, HASH))
}

/// It as it is, where it is asked for.
pub(super) fn live<'a>(wish: &Wish<'a>) -> Option<&'a Value> {
    wish.poolers()?;
    wish.beside.iter().find(|object| at(object, "kind") == POOLERS.kind)
}

/// Whether clients may connect to it: some of its pods do.
pub(super) fn serves(live: &Value) -> bool {
    ["Ready", "Critical"].contains(&at(live, "status.phase"))
}

/// Labels of the Secrets of those who log in.
pub(super) fn labels(wish: &Wish<'_>) -> Value {
    match wish.poolers() {
        None => json!({}),
        Some(_) => json!({"app.kubernetes.io/name": POSTGRES, "app.kubernetes.io/instance": wish.name}),
    }
}

/// What is changed of it by request; none where it is not asked for. Connections are encrypted as those of the database are.
pub(super) fn subject<'a>(wish: &Wish<'a>, database: &Subject<'_>) -> Result<Option<Subject<'a>>, Refusal> {
    const NOTHING: &Value = &Value::Null;
    let Some((mode, instances)) = wish.poolers() else { return Ok(None) };
    check(wish)?;
    let live = live(wish).unwrap_or(NOTHING);
    let spec = &live["spec"];
    let tls = database.facets.iter().find(|facet| facet.kind == Kind::Tls);
    let tls = tls.map_or(Value::Null, |facet| facet.wanted.clone());
    let mode = format!("[pgbouncer]\npool_mode = {mode}\n");
    let facets = vec![
        Facet::new(Kind::Poolers, spec["replicas"].clone(), Some(instances.into())),
        Facet::new(Kind::PoolMode, spec["configuration"]["inline"][FILE].clone(), Some(mode.into())),
        Facet::new(Kind::Tls, tls_now(spec), Some(tls)),
    ];
    let name = name(wish.name);
    Ok(Some(Subject { called: "a pooler", name, live, requests: &POOLER_REQUESTS, facets }))
}

/// It as it should be.
pub(super) fn wanted(wish: &Wish<'_>, subject: &Subject<'_>) -> Value {
    let version = match at(subject.live, "spec.version") {
        "" => versions::pooler(wish.installed).unwrap_or_default(),
        running => running,
    };
    let mut pooler = json!({
        "apiVersion": format!("{GROUP}/v1"),
        "kind": POOLERS.kind,
        "metadata": {"name": subject.name},
        "spec": {
            "version": version,
            "database": {
                "syncUsers": true,
                "databaseName": wish.first_database(),
                "databaseRef": {"name": wish.name, "namespace": wish.object.metadata.namespace},
            },
            // Roles have verifiers of SCRAM, and what is not said of connections is one for a database and two for a user.
            "connectionPool": {"authType": "scram-sha-256", "maxDBConnections": 0, "maxUserConnections": 0},
            "deletionPolicy": "WipeOut",
        },
    });
    let spec = &mut pooler["spec"];
    for facet in &subject.facets {
        let value = subject.value(wish, facet);
        match facet.kind {
            Kind::Poolers => put(spec, "replicas", value),
            Kind::PoolMode if !value.is_null() => spec["configuration"]["inline"][FILE] = value,
            Kind::Tls => put_tls(spec, &value),
            _ => {}
        }
    }
    pooler
}

/// Refuses what a `PgBouncer` cannot serve.
fn check(wish: &Wish<'_>) -> Result<(), Refusal> {
    let refused = |message: &str| Err(Refusal::new("UnsupportedFeature", format!("spec.pooling: {message}")));
    // What runs keeps its version.
    if live(wish).is_none() && !is_offered(wish.installed) {
        return refused("this cluster has no PgBouncer of KubeDB, or no PgBouncerVersion that can be used");
    }
    // KubeDB writes the name into PgBouncer's configuration as it is.
    let is_plain = |name: &str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    match &*wish.object.spec.databases {
        [] => refused("KubeDB's PgBouncer serves one database: list it in spec.databases"),
        [only] if is_plain(&only.name) => Ok(()),
        [_] => refused("KubeDB's PgBouncer serves a database whose name has letters, digits and _ alone"),
        _ => refused(
            "KubeDB's PgBouncer serves one database: list one in spec.databases, or set the mode Disabled",
        ),
    }
}
