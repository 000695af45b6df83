//! `PostgresOpsRequest`s: how KubeDB is asked to change what runs. One at a time, each called by what it asks for.

use super::postgres::{FILE, Facet, Kind};
use super::{REQUESTS, at};
use crate::backend::operator::{Wish, conditions};
use crate::backend::plan::RESTART_FIELD;
use crate::backend::postgresql::hash;
use crate::backend::{Change, Effect, Refusal};
use serde_json::{Value, json};

/// Hexadecimal digits of a hash in a name.
const HASH: usize = 10;

/// Whether a request is over, whatever became of it.
fn is_over(request: &Value) -> bool {
    ["Successful", "Failed", "Skipped", "Denied"].contains(&at(request, "status.phase"))
}

/// The requests of ours.
fn requests<'a>(wish: &'a Wish<'_>) -> impl Iterator<Item = &'a Value> {
    wish.beside.iter().filter(|live| at(live, "kind") == REQUESTS.kind)
}

/// Whether a facet was changed by request.
pub(super) fn is_done(wish: &Wish<'_>, facet: &Facet) -> bool {
    let name = name(wish, facet);
    requests(wish).any(|live| at(live, "metadata.name") == name && at(live, "status.phase") == "Successful")
}

/// What is to be changed by request, of a database that runs.
fn due<'a>(wish: &Wish<'_>, facets: &'a [Facet]) -> Vec<&'a Facet> {
    let stops = super::postgres::halted(wish) == Some(true);
    if wish.live.is_null() || wish.live["spec"]["halted"] == true || stops {
        return Vec::new();
    }
    facets.iter().filter(|facet| !facet.is_so() && !is_done(wish, facet)).collect()
}

/// The request that is wanted now: the one that is being carried out, else the next.
pub(super) fn request(wish: &Wish<'_>, facets: &[Facet]) -> Result<Option<Value>, Refusal> {
    if let Some(running) = requests(wish).find(|live| !is_over(live)) {
        return Ok(Some(object(at(running, "metadata.name"), said(running))));
    }
    let Some(facet) = due(wish, facets).into_iter().next() else { return Ok(None) };
    if !wish.installed.serves(&REQUESTS) {
        let message = format!(
            "{} of a database that runs is changed by a {}, which this cluster does not serve: install KubeDB's ops-manager",
            ours(facet.kind),
            REQUESTS.kind
        );
        return Err(Refusal::new("UnsupportedFeature", message));
    }
    if facet.kind == Kind::Instances && facet.wanted["replicas"] == facet.now["replicas"] {
        let message = "spec.replication.mode: KubeDB says it to replicas when it makes them; change it together with spec.instances";
        return Err(Refusal::new("UnsupportedFeature", message));
    }
    Ok(Some(object(&name(wish, facet), spec(wish, facet))))
}

/// What requests will do, as far as that is known now.
pub(super) fn upcoming(wish: &Wish<'_>, facets: &[Facet]) -> Vec<Change> {
    let change = |facet: &Facet| Change {
        fields: vec![ours(facet.kind).to_owned()],
        effect: effect(facet),
        message: format!("{} asks for {}", REQUESTS.kind, at(&spec(wish, facet), "type")),
    };
    due(wish, facets).into_iter().map(change).collect()
}

/// What is being carried out, or could not be.
pub(super) fn pending(wish: &Wish<'_>) -> Option<String> {
    let live = requests(wish).find(|live| at(live, "status.phase") != "Successful")?;
    let (kind, name) = (at(live, "spec.type"), at(live, "metadata.name"));
    if !is_over(live) {
        return Some(format!("KubeDB has not carried out {kind} yet ({} {name})", REQUESTS.kind));
    }
    let why = conditions(live).map(|one| at(one, "message")).rev().find(|message| !message.is_empty());
    Some(format!(
        "KubeDB could not carry out {kind}: {}; delete {} {name}, and it is tried again",
        why.unwrap_or("it does not say why"),
        REQUESTS.kind
    ))
}

fn object(name: &str, spec: Value) -> Value {
    json!({
        "apiVersion": REQUESTS.api_version(),
        "kind": REQUESTS.kind,
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
fn name(wish: &Wish<'_>, facet: &Facet) -> String {
    let said = format!("{:?} {}", facet.kind, facet.wanted);
    format!("{}-{}", wish.name, hash(&said, HASH))
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
fn spec(wish: &Wish<'_>, facet: &Facet) -> Value {
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
        Kind::Parameters if wanted.is_null() => {
            ("Reconfigure", json!({"removeCustomConfig": true, "restart": "auto"}))
        }
        Kind::Parameters => {
            let content =
                json!({"removeCustomConfig": true, "applyConfig": {FILE: wanted}, "restart": "auto"});
            ("Reconfigure", content)
        }
        Kind::Tls if wanted.is_null() => ("ReconfigureTLS", json!({"remove": true})),
        Kind::Tls => ("ReconfigureTLS", wanted.clone()),
        Kind::Restart => ("Restart", json!({})),
    };
    let mut spec = json!({"databaseRef": {"name": wish.name}, "type": kind, "apply": "Always"});
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
    }
}

fn effect(facet: &Facet) -> Effect {
    let number = |value: &Value| value["replicas"].as_i64().unwrap_or_default();
    match facet.kind {
        Kind::Version => Effect::Downtime,
        Kind::Storage => Effect::Nothing,
        Kind::Instances if number(&facet.wanted) >= number(&facet.now) => Effect::Nothing,
        _ => Effect::Restart,
    }
}
