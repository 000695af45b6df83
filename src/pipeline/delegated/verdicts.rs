//! Verdicts that hold for a while: bounded in number, asked for once however many wait, never kept when there was none.

use quick_cache::sync::Cache;
use std::future::Future;
use std::hash::Hash;
use std::time::Duration;
use tokio::time::Instant;

/// So many verdicts are kept.
const MOST: usize = 8192;

/// Verdicts by key.
pub(super) struct Verdicts<K, V> {
    cache: Cache<K, (Instant, V)>,
    lifetime: Duration,
}

impl<K: Hash + Eq + Clone, V: Clone> Verdicts<K, V> {
    /// Each holds so long.
    pub(super) fn lasting(lifetime: Duration) -> Self {
        Verdicts { cache: Cache::new(MOST), lifetime }
    }

    /// The verdict that holds, or the one that `ask` brings; an error is not kept.
    pub(super) async fn get<E>(&self, key: &K, ask: impl Future<Output = Result<V, E>>) -> Result<V, E> {
        loop {
            match self.cache.get_value_or_guard_async(key).await {
                Ok((since, verdict)) if since.elapsed() < self.lifetime => return Ok(verdict),
                Ok((since, _)) => {
                    self.cache.remove_if(key, |(other, _)| *other == since);
                }
                Err(place) => {
                    let verdict = ask.await?;
                    // Somebody may have filled the place meanwhile; theirs is as new.
                    let _ = place.insert((Instant::now(), verdict.clone()));
                    return Ok(verdict);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[tokio::test(start_paused = true)]
    async fn a_verdict_is_asked_for_once_and_again_when_it_is_old() {
        let verdicts = Verdicts::lasting(Duration::from_secs(10));
        let asked = AtomicU32::new(0);
        let ask = || async {
            tokio::task::yield_now().await;
            Ok::<_, ()>(asked.fetch_add(1, Ordering::Relaxed))
        };
        let (one, two) = tokio::join!(verdicts.get(&"a", ask()), verdicts.get(&"a", ask()));
        assert_eq!((one, two), (Ok(0), Ok(0)));
        tokio::time::advance(Duration::from_secs(9)).await;
        assert_eq!(verdicts.get(&"a", ask()).await, Ok(0));
        tokio::time::advance(Duration::from_secs(2)).await;
        assert_eq!(verdicts.get(&"a", ask()).await, Ok(1));
        assert_eq!(verdicts.get(&"b", async { Err(()) }).await, Err(()));
        assert_eq!(verdicts.get(&"b", ask()).await, Ok(2));
    }
}
