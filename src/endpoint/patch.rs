//! PATCH with JSON patch and JSON merge patch (V-50…V-55).

use super::body::Body;
use super::input;
use super::negotiation::Target;
use super::options::{FieldValidation, WriteOptions};
use super::request::Call;
use super::update::{require_version, settle_name};
use crate::pipeline::query;
use crate::registry::{Part, Stored, UpdateOptions};
use apimachinery::field::{FieldError, Path};
use apimachinery::kind::Hub;
use apimachinery::status::ApiError;
use apimachinery::wire::{json, limits};
use bytes::Bytes;
use http::{Response, StatusCode};
use json_patch::PatchOperation;
use serde_json::Value;

/// What is taken, as an answer of 415 lists it.
const PATCH_TYPES: &str = "application/json-patch+json, application/merge-patch+json";
/// A JSON patch has at most so many operations.
const MOST_OPERATIONS: usize = 10_000;
/// All copies of a JSON patch together add at most so many bytes.
const MOST_COPIED: usize = 3 * 1024 * 1024;

/// A patch that was read.
pub(super) enum Patch {
    Json(json_patch::Patch),
    Merge(Value),
}

pub(super) async fn patch(call: &Call<'_>, part: Part, body: Bytes) -> Result<Response<Body>, ApiError> {
    let view = call.view(Target::Object)?;
    let (patch, options, duplicates) = Patch::read(call, &body)?;
    let mut warnings = Vec::new();
    let change = |current: &Stored| {
        let (object, found) = apply(call, &patch, current, options.field_validation)?;
        warnings = found;
        Ok(object)
    };
    let update = UpdateOptions { part, dry_run: options.dry_run, origin: call.origin(options.wire()) };
    let (stored, more) = call.store.update(call.namespace(), call.info.name(), update, change).await?;
    warnings.splice(0..0, duplicates);
    warnings.extend(more);
    Ok(call.answer(&view, StatusCode::OK, &stored, &warnings))
}

impl Patch {
    /// The patch of a request, its options, and warnings about names that stand twice in its text.
    pub(super) fn read(call: &Call<'_>, body: &[u8]) -> Result<(Self, WriteOptions, Vec<String>), ApiError> {
        let patch = Patch::parse(input::media_type(call.headers), body)?;
        let options = WriteOptions::parse("PatchOptions", call.query)?;
        if query::first(call.query, "force").is_some() {
            let detail = "may not be specified for non-apply patch";
            let error = FieldError::forbidden(&Path::new("force"), detail);
            return Err(super::options::invalid("PatchOptions", vec![error]));
        }
        let duplicates = input::judge(&json::duplicate_fields(body), options.field_validation, "json patch ")
            .map_err(|reason| ApiError::bad_request(&reason))?;
        Ok((patch, options, duplicates))
    }

    fn parse(media: &str, body: &[u8]) -> Result<Self, ApiError> {
        let malformed =
            |error: serde_json::Error| ApiError::bad_request(&format!("error decoding patch: {error}"));
        match media {
            "application/json-patch+json" => {
                let operations: Vec<Value> = serde_json::from_str(&json::text(body)).map_err(malformed)?;
                if operations.len() > MOST_OPERATIONS {
                    return Err(ApiError::request_too_large(&format!(
                        "The allowed maximum operations in a JSON patch is {MOST_OPERATIONS}, got {}",
                        operations.len()
                    )));
                }
                if let Some(other) = operations.iter().find(|operation| !operation.is_object()) {
                    let reason = format!("error decoding patch: {other} is no operation of a JSON patch");
                    return Err(ApiError::bad_request(&reason));
                }
                let patch = serde_json::from_value(Value::Array(operations));
                Ok(Patch::Json(patch.map_err(|error| unprocessable(&error.to_string()))?))
            }
            "application/merge-patch+json" => {
                let patch = json::parse(body).map_err(malformed)?;
                if !patch.is_object() {
                    return Err(ApiError::bad_request("error decoding patch: a merge patch is an object"));
                }
                Ok(Patch::Merge(patch))
            }
            _ => Err(ApiError::unsupported_media_type(PATCH_TYPES)),
        }
    }

    pub(super) fn apply(&self, tree: &mut Value) -> Result<(), ApiError> {
        match self {
            Patch::Merge(patch) => {
                json_patch::merge(tree, patch);
                Ok(())
            }
            Patch::Json(patch) => apply_operations(tree, &patch.0),
        }
    }
}

/// One operation after the other. Copies may double what is copied again and again: what they add is bounded.
fn apply_operations(tree: &mut Value, operations: &[PatchOperation]) -> Result<(), ApiError> {
    let mut copied = 0;
    for (number, operation) in operations.iter().enumerate() {
        check_depth(tree, operation)?;
        match operation {
            PatchOperation::Copy(copy) => {
                copied += tree.pointer(copy.from.as_str()).map_or(0, |source| source.to_string().len());
                if copied > MOST_COPIED {
                    return Err(unprocessable(&format!(
                        "Unable to complete the copy, the accumulated size increase of copy is {copied}, exceeding the limit {MOST_COPIED}"
                    )));
                }
            }
            PatchOperation::Test(test) if test.value.is_null() && is_absent(tree, test.path.as_str()) => {
                continue;
            }
            _ => {}
        }
        json_patch::patch(tree, std::slice::from_ref(operation)).map_err(|error| {
            unprocessable(&format!("operation '/{number}' failed at path '{}': {}", error.path, error.kind))
        })?;
    }
    Ok(())
}

/// No operation nests deeper than a body may be.
fn check_depth(tree: &Value, operation: &PatchOperation) -> Result<(), ApiError> {
    let (path, value) = match operation {
        PatchOperation::Add(add) => (&add.path, Some(&add.value)),
        PatchOperation::Replace(replace) => (&replace.path, Some(&replace.value)),
        PatchOperation::Copy(copy) => (&copy.path, tree.pointer(copy.from.as_str())),
        PatchOperation::Move(moved) => (&moved.path, tree.pointer(moved.from.as_str())),
        PatchOperation::Remove(_) | PatchOperation::Test(_) => return Ok(()),
    };
    let room = limits::DEEPEST.checked_sub(path.count());
    let fits = room.is_some_and(|room| value.is_none_or(|value| limits::is_within(value, room)));
    if fits {
        return Ok(());
    }
    Err(unprocessable(&format!(
        "at path '{path}' the object would be nested deeper than {} levels",
        limits::DEEPEST
    )))
}

/// Whether an object that is there lacks just the last part of the path: a test for null holds then (V-50).
fn is_absent(tree: &Value, path: &str) -> bool {
    let parent = path.rsplit_once('/').and_then(|(parent, _)| tree.pointer(parent));
    parent.is_some_and(Value::is_object) && tree.pointer(path).is_none()
}

fn unprocessable(reason: &str) -> ApiError {
    ApiError::unprocessable(&format!(
        "the server rejected our request due to an error in our request: {reason}"
    ))
}

/// The patched object, from its JSON in the URL's version.
fn apply(
    call: &Call<'_>,
    patch: &Patch,
    current: &Stored,
    validation: FieldValidation,
) -> Result<(Box<dyn Hub>, Vec<String>), ApiError> {
    let mut tree = (call.version.to_tree)(&**current.object());
    tree["kind"] = call.store.definition.kind.into();
    tree["apiVersion"] = call.store.definition.api_version(call.version.name).into();
    patch.apply(&mut tree)?;
    if !tree.is_object() {
        return Err(unprocessable("what the patch leaves is no object"));
    }
    let refused = |reason: &dyn std::fmt::Display| {
        ApiError::unprocessable_patch(call.store.definition, call.info.name(), &reason.to_string())
    };
    let (mut object, context) =
        input::decode_tree(call.store.definition, call.version, &tree).map_err(|error| refused(&error))?;
    input::check_type(call.store.definition, call.version, &context.type_meta)
        .map_err(|error| refused(&error))?;
    let warnings = input::judge(context.problems(), validation, "").map_err(|reason| refused(&reason))?;
    object.default_fields();
    settle_name(call, object.as_mut())?;
    require_version(call, object.as_ref())?;
    let current = current.object();
    let old = current.meta();
    let meta = object.meta_mut();
    if meta.uid != old.uid && !meta.uid.is_empty() {
        let error = FieldError::immutable(&Path::new("metadata.uid"), &*meta.uid);
        return Err(ApiError::invalid(call.store.definition, &old.name, vec![error]));
    }
    Ok((object, warnings))
}
