//! What a `Cluster` and what stands beside it tell.

use super::beside::pooler_name;
use super::images::{image_of, version_of};
use super::{HIBERNATION, POOLERS};
use crate::backend::operator::{Found, Wish, at, count, is_true};
use crate::backend::postgresql::{is_of_the_moment, was_made};
use crate::backend::{Endpoint, Observed, Phase, Refusal, Role};
use databases_api::postgresql::PROTOCOL;
use databases_api::shared::TlsMode;
use serde_json::Value;

/// PostgreSQL's port; the operator has no other.
const PORT: u16 = PROTOCOL.port;

pub(super) fn seen(found: &Found<'_>) -> Observed {
    let (wish, live) = (found.wish, found.wish.live);
    let (phase, message) = phase(wish);
    let spec = &wish.object.spec.instance;
    let endpoint = |role, service: &str| Endpoint::new(role, found.host(service), PORT);
    let mut endpoints = Vec::new();
    if !at(live, "status.writeService").is_empty() {
        endpoints.push(endpoint(Role::ReadWrite, at(live, "status.writeService")));
        if live["spec"]["instances"].as_i64() > Some(1) {
            endpoints.push(endpoint(Role::ReadOnly, &format!("{}-ro", wish.name)));
        }
    }
    let pooler = wish.beside.iter().find(|object| at(object, "kind") == POOLERS.kind);
    if pooler.is_some_and(|pooler| unpooled(pooler).is_none()) {
        endpoints.push(endpoint(Role::PooledReadWrite, &pooler_name(wish.name)));
    }
    Observed {
        // A cluster that is being made has none yet: its image is what it will be.
        version: if phase == Phase::Creating { String::new() } else { version(live) },
        instances: count(&live["status"]["instances"]),
        ready_instances: count(&live["status"]["readyInstances"]),
        primary: at(live, "status.currentPrimary").to_owned(),
        endpoints,
        tls_required: spec.tls.as_ref().and_then(|tls| tls.mode.as_ref()) == Some(&TlsMode::Required),
        refused: wish.beside.iter().find_map(refused),
        pending: wish.beside.iter().find_map(unapplied).or_else(|| unfinished(live, phase, &message)),
        ..found.observed(phase, message)
    }
}

/// The exact version, as far as the image tells it.
fn version(live: &Value) -> String {
    match version_of(image_of(live)) {
        known if !known.is_empty() => known,
        _ => live["status"]["pgDataImageInfo"]["majorVersion"]
            .as_i64()
            .map(|major| major.to_string())
            .unwrap_or_default(),
    }
}

/// The operator's condition Ready is about the whole cluster: while it adds a replica or restarts one, the primary serves.
fn phase(wish: &Wish<'_>) -> (Phase, String) {
    let live = wish.live;
    let said = match (at(live, "status.phase"), at(live, "status.phaseReason")) {
        ("", _) => "CloudNativePG has not begun yet".to_owned(),
        (phase, "") => format!("CloudNativePG says: {phase}"),
        (phase, reason) => format!("CloudNativePG says: {phase}: {reason}"),
    };
    let sleeps = live["metadata"]["annotations"][HIBERNATION] == "on";
    let primary = at(live, "status.currentPrimary");
    match () {
        () if sleeps && is_true(live, HIBERNATION) => (Phase::Stopped, "the cluster is hibernated".into()),
        () if sleeps => (Phase::Failing, "the cluster is being hibernated".into()),
        () if primary.is_empty() => (Phase::Creating, said),
        () if primary != at(live, "status.targetPrimary") => (Phase::NoPrimary, said),
        () if is_true(live, "Ready") || serves(live, primary) => (Phase::Available, said),
        () if !was_made(wish.object) => (Phase::Creating, said),
        () => (Phase::Failing, said),
    }
}

/// Whether the pod of an instance is ready.
fn serves(live: &Value, instance: &str) -> bool {
    let healthy = &live["status"]["instancesStatus"]["healthy"];
    healthy.as_array().is_some_and(|healthy| healthy.iter().any(|name| name == instance))
}

/// What the operator is still at, of a cluster that serves.
fn unfinished(live: &Value, phase: Phase, said: &str) -> Option<String> {
    (phase == Phase::Available && !is_true(live, "Ready")).then(|| said.to_owned())
}

/// What keeps a pooler from serving.
fn unpooled(pooler: &Value) -> Option<String> {
    let (name, status) = (at(pooler, "metadata.name"), &pooler["status"]);
    match (at(status, "error"), at(status, "phase")) {
        ("", "failed") => Some(format!("Pooler {name} failed: {}", at(status, "phaseReason"))),
        ("", _) if status["instances"].as_i64() < pooler["spec"]["instances"].as_i64() => {
            Some(format!("CloudNativePG has not started all of Pooler {name} yet"))
        }
        ("", _) => None,
        (why, _) => Some(format!("CloudNativePG cannot run Pooler {name}: {why}")),
    }
}

/// What keeps an object beside the cluster from being so.
fn unapplied(object: &Value) -> Option<String> {
    if at(object, "kind") == POOLERS.kind {
        return unpooled(object);
    }
    let status = &object["status"];
    let current = status["observedGeneration"].as_i64() >= object["metadata"]["generation"].as_i64();
    if status["applied"] == true && current {
        return None;
    }
    let (kind, name) = (at(object, "kind"), at(object, "spec.name"));
    if let Some((part, why)) = failed_part(object) {
        return Some(format!("CloudNativePG cannot apply {kind} {name}: {part}: {why}"));
    }
    Some(match at(status, "message") {
        "" => format!("CloudNativePG has not applied {kind} {name} yet"),
        why => format!("CloudNativePG cannot apply {kind} {name}: {why}"),
    })
}

/// What of a `Database` the operator could not make, of what is still asked for, and why.
fn failed_part(object: &Value) -> Option<(&str, &str)> {
    let list = |value: &'static str, part: &'static str| object[value][part].as_array().into_iter().flatten();
    let failed = ["schemas", "extensions"].into_iter().flat_map(|part| {
        let failed = list("status", part).filter(|status| status["applied"] == false);
        failed.filter(move |status| list("spec", part).any(|asked| asked["name"] == status["name"]))
    });
    failed.map(|status| (at(status, "name"), at(status, "message"))).next()
}

/// What PostgreSQL will not make, whoever asks and however often.
fn refused(object: &Value) -> Option<Refusal> {
    let (part, why) = failed_part(object)?;
    let code = why.rsplit_once("(SQLSTATE ")?.1.trim_end_matches(')');
    let message = format!("spec.databases[{}]: {part}: PostgreSQL says: {why}", at(object, "spec.name"));
    (!is_of_the_moment(code)).then(|| Refusal::new("BackendRejected", message))
}
