//! Following one object until a condition is true.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use serde_json::Value;
use tokio::time::{sleep, timeout};

use crate::apply::name;
use crate::client::Client;
use crate::{Error, Result};

/// For so long an object may be stalled: the condition may be one of a time before a controller looked.
const STALLED: Duration = Duration::from_secs(15);

/// Waits until `condition` of the object at `path` is `True` for its current generation.
///
/// `seen` is called with every state of the object, the first and the last included.
pub async fn condition(
    client: &Client,
    path: &str,
    condition: &str,
    limit: Duration,
    mut seen: impl FnMut(&Value),
) -> Result<Value> {
    let (last, is_looked_at) = (RefCell::new(Value::Null), Cell::new(false));
    let is_stalled = |object: &Value| is_looked_at.get() && is_true(object, "Stalled");
    let follow = follow(client, path, |object| {
        seen(object);
        *last.borrow_mut() = object.clone();
        is_stopped(object) || is_true(object, condition) || is_stalled(object)
    });
    let stall = async {
        sleep(STALLED).await;
        is_looked_at.set(true);
        if !is_stalled(&last.borrow()) {
            std::future::pending::<()>().await;
        }
    };
    let ended = timeout(limit, async {
        tokio::select! {
            followed = follow => followed,
            () = stall => Ok(()),
        }
    });
    let (ended, last) = (ended.await, last.take());
    match ended {
        Ok(Ok(())) if is_stopped(&last) => Err(Error::Stopped {
            object: name(&last),
            namespace: last["metadata"]["namespace"].as_str().unwrap_or_default().to_owned(),
        }),
        Ok(Ok(())) if is_stalled(&last) && !is_true(&last, condition) => {
            Err(Error::Stalled { object: name(&last), state: summary(&last) })
        }
        Ok(result) => result.map(|()| last),
        Err(_) => Err(Error::NotReached {
            object: name(&last),
            condition: condition.to_owned(),
            seconds: limit.as_secs(),
            state: summary(&last),
        }),
    }
}

/// Whether a condition is `True`, and said so about the current generation.
pub fn is_true(object: &Value, condition: &str) -> bool {
    let generation = object["metadata"]["generation"].as_i64().unwrap_or_default();
    conditions(object).any(|found| {
        found["type"] == condition
            && found["status"] == "True"
            && found["observedGeneration"].as_i64().unwrap_or(generation) >= generation
    })
}

/// The conditions that are not `True`, with their reasons, in one line.
pub fn summary(object: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let open: Vec<String> = conditions(object)
        // That nothing is under way is no reason to wait.
        .filter(|condition| condition["status"] != "True" && condition["reason"] != "Idle")
        .map(|condition| {
            let (kind, reason) = (text(&condition["type"]), text(&condition["reason"]));
            match text(&condition["message"]) {
                message if message.is_empty() => format!("{kind}: {reason}"),
                message => format!("{kind}: {reason} ({message})"),
            }
        })
        .collect();
    match (open.is_empty(), conditions(object).next().is_some()) {
        (false, _) => open.join(", "),
        (true, true) => "every condition is true".to_owned(),
        (true, false) => "no condition is set yet".to_owned(),
    }
}

fn conditions(object: &Value) -> impl Iterator<Item = &Value> {
    object["status"]["conditions"].as_array().into_iter().flatten()
}

fn is_stopped(object: &Value) -> bool {
    object["spec"]["state"] == "Stopped"
}

/// Reads the object, then watches it from there; reads again when the watch ends.
async fn follow(client: &Client, path: &str, mut done: impl FnMut(&Value) -> bool) -> Result<()> {
    let (collection, object_name) = path.rsplit_once('/').unwrap_or((path, ""));
    loop {
        let object = client.read(path).await?;
        if done(&object) {
            return Ok(());
        }
        let version = object["metadata"]["resourceVersion"].as_str().unwrap_or_default();
        let query = format!("watch=true&fieldSelector=metadata.name={object_name}&resourceVersion={version}");
        let mut watch = client.watch(&format!("{collection}?{query}")).await?;
        while let Some(event) = watch.next().await? {
            match event["type"].as_str() {
                Some("ADDED" | "MODIFIED") if done(&event["object"]) => return Ok(()),
                Some("ERROR") => break,
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(conditions: Value) -> Value {
        json!({"metadata": {"generation": 2}, "status": {"conditions": conditions}})
    }

    #[test]
    fn a_condition_counts_only_for_the_current_generation() {
        let of = |observed: i64| {
            object(json!([{"type": "Ready", "status": "True", "observedGeneration": observed}]))
        };
        assert!(is_true(&of(2), "Ready"));
        assert!(!is_true(&of(1), "Ready"));
        assert!(!is_true(&of(2), "Accepted"));
    }

    #[test]
    fn a_summary_names_what_is_missing() {
        let waiting = json!([
            {"type": "Accepted", "status": "True", "reason": "Accepted"},
            {"type": "Ready", "status": "False", "reason": "Creating", "message": "running initdb"},
        ]);
        assert_eq!(summary(&object(waiting)), "Ready: Creating (running initdb)");
        assert_eq!(summary(&object(json!([]))), "no condition is set yet");
    }
}
