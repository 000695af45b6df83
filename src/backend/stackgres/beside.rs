//! What stands beside an `SGCluster`, under its name: resources, parameters, and the operation that restarts it.

use super::{CONFIGS, GROUP, OPERATIONS, PROFILES, cluster};
use crate::backend::operator::{Wish, at, is_true, restart};
use crate::backend::plan::RESTART_FIELD;
use crate::backend::postgresql::hash;
use crate::backend::{Change, Effect, Refusal};
use crate::cluster::Resource;
use apimachinery::quantity::Quantity;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Hexadecimal digits of a hash in a name.
const HASH: usize = 10;
/// What a server may be given. Huge pages have limits alone.
const RESOURCES: [&str; 4] = ["cpu", "memory", "hugepages-2Mi", "hugepages-1Gi"];

pub(super) fn wanted(wish: &Wish<'_>) -> Result<Vec<Value>, Refusal> {
    let mut objects = Vec::new();
    if has_profile(wish) {
        objects.push(object(&PROFILES, wish.name, profile(wish)?));
    }
    if has_config(wish) {
        objects.push(object(&CONFIGS, wish.name, config(wish)));
    }
    if let Some(running) =
        operations(wish).find(|live| !is_true(live, "Completed") && !is_true(live, "Failed"))
    {
        objects.push(object(&OPERATIONS, at(running, "metadata.name"), operation(wish)));
    } else if restarts(wish) {
        objects.push(object(&OPERATIONS, &operation_name(wish), operation(wish)));
    }
    Ok(objects)
}

fn object(kind: &Resource, name: &str, spec: Value) -> Value {
    json!({
        "apiVersion": format!("{GROUP}/v1"),
        "kind": kind.kind,
        "metadata": {"name": name},
        "spec": spec,
    })
}

/// The object of a kind that is there for this cluster.
fn known<'a>(wish: &'a Wish<'_>, kind: &Resource) -> Option<&'a Value> {
    wish.beside.iter().find(|live| at(live, "kind") == kind.kind && at(live, "metadata.name") == wish.name)
}

/// Whether there are resources of its own; once there were, there are.
pub(super) fn has_profile(wish: &Wish<'_>) -> bool {
    wish.object.spec.instance.resources.is_some() || known(wish, &PROFILES).is_some()
}

/// Whether there are parameters of its own; once there were, there are, if none of them.
pub(super) fn has_config(wish: &Wish<'_>) -> bool {
    !wish.object.spec.instance.parameters.is_empty() || known(wish, &CONFIGS).is_some()
}

fn profile(wish: &Wish<'_>) -> Result<Value, Refusal> {
    let Some(resources) = &wish.object.spec.instance.resources else {
        // What is not said any more stays as it is.
        return Ok(known(wish, &PROFILES).map(|live| live["spec"].clone()).unwrap_or_default());
    };
    let mut named = resources.limits.keys().chain(resources.requests.keys());
    if let Some(other) = named.find(|name| !RESOURCES.contains(&name.as_str())) {
        let message =
            format!("spec.resources: StackGres gives servers no {other}; it knows {}", RESOURCES.join(", "));
        return Err(Refusal::new("UnsupportedFeature", message));
    }
    let mut profile = json!({});
    for name in RESOURCES {
        // What has no limit gets what it requests.
        let Some(limit) = resources.limits.get(name).or(resources.requests.get(name)) else { continue };
        match name.starts_with("hugepages") {
            true => profile["hugePages"][name] = amount(name, limit).into(),
            false => profile[name] = amount(name, limit).into(),
        }
    }
    for (name, request) in resources.requests.iter().filter(|(name, _)| !name.starts_with("hugepages")) {
        profile["requests"][name] = amount(name, request).into();
    }
    Ok(profile)
}

/// An amount in StackGres's units.
fn amount(name: &str, quantity: &Quantity) -> String {
    if name != "cpu" {
        return cluster::mebi(quantity, &["Mi", "Gi"]);
    }
    match quantity.to_millis().unwrap_or_default() {
        millis if millis > 0 && millis % 1000 == 0 => (millis / 1000).to_string(),
        millis => format!("{}m", millis.max(1)),
    }
}

fn config(wish: &Wish<'_>) -> Value {
    let parameters: &BTreeMap<String, String> = &wish.object.spec.instance.parameters;
    let parameters: Map<String, Value> =
        parameters.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect();
    // It cannot change once it is said.
    let major = match known(wish, &CONFIGS).map(|live| at(live, "spec.postgresVersion")) {
        Some(said) if !said.is_empty() => said.to_owned(),
        _ => cluster::major(wish),
    };
    json!({"postgresVersion": major, "postgresql.conf": parameters})
}

fn operations<'a>(wish: &'a Wish<'_>) -> impl Iterator<Item = &'a Value> {
    wish.beside.iter().filter(|live| at(live, "kind") == OPERATIONS.kind)
}

/// When a restart is asked for says what it is called.
fn operation_name(wish: &Wish<'_>) -> String {
    format!("{}-{}", wish.name, hash(&restart::asked(wish).to_string(), HASH))
}

fn operation(wish: &Wish<'_>) -> Value {
    let how = json!({"method": "InPlace", "onlyPendingRestart": false});
    json!({"sgCluster": wish.name, "op": "restart", "restart": how})
}

/// Whether it is still to be restarted.
pub(super) fn restarts(wish: &Wish<'_>) -> bool {
    let (asked, runs) = (restart::asked(wish), wish.live["spec"]["instances"].as_i64() > Some(0));
    let name = operation_name(wish);
    let is_done =
        operations(wish).any(|live| at(live, "metadata.name") == name && is_true(live, "Completed"));
    runs && !asked.is_null() && asked != restart::done(wish) && !is_done
}

/// What these change of what runs.
pub(super) fn upcoming(wish: &Wish<'_>) -> Vec<Change> {
    let change = |field: &str, what: &Resource| Change {
        fields: vec![field.to_owned()],
        effect: Effect::Restart,
        message: format!("{} changes", what.kind),
    };
    let mut found = Vec::new();
    let profile = known(wish, &PROFILES).zip(profile(wish).ok());
    if profile.is_some_and(|(live, wanted)| live["spec"] != wanted) {
        found.push(change("spec.resources", &PROFILES));
    }
    if known(wish, &CONFIGS).is_some_and(|live| live["spec"] != config(wish)) {
        found.push(change("spec.parameters", &CONFIGS));
    }
    if restarts(wish) {
        found.push(change(RESTART_FIELD, &OPERATIONS));
    }
    found
}

/// What is being carried out, or could not be.
pub(super) fn pending(wish: &Wish<'_>) -> Option<String> {
    let live = operations(wish).find(|live| !is_true(live, "Completed"))?;
    let name = at(live, "metadata.name");
    Some(match is_true(live, "Failed") {
        true => {
            format!("StackGres could not restart it: see SGDbOps {name}; delete that, and it is tried again")
        }
        false => format!("StackGres has not restarted it yet (SGDbOps {name})"),
    })
}
