//! What of an HTTP/1 request's head is refused before it is a request at all (RFC 9112, 3.2; RFC 9110, 10.1.1).
//!
//! Where it was meant to go must be said once, so that no proxy on the way takes it for another's. The answers are those of
//! Go's server, plain text on a connection that ends with them; nothing is recorded of such a request.

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_TYPE, EXPECT, HOST, HeaderValue};
use http::{Request, Response, StatusCode, Version};

use super::unread::waits_for_leave;

/// What refuses a request that says not, or more than once, where it goes, or that expects what nobody knows.
pub(super) fn refused<B>(request: &Request<B>) -> Option<Response<Bytes>> {
    if request.version() >= Version::HTTP_2 {
        return None;
    }
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
    unknown.then(|| last(StatusCode::EXPECTATION_FAILED, String::new()))
}

/// What a name, an address or a port may have (RFC 3986, 3.2.2).
fn is_of_host(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~%!$&'()*+,;=:[]".contains(byte)
}

fn bad_request(why: &str) -> Response<Bytes> {
    last(StatusCode::BAD_REQUEST, format!("400 Bad Request{why}"))
}

/// The last answer of a connection.
fn last(code: StatusCode, text: String) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(text));
    *response.status_mut() = code;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(CONNECTION, HeaderValue::from_static("close"));
    response
}
