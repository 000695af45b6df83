//! POST (V-10).

use super::body::Body;
use super::negotiation::Target;
use super::options::WriteOptions;
use super::request::Call;
use super::{decode, input};
use crate::pipeline::RequestBody;
use crate::registry::CreateOptions;
use apimachinery::status::ApiError;
use http::{Response, StatusCode};

pub(super) async fn create(call: &Call<'_>, body: RequestBody) -> Result<Response<Body>, ApiError> {
    let view = call.view(Target::Object)?;
    let media = decode::media(call.headers)?;
    let options = WriteOptions::parse("CreateOptions", call.query)?;
    let body = input::read(call.headers, body).await?;
    let definition = call.store.definition;
    let (object, warnings) = input::object(definition, call.version, media, &body, options.field_validation)?;
    call.warnings.extend(warnings);
    call.record(&view, object.as_ref());
    let manager = &options.manager(call.headers);
    let create = CreateOptions {
        dry_run: options.dry_run,
        origin: call.origin(options.wire()),
        manager,
        is_owned: false,
    };
    let stored = call.store.create(call.namespace(), object, create).await?;
    Ok(call.answer(&view, StatusCode::CREATED, &stored))
}
