//! What a controller is told: every object at first, then whatever changes.

use crate::registry::{Store, Stored, readable};
use apimachinery::meta::ObjectMeta;
use databases_storage::EventKind;
use databases_storage::cache::CacheError;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// What a controller is told of an object.
#[derive(Clone, Copy)]
pub(in crate::controller) enum Told<'a> {
    /// It is there.
    Is,
    /// It is another than before.
    Changed(&'a Arc<Stored>),
    /// It was there.
    Gone,
}

/// Calls `seen` for every object, and again whenever one changes or goes. A watch that is cut starts over, so an object may be
/// seen without having changed, but no change goes unseen.
pub(super) async fn follow(
    store: Arc<Store>,
    ended: CancellationToken,
    mut seen: impl FnMut(&Arc<Stored>, Told<'_>) + Send,
) {
    let ended = ended.cancelled_owned();
    tokio::pin!(ended);
    loop {
        store.ready().await;
        let snapshot = store.snapshot();
        readable(&snapshot).for_each(|stored| seen(stored, Told::Is));
        let Ok(mut watcher) = store.watch(snapshot.revision(), "") else { continue };
        loop {
            let batch = tokio::select! {
                batch = watcher.next_batch() => batch,
                () = &mut ended => return,
            };
            match batch {
                Ok(batch) => batch.changes.iter().for_each(|change| {
                    let told = match (change.kind, &change.previous) {
                        (EventKind::Deleted, _) => Told::Gone,
                        (EventKind::Updated, Some(before)) => Told::Changed(before),
                        _ => Told::Is,
                    };
                    seen(&change.object, told);
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

/// Whether an object asks for the same as before: only its status is another, or somebody else waits for it to go as well.
pub(super) fn asks_the_same(now: &Stored, before: &Stored) -> bool {
    let (now, before) = (now.object(), before.object());
    let (now, before) = (now.meta(), before.meta());
    let of = |meta: &'_ ObjectMeta| (meta.generation, meta.deletion_timestamp);
    now.uid == before.uid
        && of(now) == of(before)
        && before.finalizers.iter().all(|finalizer| now.finalizers.contains(finalizer))
        && now.annotations == before.annotations
        && now.labels == before.labels
        && now.owner_references == before.owner_references
}
