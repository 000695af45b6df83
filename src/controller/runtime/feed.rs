//! What a controller is told: every object at first, then whatever changes.

use crate::registry::{Store, Stored, readable};
use databases_storage::cache::CacheError;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Calls `seen` for every object, and again whenever one changes or goes. A watch that is cut starts over, so
/// an object may be seen without having changed, but no change goes unseen.
pub(super) async fn follow(
    store: Arc<Store>,
    ended: CancellationToken,
    mut seen: impl FnMut(&Arc<Stored>) + Send,
) {
    let ended = ended.cancelled_owned();
    tokio::pin!(ended);
    loop {
        store.ready().await;
        let snapshot = store.snapshot();
        readable(&snapshot).for_each(&mut seen);
        let Ok(mut watcher) = store.watch(snapshot.revision(), "") else { continue };
        loop {
            let batch = tokio::select! {
                batch = watcher.next_batch() => batch,
                () = &mut ended => return,
            };
            match batch {
                Ok(batch) => batch.changes.iter().for_each(|change| seen(&change.object)),
                Err(CacheError::Stopped) => return,
                Err(error) => {
                    tracing::debug!(%error, kind = store.definition.kind, "a controller's watch starts over");
                    break;
                }
            }
        }
    }
}
