//! Lists, whole and in pages (L-02…L-32).

use super::body::Body;
use super::list_body::{ListBody, ListMetadata};
use super::negotiation::{Accepted, Media, Target};
use super::options::{Freshness, ListOptions};
use super::page::{self, Token};
use super::request::{Call, set_content_type};
use super::view::{View, finish_json, to_yaml};
use crate::registry::{ObjectSnapshot, Store, Stored};
use apimachinery::status::ApiError;
use databases_storage::cache::CacheError;
use http::Response;
use std::sync::Arc;

pub(super) async fn list(call: &Call<'_>) -> Result<Response<Body>, ApiError> {
    let view = call.view(Target::List)?;
    let options = call.list_options(false)?;
    let (metadata, items, left_out) = select(call.store, call.namespace(), &options).await?;
    record(call, view, &metadata, &items);
    let mut response = Response::new(body(view, &metadata, items));
    set_content_type(&mut response, view.accepted, false);
    call.warnings.extend(left_out);
    Ok(response)
}

/// Records a list that is answered, whole and as JSON.
pub(super) fn record(call: &Call<'_>, view: View, metadata: &ListMetadata, items: &[Arc<Stored>]) {
    let Some(audit) = call.audit else { return };
    let view = View { accepted: Accepted { media: Media::Json, ..view.accepted }, ..view };
    audit.response(|| ListBody::new(view, metadata, items.to_vec()).collect());
}

/// A list streams unless its form needs the whole.
pub(super) fn body(view: View, metadata: &ListMetadata, items: Vec<Arc<Stored>>) -> Body {
    let list = ListBody::new(view, metadata, items);
    match (view.accepted.media, view.accepted.pretty) {
        (Media::Yaml, _) => Body::full(to_yaml(&list.collect())),
        (Media::Json, true) => Body::full(finish_json(list.collect(), true)),
        _ => Body::List(list),
    }
}

/// The list's metadata, the objects it is about, and a warning when there are some that cannot be read.
pub(super) async fn select(
    store: &Store,
    namespace: &str,
    options: &ListOptions,
) -> Result<(ListMetadata, Vec<Arc<Stored>>, Option<String>), ApiError> {
    let prefix = store.prefix(namespace);
    let token = Token::of(options, &prefix)?;
    let snapshot = state(store, options, token.as_ref()).await?;
    // The cache answers "any" without pages.
    let limit = if options.freshness == Freshness::Any && token.is_none() { 0 } else { options.limit };
    let start = token.map(|token| token.start);
    let mut page = page::take(store, &snapshot, &prefix, start.as_deref(), options, limit);
    let items = std::mem::take(&mut page.items);
    Ok((page.metadata(&snapshot, &prefix), items, store.left_out(&snapshot, namespace)))
}

async fn state(
    store: &Store,
    options: &ListOptions,
    token: Option<&Token>,
) -> Result<ObjectSnapshot, ApiError> {
    if let Some(token) = token {
        return match token.revision {
            Some(revision) => store.exactly(revision).await.map_err(|error| match error {
                CacheError::Expired { .. } => token.expired(),
                other => store.cache_error(other),
            }),
            None => store.latest().await,
        };
    }
    match options.freshness {
        Freshness::Latest => store.latest().await,
        Freshness::Any => store.any(),
        Freshness::AtLeast(revision) => store.at_least(revision).await,
        Freshness::Exactly(revision) => store.exactly(revision).await.map_err(|error| match error {
            CacheError::Expired { .. } => {
                ApiError::expired("The resourceVersion for the provided list is too old.")
            }
            other => store.cache_error(other),
        }),
    }
}
