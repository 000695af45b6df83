//! PUT of an object or of its status (V-30…V-36).

use super::body::Body;
use super::input;
use super::negotiation::Target;
use super::options::WriteOptions;
use super::request::Call;
use crate::registry::{Part, UpdateOptions};
use apimachinery::kind::Hub;
use apimachinery::status::ApiError;
use bytes::Bytes;
use http::{Response, StatusCode};

pub(super) async fn update(call: &Call<'_>, part: Part, body: Bytes) -> Result<Response<Body>, ApiError> {
    let view = call.view(Target::Object)?;
    let options = WriteOptions::parse("UpdateOptions", call.query)?;
    let definition = call.store.definition;
    let media = input::media_type(call.headers);
    let (mut object, mut warnings) =
        input::object(definition, call.version, media, &body, options.field_validation)?;
    settle_name(call, object.as_mut())?;
    if object.meta().resource_version.is_empty() {
        return Err(ApiError::resource_version_required(definition, call.info.name()));
    }
    let update = UpdateOptions { part, dry_run: options.dry_run };
    let change = |_: &crate::registry::Stored| Ok(object.boxed());
    let (stored, more) = call.store.update(call.namespace(), call.info.name(), update, change).await?;
    warnings.extend(more);
    Ok(call.answer(&view, StatusCode::OK, &stored, &warnings))
}

/// Name and namespace of the body must be the URL's (V-08).
pub(super) fn settle_name(call: &Call<'_>, object: &mut dyn Hub) -> Result<(), ApiError> {
    let (name, namespace) = (call.info.name(), call.namespace());
    let meta = object.meta_mut();
    if meta.namespace.is_empty() {
        meta.namespace = namespace.to_owned();
    }
    if meta.namespace != namespace {
        return Err(ApiError::bad_request(
            "the namespace of the provided object does not match the namespace sent on the request",
        ));
    }
    if meta.name != name {
        return Err(ApiError::bad_request(&format!(
            "the name of the object ({}) does not match the name on the URL ({name})",
            meta.name
        )));
    }
    Ok(())
}
