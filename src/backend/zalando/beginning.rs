//! What a `postgresql` begins with: its version, and the data of another one where it is a copy.
//!
//! For as long as it says what it copies, its servers have the way there and a password in their environment, and none of them
//! could start once the other one's Secret is gone. So that is said until the data is there, and no longer: the operator then
//! replaces the servers, and nobody is told of the copy before it has.

use crate::backend::Refusal;
use crate::backend::operator::{Origin, Wish, at, patroni};
use crate::backend::postgresql::was_made;
use databases_api::instance::Instance;
use serde_json::{Value, json};

/// What tells a server whom it copies.
const KNOWS: &str = "CLONE_SCOPE";

/// The version that runs, else that of what is copied, else the wished one, else the newest.
pub(super) fn version(wish: &Wish<'_>, origin: Option<&Origin<'_>>) -> Result<Value, Refusal> {
    let (wished, live) = (&wish.object.spec.instance.version, &wish.live["spec"]["postgresql"]["version"]);
    let major = wished.split('.').next().unwrap_or_default();
    match live.as_str() {
        Some(runs) if !wished.is_empty() && runs != major => {
            let message = format!(
                "spec.version: PostgreSQL {runs} runs, and Zalando's operator is not asked for an upgrade; set {runs}"
            );
            Err(Refusal::new("UnsupportedFeature", message))
        }
        Some(_) if wish.is_adopted() && wished.is_empty() => Ok(Value::Null),
        Some(runs) => Ok(runs.into()),
        None => Ok(match origin {
            Some(origin) => origin.major.as_str().into(),
            None if wished.is_empty() => wish.installed.versions.first().cloned().into(),
            None => major.into(),
        }),
    }
}

/// Whose data it begins with, as long as it has none.
pub(super) fn copied(wish: &Wish<'_>, origin: Option<&Origin<'_>>) -> Value {
    let said = match origin {
        Some(origin) => &origin.main["metadata"]["name"],
        None if wish.object.copied().is_none() || has_data(wish) => &Value::Null,
        None => &wish.live["spec"]["clone"]["cluster"],
    };
    if said.is_null() { Value::Null } else { json!({"cluster": said}) }
}

/// Whether the primary is up with what it copied. An operator that no longer waited for it (`CreateFailed`) does not look again by
/// itself for half an hour, but does when its object changes, as it does then.
fn has_data(wish: &Wish<'_>) -> bool {
    matches!(status(wish), "Running" | "CreateFailed")
        && patroni::addresses(wish.evidence(0)).next().is_some()
}

/// What the operator says of it.
pub(super) fn status<'a>(wish: &'a Wish<'_>) -> &'a str {
    at(wish.live, "status.PostgresClusterStatus")
}

/// What is still to be done of a copy. Before the operator says that it runs, roles have the passwords of what was copied.
pub(super) fn awaited(wish: &Wish<'_>) -> Option<String> {
    if wish.object.copied().is_none() || was_made(wish.object) {
        return None;
    }
    let source = at(wish.live, "spec.clone.cluster");
    let failed = Some(status(wish)).filter(|status| status.ends_with("Failed"));
    let says = failed.map_or(String::new(), |status| {
        format!("; the operator says {status}, and the events of postgresql {} say why", wish.name)
    });
    if !source.is_empty() {
        let copies = if failed.is_none() { "is being copied" } else { "is not copied yet" };
        return Some(format!("the data of postgresql {source} {copies}{says}"));
    }
    let set = &wish.evidence(2);
    let count = |value: &Value| value.as_i64().unwrap_or_default();
    let is_behind = count(&set["status"]["updatedReplicas"]) < count(&set["spec"]["replicas"]);
    let runs = status(wish) == "Running" && !is_behind && !knows(set);
    (!runs).then(|| format!("the data is copied, and its servers are being replaced{says}"))
}

/// Whether servers are made with the way to what they copy.
fn knows(set: &Value) -> bool {
    let list = |of: &Value, name: &str| of[name].as_array().cloned().unwrap_or_default();
    let containers = list(&set["spec"]["template"]["spec"], "containers");
    containers.iter().flat_map(|container| list(container, "env")).any(|one| one["name"] == KNOWS)
}
