//! What a client must say to get a websocket (RFC 6455, 4.2), and who gets none.

use super::{Body, health};
use crate::pipeline::websocket::subprotocols;
use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{
    HeaderMap, HeaderValue, ORIGIN, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION,
};
use http::{Response, StatusCode};

/// The protocol's name for itself, which makes an answer to a key one that only a websocket gives.
const UNIQUE: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// The only version there is.
const VERSION: &str = "13";

/// What the answer says.
#[derive(Debug)]
pub(super) struct Handshake {
    pub(super) accept: HeaderValue,
    pub(super) protocol: Option<HeaderValue>,
}

/// Why there is no websocket. Whom Kubernetes refuses in silence is told here what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refused {
    #[error("mismatch challenge/response")]
    Key,
    #[error("missing or bad WebSocket Version")]
    Version,
    #[error("say in the header Origin, as an absolute URI, where the request comes from")]
    Origin,
    #[error("ask for one subprotocol or none: the events of a watch are the same in each")]
    Protocols,
}

impl Handshake {
    pub(super) fn read(headers: &HeaderMap) -> Result<Self, Refused> {
        let key = headers.get(SEC_WEBSOCKET_KEY).filter(|key| !key.is_empty()).ok_or(Refused::Key)?;
        if headers.get(SEC_WEBSOCKET_VERSION).is_none_or(|version| version != VERSION) {
            return Err(Refused::Version);
        }
        let origin = headers.get(ORIGIN).and_then(|origin| origin.to_str().ok());
        origin.filter(|origin| is_origin(origin)).ok_or(Refused::Origin)?;
        if subprotocols(headers).len() > 1 {
            return Err(Refused::Protocols);
        }
        let accept = HeaderValue::try_from(accept(key.as_bytes())).map_err(|_| Refused::Key)?;
        Ok(Self { accept, protocol: headers.get(SEC_WEBSOCKET_PROTOCOL).cloned() })
    }
}

impl Refused {
    pub(super) fn into_response(self) -> Response<Body> {
        let code = match self {
            Refused::Origin => StatusCode::FORBIDDEN,
            _ => StatusCode::BAD_REQUEST,
        };
        let mut response = health::plain(code, self.to_string());
        if self == Refused::Version {
            response.headers_mut().insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static(VERSION));
        }
        response
    }
}

fn accept(key: &[u8]) -> String {
    let mut hash = digest::Context::new(&digest::SHA1_FOR_LEGACY_USE_ONLY);
    hash.update(key);
    hash.update(UNIQUE);
    STANDARD.encode(hash.finish())
}

/// Whether the text is a URI with a scheme, or an absolute path; `null`, which browsers say of a page without an origin, is none.
fn is_origin(text: &str) -> bool {
    let scheme = |name: &str| {
        name.starts_with(|first: char| first.is_ascii_alphabetic())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
    };
    let plain = !text.contains(|c: char| c.is_ascii_whitespace() || c.is_ascii_control());
    plain && (text.starts_with('/') || text.split_once(':').is_some_and(|(name, _)| scheme(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_answered_as_the_protocol_says() {
        assert_eq!(accept(b"dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }

    #[test]
    fn an_origin_is_a_uri() {
        for good in ["https://a.example", "http://localhost:8080", "file://", "/here", "app+x.y-z:page"] {
            assert!(is_origin(good), "{good}");
        }
        for bad in ["", "null", "localhost", "a b://c", "1a://b", "https://a b", ":x"] {
            assert!(!is_origin(bad), "{bad}");
        }
    }
}
