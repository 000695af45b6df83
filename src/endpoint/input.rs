//! Bodies: read within the limit, and objects of a version out of them (V-02, V-03, V-05).

use super::decode::{Read, Reader, Unreadable};
use super::negotiation::Media;
use super::options::FieldValidation;
use crate::pipeline::waits_for_leave;
use apimachinery::kind::{Definition, Hub, Version};
use apimachinery::status::ApiError;
use apimachinery::wire::json::JsonError;
use apimachinery::wire::{Problem, TypeMeta};
use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http_body::Body;
use http_body_util::BodyExt;

/// The largest body that is read.
pub(super) const BODY_LIMIT: usize = 3 * 1024 * 1024;

/// Of a body over the limit so many bytes are read and dropped before it is refused: many clients read no answer before
/// they have sent everything, and take an early end for a broken connection.
const DRAIN_LIMIT: usize = 32 * 1024 * 1024;

/// Reads a body; one over the limit is refused, and never in memory. Who waits for leave to send it is refused before.
pub(super) async fn read<B>(headers: &HeaderMap, body: B) -> Result<Bytes, ApiError>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: std::fmt::Display,
{
    let too_large = || ApiError::request_entity_too_large(BODY_LIMIT);
    let most = if waits_for_leave(headers) { BODY_LIMIT } else { DRAIN_LIMIT };
    if body.size_hint().lower() > most as u64 {
        return Err(too_large());
    }
    let mut body = body;
    let mut chunks = BytesMut::new();
    let mut length = 0;
    while let Some(frame) = body.frame().await {
        let frame =
            frame.map_err(|error| ApiError::bad_request(&format!("the body could not be read: {error}")))?;
        let Ok(data) = frame.into_data() else { continue };
        length += data.len();
        if length > DRAIN_LIMIT {
            break;
        }
        if length > BODY_LIMIT {
            chunks = BytesMut::new();
        } else {
            chunks.extend_from_slice(&data);
        }
    }
    if length > BODY_LIMIT { Err(too_large()) } else { Ok(chunks.freeze()) }
}

/// Reads an object of this version, with warnings about fields that the version does not have.
pub(super) fn object(
    definition: &'static Definition,
    version: &'static Version,
    media: Media,
    body: &[u8],
    validation: FieldValidation,
) -> Result<(Box<dyn Hub>, Vec<String>), ApiError> {
    let check = |meta: &TypeMeta| check_type(definition, version, meta);
    let refuse = |error: &Unreadable| match error {
        Unreadable::Json(error) => unreadable(definition, version, error),
        error => ApiError::bad_request(&error.to_string()),
    };
    let Read { value: mut object, problems, .. } =
        Reader::in_version(version).read(media, body, check, refuse)?;
    object.default_fields();
    let warnings = judge(problems.iter().map(Problem::to_string), validation)
        .map_err(|reason| refused(definition, version, &reason))?;
    Ok((object, warnings))
}

/// Reads an object of this version out of a tree.
pub(super) fn object_in_tree(
    definition: &Definition,
    version: &'static Version,
    tree: &serde_json::Value,
) -> Result<Read<Box<dyn Hub>>, ApiError> {
    let read = Reader::in_version(version).tree(tree);
    let read = read.map_err(|error| unreadable(definition, version, &error))?;
    check_type(definition, version, &read.type_meta)?;
    Ok(read)
}

fn unreadable(definition: &Definition, version: &Version, error: &JsonError) -> ApiError {
    match error {
        JsonError::Syntax(_) => ApiError::bad_request(&format!(
            "the object provided is unrecognized (must be of type {}): couldn't get version/kind; json parse error: {error}",
            definition.kind
        )),
        JsonError::Type { .. } => refused(definition, version, error),
    }
}

/// Data that is no object of this kind.
fn refused(definition: &Definition, version: &Version, reason: &dyn std::fmt::Display) -> ApiError {
    let (kind, name) = (definition.kind, version.name);
    ApiError::bad_request(&format!("{kind} in version {name:?} cannot be handled as a {kind}: {reason}"))
}

/// The body's own type, where it says one, must be the URL's (V-03).
fn check_type(definition: &Definition, version: &Version, meta: &TypeMeta) -> Result<(), ApiError> {
    let expected = definition.api_version(version.name);
    let stated = meta.api_version.as_str();
    // Kubernetes reads `/v1` as a version of the group without a name, and `/` as nothing at all (ParseGroupVersion).
    let stated = stated.strip_prefix('/').filter(|version| !version.contains('/')).unwrap_or(stated);
    if !stated.is_empty() && stated != expected {
        return Err(ApiError::bad_request(&format!(
            "the API version in the data ({}) does not match the expected API version ({expected})",
            meta.api_version
        )));
    }
    if !meta.kind.is_empty() && meta.kind != definition.kind {
        return Err(ApiError::bad_request(&format!(
            "{} in version {:?} cannot be handled as a {}: the kind in the data does not match the URL",
            meta.kind, version.name, definition.kind
        )));
    }
    Ok(())
}

/// Unknown and duplicate fields: silent, warnings, or one error with all of them (C-18).
pub(super) fn judge(
    problems: impl Iterator<Item = String>,
    validation: FieldValidation,
) -> Result<Vec<String>, String> {
    if validation == FieldValidation::Ignore {
        return Ok(Vec::new());
    }
    let all: Vec<String> = problems.collect();
    match validation {
        FieldValidation::Strict if !all.is_empty() => {
            Err(format!("strict decoding error: {}", all.join(", ")))
        }
        _ => Ok(all),
    }
}
