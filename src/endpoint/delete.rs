//! DELETE of one object and of a collection (X-01…X-09).

use super::body::Body;
use super::input;
use super::list;
use super::negotiation::Target;
use super::options::{check_dry_run, invalid};
use super::request::{Call, add_warnings, set_content_type};
use super::view::{View, status_body};
use crate::admission::Options;
use crate::pipeline::query;
use crate::registry::{DeleteRequest, Deleted, Stored};
use apimachinery::field::{Errors, FieldError, Path};
use apimachinery::meta::{DeleteOptions, PropagationPolicy};
use apimachinery::status::{ApiError, Status};
use apimachinery::wire::{self, TypeMeta, json, protobuf, yaml};
use bytes::Bytes;
use futures_util::stream::{self, StreamExt};
use http::{Response, StatusCode};
use std::borrow::Cow;

/// Objects of a collection are deleted so many at a time.
const PARALLEL: usize = 16;

pub(super) async fn delete(call: &Call<'_>, body: Bytes) -> Result<Response<Body>, ApiError> {
    let view = call.view(Target::Object)?;
    let options = options(call, &body)?;
    let request = request(call, &options);
    let name = call.info.name();
    let (deleted, warnings) = call.store.delete(call.namespace(), name, &request).await?;
    let mut response = match deleted {
        Deleted::Terminating(stored) => {
            let accepted = request.options.orphan_dependents == Some(false);
            let code = if accepted { StatusCode::ACCEPTED } else { StatusCode::OK };
            call.answer(&view, code, &stored, &[])
        }
        Deleted::Gone(stored) => success(call, &view, &stored),
    };
    add_warnings(&mut response, &warnings);
    Ok(response)
}

/// `Status` Success with the uid that `kubectl delete` waits for.
fn success(call: &Call<'_>, view: &View, stored: &Stored) -> Response<Body> {
    let status = Status::deleted(call.store.definition, stored.name(), stored.uid());
    let body = status_body(&status, view.accepted.media, view.accepted.pretty);
    let mut response = Response::new(Body::full(body));
    set_content_type(&mut response, view.accepted, false);
    response
}

pub(super) async fn delete_collection(call: &Call<'_>, body: Bytes) -> Result<Response<Body>, ApiError> {
    let view = call.view(Target::List)?;
    let options = options(call, &body)?;
    let request = request(call, &options);
    let selection = call.list_options(false)?;
    let (metadata, items) = list::select(call.store, call.namespace(), &selection).await?;
    let deletions = stream::iter(items.iter().cloned()).map(|stored| {
        let request = &request;
        async move {
            match call.store.delete(stored.namespace(), stored.name(), request).await {
                Err(error) if error.code() != 404 => Err(error),
                _ => Ok(()),
            }
        }
    });
    let outcomes: Vec<Result<(), ApiError>> = deletions.buffer_unordered(PARALLEL).collect().await;
    outcomes.into_iter().collect::<Result<(), ApiError>>()?;
    let mut response = Response::new(list::body(view, &metadata, items));
    set_content_type(&mut response, view.accepted, false);
    Ok(response)
}

fn request<'a>(call: &'a Call<'_>, options: &'a DeleteOptions) -> DeleteRequest<'a> {
    let dry_run = !options.dry_run.is_empty();
    DeleteRequest { dry_run, options: options.clone(), origin: call.origin(Options::Delete(options)) }
}

/// Options from the body, or from the query where the body is empty.
fn options(call: &Call<'_>, body: &[u8]) -> Result<DeleteOptions, ApiError> {
    let options = if body.is_empty() { from_query(call.query)? } else { from_body(call, body)? };
    let mut errors = Errors::new();
    check_dry_run(options.dry_run.iter().map(String::as_str), &mut errors);
    if options.orphan_dependents.is_some() && options.propagation_policy.is_some() {
        let path = Path::new("propagationPolicy");
        let value = options.propagation_policy.as_ref().map_or("", |policy| policy.as_str());
        errors.push(FieldError::invalid(
            &path,
            value,
            "orphanDependents and deletionPropagation cannot be both set",
        ));
    }
    if let Some(policy) = options.propagation_policy.as_ref().filter(|policy| !policy.is_supported()) {
        let path = Path::new("propagationPolicy");
        let supported = ["Foreground", "Background", "Orphan", "nil"];
        errors.push(FieldError::not_supported(&path, policy.as_str(), &supported));
    }
    if !errors.is_empty() {
        return Err(invalid("DeleteOptions", errors));
    }
    Ok(options)
}

fn from_body(call: &Call<'_>, body: &[u8]) -> Result<DeleteOptions, ApiError> {
    let bad =
        |error: &dyn std::fmt::Display| ApiError::bad_request(&format!("cannot read DeleteOptions: {error}"));
    let (options, meta) = match input::media_type(call.headers) {
        "application/json" => {
            let (options, context) = json::decode(body).map_err(|error| bad(&error))?;
            (options, context.type_meta)
        }
        "application/yaml" => {
            let (tree, _) = yaml::decode(body).map_err(|error| bad(&error))?;
            let (options, context) = json::decode_tree(&tree).map_err(|error| bad(&error))?;
            (options, context.type_meta)
        }
        "application/vnd.kubernetes.protobuf" => {
            let mut envelope = protobuf::decode(body).map_err(|error| bad(&error))?;
            let mut options = DeleteOptions::default();
            wire::merge_fields(&mut options, &mut envelope.raw).map_err(|error| bad(&error))?;
            (options, envelope.type_meta)
        }
        _ => return Err(ApiError::unsupported_media_type(input::OBJECT_TYPES)),
    };
    check_type(&meta)?;
    Ok(options)
}

/// Options say what they are, if they do; of which version does not matter.
fn check_type(meta: &TypeMeta) -> Result<(), ApiError> {
    if !matches!(meta.kind.as_str(), "" | "DeleteOptions") {
        return Err(ApiError::bad_request(&format!(
            "the body of a deletion is a DeleteOptions, not a {:?}",
            meta.kind
        )));
    }
    Ok(())
}

fn from_query(text: &str) -> Result<DeleteOptions, ApiError> {
    let grace =
        match query::first(text, "gracePeriodSeconds") {
            None => None,
            Some(value) => Some(value.parse().map_err(|_| {
                ApiError::bad_request(&format!("gracePeriodSeconds: {value:?} is not a number"))
            })?),
        };
    let orphan = query::first(text, "orphanDependents").map(|_| query::is_true(text, "orphanDependents"));
    let policy = query::first(text, "propagationPolicy").filter(|value| !value.is_empty());
    Ok(DeleteOptions {
        grace_period_seconds: grace,
        orphan_dependents: orphan,
        propagation_policy: policy.as_deref().map(PropagationPolicy::from),
        dry_run: query::all(text, "dryRun").map(Cow::into_owned).collect(),
        ..DeleteOptions::default()
    })
}
