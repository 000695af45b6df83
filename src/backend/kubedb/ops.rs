//! `PostgresOpsRequest`s and `PgBouncerOpsRequest`s: how KubeDB is asked to change what runs. One at a time of each, called by what
//! it asks for.

use super::subject::{Facet, Kind, Subject};
use super::{POOLER_REQUESTS, REQUESTS, at, pooler, postgres};
use crate::backend::operator::{Wish, conditions};
use crate::backend::plan::RESTART_FIELD;
use crate::backend::postgresql::hash;
use crate::backend::{Change, Effect, Refusal};
use crate::cluster::Resource;
use serde_json::{Value, json};

/// Hexadecimal digits of a hash in a name.
const HASH: usize = 10;

/// Whether a request is over, whatever became of it.
fn is_over(request: &Value) -> bool {
    ["Successful", "Failed", "Skipped", "Denied"].contains(&at(request, "status.phase"))
}

/// The requests of ours, of a kind.
fn requests<'a>(wish: &'a Wish<'_>, kind: &'static Resource) -> impl Iterator<Item = &'a Value> {
    wish.beside.iter().filter(|live| at(live, "kind") == kind.kind)
}

/// Whether a facet was changed by request.
pub(super) fn is_done(wish: &Wish<'_>, subject: &Subject<'_>, facet: &Facet) -> bool {
    let name = name(subject, facet);
    let is_it = |live: &Value| at(live, "metadata.name") == name && at(live, "status.phase") == "Successful";
    requests(wish, subject.requests).any(is_it)
}

/// What is to be changed by request, while the database runs.
fn due<'a>(wish: &Wish<'_>, subject: &'a Subject<'_>) -> Vec<&'a Facet> {
    let stops = postgres::halted(wish) == Some(true);
    if subject.live.is_null() || wish.live["spec"]["halted"] == true || stops {
        return Vec::new();
    }
    subject.facets.iter().filter(|facet| !facet.is_so() && !is_done(wish, subject, facet)).collect()
}

/// The request that is wanted now: the one that is being carried out, else the next.
pub(super) fn request(wish: &Wish<'_>, subject: &Subject<'_>) -> Result<Option<Value>, Refusal> {
    let kind = subject.requests;
    if let Some(running) = requests(wish, kind).find(|live| !is_over(live)) {
        return Ok(Some(object(kind, at(running, "metadata.name"), said(running))));
    }
    let Some(facet) = due(wish, subject).into_iter().next() else { return Ok(None) };
    if !wish.installed.serves(kind) {
        let message = format!(
            "{} of {} that runs is changed by a {}, which this cluster does not serve: install KubeDB's ops-manager",
            ours(facet.kind),
            subject.called,
            kind.kind
        );
        return Err(Refusal::new("UnsupportedFeature", message));
    }
    if facet.kind == Kind::Instances && facet.wanted["replicas"] == facet.now["replicas"] {
        let message = "spec.replication.mode: KubeDB says it to replicas when it makes them; change it together with spec.instances";
        return Err(Refusal::new("UnsupportedFeature", message));
    }
    Ok(Some(object(kind, &name(subject, facet), spec(subject, facet))))
}

/// What requests will do, as far as that is known now.
pub(super) fn upcoming(wish: &Wish<'_>, subject: &Subject<'_>) -> Vec<Change> {
    let change = |facet: &Facet| Change {
        fields: vec![ours(facet.kind).to_owned()],
        effect: effect(facet),
        message: format!("{} asks for {}", subject.requests.kind, at(&spec(subject, facet), "type")),
    };
    due(wish, subject).into_iter().map(change).collect()
}

/// What is being carried out, or could not be.
pub(super) fn pending(wish: &Wish<'_>) -> Option<String> {
    let mut all = requests(wish, &REQUESTS).chain(requests(wish, &POOLER_REQUESTS));
    let live = all.find(|live| at(live, "status.phase") != "Successful")?;
    let (kind, name, request) = (at(live, "spec.type"), at(live, "metadata.name"), at(live, "kind"));
    if !is_over(live) {
        return Some(format!("KubeDB has not carried out {kind} yet ({request} {name})"));
    }
    let why = conditions(live).map(|one| at(one, "message")).rev().find(|message| !message.is_empty());
    Some(format!(
        "KubeDB could not carry out {kind}: {}; delete {request} {name}, and it is tried again",
        why.unwrap_or("it does not say why"),
    ))
}

fn object(kind: &Resource, name: &str, spec: Value) -> Value {
    json!({
        "apiVersion": kind.api_version(),
        "kind": kind.kind,
        "metadata": {"name": name},
        "spec": spec,
    })
}

/// What we said of a request that is there.
fn said(live: &Value) -> Value {
    let ours = ["databaseRef", "type", "apply", section(at(live, "spec.type"))];
    let said = ours.into_iter().filter(|name| !live["spec"][*name].is_null());
    said.map(|name| (name.to_owned(), live["spec"][name].clone())).collect::<serde_json::Map<_, _>>().into()
}

/// What is asked for says what a request is called.
fn name(subject: &Subject<'_>, facet: &Facet) -> String {
    let said = format!("{:?} {}", facet.kind, facet.wanted);
    format!("{}-{}", subject.name, hash(&said, HASH))
}

/// The field of a request's spec that goes with its type.
fn section(kind: &str) -> &'static str {
    match kind {
        "UpdateVersion" => "updateVersion",
        "VolumeExpansion" => "volumeExpansion",
        "VerticalScaling" => "verticalScaling",
        "HorizontalScaling" => "horizontalScaling",
        "Reconfigure" => "configuration",
        "ReconfigureTLS" => "tls",
        _ => "restart",
    }
}

/// Everything is said that has a usual value, so that it is read back as it was written.
fn spec(subject: &Subject<'_>, facet: &Facet) -> Value {
    let wanted = &facet.wanted;
    let (kind, content) = match facet.kind {
        Kind::Version => ("UpdateVersion", json!({"targetVersion": wanted})),
        Kind::Storage => ("VolumeExpansion", json!({"postgres": wanted, "mode": "Online"})),
        Kind::Resources => ("VerticalScaling", json!({"postgres": {"resources": wanted}, "mode": "Restart"})),
        Kind::Instances => {
            let mode = wanted["streamingMode"].as_str().or(facet.now["streamingMode"].as_str());
            let mode = mode.unwrap_or("Asynchronous");
            let content =
                json!({"replicas": wanted["replicas"], "streamingMode": mode, "standbyMode": "Hot"});
            ("HorizontalScaling", content)
        }
        Kind::Poolers => ("HorizontalScaling", json!({"replicas": wanted})),
        Kind::Parameters | Kind::PoolMode if wanted.is_null() => {
            ("Reconfigure", json!({"removeCustomConfig": true, "restart": "auto"}))
        }
        Kind::Parameters | Kind::PoolMode => {
            let file = if facet.kind == Kind::PoolMode { pooler::FILE } else { postgres::FILE };
            let content =
                json!({"removeCustomConfig": true, "applyConfig": {file: wanted}, "restart": "auto"});
            ("Reconfigure", content)
        }
        Kind::Tls if wanted.is_null() => ("ReconfigureTLS", json!({"remove": true})),
        Kind::Tls => ("ReconfigureTLS", wanted.clone()),
        Kind::Restart => ("Restart", json!({})),
    };
    let mut spec = json!({"databaseRef": {"name": subject.name}, "type": kind, "apply": "Always"});
    spec[section(kind)] = content;
    spec
}

fn ours(kind: Kind) -> &'static str {
    match kind {
        Kind::Version => "spec.version",
        Kind::Storage => "spec.storage.size",
        Kind::Resources => "spec.resources",
        Kind::Instances => "spec.instances",
        Kind::Parameters => "spec.parameters",
        Kind::Tls => "spec.tls",
        Kind::Restart => RESTART_FIELD,
        Kind::Poolers | Kind::PoolMode => "spec.pooling",
    }
}

fn effect(facet: &Facet) -> Effect {
    let number = |value: &Value| value["replicas"].as_i64().unwrap_or_default();
    match facet.kind {
        Kind::Version => Effect::Downtime,
        Kind::Storage | Kind::Poolers => Effect::Nothing,
        Kind::PoolMode => Effect::Reload,
        Kind::Instances if number(&facet.wanted) >= number(&facet.now) => Effect::Nothing,
        _ => Effect::Restart,
    }
}
