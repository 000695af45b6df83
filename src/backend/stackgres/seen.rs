//! What an `SGCluster` tells.

use super::beside;
use crate::backend::operator::{Found, Wish, at, conditions, count, is_true};
use crate::backend::postgresql::was_made;
use crate::backend::{Endpoint, Observed, Phase, Role};
use databases_api::postgresql::PROTOCOL;
use serde_json::Value;

/// The port of the Services that PgBouncer answers where there is one.
const POOLED: u16 = PROTOCOL.port;
/// The port of the Services that PostgreSQL itself always answers.
const DIRECT: u16 = 5433;

pub(super) fn seen(found: &Found<'_>) -> Observed {
    let (wish, live) = (found.wish, found.wish.live);
    let (phase, message) = phase(live, was_made(wish.object));
    let endpoint = |role, service: &str| Endpoint::new(role, found.host(service), DIRECT);
    let instances = count(&live["spec"]["instances"]);
    let mut endpoints = vec![endpoint(Role::ReadWrite, wish.name)];
    if instances > 1 {
        endpoints.push(endpoint(Role::ReadOnly, &format!("{}-replicas", wish.name)));
    }
    if is_pooled(wish) {
        endpoints.push(Endpoint { port: POOLED, ..endpoint(Role::PooledReadWrite, wish.name) });
    }
    let restarts = is_true(live, "PendingRestart").then(|| "StackGres has servers to restart".to_owned());
    Observed {
        version: at(live, "status.postgresVersion").to_owned(),
        instances,
        // Pods that are there; whether each serves, StackGres does not say.
        ready_instances: i32::try_from(pods(live).count()).unwrap_or_default().min(instances),
        primary: primary(live).to_owned(),
        endpoints,
        tls_required: false,
        pending: beside::pending(wish).or(restarts),
        ..found.observed(phase, message)
    }
}

/// Whether there is a pooler that is asked for: not before its servers were restarted with it.
fn is_pooled(wish: &Wish<'_>) -> bool {
    let has_none = wish.live["spec"]["pods"]["disableConnectionPooling"] == true;
    wish.poolers().is_some() && !has_none && !is_true(wish.live, "PendingRestart")
}

fn pods(live: &Value) -> impl Iterator<Item = &Value> {
    live["status"]["podStatuses"].as_array().into_iter().flatten()
}

fn primary(live: &Value) -> &str {
    pods(live).find(|pod| pod["primary"] == true).map_or("", |pod| at(pod, "name"))
}

fn phase(live: &Value, was_made: bool) -> (Phase, String) {
    let failed = conditions(live).filter(|one| one["type"] == "Failed" && one["status"] == "True");
    let failed = failed.map(|one| at(one, "message")).next();
    let said = |otherwise: &str| match failed {
        Some(why) => format!("StackGres says: Failed: {why}"),
        None => otherwise.to_owned(),
    };
    match primary(live) {
        _ if live["spec"]["instances"] == 0 && pods(live).next().is_none() => {
            (Phase::Stopped, "the cluster has no instances".into())
        }
        _ if live["spec"]["instances"] == 0 => (Phase::Failing, "the cluster is being stopped".into()),
        "" if was_made => (Phase::NoPrimary, said("StackGres tells of no primary")),
        "" => (Phase::Creating, said("StackGres has no primary yet")),
        name => (Phase::Available, said(&format!("StackGres says: {name} is the primary"))),
    }
}
