//! Discovery and OpenAPI: made once from the definitions, served with ETags (D-01…D-15, O-01…O-26).

use super::body::Body;
use super::negotiation::{self, Accepted, Media, Target, clauses, negotiate};
use super::openapi::openapi_answer;
use super::request::set_content_type;
use super::view::{finish_json, to_tree, to_yaml};
use apimachinery::discovery;
use apimachinery::kind::Definition;
use apimachinery::openapi;
use apimachinery::status::ApiError;
use bytes::Bytes;
use http::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderValue, IF_NONE_MATCH, VARY};
use http::{HeaderMap, Response, StatusCode};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// All documents by path.
#[derive(Default)]
pub(super) struct Documents {
    by_path: BTreeMap<String, Document>,
    aggregated: BTreeMap<String, Document>,
    openapi: BTreeMap<String, Document>,
}

pub(super) struct Document {
    pub(super) json: Form,
    /// Those of OpenAPI and discovery have it. Made by who asks for that first, and of the same tag, as the answer varies by
    /// Accept.
    pub(super) protobuf: OnceLock<Form>,
    pub(super) etag: HeaderValue,
}

/// A document in one media type.
pub(super) struct Form {
    pub(super) bytes: Bytes,
    /// Compressed by who asks for that first.
    pub(super) gzip: OnceLock<Bytes>,
}

impl Document {
    fn new(value: &Value) -> Self {
        let json = Form::of(value.to_string().into());
        let etag = HeaderValue::from_str(&discovery::etag(&json.bytes)).expect("an ETag is hexadecimal");
        Document { json, protobuf: OnceLock::new(), etag }
    }

    /// A document of discovery as protobuf; nothing for what is none.
    fn message(&self) -> Option<Bytes> {
        if let Some(made) = self.protobuf.get() {
            return Some(made.bytes.clone());
        }
        let message = discovery::protobuf(&to_tree(&self.json.bytes))?;
        Some(self.protobuf.get_or_init(|| Form::of(message.into())).bytes.clone())
    }
}

impl Form {
    pub(super) fn of(bytes: Bytes) -> Self {
        Form { bytes, gzip: OnceLock::new() }
    }
}

impl Documents {
    pub(super) fn new(definitions: &[&'static Definition]) -> Self {
        let mut documents = Documents::default();
        documents.add("/apis", &discovery::group_list(definitions));
        let aggregated = Document::new(&discovery::aggregated_groups(definitions));
        documents.aggregated.insert("/apis".into(), aggregated);
        let mut hashes = BTreeMap::new();
        for (group, version) in group_versions(definitions) {
            documents.add_group_version(definitions, group, version, &mut hashes);
        }
        if definitions.iter().any(|definition| definition.group.is_empty()) {
            documents.add("/api", &discovery::api_versions(definitions));
            let aggregated = Document::new(&discovery::aggregated_core(definitions));
            documents.aggregated.insert("/api".into(), aggregated);
        }
        let index = openapi::v3::index(hashes.iter().map(|(path, hash)| (path.as_str(), hash.as_str())));
        documents.openapi.insert("/openapi/v3".into(), Document::new(&index));
        documents.add(CUSTOM_RESOURCES, &no_custom_resources());
        let v2 = openapi::v2::document(definitions);
        documents.openapi.insert("/openapi/v2".into(), Document::new(&v2));
        documents
    }

    fn add_group_version(
        &mut self,
        definitions: &[&'static Definition],
        group: &'static str,
        version: &'static str,
        hashes: &mut BTreeMap<String, String>,
    ) {
        let path =
            if group.is_empty() { format!("api/{version}") } else { format!("apis/{group}/{version}") };
        if let Some(list) = discovery::resource_list(definitions, group, version) {
            self.add(&format!("/{path}"), &list);
        }
        if let Some(document) = discovery::group(definitions, group) {
            self.add(&format!("/apis/{group}"), &document);
        }
        let document = Document::new(&openapi::v3::document(group, version, definitions));
        hashes.insert(path.clone(), openapi::hash(&document.json.bytes));
        self.openapi.insert(format!("/openapi/v3/{path}"), document);
    }

    fn add(&mut self, path: &str, value: &Value) {
        self.by_path.insert(path.to_owned(), Document::new(value));
    }

    /// Answers a document's path; `None` for any other path.
    pub(super) fn answer(
        &self,
        path: &str,
        headers: &HeaderMap,
        query: &str,
    ) -> Option<Result<Response<Body>, ApiError>> {
        if let Some(document) = self.openapi.get(path) {
            return Some(Ok(openapi_answer(document, path, headers, query)));
        }
        let path = path.strip_suffix('/').filter(|short| !short.is_empty()).unwrap_or(path);
        if let Some(document) = self.aggregated.get(path)
            && let Some(media) = aggregated_media(headers)
        {
            return Some(Ok(aggregated_answer(document, media, headers)));
        }
        let document = self.by_path.get(path)?;
        Some(negotiate(headers, query, Target::Status).map(|accepted| plain_answer(document, accepted)))
    }

    /// All paths, for `/`; none of a group that is not there.
    pub(super) fn paths(&self) -> impl Iterator<Item = &String> {
        self.by_path.keys().filter(|path| **path != CUSTOM_RESOURCES).chain(self.openapi.keys())
    }
}

fn group_versions(definitions: &[&'static Definition]) -> Vec<(&'static str, &'static str)> {
    let mut all: Vec<(&str, &str)> = definitions
        .iter()
        .flat_map(|definition| definition.versions.iter().map(|version| (definition.group, version.name)))
        .collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// The media type of the aggregated form, where that is asked for with a quality no less than any other form's, and before
/// those of the same.
fn aggregated_media(headers: &HeaderMap) -> Option<Media> {
    let accept = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let clauses = clauses(accept);
    let first = clauses.iter().map(|clause| clause.text).find(|clause| is_served(clause))?;
    has_all(first, &AGGREGATED).then(|| match media(first) {
        PROTOBUF => Media::Protobuf,
        _ => Media::Json,
    })
}

const AGGREGATED: [&str; 3] = ["g=apidiscovery.k8s.io", "v=v2", "as=APIGroupDiscoveryList"];
const PROTOBUF: &str = "application/vnd.kubernetes.protobuf";

fn has_all(clause: &str, wanted: &[&str]) -> bool {
    wanted.iter().all(|wanted| clause.split(';').any(|part| part.trim() == *wanted))
}

fn media(clause: &str) -> &str {
    clause.split(';').next().unwrap_or_default().trim()
}

/// Clauses of other versions of the aggregated form, and of media types it has not, are passed over.
fn is_served(clause: &str) -> bool {
    match media(clause) {
        "application/json" | PROTOBUF => !clause.contains("as=") || has_all(clause, &AGGREGATED),
        "application/yaml" | "application/*" | "*/*" => !clause.contains("as="),
        _ => false,
    }
}

fn aggregated_answer(document: &Document, media: Media, headers: &HeaderMap) -> Response<Body> {
    let mut response = tagged(document, headers);
    let message = if media == Media::Protobuf { document.message() } else { None };
    if let Some(message) = message.filter(|_| response.status() == StatusCode::OK) {
        *response.body_mut() = Body::full(message);
    }
    let content_type = format!("{};{}", media.content_type(false), discovery::AGGREGATED_PARAMETERS);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_str(&content_type).expect("a constant media type"));
    headers.insert(VARY, HeaderValue::from_static("Accept"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("public"));
    response
}

/// The document, or 304 where the client has it.
pub(super) fn tagged(document: &Document, headers: &HeaderMap) -> Response<Body> {
    let known = headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok()).any(|value| {
        value
            .split(',')
            .map(|tag| tag.trim().trim_start_matches("W/"))
            .any(|tag| tag == "*" || tag == document.etag)
    });
    let body = if known { Body::empty() } else { Body::full(document.json.bytes.clone()) };
    let mut response = Response::new(body);
    if known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    }
    response.headers_mut().insert(ETAG, document.etag.clone());
    response
}

/// Before kubectl says that there is no such kind, it looks whether somebody just now defined it.
const CUSTOM_RESOURCES: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

fn no_custom_resources() -> Value {
    json!({
        "kind": "CustomResourceDefinitionList", "apiVersion": "apiextensions.k8s.io/v1",
        "metadata": {"resourceVersion": "1"}, "items": [],
    })
}

fn plain_answer(document: &Document, accepted: Accepted) -> Response<Body> {
    let message = if accepted.media == Media::Protobuf { document.message() } else { None };
    let media =
        if message.is_none() && accepted.media == Media::Protobuf { Media::Json } else { accepted.media };
    let accepted = Accepted { form: negotiation::Form::Object, media, ..accepted };
    let body = match (message, accepted.media) {
        (Some(message), _) => message,
        (None, Media::Yaml) => to_yaml(&document.json.bytes),
        (None, _) => finish_json(document.json.bytes.to_vec(), accepted.pretty),
    };
    let mut response = Response::new(Body::full(body));
    set_content_type(&mut response, accepted, false);
    response
}
