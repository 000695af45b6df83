//! History is kept for five to ten minutes (E-07).

use crate::serve::Shutdown;
use databases_storage::Storage;
use std::sync::Arc;
use std::time::Duration;

const INTERVAL: Duration = Duration::from_secs(5 * 60);

/// Compacts to the revision of one interval ago, each interval.
pub(super) async fn run(storage: Arc<dyn Storage>, shutdown: Shutdown) {
    let mut before = 0;
    loop {
        match storage.revision().await {
            Ok(revision) => {
                if before > 0
                    && let Err(error) = storage.compact(before).await
                {
                    tracing::warn!(%error, "compaction failed; it is tried again at the next interval");
                }
                before = revision;
            }
            Err(error) => tracing::warn!(%error, "the newest revision cannot be read"),
        }
        tokio::select! {
            () = tokio::time::sleep(INTERVAL) => {}
            () = shutdown.draining().cancelled() => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use databases_storage::{Error, ReadAt, engine};

    #[tokio::test(start_paused = true)]
    async fn history_is_kept_for_five_to_ten_minutes() {
        let storage = engine::open(engine::Config::Memory(engine::memory::Config)).await.unwrap();
        let write = async |key: &str| {
            storage.create(key, bytes::Bytes::from_static(b"x")).await.unwrap();
            storage.revision().await.unwrap()
        };
        let readable = async |revision| match storage.get("/a/1", ReadAt::Exactly(revision)).await {
            Ok(_) => true,
            Err(Error::Compacted { .. }) => false,
            Err(error) => panic!("{error}"),
        };
        let first = write("/a/1").await;
        let shutdown = Shutdown::new();
        let running = tokio::spawn(run(storage.clone(), shutdown.clone()));
        let minutes = async |count: u64| {
            tokio::time::advance(Duration::from_secs(count * 60 + 1)).await;
            for _ in 0..100 {
                tokio::task::yield_now().await;
            }
        };
        minutes(1).await;
        let second = write("/a/2").await;
        minutes(5).await;
        assert!(readable(first).await, "it is what was there when it began");
        write("/a/3").await;
        minutes(5).await;
        assert!(!readable(first).await && readable(second).await);
        shutdown.now();
        running.await.unwrap();
    }
}
