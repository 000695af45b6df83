//! What has begun and not ended.

use arc_swap::ArcSwap;
use std::sync::{Arc, OnceLock};
use tokio_util::sync::{CancellationToken, DropGuard};

/// Work that is under way. Who waits for its end waits for what had begun by then, and for nothing that begins later.
pub(super) struct Underway(ArcSwap<Round>);

/// What begins between two who wait. Its last holder tells them.
pub(super) struct Round {
    ended: CancellationToken,
    _tells: DropGuard,
    /// Does not end before this one.
    later: OnceLock<Arc<Round>>,
}

impl Default for Round {
    fn default() -> Self {
        let ended = CancellationToken::new();
        Round { _tells: ended.clone().drop_guard(), ended, later: OnceLock::new() }
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
            let later = Arc::<Round>::default();
            let round = self.0.swap(later.clone());
            round.later.get_or_init(|| later);
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
        let mut again = Box::pin(underway.ended());
        assert!((&mut again).now_or_never().is_none());
        drop(later);
        assert!((&mut again).now_or_never().is_none(), "what the first waits for had begun, too");
        drop(first);
        assert!((&mut ended).now_or_never().is_none(), "one of the two goes on");
        drop(second);
        ended.await;
        again.await;
        let last = underway.begin();
        assert!(underway.ended().now_or_never().is_none());
        drop(last);
        underway.ended().await;
    }
}
