//! What an object says of itself, and what does not disturb it.

use crate::conformance::failure::{Failure, Verdict, ensure, same};
use crate::conformance::seen::{Seen, text};
use crate::conformance::suite::Suite;
use serde_json::json;

/// Conditions that a database which serves has.
const CONDITIONS: [&str; 6] =
    ["Accepted", "ResolvedRefs", "Programmed", "Ready", "InstancesReady", "Progressing"];

pub(super) async fn in_progress(suite: &Suite) -> Verdict {
    let answer = suite.tried("new", json!({})).await?;
    let seen = Seen(serde_json::to_value(answer).unwrap_or_default());
    let ready = seen.condition("Ready").ok_or_else(|| Failure::new("a new object has no condition Ready"))?;
    same("the Ready of a new object", text(ready, "status"), "Unknown")?;
    same("spec.className", seen.text("/spec/className"), &suite.class.name)?;
    let version = seen.text("/spec/version");
    let known = suite.class.versions.iter().any(|offered| offered == version);
    ensure(known, || format!("spec.version is {version:?}, which the class does not list"))?;
    same("the owner of the first database", seen.text("/spec/databases/0/owner"), "app")
}

pub(super) async fn conditions(suite: &Suite) -> Verdict {
    let seen = suite.common().await?.read().await?;
    let generation = seen.generation();
    for kind in CONDITIONS {
        ensure(seen.condition(kind).is_some(), || format!("there is no condition {kind}"))?;
    }
    for condition in seen.items("/status/conditions") {
        let (kind, reason) = (text(condition, "type"), text(condition, "reason"));
        let is_reason = reason.starts_with(|first: char| first.is_ascii_alphabetic())
            && reason.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_,:".contains(&byte));
        ensure(is_reason, || format!("{reason:?} is no reason for {kind}"))?;
        ensure(!text(condition, "lastTransitionTime").is_empty(), || format!("{kind} has no time"))?;
        let about = condition["observedGeneration"].as_i64();
        ensure(about == Some(generation), || {
            format!("{kind} is about generation {about:?}, not {generation}")
        })?;
    }
    for kind in ["Accepted", "ResolvedRefs", "Programmed", "Ready", "InstancesReady"] {
        ensure(seen.is_true(kind), || format!("{kind} is not True: {}", seen.words()))?;
    }
    for kind in ["Stalled", "Reconciling", "Stopped"] {
        ensure(seen.condition(kind).is_none(), || format!("{kind} is there: {}", seen.words()))?;
    }
    let (all, ready) = (seen.number("/status/instances"), seen.number("/status/readyInstances"));
    ensure((all, ready) == (1, 1), || format!("{ready} of {all} instances are ready where one was asked for"))
}

pub(super) async fn status(suite: &Suite) -> Verdict {
    let database = suite.common().await?;
    let before = database.read().await?;
    let written = database.patch(json!({"status": {"version": "0.0", "readyInstances": 42}})).await?;
    same("status.version", written.text("/status/version"), before.text("/status/version"))?;
    let before = database.read().await?;
    tokio::time::sleep(suite.limits.quiet).await;
    let after = database.read().await?;
    let version = |seen: &Seen| seen.text("/metadata/resourceVersion").to_owned();
    // One write may tell of something that was measured.
    let writes = match version(&before) == version(&after) {
        true => Ok(()),
        false => {
            tokio::time::sleep(suite.limits.quiet).await;
            same(
                "the resource version of an object that nobody changes",
                version(&database.read().await?),
                version(&after),
            )
        }
    };
    writes.and_then(|()| ensure(after.is_current(), || after.words()))
}

pub(super) async fn labels(suite: &Suite) -> Verdict {
    let database = suite.ready("labels", json!({})).await?;
    let door = database.login().await?.door()?;
    let session = door.open().await?;
    let (started, before) = (session.started().await?, database.read().await?);
    let changed = json!({"conformance": "changed"});
    let after = database.changed(json!({"metadata": {"labels": changed, "annotations": changed}})).await?;
    ensure(after.generation() == before.generation(), || "the generation changed".into())?;
    tokio::time::sleep(suite.limits.quiet).await;
    database.current().await?;
    let again = session.started().await;
    let ended = |error| Failure::new(format!("a changed label ended a session: {error}"));
    same("the time of the server's start", again.map_err(ended)?, started)
}
