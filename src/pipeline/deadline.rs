//! How long a request may take, measured from its arrival.
//!
//! Needs: the [`RequestInfo`] and `?timeout=`. Provides: the instant by which the response must be made. Refuses
//! with: 400 for a timeout that is no duration, 504 when the time is over before the response began; a response cut
//! short later is aborted. Long-running requests have no deadline.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use apimachinery::time;
use tokio::time::Instant;

use super::query;
use super::request_info::RequestInfo;
use super::status::Refusal;
use super::verb::Verb;

/// The longest that a write of one object may take (V-02).
const WRITE: Duration = Duration::from_secs(34);

/// The deadline of a request; a `?timeout=` can only bring it nearer.
pub(super) fn of(
    info: &RequestInfo,
    query: &str,
    received: Instant,
    longest: Duration,
) -> Result<Option<Instant>, Refusal> {
    if info.is_long_running() {
        return Ok(None);
    }
    let longest = match info.verb() {
        Verb::Create | Verb::Update | Verb::Patch | Verb::Delete if info.is_resource_request() => {
            longest.min(WRITE)
        }
        _ => longest,
    };
    let asked = match query::first(query, "timeout").as_deref() {
        None | Some("") => longest,
        Some(text) => text.parse::<time::Duration>()?.or_zero(),
    };
    let granted = if asked.is_zero() { longest } else { asked.min(longest) };
    Ok(Some(received + granted))
}

/// Runs `work` until the deadline. Work that is cut off is dropped by its owner: what it began may or may not have happened.
/// It stays where it is, because a future that takes another by value has room for it twice.
pub(super) async fn enforce<T>(
    deadline: Option<Instant>,
    work: Pin<&mut impl Future<Output = Result<T, Refusal>>>,
) -> Result<T, Refusal> {
    let Some(deadline) = deadline else { return work.await };
    let done = tokio::time::timeout_at(deadline, work).await.unwrap_or(Err(Refusal::Timeout));
    // Work that never had to wait is not cut off; its answer would be, before it began.
    done.and_then(|answer| if deadline < Instant::now() { Err(Refusal::Timeout) } else { Ok(answer) })
}
