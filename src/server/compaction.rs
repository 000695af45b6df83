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
