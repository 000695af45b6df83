//! What a controller is told: every object at first, then whatever changes.

use crate::registry::{Store, Stored, readable};
use apimachinery::meta::ObjectMeta;
use databases_storage::EventKind;
use databases_storage::cache::CacheError;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Calls `seen` for every object, and again whenever one changes or goes; where it changed, with what it was before. A watch
/// that is cut starts over, so an object may be seen without having changed, but no change goes unseen.
pub(super) async fn follow(
    store: Arc<Store>,
    ended: CancellationToken,
    mut seen: impl FnMut(&Arc<Stored>, Option<&Arc<Stored>>) + Send,
) {
    let ended = ended.cancelled_owned();
    tokio::pin!(ended);
    loop {
        store.ready().await;
        let snapshot = store.snapshot();
        readable(&snapshot).for_each(|stored| seen(stored, None));
        let Ok(mut watcher) = store.watch(snapshot.revision(), "") else { continue };
        loop {
            let batch = tokio::select! {
                batch = watcher.next_batch() => batch,
                () = &mut ended => return,
            };
            match batch {
                Ok(batch) => batch.changes.iter().for_each(|change| {
                    let before = change.previous.as_ref().filter(|_| change.kind == EventKind::Updated);
                    seen(&change.object, before);
                }),
                Err(CacheError::Stopped) => return,
                Err(error) => {
                    tracing::debug!(%error, kind = store.definition.kind, "a controller's watch starts over");
                    break;
                }
            }
        }
    }
}

/// Whether an object asks for the same as before: only its status is another.
pub(super) fn asks_the_same(now: &Stored, before: &Stored) -> bool {
    let (now, before) = (now.object(), before.object());
    let (now, before) = (now.meta(), before.meta());
    let of = |meta: &'_ ObjectMeta| (meta.generation, meta.deletion_timestamp);
    now.uid == before.uid
        && of(now) == of(before)
        && now.finalizers == before.finalizers
        && now.annotations == before.annotations
        && now.labels == before.labels
        && now.owner_references == before.owner_references
}
