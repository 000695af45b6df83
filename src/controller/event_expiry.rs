//! Events go after an hour, so that they do not pile up.

use crate::registry::{DeleteRequest, Registry};
use apimachinery::time::Time;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const LIFETIME_SECONDS: i64 = 3600;
const INTERVAL: Duration = Duration::from_secs(300);

pub(super) async fn run(registry: Arc<Registry>, ended: CancellationToken) {
    let Some(store) = registry.store("", "events").cloned() else { return };
    loop {
        let oldest = Time::now().seconds() - LIFETIME_SECONDS;
        let snapshot = store.snapshot();
        for stored in snapshot.iter().filter_map(|entry| entry.value().ok()) {
            if stored.object().meta().creation_timestamp.is_some_and(|created| created.seconds() < oldest)
                && let Err(error) =
                    store.delete(stored.namespace(), stored.name(), &DeleteRequest::default()).await
                && error.code() != 404
            {
                tracing::warn!(%error, "an old event cannot be deleted");
            }
        }
        tokio::select! {
            () = tokio::time::sleep(INTERVAL) => {}
            () = ended.cancelled() => return,
        }
    }
}
