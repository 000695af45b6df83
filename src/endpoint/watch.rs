//! Watches (V-40…V-48).

use super::body::Body;
use super::negotiation::Target;
use super::options::ListOptions;
use super::request::{Call, set_content_type};
use super::watch_body::{WatchBody, WatchStart};
use crate::registry::{ObjectSnapshot, ObjectWatcher, Stored};
use apimachinery::selector::FieldSelector;
use apimachinery::status::ApiError;
use databases_storage::Revision;
use http::Response;
use rand::RngExt;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// A watch without a timeout of its own ends at random between this and twice this.
const LEAST_TIMEOUT: u64 = 1800;

pub(super) async fn watch(call: &Call<'_>, shutdown: &CancellationToken) -> Result<Response<Body>, ApiError> {
    let view = call.view(Target::Watch)?;
    let mut options = call.list_options(true)?;
    if options.selection.fields.is_empty() && !call.info.name().is_empty() {
        options.selection.fields = FieldSelector::equal("metadata.name", call.info.name());
    }
    let namespace = call.namespace();
    let start = super::options::revision(&options.resource_version)?.unwrap_or(0);
    let with_initial = options.send_initial || start == 0;
    let mut initial = Vec::new();
    let mut after = start;
    if with_initial {
        let snapshot = state(call, &options, start).await?;
        initial = selected(call, &snapshot, namespace, &options)?;
        after = snapshot.revision();
    }
    let watcher = open(call, after).await;
    let start = WatchStart {
        initial,
        mark_end: options.send_initial && options.bookmarks,
        revision: after,
        bookmarks: options.bookmarks,
        timeout: timeout(options.timeout_seconds),
        shutdown: shutdown.clone().cancelled_owned(),
    };
    let body = match watcher {
        Ok(watcher) => {
            Body::Watch(Box::new(WatchBody::new(view, call.store.clone(), options.selection, watcher, start)))
        }
        // Too old is said within the stream, as by every server of this protocol (V-43).
        Err(error) => Body::full(super::frame::of_error(&view, &error)),
    };
    let mut response = Response::new(body);
    set_content_type(&mut response, view.accepted, true);
    Ok(response)
}

/// A revision that is still to come is waited for, as it may have been read from another replica.
async fn open(call: &Call<'_>, after: Revision) -> Result<ObjectWatcher, ApiError> {
    call.store.at_least(after).await?;
    call.store.watch(after, call.namespace()).map_err(|error| call.store.cache_error(error))
}

async fn state(call: &Call<'_>, options: &ListOptions, start: u64) -> Result<ObjectSnapshot, ApiError> {
    if options.resource_version.is_empty() {
        call.store.latest().await
    } else if start == 0 {
        Ok(call.store.snapshot())
    } else {
        call.store.at_least(start).await
    }
}

fn selected(
    call: &Call<'_>,
    snapshot: &ObjectSnapshot,
    namespace: &str,
    options: &ListOptions,
) -> Result<Vec<Arc<Stored>>, ApiError> {
    let prefix = call.store.prefix(namespace);
    super::page::take(call.store, snapshot, &prefix, None, options, 0).map(|page| page.items)
}

fn timeout(seconds: Option<u64>) -> Duration {
    match seconds {
        Some(seconds) if seconds > 0 => Duration::from_secs(seconds.min(7 * 24 * 3600)),
        _ => Duration::from_secs(rand::rng().random_range(LEAST_TIMEOUT..2 * LEAST_TIMEOUT)),
    }
}
