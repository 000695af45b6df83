//! PATCH with a configuration to apply: server-side apply (V-52…V-55, S-06…S-08).

use super::body::Body;
use super::input;
use super::negotiation::Target;
use super::options::{FieldValidation, WriteOptions};
use super::request::Call;
use super::update::{nameless, settle_name};
use crate::pipeline::{Decision, RequestBody, Verb, denied};
use crate::registry::{ApplyOptions, Part};
use apimachinery::kind::Hub;
use apimachinery::status::ApiError;
use apimachinery::wire::{Problem, yaml};
use http::{Response, StatusCode};
use serde_json::Value;

/// Of a configuration, which is YAML or JSON.
pub(super) const MEDIA_TYPE: &str = "application/apply-patch+yaml";

pub(super) async fn apply(
    call: &Call<'_>,
    part: Part,
    body: RequestBody,
) -> Result<Response<Body>, ApiError> {
    let view = call.view(Target::Object)?;
    let options = WriteOptions::of_patch(call.query, true)?;
    let definition = call.store.definition;
    let of = (&*definition.api_version(call.version.name), definition.kind);
    let configuration = configuration(call, body, of, options.field_validation).await?;
    // An object that is there keeps a name that is left out, and not one that is to be gone.
    if configuration["metadata"].get("name").is_some_and(Value::is_null) {
        return Err(nameless(call.info.name()));
    }
    let Some(origin) = call.origin(options.wire()) else {
        return Err(ApiError::internal("a request has no origin"));
    };
    let apply = ApplyOptions {
        part,
        dry_run: options.dry_run,
        origin,
        manager: &options.manager(call.headers),
        force: options.force == Some(true),
        configuration: &configuration,
        read: &|object| read(call, object),
        permit: &|| Box::pin(may_create(call)),
    };
    let (namespace, name) = (call.namespace(), call.info.name());
    let (stored, is_new) = call.store.apply(namespace, name, &apply).await?;
    let code = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok(call.answer(&view, code, &stored))
}

/// Reads what a body says of an object of that version and kind, and records it.
pub(super) async fn configuration(
    call: &Call<'_>,
    body: RequestBody,
    of: (&str, &str),
    validation: FieldValidation,
) -> Result<Value, ApiError> {
    let body = input::read(call.headers, body).await?;
    let configuration = decoded(call, &body, of, validation)?;
    if let Some(audit) = call.audit {
        audit.patch(configuration.to_string().as_bytes());
    }
    Ok(configuration)
}

/// The same of the body's bytes; names that stand twice in it are warned of.
fn decoded(
    call: &Call<'_>,
    body: &[u8],
    of: (&str, &str),
    validation: FieldValidation,
) -> Result<Value, ApiError> {
    let bad = |why: &dyn std::fmt::Display| ApiError::bad_request(&format!("error decoding patch: {why}"));
    let (mut tree, duplicates) = yaml::decode(body).map_err(|error| bad(&error))?;
    if tree.is_null() {
        tree = Value::Object(serde_json::Map::new());
    }
    if !tree.is_object() {
        return Err(bad(&"a configuration is an object"));
    }
    let text = |name: &str| tree[name].as_str().unwrap_or_default();
    let (api_version, kind) = (text("apiVersion"), text("kind"));
    if (api_version, kind) != of {
        let (group, version) = api_version.rsplit_once('/').unwrap_or(("", api_version));
        let what = format!("invalid object type: {group}/{version}, Kind={kind}");
        return Err(ApiError::bad_request(&what));
    }
    let warnings = input::judge(duplicates.iter().map(Problem::to_string), validation)
        .map_err(|why| ApiError::bad_request(&format!("error strict decoding patch: {why}")))?;
    call.warnings.extend(warnings);
    Ok(tree)
}

/// Reads what a configuration makes of an object.
fn read(call: &Call<'_>, object: &Value) -> Result<Box<dyn Hub>, ApiError> {
    let definition = call.store.definition;
    let mut object = input::object_in_tree(definition, call.version, object)?.value;
    object.default_fields();
    settle_name(call, object.as_mut())?;
    Ok(object)
}

/// Who applies what is not there makes it.
async fn may_create(call: &Call<'_>) -> Result<(), ApiError> {
    let info = call.info.with_verb(Verb::Create);
    match call.permission.ask(call.user, &info).await {
        Decision::Allow(_) => Ok(()),
        Decision::Deny(reason) => {
            let why = denied(call.user, &info, &reason);
            Err(ApiError::forbidden(call.store.definition, call.info.name(), &why))
        }
        Decision::Error(reason) => Err(ApiError::internal(&reason)),
    }
}
