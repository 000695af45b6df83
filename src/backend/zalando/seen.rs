//! What a `postgresql` and its Services tell.

use super::connections::refuses_plain;
use super::{beginning, names};
use crate::backend::operator::{Found, Wish, at, count, patroni};
use crate::backend::{Endpoint, Observed, Phase, Role};
use databases_api::postgresql::PROTOCOL;

/// PostgreSQL's port; the operator has no other.
const PORT: u16 = PROTOCOL.port;

pub(super) fn seen(found: &Found<'_>) -> Observed {
    let (wish, live) = (found.wish, found.wish.live);
    let servers = Servers::of(found);
    let (phase, message) = phase(wish, &servers);
    let is_up = phase != Phase::Creating;
    let host = |suffix: &str| found.host(&format!("{}{suffix}", wish.name));
    let endpoint = |role, suffix| Endpoint::new(role, host(suffix), PORT);
    let mut endpoints = Vec::new();
    if is_up {
        endpoints.push(endpoint(Role::ReadWrite, ""));
        if live["spec"]["numberOfInstances"].as_i64() > Some(1) {
            endpoints.push(endpoint(Role::ReadOnly, "-repl"));
        }
    }
    if poolers(wish).is_some_and(|(ready, wanted)| ready >= wanted) {
        endpoints.push(endpoint(Role::PooledReadWrite, "-pooler"));
    }
    Observed {
        version: if is_up { at(live, "spec.postgresql.version").to_owned() } else { String::new() },
        instances: servers.all,
        ready_instances: servers.ready,
        primary: servers.primary.clone(),
        endpoints,
        tls_required: refuses_plain(live),
        pending: pending(found, &servers),
        ..found.observed(phase, message)
    }
}

/// What runs, as far as Kubernetes tells.
struct Servers {
    all: i32,
    ready: i32,
    primary: String,
    /// Whether somebody is behind the Service.
    answers: bool,
}

impl Servers {
    fn of(found: &Found<'_>) -> Servers {
        let wish = found.wish;
        let answers = patroni::addresses(wish.evidence(0)).next().is_some();
        let ready = usize::from(answers) + patroni::addresses(wish.evidence(1)).count();
        Servers {
            all: count(&wish.live["spec"]["numberOfInstances"]),
            ready: i32::try_from(ready).unwrap_or_default(),
            primary: patroni::primary(wish.evidence(0)).to_owned(),
            answers,
        }
    }
}

fn phase(wish: &Wish<'_>, servers: &Servers) -> (Phase, String) {
    let live = wish.live;
    let status = beginning::status(wish);
    if live["spec"]["numberOfInstances"] == 0 {
        return match servers.ready == 0 && status != "Updating" {
            true => (Phase::Stopped, "the database has no servers".into()),
            false => (Phase::Failing, "the servers are being stopped".into()),
        };
    }
    if let Some(awaited) = beginning::awaited(wish) {
        return (Phase::Creating, awaited);
    }
    let said = match status {
        "" => "Zalando's operator has not begun yet".to_owned(),
        status => format!("Zalando's operator says: {status}"),
    };
    let events = || format!("{said}; the events of postgresql {} say why", at(live, "metadata.name"));
    match status {
        "" | "Creating" => (Phase::Creating, said),
        "CreateFailed" | "Invalid" if !servers.answers => (Phase::Creating, events()),
        _ if servers.ready == 0 => (Phase::Failing, format!("no server is ready; {said}")),
        _ if !servers.answers => (Phase::NoPrimary, format!("no server takes writes; {said}")),
        _ => (Phase::Available, said),
    }
}

/// What the operator has still to do, or cannot.
fn pending(found: &Found<'_>, servers: &Servers) -> Option<String> {
    let wish = found.wish;
    let missing = found.missing_owner();
    match beginning::status(wish) {
        "Updating" => Some("Zalando's operator is bringing the change about".into()),
        status if status.ends_with("Failed") || status == "Invalid" => Some(format!(
            "Zalando's operator says {status}; the events of postgresql {} say why",
            wish.name
        )),
        "Running" if servers.all == 0 => None,
        "Running" if missing.is_some() => missing.map(|owner| {
            format!(
                "Secret {} is not there yet; where the operator's secret_name_template is not the usual one it never will be",
                names::secret(wish.name, owner)
            )
        }),
        "Running" if servers.ready < servers.all => {
            Some(format!("{} of {} servers are ready", servers.ready, servers.all))
        }
        _ => poolers(wish)
            .filter(|(ready, wanted)| ready < wanted)
            .map(|(ready, wanted)| format!("{ready} of {wanted} connection poolers are ready")),
    }
}

/// The poolers that are ready, of those that are asked for.
fn poolers(wish: &Wish<'_>) -> Option<(usize, usize)> {
    let (_, wanted) = wish.poolers()?;
    Some((patroni::addresses(wish.evidence(3)).count(), usize::try_from(wanted).unwrap_or_default()))
}
