//! Waiting on a condition, with a deadline that says what was waited for.

use std::time::Duration;

use tokio::time::{Instant, sleep};

/// How long anything may take before the test gives up.
pub const DEADLINE: Duration = Duration::from_secs(60);

/// Asks until the answer is `Some`; panics with `what` when the deadline passes.
pub async fn until<T>(what: &str, ask: impl AsyncFnMut() -> Option<T>) -> T {
    until_within(DEADLINE, what, ask).await
}

/// The same with another deadline.
pub async fn until_within<T>(limit: Duration, what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + limit;
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(Instant::now() < deadline, "not within {} s: {what}", limit.as_secs());
        sleep(Duration::from_millis(50)).await;
    }
}
