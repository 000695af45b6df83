//! What has begun and not ended.

use arc_swap::ArcSwap;
use std::sync::Arc;
use tokio_util::sync::{CancellationToken, DropGuard};

/// Work that is under way. Who waits for its end waits for what had begun by then, and for nothing that begins later.
pub(super) struct Underway(ArcSwap<Round>);

/// What begins between two who wait. Its last holder tells them.
pub(super) struct Round {
    ended: CancellationToken,
    _tells: DropGuard,
}

impl Default for Round {
    fn default() -> Self {
        let ended = CancellationToken::new();
        Round { _tells: ended.clone().drop_guard(), ended }
    }
}

impl Default for Underway {
    fn default() -> Self {
        Underway(ArcSwap::from_pointee(Round::default()))
    }
}

impl Underway {
    /// Something begins; it ends when that is dropped.
    pub(super) fn begin(&self) -> Arc<Round> {
        self.0.load_full()
    }

    /// Waits until everything has ended that has begun.
    pub(super) async fn ended(&self) {
        let ended = {
            let round = self.0.swap(Arc::default());
            round.ended.clone()
        };
        ended.cancelled().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    #[tokio::test]
    async fn the_end_is_that_of_what_had_begun() {
        let underway = Underway::default();
        underway.ended().await;
        let (first, second) = (underway.begin(), underway.begin());
        let mut ended = Box::pin(underway.ended());
        assert!((&mut ended).now_or_never().is_none());
        let later = underway.begin();
        drop(first);
        assert!((&mut ended).now_or_never().is_none(), "one of the two goes on");
        drop(second);
        ended.await;
        assert!(underway.ended().now_or_never().is_none());
        drop(later);
        underway.ended().await;
    }
}
