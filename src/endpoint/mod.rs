//! What each request is answered with: one verb a file, over the registry.

mod apply;
mod body;
mod create;
mod decode;
mod delete;
mod documents;
mod frame;
mod get;
mod gzip;
mod health;
mod indent;
mod input;
mod list;
mod list_body;
mod media_type;
mod negotiation;
mod openapi;
mod options;
mod page;
mod patch;
mod request;
mod scale;
mod scale_apply;
mod scale_table;
mod table;
mod update;
mod version;
mod view;
mod watch;
mod watch_body;
mod websocket;

pub use body::Body;
pub use health::{Check, Health};

use crate::admission::Warnings;
use crate::pipeline::{Context, Handler, Permission, RequestBody, RequestInfo, Verb};
use crate::registry::{Part, Registry, Store, Unreadable};
use crate::telemetry::{METRICS_CONTENT_TYPE, Metrics, Objects, Stored, UnreadableLabels};
use apimachinery::kind::{Definition, Version};
use apimachinery::status::ApiError;
use documents::Documents;
use http::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use http::{Method, Request, Response, StatusCode};
use negotiation::{Accepted, Target};
use request::Call;
use std::sync::Arc;

/// Answers everything that the pipeline lets through. Clones are the same endpoint.
#[derive(Clone)]
pub struct Endpoint(Arc<Inner>);

struct Inner {
    settings: Settings,
    registry: Arc<Registry>,
    documents: Documents,
    health: Health,
    metrics: Arc<Metrics>,
    permission: Arc<dyn Permission>,
}

/// What a program decides about its endpoint.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What names the program in `/version`.
    pub build: String,
    /// How many objects of a collection are deleted at the same time.
    pub delete_collection_workers: usize,
}

impl From<String> for Settings {
    /// Those of a program of that name that asks for nothing.
    fn from(build: String) -> Self {
        Settings { build, delete_collection_workers: 1 }
    }
}

/// The store of the resource that a request is about, and the version it is in.
type Found<'a> = (&'a Arc<Store>, &'static Version);

impl Endpoint {
    /// An endpoint over these stores; `permission` says what needs more than leave for the request itself.
    pub fn new(
        settings: impl Into<Settings>,
        definitions: &[&'static Definition],
        registry: Arc<Registry>,
        health: Health,
        metrics: Arc<Metrics>,
        permission: Arc<dyn Permission>,
    ) -> Self {
        let documents = Documents::new(definitions);
        let settings = settings.into();
        Endpoint(Arc::new(Inner { settings, registry, documents, health, metrics, permission }))
    }

    async fn answer(
        &self,
        found: Option<Found<'_>>,
        parts: &http::request::Parts,
        body: RequestBody,
        (context, warnings): (&Context, &Warnings),
    ) -> Result<Response<Body>, ApiError> {
        let info = &context.info;
        let query = parts.uri.query().unwrap_or_default();
        let Some((store, version)) = found else {
            return self.answer_path(info, parts, query);
        };
        let (headers, user, permission) = (&parts.headers, &*context.user, &*self.0.permission);
        let audit = context.audit.as_deref();
        let workers = self.0.settings.delete_collection_workers;
        let call = Call { store, version, info, headers, query, user, permission, audit, warnings, workers };
        let response = self.answer_object(&call, parts, body, context).await?;
        Ok(gzip::compress(response, &parts.headers))
    }

    /// A deprecated version warns whatever comes of the request (K-05).
    fn deprecate(&self, version: &Version, context: &Context, warnings: &Warnings) {
        if let Some(text) = version.deprecated {
            if let Some(audit) = &context.audit {
                audit.annotate("k8s.io/deprecated", "true");
            }
            let info = &context.info;
            warnings.extend([text.to_owned()]);
            let asked = [info.group(), info.version(), info.resource(), info.subresource()];
            self.0.metrics.deprecated().asked_for(asked);
        }
    }

    fn find(&self, info: &RequestInfo) -> Option<Found<'_>> {
        if !info.is_resource_request() || info.resource().is_empty() || begins_twice(info.path()) {
            return None;
        }
        let store = self.0.registry.store(info.group(), info.resource())?;
        Some((store, store.definition.version(info.version())?))
    }

    async fn answer_object(
        &self,
        call: &Call<'_>,
        parts: &http::request::Parts,
        body: RequestBody,
        context: &Context,
    ) -> Result<Response<Body>, ApiError> {
        let definition = call.store.definition;
        let (info, method) = (call.info, &parts.method);
        if !is_served(info, definition) {
            return Err(ApiError::unknown_resource());
        }
        // Objects in namespaces are read over all of them, but written only within one.
        let nowhere = definition.namespaced && info.namespace().is_empty();
        match (info.subresource(), info.verb()) {
            (_, Verb::Get | Verb::List | Verb::Watch) if *method != Method::GET => {
                Err(ApiError::method_not_allowed_here())
            }
            ("", Verb::List) => list::list(call).await,
            // What begins a watch, or writes, has much to carry. It is not moved about with every request.
            ("", Verb::Watch) => Box::pin(watch::watch(call, parts, &context.draining)).await,
            _ if nowhere => Err(ApiError::method_not_allowed_here()),
            ("" | "status", Verb::Get) => get::get(call).await,
            _ => Box::pin(write(call, method, body)).await,
        }
    }

    fn answer_path(
        &self,
        info: &RequestInfo,
        parts: &http::request::Parts,
        query: &str,
    ) -> Result<Response<Body>, ApiError> {
        let path = info.path();
        if begins_twice(path) {
            return Ok(health::plain(StatusCode::NOT_FOUND, "404 page not found\n".into()));
        }
        let health = self.0.health.answer(path, query).map(Ok);
        let document = || self.0.documents.answer(path, &parts.headers, query);
        let answer = health.or_else(document).or_else(|| match path {
            "/version" | "/version/" => Some(Ok(version::answer(&self.0.settings.build))),
            "/metrics" => Some(Ok(self.metrics())),
            "/" | "" => Some(Ok(self.root())),
            _ => None,
        });
        let is_read = parts.method == Method::GET || parts.method == Method::HEAD && !has_no_head(path);
        // What is not there is not found, whatever is asked of it.
        match answer {
            Some(_) if !is_read => Err(ApiError::method_not_allowed_here()),
            Some(answer) => answer,
            None if info.is_resource_request() || self.is_of_apis(path) => Err(ApiError::unknown_resource()),
            None => Ok(health::plain(StatusCode::NOT_FOUND, "404 page not found\n".into())),
        }
    }

    /// Whether a path is below those of groups that are served; that of the core group is another.
    fn is_of_apis(&self, path: &str) -> bool {
        let has_core = || self.0.registry.stores().iter().any(|store| store.definition.group.is_empty());
        path.starts_with("/apis/") || path.starts_with("/api/") && has_core()
    }

    fn metrics(&self) -> Response<Body> {
        let Ok(text) = self.0.metrics.text(&stored(&self.0.registry)) else {
            return health::plain(
                StatusCode::INTERNAL_SERVER_ERROR,
                "the metrics cannot be written\n".into(),
            );
        };
        let mut response = Response::new(Body::full(text));
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(METRICS_CONTENT_TYPE));
        response
    }

    fn root(&self) -> Response<Body> {
        let own = ["/healthz", "/livez", "/metrics", "/readyz", "/version"].map(String::from);
        let mut paths: Vec<&String> = self.0.documents.paths().chain(&own).collect();
        paths.sort();
        let body = serde_json::json!({ "paths": paths });
        let mut response = Response::new(Body::full(body.to_string()));
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        response
    }
}

/// What is stored now, as the metrics have it.
fn stored(registry: &Registry) -> Stored {
    let labels = |one: Unreadable| UnreadableLabels {
        group: one.definition.group,
        resource: one.definition.plural,
        namespace: one.namespace,
        name: one.name,
    };
    let count = |store: &Arc<Store>| Objects {
        group: store.definition.group,
        resource: store.definition.plural,
        qualified: store.definition.qualified_resource(),
        count: store.snapshot().len(),
    };
    Stored {
        objects: registry.stores().iter().map(count).collect(),
        unreadable: registry.unreadable().into_iter().map(labels).collect(),
    }
}

/// Whether there is anything at the path at all; what may be done there is another question.
fn is_served(info: &RequestInfo, definition: &Definition) -> bool {
    let scope_fits = match definition.namespaced {
        // Over all namespaces there are collections alone.
        true => !info.namespace().is_empty() || !info.names_object(),
        false => is_unscoped(info, definition),
    };
    let part_fits = match info.subresource() {
        "" => true,
        "status" => definition.status && info.verb() != Verb::Watch,
        "scale" => definition.scale && info.verb() != Verb::Watch,
        "finalize" => definition.finalize && info.verb() != Verb::Watch,
        _ => false,
    };
    scope_fits && part_fits && info.rest().is_empty()
}

/// A cluster-scoped object has no namespace in its path; `namespaces/NAME` itself reads as one, but only its own:
/// what is authorized within a namespace must not lead to another.
fn is_unscoped(info: &RequestInfo, definition: &Definition) -> bool {
    let namespace = info.namespace();
    namespace.is_empty() || definition.plural == "namespaces" && namespace == info.name()
}

impl Handler for Endpoint {
    type Body = Body;

    async fn handle(&self, request: Request<RequestBody>, context: Arc<Context>) -> Response<Body> {
        let (parts, body) = request.into_parts();
        let found = self.find(&context.info);
        let warnings = Warnings::new();
        let mut response = match self.answer(found, &parts, body, (&context, &warnings)).await {
            Ok(response) => response,
            Err(error) => {
                if let Some(audit) = &context.audit {
                    audit.status(&view::status_json(&error.status()));
                }
                error_response(&error, &parts.headers, parts.uri.query().unwrap_or_default())
            }
        };
        if let Some((_, version)) = found {
            self.deprecate(version, &context, &warnings);
        }
        request::add_warnings(&mut response, &warnings.take());
        response
    }
}

/// An error in the form the client takes; JSON where it takes none (C-06).
fn error_response(error: &ApiError, headers: &http::HeaderMap, query: &str) -> Response<Body> {
    let accepted = negotiation::negotiate(headers, query, Target::Status).unwrap_or(Accepted::JSON);
    let mut response =
        Response::new(Body::full(view::status_body(&error.status(), accepted.media, accepted.pretty)));
    *response.status_mut() = StatusCode::from_u16(error.code()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    request::set_content_type(&mut response, accepted, false);
    if let Some(seconds) = error.retry_after() {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// Whether Kubernetes' server has GET alone there: in discovery of versions, and where it says which one it is itself.
fn has_no_head(path: &str) -> bool {
    let path: Vec<&str> = path.trim_matches('/').split('/').collect();
    matches!(path[..], ["api", ..] | ["apis", _, _] | ["version"])
}

/// Answers what changes objects. A verb reads the body once it took everything that stands before it: who waits for leave
/// to send one (`Expect: 100-continue`) is not made to send it in vain.
async fn write(call: &Call<'_>, method: &Method, body: RequestBody) -> Result<Response<Body>, ApiError> {
    let (info, named) = (call.info, !call.info.name().is_empty());
    match (info.subresource(), info.verb()) {
        ("", Verb::Create) if !named => create::create(call, body).await,
        ("", Verb::Update) if named => update::update(call, Part::Main, body).await,
        ("", Verb::Patch) if named => patched(call, Part::Main, body).await,
        ("", Verb::Delete) => delete::delete(call, body).await,
        ("", Verb::DeleteCollection) if !call.store.definition.finalize => {
            delete::delete_collection(call, body).await
        }
        ("finalize", Verb::Update) => update::update(call, Part::Finalize, body).await,
        ("status", Verb::Update) => update::update(call, Part::Status, body).await,
        ("status", Verb::Patch) => patched(call, Part::Status, body).await,
        ("scale", Verb::Get | Verb::Update | Verb::Patch) => scale::scale(call, method, body).await,
        _ => Err(ApiError::method_not_allowed_here()),
    }
}

/// Whether a path begins with more than one slash: nothing is there, whatever follows.
fn begins_twice(path: &str) -> bool {
    path.starts_with("//")
}

/// Applies a configuration, or a patch of another type.
async fn patched(call: &Call<'_>, part: Part, body: RequestBody) -> Result<Response<Body>, ApiError> {
    match &*media_type::of(call.headers) {
        apply::MEDIA_TYPE => apply::apply(call, part, body).await,
        _ => patch::patch(call, part, body).await,
    }
}

#[cfg(test)]
mod tests;
