//! Documents of OpenAPI on the wire: JSON or protobuf, and for good where they are asked for by their hash (O-01, O-20).

use super::body::Body;
use super::documents::{Document, Form, tagged};
use super::gzip;
use super::health::plain;
use super::negotiation::clauses;
use super::view::to_tree;
use crate::pipeline::query;
use apimachinery::openapi::{self, protobuf};
use http::header::{
    ACCEPT, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, EXPIRES, HeaderValue, LOCATION, VARY,
};
use http::{HeaderMap, Response, StatusCode};
use jiff::{Timestamp, ToSpan, tz::TimeZone};

const INDEX: &str = "/openapi/v3";
const V3: &str = "/openapi/v3/";
const V2: &str = "/openapi/v2";

const JSON: &str = "application/json";
const V2_PROTOBUF: &str = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";
const V2_FORMER: &str = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf";
const V3_PROTOBUF: &str = "application/com.github.proto-openapi.spec.v3.v1.0+protobuf";
const V3_FORMER: &str = "application/com.github.proto-openapi.spec.v3@v1.0+protobuf";

/// A document in the form that is taken.
pub(super) fn openapi_answer(
    document: &Document,
    path: &str,
    headers: &HeaderMap,
    query: &str,
) -> Response<Body> {
    let Some(media) = media(path, headers) else {
        let (protobuf, _) = protobufs(path);
        return plain(StatusCode::NOT_ACCEPTABLE, format!("only {JSON} and {protobuf} are served here\n"));
    };
    let hash = query::first(query, "hash").filter(|hash| path.starts_with(V3) && !hash.is_empty());
    let current = hash.as_ref().map(|_| openapi::hash(&document.json.bytes));
    let is_old = current.as_deref() != hash.as_deref();
    let mut response = match &current {
        Some(current) if is_old && !is_proxied(headers) => moved(&format!("{path}?hash={current}")),
        _ => whole(document, media, headers),
    };
    let headers = response.headers_mut();
    headers.insert(VARY, HeaderValue::from_static("Accept, Accept-Encoding"));
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media));
    if current.is_some() && !is_old {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, immutable"));
        headers.insert(EXPIRES, in_a_year());
    }
    response
}

/// Whether a proxy stands between: an aggregator knows the hash of a minute ago, and makes an error of a redirect (O-23).
fn is_proxied(headers: &HeaderMap) -> bool {
    headers.contains_key("x-forwarded-for")
}

/// The media type that a client takes first.
fn media(path: &str, headers: &HeaderMap) -> Option<&'static str> {
    let accept = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if accept.is_empty() || path == INDEX {
        return Some(JSON);
    }
    let (protobuf, former) = protobufs(path);
    clauses(accept).iter().find_map(|clause| match clause.media {
        "*/*" | "application/*" | JSON => Some(JSON),
        media if media == protobuf || media == former => Some(protobuf),
        _ => None,
    })
}

/// How a document is called as protobuf, today and before.
fn protobufs(path: &str) -> (&'static str, &'static str) {
    if path == V2 { (V2_PROTOBUF, V2_FORMER) } else { (V3_PROTOBUF, V3_FORMER) }
}

/// Where the document is now; who has an old address has an old document.
fn moved(location: &str) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::MOVED_PERMANENTLY;
    if let Ok(location) = HeaderValue::from_str(location) {
        response.headers_mut().insert(LOCATION, location);
    }
    response
}

/// The document, or 304 where the client has it, compressed where it takes that.
fn whole(document: &Document, media: &'static str, headers: &HeaderMap) -> Response<Body> {
    let form = match media {
        JSON => &document.json,
        V2_PROTOBUF => document.protobuf.get_or_init(|| encoded(document, protobuf::v2)),
        _ => document.protobuf.get_or_init(|| encoded(document, protobuf::v3)),
    };
    let mut response = tagged(document, headers);
    if response.status() != StatusCode::OK {
        return response;
    }
    if gzip::is_accepted(headers) {
        *response.body_mut() = Body::full(form.gzip.get_or_init(|| gzip::whole(&form.bytes)).clone());
        response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    } else {
        *response.body_mut() = Body::full(form.bytes.clone());
    }
    response
}

fn encoded(document: &Document, encode: fn(&serde_json::Value) -> Vec<u8>) -> Form {
    Form::of(encode(&to_tree(&document.json.bytes)).into())
}

fn in_a_year() -> HeaderValue {
    let now = Timestamp::now().to_zoned(TimeZone::UTC);
    let then = now.checked_add(1.year()).unwrap_or(now);
    let text = then.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("0"))
}
