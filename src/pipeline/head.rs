//! What of a request's head is refused before it is a request at all (RFC 9112, 3.2; RFC 9110, 10.1.1; RFC 3986, 2.1).
//!
//! Where an HTTP/1 request was meant to go must be said once, so that no proxy on the way takes it for another's. The answers are
//! those of Go's server, plain text on a connection that ends with them; nothing is recorded of such a request. Over HTTP/2 the
//! connection goes on: it is all the others' too.

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_TYPE, EXPECT, HOST, HeaderValue};
use http::{Request, Response, StatusCode, Version};

use super::path::is_encoded;
use super::unread::waits_for_leave;

/// What refuses a request whose path cannot be decoded, or whose head is none.
pub(super) fn refused<B>(request: &Request<B>) -> Option<Response<Bytes>> {
    let malformed = (!is_encoded(request.uri().path())).then(|| bad_request(""));
    if request.version() >= Version::HTTP_2 {
        return malformed;
    }
    malformed.or_else(|| of_http1(request)).map(last)
}

/// What refuses a request that says not, or more than once, where it goes, or that expects what nobody knows.
fn of_http1<B>(request: &Request<B>) -> Option<Response<Bytes>> {
    let headers = request.headers();
    let mut hosts = headers.get_all(HOST).iter();
    match (hosts.next(), hosts.next()) {
        (None, _) if request.version() == Version::HTTP_11 => {
            return Some(bad_request(": missing required Host header"));
        }
        (Some(host), None) if !host.as_bytes().iter().all(is_of_host) => {
            return Some(bad_request(": malformed Host header"));
        }
        (_, Some(_)) => return Some(bad_request(": too many Host headers")),
        _ => {}
    }
    let unknown = headers.contains_key(EXPECT) && !waits_for_leave(headers);
    unknown.then(|| plain(StatusCode::EXPECTATION_FAILED, String::new()))
}

/// What a name, an address or a port may have (RFC 3986, 3.2.2).
fn is_of_host(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~%!$&'()*+,;=:[]".contains(byte)
}

fn bad_request(why: &str) -> Response<Bytes> {
    plain(StatusCode::BAD_REQUEST, format!("400 Bad Request{why}"))
}

fn plain(code: StatusCode, text: String) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(text));
    *response.status_mut() = code;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}

/// The last answer of a connection.
fn last(mut response: Response<Bytes>) -> Response<Bytes> {
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}
