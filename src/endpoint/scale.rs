//! The scale subresource: `autoscaling/v1` Scale over any kind that has replicas (V-37).

use super::body::Body;
use super::input;
use super::negotiation::{Media, Target};
use super::options::WriteOptions;
use super::request::{Call, set_content_type};
use super::view::{View, finish_json, to_yaml};
use crate::registry::{Part, Stored, UpdateOptions};
use apimachinery::field::{FieldError, Path};
use apimachinery::status::ApiError;
use bytes::Bytes;
use http::{Method, Response};
use serde_json::{Value, json};

pub(super) async fn scale(call: &Call<'_>, method: &Method, body: Bytes) -> Result<Response<Body>, ApiError> {
    let view = call.view(Target::Object)?;
    let (namespace, name) = (call.namespace(), call.info.name());
    if *method == Method::GET {
        let stored = call.store.get(namespace, name).await?;
        return Ok(answer(&view, &stored));
    }
    let options = WriteOptions::parse("UpdateOptions", call.query)?;
    let media = input::media_type(call.headers).to_owned();
    let change = |current: &Stored| {
        let wanted = wanted(method, &media, &body, current)?;
        let mut object = current.object().boxed();
        check_meta(&wanted, object.as_ref().meta(), call)?;
        let replicas = replicas(&wanted, call)?;
        if object.scale().map(|scale| scale.desired) != Some(replicas) {
            object.set_scale(replicas);
        }
        Ok(object)
    };
    let update = UpdateOptions { part: Part::Main, dry_run: options.dry_run };
    let (stored, _) = call.store.update(namespace, name, update, change).await?;
    Ok(answer(&view, &stored))
}

/// The Scale that a PUT carries, or that a PATCH makes of the current one.
fn wanted(method: &Method, media: &str, body: &[u8], current: &Stored) -> Result<Value, ApiError> {
    let bad = |error: serde_json::Error| ApiError::bad_request(&format!("cannot read Scale: {error}"));
    if *method == Method::PUT {
        if media != "application/json" {
            return Err(ApiError::unsupported_media_type("application/json"));
        }
        return serde_json::from_slice(body).map_err(bad);
    }
    let mut tree = tree(current);
    match media {
        "application/merge-patch+json" => {
            json_patch::merge(&mut tree, &serde_json::from_slice(body).map_err(bad)?)
        }
        "application/json-patch+json" => {
            let patch: json_patch::Patch = serde_json::from_slice(body).map_err(bad)?;
            json_patch::patch(&mut tree, &patch)
                .map_err(|error| ApiError::unprocessable(&error.to_string()))?;
        }
        _ => {
            return Err(ApiError::unsupported_media_type(
                "application/json-patch+json, application/merge-patch+json",
            ));
        }
    }
    Ok(tree)
}

fn check_meta(
    wanted: &Value,
    current: &apimachinery::meta::ObjectMeta,
    call: &Call<'_>,
) -> Result<(), ApiError> {
    let text = |key: &str| wanted["metadata"][key].as_str().unwrap_or_default();
    let name = text("name");
    if !name.is_empty() && name != current.name {
        return Err(ApiError::bad_request(&format!(
            "the name of the object ({name}) does not match the name on the URL ({})",
            current.name
        )));
    }
    let version = text("resourceVersion");
    if !version.is_empty() && version != current.resource_version {
        return Err(ApiError::conflict(call.store.definition, &current.name));
    }
    Ok(())
}

fn replicas(wanted: &Value, call: &Call<'_>) -> Result<i32, ApiError> {
    let path = Path::new("spec").child("replicas");
    let invalid = |error| ApiError::invalid_named("autoscaling", "Scale", call.info.name(), vec![error]);
    let value = match &wanted["spec"]["replicas"] {
        Value::Null => 0,
        value => value.as_i64().ok_or_else(|| {
            ApiError::bad_request(&format!("cannot read Scale: spec.replicas: {value} is not a number"))
        })?,
    };
    match i32::try_from(value) {
        Ok(value) if value >= 0 => Ok(value),
        _ => Err(invalid(FieldError::invalid(&path, value, "must be greater than or equal to 0"))),
    }
}

fn tree(stored: &Stored) -> Value {
    let object = stored.object();
    let (meta, scale) = (object.meta(), object.scale().unwrap_or_default());
    let mut out = json!({
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {
            "name": meta.name,
            "namespace": meta.namespace,
            "uid": meta.uid,
            "resourceVersion": meta.resource_version,
            "creationTimestamp": meta.creation_timestamp.map(|time| time.to_string()),
        },
        "spec": {},
        "status": {"replicas": scale.current},
    });
    if scale.desired != 0 {
        out["spec"]["replicas"] = scale.desired.into();
    }
    if !scale.selector.is_empty() {
        out["status"]["selector"] = scale.selector.into();
    }
    out
}

/// Scale is small and rare: JSON whatever was asked, YAML where it was.
fn answer(view: &View, stored: &Stored) -> Response<Body> {
    let compact = tree(stored).to_string().into_bytes();
    let mut accepted = view.accepted;
    let body = match accepted.media {
        Media::Yaml => to_yaml(&compact),
        Media::Json | Media::Protobuf => {
            accepted.media = Media::Json;
            finish_json(compact, accepted.pretty)
        }
    };
    let mut response = Response::new(Body::full(body));
    set_content_type(&mut response, accepted, false);
    response
}
