//! The scale subresource: `autoscaling/v1` Scale over any kind that has replicas (V-37). How it is applied is in `scale_apply`.

use super::body::Body;
use super::decode::{Read, Reader, Unreadable};
use super::input;
use super::media_type;
use super::negotiation::{Form, Media, Target};
use super::options::{FieldValidation, WriteOptions};
use super::patch::Patch;
use super::request::{Call, set_content_type};
use super::view::{View, finish_json, metadata_field, partial, partial_type, to_yaml};
use super::{apply, decode, scale_apply, scale_table};
use crate::pipeline::RequestBody;
use crate::registry::{Part, Stored};
use apimachinery::autoscaling::{API_VERSION, KIND, Scale};
use apimachinery::field::{FieldError, Path};
use apimachinery::kind::Hub;
use apimachinery::status::ApiError;
use apimachinery::wire::{self, Problem, TypeMeta, json, protobuf};
use http::{Method, Response};

pub(super) async fn scale(
    call: &Call<'_>,
    method: &Method,
    body: RequestBody,
) -> Result<Response<Body>, ApiError> {
    let view = call.view(Target::Object)?;
    let (namespace, name) = (call.namespace(), call.info.name());
    if *method == Method::GET {
        let stored = call.store.get(namespace, name).await?;
        return Ok(answer(call, &view, &stored));
    }
    let (wanted, options) = match *method {
        Method::PUT => {
            let media = decode::media(call.headers)?;
            let options = WriteOptions::parse("UpdateOptions", call.query)?;
            let whole = read(media, &input::read(call.headers, body).await?)?;
            call.record_facts(&whole.value.metadata, || json(&whole.value));
            (Wanted::Whole(Box::new(whole)), options)
        }
        _ if media_type::of(call.headers) == apply::MEDIA_TYPE => {
            let stored = scale_apply::apply(call, body).await?;
            return Ok(answer(call, &view, &stored));
        }
        _ => {
            let (patch, options) = Patch::read(call, body).await?;
            (Wanted::Patch(Box::new(patch)), options)
        }
    };
    let change = |current: &Stored| {
        let Read { value: scale, problems, .. } = wanted.over(current)?;
        call.warnings.extend(wanted.judge(&scale, &problems, options.field_validation)?);
        scaled(call, &scale, current)
    };
    let (part, manager) = (Part::Main, &options.manager(call.headers));
    let update = call.update_options(part, &options, manager);
    let stored = call.store.update(namespace, name, update, change).await?;
    Ok(answer(call, &view, &stored))
}

enum Wanted {
    Whole(Box<Read<Scale>>),
    Patch(Box<Patch>),
}

impl Wanted {
    fn over(&self, current: &Stored) -> Result<Read<Scale>, ApiError> {
        match self {
            Wanted::Whole(read) => Ok((**read).clone()),
            Wanted::Patch(patch) => {
                let mut tree = Scale::of(&**current.object()).to_tree();
                patch.apply(&mut tree, <Scale as wire::Value>::SCHEMA)?;
                let read = Reader::typed().tree(&tree);
                let read = read.map_err(|error| unfit(current.name(), &tree, &error.to_string()))?;
                check_type(&read.type_meta)?;
                Ok(read)
            }
        }
    }

    /// Warnings; a strict client's body is bad, its patch does not fit.
    fn judge(
        &self,
        scale: &Scale,
        problems: &[Problem],
        validation: FieldValidation,
    ) -> Result<Vec<String>, ApiError> {
        match self {
            Wanted::Whole(_) => input::judge(problems.iter().map(Problem::to_string), validation)
                .map_err(|reason| ApiError::bad_request(&reason)),
            Wanted::Patch(patch) => {
                patch.judge(problems).map_err(|reason| unfit(&scale.metadata.name, &scale.to_tree(), &reason))
            }
        }
    }
}

/// What a patch makes is no Scale.
fn unfit(name: &str, tree: &serde_json::Value, why: &str) -> ApiError {
    let error = FieldError::invalid(&Path::new("patch"), tree.to_string(), why);
    ApiError::invalid_named("autoscaling", KIND, name, vec![error])
}

fn read(media: Media, body: &[u8]) -> Result<Read<Scale>, ApiError> {
    let refuse = |error: &Unreadable| ApiError::bad_request(&format!("cannot read {KIND}: {error}"));
    Reader::typed().read(media, body, check_type, refuse)
}

fn check_type(meta: &TypeMeta) -> Result<(), ApiError> {
    match (meta.kind.as_str(), meta.api_version.as_str()) {
        ("" | KIND, "" | API_VERSION) => Ok(()),
        (kind, version) => Err(ApiError::bad_request(&format!(
            "the scale subresource takes a {API_VERSION} {KIND}, not a {version} {kind}"
        ))),
    }
}

/// The object with what the Scale asks for; its resource version and uid are preconditions.
pub(super) fn scaled(call: &Call<'_>, scale: &Scale, current: &Stored) -> Result<Box<dyn Hub>, ApiError> {
    let wanted = &scale.metadata;
    if !wanted.name.is_empty() && wanted.name != current.name() {
        return Err(ApiError::bad_request(&format!(
            "the name of the object ({}) does not match the name on the URL ({})",
            wanted.name,
            current.name()
        )));
    }
    if !wanted.namespace.is_empty() && wanted.namespace != current.namespace() {
        return Err(ApiError::bad_request(&format!(
            "the namespace of the object ({}) does not match the namespace on the request ({})",
            wanted.namespace,
            current.namespace()
        )));
    }
    let replicas = scale.spec.replicas;
    if replicas < 0 {
        let path = Path::new("spec").child("replicas");
        let error = FieldError::invalid(&path, replicas, "must be greater than or equal to 0");
        return Err(ApiError::invalid_named("autoscaling", KIND, call.info.name(), vec![error]));
    }
    let mut object = current.object().boxed();
    let meta = object.meta_mut();
    // One that says no version is about the object as it is.
    if !wanted.resource_version.is_empty() {
        meta.resource_version.clone_from(&wanted.resource_version);
    }
    meta.uid.clone_from(&wanted.uid);
    if object.scale().map(|scale| scale.desired) != Some(replicas) {
        object.set_scale(replicas);
    }
    Ok(object)
}

/// A Scale as a JSON object with its type.
fn json(scale: &Scale) -> Vec<u8> {
    let mut out = format!("{{\"kind\":\"{KIND}\",\"apiVersion\":\"{API_VERSION}\",").into_bytes();
    let brace = out.len();
    json::encode(scale, &mut out);
    out.remove(brace);
    out
}

/// A Scale as it is, its metadata alone, or a table.
fn answer(call: &Call<'_>, view: &View, stored: &Stored) -> Response<Body> {
    let scale = Scale::of(&**stored.object());
    let shown = || match view.accepted.form {
        Form::Table(_) => scale_table::table(view, &scale),
        Form::Partial(version) => partial(&json(&scale), version),
        Form::Object => json(&scale),
    };
    if let Some(audit) = call.audit {
        audit.response(shown);
    }
    let body = match view.accepted.media {
        Media::Json => finish_json(shown(), view.accepted.pretty),
        Media::Yaml => to_yaml(&shown()),
        Media::Protobuf => {
            let mut message = Vec::new();
            wire::Object::encode_fields(&scale, &mut message);
            let message = message.into();
            match view.accepted.form {
                Form::Partial(version) => protobuf::encode(&partial_type(version), metadata_field(&message)),
                _ => {
                    let meta = TypeMeta { api_version: API_VERSION.into(), kind: KIND.into() };
                    protobuf::encode(&meta, &message)
                }
            }
            .into()
        }
    };
    let mut response = Response::new(Body::full(body));
    set_content_type(&mut response, view.accepted, false);
    response
}
