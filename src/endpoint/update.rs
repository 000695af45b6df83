//! PUT of an object or of its status (V-30…V-36).

use super::body::Body;
use super::negotiation::Target;
use super::options::WriteOptions;
use super::request::Call;
use super::{decode, input};
use crate::pipeline::RequestBody;
use crate::registry::{Part, Stored, settle_namespace};
use apimachinery::kind::Hub;
use apimachinery::status::ApiError;
use http::{Response, StatusCode};

pub(super) async fn update(
    call: &Call<'_>,
    part: Part,
    body: RequestBody,
) -> Result<Response<Body>, ApiError> {
    let view = call.view(if part == Part::Finalize { Target::Plain } else { Target::Object })?;
    let options = WriteOptions::parse("UpdateOptions", call.query)?;
    let media = decode::media(call.headers)?;
    let body = input::read(call.headers, body).await?;
    let definition = call.store.definition;
    let (mut object, warnings) =
        input::object(definition, call.version, media, &body, options.field_validation)?;
    call.warnings.extend(warnings);
    call.record(&view, object.as_ref());
    settle_name(call, object.as_mut())?;
    let manager = &options.manager(call.headers);
    let update = call.update_options(part, &options, manager);
    let change = |_: &Stored| Ok(object.boxed());
    let stored = call.store.update(call.namespace(), call.info.name(), update, change).await?;
    Ok(call.answer(&view, StatusCode::OK, &stored))
}

/// Name and namespace of the body must be the URL's (V-08).
pub(super) fn settle_name(call: &Call<'_>, object: &mut dyn Hub) -> Result<(), ApiError> {
    let (name, namespace) = (call.info.name(), call.namespace());
    settle_namespace(call.store.definition, object, namespace)?;
    let meta = object.meta();
    if meta.name.is_empty() {
        return Err(nameless(name));
    }
    if meta.name != name {
        return Err(ApiError::bad_request(&format!(
            "the name of the object ({}) does not match the name on the URL ({name})",
            meta.name
        )));
    }
    Ok(())
}

/// An object that does not say its name.
pub(super) fn nameless(name: &str) -> ApiError {
    let why =
        format!("the name of the object ({name} based on URL) was undeterminable: name must be provided");
    ApiError::bad_request(&why)
}
