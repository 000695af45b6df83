//! What a `Postgres` and the `PgBouncer` beside it tell.

use super::{ops, pooler, postgres, versions};
use crate::backend::operator::{Found, at, conditions, count};
use crate::backend::{Endpoint, Observed, Phase, Role};
use databases_api::postgresql::PROTOCOL;
use serde_json::Value;

/// PostgreSQL's port; KubeDB has no other.
const PORT: u16 = PROTOCOL.port;

pub(super) fn seen(found: &Found<'_>) -> Observed {
    let (wish, live) = (found.wish, found.wish.live);
    let (phase, message) = phase(live);
    let endpoint = |role, service: &str| Endpoint::new(role, found.host(service), PORT);
    let instances = count(&live["spec"]["replicas"]);
    let mut endpoints = vec![endpoint(Role::ReadWrite, wish.name)];
    if instances > 1 {
        endpoints.push(endpoint(Role::ReadOnly, &format!("{}-standby", wish.name)));
    }
    let pooler = pooler::live(wish);
    if let Some(pooler) = pooler.filter(|pooler| pooler::serves(pooler)) {
        endpoints.push(endpoint(Role::PooledReadWrite, at(pooler, "metadata.name")));
    }
    // It has nothing to serve while the database does not.
    let pooler = pooler.filter(|_| phase == Phase::Available);
    Observed {
        version: versions::version_of(wish.installed, at(live, "spec.version")),
        instances,
        ready_instances: ready(live, instances),
        // Which pod it is, is said on the pods alone.
        primary: String::new(),
        endpoints,
        tls_required: postgres::is_encrypted(&wish.object.spec),
        pending: ops::pending(wish).or_else(|| pooler.and_then(unpooled)),
        ..found.observed(phase, message)
    }
}

/// What keeps a pooler from serving.
fn unpooled(pooler: &Value) -> Option<String> {
    let (_, said) = phase(pooler);
    (at(pooler, "status.phase") != "Ready")
        .then(|| format!("PgBouncer {}: {said}", at(pooler, "metadata.name")))
}

/// How many serve, as far as KubeDB says: all, the primary alone, or none.
fn ready(live: &Value, instances: i32) -> i32 {
    match at(live, "status.phase") {
        "Ready" => instances,
        "Critical" => instances.min(1),
        _ => 0,
    }
}

fn phase(live: &Value) -> (Phase, String) {
    let failing = conditions(live).filter(|one| one["status"] == "False").map(|one| at(one, "message"));
    let why = failing.rev().find(|message| !message.is_empty());
    let said = match (at(live, "status.phase"), why) {
        ("", _) => "KubeDB has not begun yet".to_owned(),
        ("Ready", _) => "KubeDB says: Ready".to_owned(),
        (phase, None) => format!("KubeDB says: {phase}"),
        (phase, Some(why)) => format!("KubeDB says: {phase}: {why}"),
    };
    let halts = live["spec"]["halted"] == true;
    let phase = match at(live, "status.phase") {
        "Halted" if halts => return (Phase::Stopped, "the database is halted".into()),
        _ if halts => return (Phase::Failing, "the database is being halted".into()),
        "" | "Provisioning" | "DataRestoring" => Phase::Creating,
        // Replicas are missing, and the primary serves.
        "Ready" | "Critical" => Phase::Available,
        _ => Phase::Failing,
    };
    (phase, said)
}
