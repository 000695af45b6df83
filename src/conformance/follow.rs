//! Waiting for an object, by watching it.

use super::failure::Failure;
use super::seen::Seen;
use futures_util::StreamExt;
use kube::api::{Api, DynamicObject};
use kube::runtime::WatchStreamExt;
use kube::runtime::watcher::watch_object;
use std::time::Duration;
use tokio::time::timeout;

/// Watches an object until a look at it gives an answer, or the end of waiting. `None` is an object that is not there.
pub(super) async fn follow<T>(
    api: &Api<DynamicObject>,
    name: &str,
    limit: Duration,
    what: &str,
    mut look: impl FnMut(Option<&Seen>) -> Option<Result<T, Failure>>,
) -> Result<T, Failure> {
    let mut last = "it was not seen".to_owned();
    let watching = async {
        let mut states = std::pin::pin!(watch_object(api.clone(), name).default_backoff());
        while let Some(state) = states.next().await {
            let seen = match state {
                Ok(state) => state.map(|object| Seen(serde_json::to_value(object).unwrap_or_default())),
                Err(error) => {
                    last = format!("watching it failed: {error}");
                    continue;
                }
            };
            last = seen.as_ref().map_or_else(|| "it is not there".to_owned(), Seen::words);
            if let Some(answer) = look(seen.as_ref()) {
                return answer;
            }
        }
        Err(Failure::new(format!("the watch of {name} ended")))
    };
    let watched = timeout(limit, watching).await;
    let late = || Failure::new(format!("not within {} s: {what}; last seen: {last}", limit.as_secs()));
    watched.unwrap_or_else(|_| Err(late()))
}

/// Asks until the answer is some: for what databases do, which nobody can watch.
pub(super) async fn eventually<T>(
    limit: Duration,
    what: &str,
    mut ask: impl AsyncFnMut() -> Result<T, Failure>,
) -> Result<T, Failure> {
    const AGAIN: Duration = Duration::from_millis(200);
    let deadline = tokio::time::Instant::now() + limit;
    loop {
        let error = match ask().await {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        if tokio::time::Instant::now() >= deadline {
            return Err(Failure::new(format!("not within {} s: {what}: {error}", limit.as_secs())));
        }
        tokio::time::sleep(AGAIN).await;
    }
}
