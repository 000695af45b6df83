//! What the main object and what the operator made of it tell.

use super::{Flavour, cluster, metrics, names, status, stopped};
use crate::backend::operator::{Found, Wish, at, count, patroni};
use crate::backend::{Endpoint, Observed, Phase, Role};
use databases_api::postgresql::PROTOCOL;
use serde_json::Value;

/// PostgreSQL's port, where the object has no other.
const PORT: u16 = PROTOCOL.port;

pub(super) fn seen<F: Flavour>(found: &Found<'_>) -> Observed {
    let wish = found.wish;
    let servers = Servers::of::<F>(wish);
    let (phase, message) = phase::<F>(wish, &servers);
    let is_up = phase != Phase::Creating;
    let host = |service: &str| found.host(&format!("{}-{service}", wish.name));
    let port = wish.live["spec"]["port"].as_u64().and_then(|port| u16::try_from(port).ok()).unwrap_or(PORT);
    let endpoint = |role, service| Endpoint::new(role, host(service), port);
    let mut endpoints = Vec::new();
    if is_up {
        endpoints.push(endpoint(Role::ReadWrite, "primary"));
        if servers.wanted > 1 {
            endpoints.push(endpoint(Role::ReadOnly, "replicas"));
        }
    }
    if unpooled::<F>(wish).is_some_and(|missing| missing.is_none()) {
        endpoints.push(Endpoint { port: pooler_port(wish), ..endpoint(Role::PooledReadWrite, "pgbouncer") });
    }
    let version = wish.live["spec"]["postgresVersion"].as_u64().filter(|_| is_up);
    Observed {
        version: version.map(|major| major.to_string()).unwrap_or_default(),
        instances: servers.wanted.max(servers.all),
        ready_instances: servers.ready,
        primary: servers.primary.clone(),
        endpoints,
        tls_required: !cluster::admits_plain(wish.live),
        pending: pending::<F>(found, &servers),
        ..found.observed(phase, message)
    }
}

/// What runs, as far as the operator and Kubernetes tell.
struct Servers {
    wanted: i32,
    all: i32,
    ready: i32,
    updated: i32,
    primary: String,
    /// Whether somebody takes writes.
    answers: bool,
}

impl Servers {
    fn of<F: Flavour>(wish: &Wish<'_>) -> Servers {
        let sum = |sets: &Value, name: &str| {
            let sets = sets.as_array().into_iter().flatten();
            let all: i64 = sets.filter_map(|set| set[name].as_i64()).sum();
            i32::try_from(all).unwrap_or_default()
        };
        let (running, endpoints) = (&status::<F>(wish)["instances"], wish.evidence(0));
        Servers {
            wanted: sum(&wish.live["spec"]["instances"], "replicas"),
            all: sum(running, "replicas"),
            ready: sum(running, "readyReplicas"),
            updated: sum(running, "updatedReplicas"),
            primary: patroni::primary(endpoints).to_owned(),
            answers: patroni::addresses(endpoints).next().is_some(),
        }
    }
}

fn phase<F: Flavour>(wish: &Wish<'_>, servers: &Servers) -> (Phase, String) {
    let (wanted, all, ready) = (servers.wanted, servers.all, servers.ready);
    let said = format!("{ready} of {wanted} servers are ready");
    let made = at(status::<F>(wish), "patroni.systemIdentifier");
    match wish.live["spec"][F::STOP] == true {
        true if all == 0 && ready == 0 => (Phase::Stopped, "no server runs".into()),
        true => (Phase::Failing, "the servers are being stopped".into()),
        false if made.is_empty() => {
            (Phase::Creating, format!("{} has not begun yet, or not ended: {said}", F::NAME))
        }
        false if ready == 0 => (Phase::Failing, said),
        false if !servers.answers => (Phase::NoPrimary, format!("no server takes writes; {said}")),
        false => (Phase::Available, said),
    }
}

/// What the operator has still to do, or cannot.
fn pending<F: Flavour>(found: &Found<'_>, servers: &Servers) -> Option<String> {
    let (wish, status) = (found.wish, status::<F>(found.wish));
    let generation = wish.live["metadata"]["generation"].as_i64();
    if wish.live["status"]["observedGeneration"].as_i64() < generation {
        return Some(format!("{} has not taken up the change yet", F::NAME));
    }
    let held = |condition: &&Value| condition["type"] == "Progressing" && condition["status"] == "False";
    let mut conditions = status["conditions"].as_array().into_iter().flatten();
    if let Some(held) = conditions.find(held) {
        return Some(format!("{} does nothing about it: {}", F::NAME, at(held, "message")));
    }
    if wish.live["spec"][F::STOP] == true || stopped::<F>(wish) == Some(true) {
        return None;
    }
    if let Some(owner) = found.missing_owner() {
        return Some(format!("Secret {} is not there yet", names::secret(wish.name, owner)));
    }
    let (ready, wanted) = (servers.ready, servers.wanted);
    match () {
        () if ready < wanted => Some(format!("{ready} of {wanted} servers are ready")),
        () if servers.updated < servers.all => Some("servers are being replaced".into()),
        () => unpooled::<F>(wish).flatten().or_else(|| metrics::pending::<F>(wish)),
    }
}

/// What keeps the poolers that are asked for from serving; none where none are.
fn unpooled<F: Flavour>(wish: &Wish<'_>) -> Option<Option<String>> {
    let (_, wanted) = wish.poolers()?;
    let ready = count(&status::<F>(wish)["proxy"]["pgBouncer"]["readyReplicas"]);
    Some((ready < wanted).then(|| format!("{ready} of {wanted} connection poolers are ready")))
}

/// The poolers' port, where the object has no other.
fn pooler_port(wish: &Wish<'_>) -> u16 {
    let port = wish.live["spec"]["proxy"]["pgBouncer"]["port"].as_u64();
    port.and_then(|port| u16::try_from(port).ok()).unwrap_or(PORT)
}
