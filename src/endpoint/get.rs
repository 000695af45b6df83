//! GET of one object (L-01, V-01).

use super::body::Body;
use super::negotiation::Target;
use super::options;
use super::request::Call;
use crate::pipeline::query;
use apimachinery::status::ApiError;
use http::{Response, StatusCode};

pub(super) async fn get(call: &Call<'_>) -> Result<Response<Body>, ApiError> {
    let export = query::first(call.query, "export").is_some_and(|value| !value.is_empty());
    if export && query::is_true(call.query, "export") {
        let message = "the export parameter, deprecated since v1.14, is no longer supported";
        return Err(ApiError::bad_request(message));
    }
    let view = call.view(Target::Object)?;
    let version = query::first(call.query, "resourceVersion").unwrap_or_default();
    let snapshot = match options::revision(&version)? {
        None => call.store.latest().await?,
        Some(0) => call.store.any()?,
        Some(revision) => call.store.at_least(revision).await?,
    };
    let stored = call.store.find(&snapshot, call.namespace(), call.info.name())?;
    Ok(call.answer(&view, StatusCode::OK, &stored))
}
