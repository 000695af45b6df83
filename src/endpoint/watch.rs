//! Watches (V-40…V-48).

use super::body::Body;
use super::list_body::CHUNK;
use super::negotiation::Target;
use super::options::ListOptions;
use super::request::{Call, set_content_type};
use super::view::View;
use super::watch_body::{WatchBody, WatchStart};
use super::{frame, page, websocket};
use crate::pipeline::websocket::is_websocket;
use crate::registry::{ObjectSnapshot, Store};
use apimachinery::status::ApiError;
use bytes::Bytes;
use databases_storage::Revision;
use http::Response;
use http::request::Parts;
use rand::RngExt;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// A watch without a timeout of its own ends at random between this and twice this.
const LEAST_TIMEOUT: u64 = 1800;

pub(super) async fn watch(
    call: &Call<'_>,
    request: &Parts,
    shutdown: &CancellationToken,
) -> Result<Response<Body>, ApiError> {
    let view = call.view(Target::Watch)?;
    let options = call.list_options(true)?;
    let start = super::options::revision(&options.resource_version)?.unwrap_or(0);
    let (store, namespace) = (call.store.clone(), call.namespace().to_owned());
    let over_websocket = is_websocket(call.headers);
    // Each message is one event.
    let chunk = if over_websocket { 0 } else { CHUNK };
    let ends = timeout(options.timeout_seconds);
    // Who waits for what there is, and gets none of it, is told why.
    let (waiting, asks_for_state) = (store.clone(), options.send_initial == Some(true));
    let asked = Asked { store, view, options, namespace, start, chunk, ends, shutdown: shutdown.clone() };
    // What is still to come may have been read from another replica: the stream opens, and waits (V-43). Kubernetes waits without
    // end; here a client of a store that was restored from an older backup is told.
    let body = if start > call.store.snapshot().revision() {
        Body::Later(Box::pin(async move {
            match tokio::time::timeout(ends, asked.open()).await {
                Ok(opened) => opened.unwrap_or_else(|error| Body::full(frame::of_error(&view, &error))),
                Err(_) if asks_for_state => {
                    let now = waiting.snapshot().revision();
                    Body::full(frame::of_error(&view, &ApiError::too_large_resource_version(start, now)))
                }
                Err(_) => Body::full(Bytes::new()),
            }
        }))
    } else {
        asked.open().await?
    };
    if over_websocket {
        return websocket::switch(request, body, view.accepted.media, shutdown);
    }
    let mut response = Response::new(body);
    set_content_type(&mut response, view.accepted, true);
    Ok(response)
}

/// What a client asked to watch.
struct Asked {
    store: Arc<Store>,
    view: View,
    options: ListOptions,
    namespace: String,
    start: Revision,
    chunk: usize,
    ends: Duration,
    shutdown: CancellationToken,
}

impl Asked {
    async fn open(self) -> Result<Body, ApiError> {
        let Asked { store, view, options, namespace, start, chunk, ends, shutdown } = self;
        // Without a revision the state comes first, unless it is declined; its end is marked like that of an asked-for
        // one (V-42).
        let with_initial = options.send_initial.unwrap_or(start == 0);
        let (mut initial, mut after) = (Vec::new(), start);
        if with_initial || start == 0 {
            let snapshot = state(&store, &options, start).await?;
            after = snapshot.revision();
            if with_initial {
                let prefix = store.prefix(&namespace);
                initial = page::take(&store, &snapshot, &prefix, None, &options, 0).items;
            }
        }
        store.at_least(after).await?;
        let start = WatchStart {
            initial,
            chunk,
            mark_end: with_initial && options.bookmarks,
            revision: after,
            bookmarks: options.bookmarks,
            timeout: ends,
            shutdown: shutdown.cancelled_owned(),
        };
        Ok(match store.watch(after, &namespace) {
            Ok(watcher) => {
                Body::Watch(Box::new(WatchBody::new(view, store, options.selection, watcher, start)))
            }
            // Too old is said within the stream, as by every server of this protocol (V-43).
            Err(error) => Body::full(frame::of_error(&view, &store.cache_error(error))),
        })
    }
}

async fn state(store: &Store, options: &ListOptions, start: Revision) -> Result<ObjectSnapshot, ApiError> {
    match start {
        0 if options.resource_version.is_empty() => store.latest().await,
        0 => store.any(),
        start => store.at_least(start).await,
    }
}

fn timeout(seconds: Option<i64>) -> Duration {
    match seconds.filter(|seconds| *seconds != 0) {
        Some(seconds) => Duration::from_secs(u64::try_from(seconds).unwrap_or(0).min(7 * 24 * 3600)),
        None => Duration::from_secs(rand::rng().random_range(LEAST_TIMEOUT..2 * LEAST_TIMEOUT)),
    }
}
