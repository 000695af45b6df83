//! DELETE of one object and of a collection (X-01…X-09).

use super::body::Body;
use super::decode::{Reader, Unreadable};
use super::negotiation::Target;
use super::options::{check_dry_run, invalid};
use super::request::{Call, set_content_type};
use super::view::{View, status_body, status_json};
use super::{decode, input, list};
use crate::admission::Options;
use crate::pipeline::{Decision, RequestBody, Verb, query};
use crate::registry::{DeleteRequest, Deleted, Stored};
use apimachinery::field::{Errors, FieldError, Path};
use apimachinery::meta::{DeleteOptions, ObjectMeta, Preconditions, PropagationPolicy};
use apimachinery::status::{ApiError, Status};
use apimachinery::wire::{TypeMeta, json};
use futures_util::stream::{self, StreamExt};
use http::{Response, StatusCode};
use std::borrow::Cow;

/// The option that asks for the deletion of what cannot be read.
const IGNORE: &str = "ignoreStoreReadErrorWithClusterBreakingPotential";

pub(super) async fn delete(call: &Call<'_>, body: RequestBody) -> Result<Response<Body>, ApiError> {
    let view = call.view(Target::Object)?;
    let body = input::read(call.headers, body).await?;
    let options = options(call, &body)?;
    if options.ignore_store_read_error_with_cluster_breaking_potential == Some(true) {
        return delete_unread(call, &view, &options).await;
    }
    let request = request(call, &options);
    let name = call.info.name();
    Ok(match call.store.delete(call.namespace(), name, &request).await? {
        Deleted::Terminating(stored) => {
            let accepted = request.options.orphan_dependents == Some(false);
            let code = if accepted { StatusCode::ACCEPTED } else { StatusCode::OK };
            call.answer(&view, code, &stored)
        }
        Deleted::Gone(stored) => success(call, &view, &stored),
    })
}

/// Deletes what cannot be read, for those who may do just that (KEP-3926).
async fn delete_unread(
    call: &Call<'_>,
    view: &View,
    options: &DeleteOptions,
) -> Result<Response<Body>, ApiError> {
    let (definition, name) = (call.store.definition, call.info.name());
    if let Some(audit) = call.audit {
        audit.annotate("apiserver.k8s.io/unsafe-delete-ignore-read-error", "");
    }
    let verb = Verb::UnsafeDelete;
    match call.permission.ask(call.user, &call.info.with_verb(verb)).await {
        Decision::Allow(_) => {}
        Decision::Deny(reason) => {
            let why = format!("not permitted to do \"{verb}\", reason: {reason}");
            return Err(ApiError::forbidden(definition, name, &why));
        }
        Decision::Error(reason) => {
            let why = format!("error while checking permission for \"{verb}\", {reason}");
            return Err(ApiError::internal(&why));
        }
    }
    call.store.delete_unreadable(call.namespace(), name, !options.dry_run.is_empty()).await?;
    Ok(answer(call, view, &Status::deleted_unread(definition, name)))
}

/// `Status` Success with the uid that `kubectl delete` waits for (X-04).
fn success(call: &Call<'_>, view: &View, stored: &Stored) -> Response<Body> {
    answer(call, view, &Status::deleted(call.store.definition, stored.name(), stored.uid()))
}

fn answer(call: &Call<'_>, view: &View, status: &Status) -> Response<Body> {
    if let Some(audit) = call.audit {
        audit.status(&status_json(status));
    }
    let body = status_body(status, view.accepted.media, view.accepted.pretty);
    let mut response = Response::new(Body::full(body));
    set_content_type(&mut response, view.accepted, false);
    response
}

/// Deletes what is selected, so many at a time, in the order of their keys. After one that fails no other is begun.
pub(super) async fn delete_collection(
    call: &Call<'_>,
    body: RequestBody,
) -> Result<Response<Body>, ApiError> {
    let view = call.view(Target::List)?;
    let body = input::read(call.headers, body).await?;
    let options = options(call, &body)?;
    if options.ignore_store_read_error_with_cluster_breaking_potential == Some(true) {
        let detail = "is not allowed with DELETECOLLECTION, try again after removing the option";
        return Err(invalid("DeleteOptions", vec![FieldError::invalid(&Path::new(IGNORE), true, detail)]));
    }
    let request = request(call, &options);
    let selection = call.list_options(false)?;
    let (metadata, items, left_out) = list::select(call.store, call.namespace(), &selection).await?;
    let deletions = stream::iter(items.clone()).map(|stored| {
        let request = &request;
        async move {
            match call.store.delete(stored.namespace(), stored.name(), request).await {
                Err(error) if !error.is_not_found() => Err(error),
                _ => Ok(()),
            }
        }
    });
    let mut outcomes = deletions.buffer_unordered(call.workers);
    while let Some(outcome) = outcomes.next().await {
        outcome?;
    }
    list::record(call, view, &metadata, &items);
    let mut response = Response::new(list::body(view, &metadata, items));
    set_content_type(&mut response, view.accepted, false);
    call.warnings.extend(left_out);
    Ok(response)
}

fn request<'a>(call: &'a Call<'_>, options: &'a DeleteOptions) -> DeleteRequest<'a> {
    let dry_run = !options.dry_run.is_empty();
    DeleteRequest { dry_run, options: options.clone(), origin: call.origin(Options::Delete(options)) }
}

/// Options from the body, or from the query where the body is empty (X-01).
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
    check_ignore(&options, &mut errors);
    if !errors.is_empty() {
        return Err(invalid("DeleteOptions", errors));
    }
    Ok(options)
}

/// Of what cannot be read nothing else can be asked.
fn check_ignore(options: &DeleteOptions, errors: &mut Errors) {
    if options.ignore_store_read_error_with_cluster_breaking_potential != Some(true) {
        return;
    }
    for (set, name) in [
        (options.propagation_policy.is_some(), "propagationPolicy"),
        (options.orphan_dependents.is_some(), "orphanDependents"),
        (options.grace_period_seconds.is_some(), "gracePeriodSeconds"),
        (options.preconditions.is_some(), "preconditions"),
    ] {
        if set {
            let detail = format!("cannot be set together with .{name}");
            errors.push(FieldError::invalid(&Path::new(IGNORE), true, &detail));
        }
    }
}

fn from_body(call: &Call<'_>, body: &[u8]) -> Result<DeleteOptions, ApiError> {
    let refuse = |error: &Unreadable| ApiError::bad_request(&format!("cannot read DeleteOptions: {error}"));
    let media = decode::media(call.headers)?;
    let options = Reader::<DeleteOptions>::typed().read(media, body, check_type, refuse)?.value;
    call.record_facts(&ObjectMeta::default(), || json_of(&options));
    Ok(options)
}

/// Options as the audit log of an API server shows them, with the type that they have within one.
fn json_of(options: &DeleteOptions) -> Vec<u8> {
    let (mut out, mut fields) =
        (br#"{"kind":"DeleteOptions","apiVersion":"meta.k8s.io/__internal","#.to_vec(), Vec::new());
    json::encode(options, &mut fields);
    if fields == b"{}" {
        out.pop();
    }
    out.extend_from_slice(&fields[1..]);
    out
}

/// Options say what they are, if they do; of which version does not matter (X-01).
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
    let ignore = query::first(text, IGNORE).map(|_| query::is_true(text, IGNORE));
    let policy = query::first(text, "propagationPolicy");
    let given = |name| query::first(text, name).filter(|value| !value.is_empty()).map(Cow::into_owned);
    let preconditions = Preconditions { uid: given("uid"), resource_version: given("resourceVersion") };
    let guards = preconditions.uid.is_some() || preconditions.resource_version.is_some();
    Ok(DeleteOptions {
        preconditions: guards.then_some(preconditions),
        grace_period_seconds: grace,
        orphan_dependents: orphan,
        propagation_policy: policy.as_deref().map(PropagationPolicy::from),
        dry_run: query::all(text, "dryRun").map(Cow::into_owned).collect(),
        ignore_store_read_error_with_cluster_breaking_potential: ignore,
    })
}
