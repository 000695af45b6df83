//! Requests with large bodies: to decode, merge and validate these may take long, and nobody else waits for that.

use http_body::Body;
use std::future::poll_fn;
use std::pin::Pin;
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::task::block_in_place;

/// Bytes of a body that are few enough to be dealt with between the requests of others.
const SMALL: u64 = 64 << 10;

/// Whether a body is large, or may be.
pub(super) fn is_large(body: &impl Body) -> bool {
    !body.is_end_stream() && body.size_hint().upper().is_none_or(|most| most > SMALL)
}

/// Goes on with what answers a request. Where its body is large nobody else waits for that: what the thread has to do
/// besides, another one does meanwhile.
pub(super) async fn answered<F: Future>(is_large: bool, mut answer: Pin<&mut F>) -> F::Output {
    // A runtime of one thread has no other.
    let aside = is_large && Handle::current().runtime_flavor() == RuntimeFlavor::MultiThread;
    poll_fn(|turn| match aside {
        true => block_in_place(|| answer.as_mut().poll(turn)),
        false => answer.as_mut().poll(turn),
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::pin::pin;
    use std::sync::mpsc;

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn what_takes_long_keeps_nobody_waiting() {
        let (done, waits) = mpsc::channel();
        let long = tokio::spawn(async move { answered(true, pin!(async move { waits.recv() })).await });
        // On the one thread that there is, which would otherwise wait for this.
        tokio::spawn(async move { done.send("done") }).await.expect("it ran").expect("it is waited for");
        assert_eq!(long.await.expect("it ran"), Ok("done"));
    }

    #[tokio::test]
    async fn on_one_thread_it_is_done_like_anything_else() {
        assert_eq!(answered(true, pin!(async { 1 })).await, 1);
    }
}
