//! One value out of a body, whatever media type it comes in (C-04).

use super::media_type;
use super::negotiation::Media;
use apimachinery::kind::{Hub, Version};
use apimachinery::status::ApiError;
use apimachinery::wire::json::JsonError;
use apimachinery::wire::yaml::YamlError;
use apimachinery::wire::{Decoding, Object, Problem, ProtobufError, TypeMeta, json, protobuf, yaml};
use http::HeaderMap;
use serde_json::Value;
use std::fmt::{self, Display, Formatter};

/// Media types of a whole object.
const OBJECT_TYPES: &str = "application/json, application/yaml, application/vnd.kubernetes.protobuf";

type Decoded<T> = Result<(T, Decoding), JsonError>;

/// How a type is read out of JSON text, of a tree (YAML), and of a protobuf message.
pub(super) struct Reader<T> {
    json: fn(&[u8]) -> Decoded<T>,
    tree: fn(&Value) -> Decoded<T>,
    protobuf: fn(&[u8]) -> Result<T, ProtobufError>,
}

/// What was read, what it says it is, and what strict clients want to hear of.
#[derive(Clone)]
pub(super) struct Read<T> {
    pub(super) value: T,
    pub(super) type_meta: TypeMeta,
    pub(super) problems: Vec<Problem>,
}

/// Why a body is not what was asked for.
pub(super) enum Unreadable {
    Json(JsonError),
    Yaml(YamlError),
    Protobuf(ProtobufError),
}

impl Display for Unreadable {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Unreadable::Json(error) => error.fmt(out),
            Unreadable::Yaml(error) => error.fmt(out),
            Unreadable::Protobuf(error) => error.fmt(out),
        }
    }
}

/// The encoding of a whole object in a body, as the headers say.
pub(super) fn media(headers: &HeaderMap) -> Result<Media, ApiError> {
    match &*media_type::of(headers) {
        _ if !media_type::has_readable_parameters(headers) => {
            Err(ApiError::unsupported_media_type(OBJECT_TYPES))
        }
        "application/json" => Ok(Media::Json),
        "application/yaml" => Ok(Media::Yaml),
        "application/vnd.kubernetes.protobuf" => Ok(Media::Protobuf),
        _ => Err(ApiError::unsupported_media_type(OBJECT_TYPES)),
    }
}

impl Reader<Box<dyn Hub>> {
    /// Objects in this version.
    pub(super) fn in_version(version: &Version) -> Self {
        Reader { json: version.decode_json, tree: version.decode_tree, protobuf: version.decode_protobuf }
    }
}

impl<T: Object> Reader<T> {
    /// Values of one type.
    pub(super) fn typed() -> Self {
        Reader { json: json::decode, tree: json::decode_tree, protobuf: protobuf::message }
    }
}

impl<T> Reader<T> {
    /// Reads a body. `check` refuses one that says it is something else, and `refuse` words why one cannot be read.
    pub(super) fn read(
        &self,
        media: Media,
        body: &[u8],
        check: impl Fn(&TypeMeta) -> Result<(), ApiError>,
        refuse: impl Fn(&Unreadable) -> ApiError,
    ) -> Result<Read<T>, ApiError> {
        let read = match media {
            Media::Json => self.json(body).map_err(|error| refuse(&error))?,
            Media::Yaml => self.yaml(body).map_err(|error| refuse(&error))?,
            Media::Protobuf => {
                let refuse = |error| refuse(&Unreadable::Protobuf(error));
                let envelope = protobuf::decode(body).map_err(refuse)?;
                // A message of another type would be read as nonsense.
                check(&envelope.type_meta)?;
                let value = (self.protobuf)(envelope.raw).map_err(refuse)?;
                return Ok(Read { value, type_meta: envelope.type_meta, problems: Vec::new() });
            }
        };
        check(&read.type_meta)?;
        Ok(read)
    }

    fn json(&self, body: &[u8]) -> Result<Read<T>, Unreadable> {
        (self.json)(body).map(Read::from).map_err(Unreadable::Json)
    }

    fn yaml(&self, body: &[u8]) -> Result<Read<T>, Unreadable> {
        let (tree, duplicates) = yaml::decode(body).map_err(Unreadable::Yaml)?;
        let mut read = self.tree(&tree).map_err(Unreadable::Json)?;
        read.problems.splice(0..0, duplicates);
        Ok(read)
    }

    /// Reads a tree, as a patch leaves one.
    pub(super) fn tree(&self, tree: &Value) -> Result<Read<T>, JsonError> {
        (self.tree)(tree).map(Read::from)
    }
}

impl<T> From<(T, Decoding)> for Read<T> {
    fn from((value, context): (T, Decoding)) -> Self {
        let problems = context.problems().to_vec();
        Read { value, type_meta: context.type_meta, problems }
    }
}
