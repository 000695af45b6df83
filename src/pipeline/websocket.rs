//! Requests that ask for a websocket, and the token that may stand among their subprotocols.
//!
//! A page in a browser can set no header of a websocket but that one. The token leaves the headers before anything else sees
//! them, and goes on as what it is, `Authorization`.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header::{CONNECTION, HeaderName, HeaderValue, SEC_WEBSOCKET_PROTOCOL, UPGRADE};
use http::{HeaderMap, header};

use super::authentication::Rejected;

/// What a subprotocol that is a token begins with.
const TOKEN: &str = "base64url.bearer.authorization.k8s.io.";

/// Whether a request asks for a websocket.
pub fn is_websocket(headers: &HeaderMap) -> bool {
    let says = |name: HeaderName, yes: fn(&str) -> bool| {
        headers.get_all(name).iter().any(|value| value.to_str().is_ok_and(yes))
    };
    says(UPGRADE, |value| value.eq_ignore_ascii_case("websocket"))
        && says(CONNECTION, |value| value.to_ascii_lowercase().contains("upgrade"))
}

/// The subprotocols that a client speaks, its favourite first.
pub fn subprotocols(headers: &HeaderMap) -> Vec<String> {
    let lines = headers.get_all(SEC_WEBSOCKET_PROTOCOL).iter();
    let lines: Vec<_> = lines.map(|line| String::from_utf8_lossy(line.as_bytes())).collect();
    let names = lines.iter().flat_map(|line| line.split(',')).map(str::trim);
    names.filter(|name| !name.is_empty()).map(String::from).collect()
}

/// Takes the token from the subprotocols and makes it the request's `Authorization`, unless it has one. Whatever is wrong
/// with it, it is gone.
pub(super) fn take_token(headers: &mut HeaderMap) -> Result<(), Rejected> {
    if !is_websocket(headers) {
        return Ok(());
    }
    let (tokens, others): (Vec<_>, Vec<_>) =
        subprotocols(headers).into_iter().partition(|name| name.starts_with(TOKEN));
    let Some((token, more)) = tokens.split_first() else { return Ok(()) };
    headers.remove(SEC_WEBSOCKET_PROTOCOL);
    if let Ok(others) = HeaderValue::from_bytes(others.join(",").as_bytes())
        && !others.is_empty()
    {
        headers.insert(SEC_WEBSOCKET_PROTOCOL, others);
    }
    if !more.is_empty() {
        return Err(wrong("there is more than one token among the subprotocols"));
    }
    let bearer = bearer(&token[TOKEN.len()..])?;
    // The answer names one of the subprotocols, and that must not be the token.
    if others.is_empty() {
        return Err(wrong("there is no subprotocol beside that of the token"));
    }
    headers.entry(header::AUTHORIZATION).or_insert(bearer);
    Ok(())
}

fn bearer(encoded: &str) -> Result<HeaderValue, Rejected> {
    let bytes = URL_SAFE_NO_PAD.decode(encoded);
    let bytes =
        bytes.map_err(|_| wrong("the token among the subprotocols is not base64url without padding"))?;
    let token =
        String::from_utf8(bytes).map_err(|_| wrong("the token among the subprotocols is not UTF-8"))?;
    let value = HeaderValue::from_str(&format!("Bearer {token}"));
    let mut value =
        value.map_err(|_| wrong("the token among the subprotocols has characters of no token"))?;
    value.set_sensitive(true);
    Ok(value)
}

fn wrong(reason: &str) -> Rejected {
    Rejected(reason.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asking(protocols: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(UPGRADE, HeaderValue::from_static("WebSocket"));
        headers.insert(CONNECTION, HeaderValue::from_static("keep-alive, Upgrade"));
        for protocol in protocols {
            headers.append(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_bytes(protocol.as_bytes()).unwrap());
        }
        headers
    }

    fn token(text: &[u8]) -> String {
        format!("{TOKEN}{}", URL_SAFE_NO_PAD.encode(text))
    }

    #[test]
    fn a_token_leaves_the_subprotocols_and_is_one() {
        for protocols in [format!("a,{}", token(b"secret")), format!("{} , a", token(b"secret"))] {
            let mut headers = asking(&[&protocols]);
            take_token(&mut headers).unwrap();
            assert_eq!(headers[header::AUTHORIZATION], "Bearer secret");
            assert_eq!(headers[SEC_WEBSOCKET_PROTOCOL], "a");
            assert!(!format!("{headers:?}").contains("secret"), "{headers:?}");
        }
        let mut headers = asking(&["a", &token(b"secret"), "b"]);
        headers.insert(header::AUTHORIZATION, HeaderValue::from_static("Bearer other"));
        take_token(&mut headers).unwrap();
        assert_eq!(headers[header::AUTHORIZATION], "Bearer other");
        assert_eq!(subprotocols(&headers), ["a", "b"]);
    }

    #[test]
    fn wrong_tokens_are_gone_and_rejected_without_being_told() {
        let secret = token(b"secret");
        for (protocols, reason) in [
            (vec![secret.clone()], "no subprotocol beside"),
            (vec![secret.clone(), token(b"other"), "a".to_owned()], "more than one token"),
            (vec![format!("{secret}=="), "a".to_owned()], "not base64url"),
            (vec![token(b"secret\xff"), "a".to_owned()], "not UTF-8"),
            (vec![token(b"sec\nret"), "a".to_owned()], "characters of no token"),
            (vec![format!("{secret}\u{e9}"), "a".to_owned()], "not base64url"),
        ] {
            let protocols: Vec<&str> = protocols.iter().map(String::as_str).collect();
            let mut headers = asking(&protocols);
            let rejected = take_token(&mut headers).unwrap_err().0;
            assert!(rejected.contains(reason), "{rejected}");
            assert!(!headers.contains_key(header::AUTHORIZATION));
            assert!(!subprotocols(&headers).iter().any(|name| name.starts_with(TOKEN)));
        }
    }

    #[test]
    fn other_requests_and_other_subprotocols_are_left_alone() {
        let mut headers = asking(&["a,b"]);
        take_token(&mut headers).unwrap();
        assert_eq!(headers, asking(&["a,b"]));
        let mut plain = asking(&[&token(b"secret")]);
        plain.remove(UPGRADE);
        take_token(&mut plain).unwrap();
        assert!(!plain.contains_key(header::AUTHORIZATION));
        assert!(!is_websocket(&plain));
    }
}
