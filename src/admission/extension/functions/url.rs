//! URLs: `url`, `isURL` and their parts, as Go's `net/url` reads them.

use super::{Overload, overload};
use crate::admission::extension::expression::{Key, Map, Outcome, Value, fault};
use percent_encoding::percent_decode_str;
use std::sync::Arc;

/// A URL, taken apart. Two are equal when their texts are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Url {
    text: String,
    scheme: String,
    host: String,
    path: String,
    query: String,
}

pub(super) const OVERLOADS: &[Overload] = &[
    overload!(Global "isURL" (String a) -> Bool, |_| is_request_uri(a)),
    overload!(Global "url" (String a) -> Url, |_| url(a)),
    overload!(Member "getScheme" (Url a) -> String, |_| a.scheme.as_str()),
    overload!(Member "getHost" (Url a) -> String, |_| a.host.as_str()),
    overload!(Member "getHostname" (Url a) -> String, |_| host_and_port(&a.host).0),
    overload!(Member "getPort" (Url a) -> String, |_| host_and_port(&a.host).1),
    overload!(Member "getEscapedPath" (Url a) -> String, |_| escaped(&a.path)),
    overload!(Member "getQuery" (Url a) -> Map, |_| query(&a.query)),
];

/// Whether a text is an absolute URL or an absolute path.
pub(super) fn is_request_uri(text: &str) -> bool {
    parsed(text, true).is_some()
}

fn url(text: &str) -> Outcome<Value> {
    let whole = parsed(text, true).and_then(|_| {
        let (before, fragment) = text.split_once('#').unwrap_or((text, ""));
        escapes_are_whole(fragment).then(|| parsed(before, false)).flatten()
    });
    let url = whole.map(|parts| Url { text: text.to_owned(), ..parts });
    let unreadable = || fault(format!("URL parse error during conversion from string: parse {text:?}"));
    url.map(|url| Value::Url(Arc::new(url))).ok_or_else(unreadable)
}

/// A text without its fragment. What a request may be for begins with a scheme or a slash.
fn parsed(text: &str, is_request: bool) -> Option<Url> {
    if text.bytes().any(|byte| byte.is_ascii_control()) || (text.is_empty() && is_request) {
        return None;
    }
    let url = |scheme: &str, host: String, path: &str, query: &str| Url {
        text: text.to_owned(),
        scheme: scheme.to_ascii_lowercase(),
        host,
        path: path.to_owned(),
        query: query.to_owned(),
    };
    if text == "*" {
        return Some(url("", String::new(), "*", ""));
    }
    let (scheme, rest) = scheme(text)?;
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    if !rest.starts_with('/') {
        let is_opaque = !scheme.is_empty();
        return (is_opaque || (!is_request && rest.is_empty()))
            .then(|| url(scheme, String::new(), "", query));
    }
    let names_host = !scheme.is_empty() || (!is_request && !rest.starts_with("///"));
    let (host, path) = match rest.strip_prefix("//") {
        Some(after) if names_host => {
            let (authority, path) = after.split_at(after.find('/').unwrap_or(after.len()));
            (host(authority)?, path)
        }
        _ => (String::new(), rest),
    };
    escapes_are_whole(path).then(|| url(scheme, host, path, query))
}

/// What stands before the first colon, if it can be a scheme.
fn scheme(text: &str) -> Option<(&str, &str)> {
    for (place, byte) in text.bytes().enumerate() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' => {}
            b'0'..=b'9' | b'+' | b'-' | b'.' if place > 0 => {}
            b':' if place == 0 => return None,
            b':' => return Some((&text[..place], &text[place + 1..])),
            _ => break,
        }
    }
    Some(("", text))
}

/// Whether each percent sign begins two hexadecimal digits.
fn escapes_are_whole(text: &str) -> bool {
    let is_escape =
        |part: &str| part.as_bytes().get(..2).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit));
    text.split('%').skip(1).all(is_escape)
}

/// The host and the port of an authority, without who asks.
fn host(authority: &str) -> Option<String> {
    let host = match authority.rsplit_once('@') {
        Some((user, host)) => {
            let may_stand = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:~!$&'()*+,;=%@".contains(&byte);
            if !user.bytes().all(may_stand) || !escapes_are_whole(user) {
                return None;
            }
            host
        }
        None => authority,
    };
    if let Some(inside) = host.strip_prefix('[') {
        let (address, port) = inside.rsplit_once(']')?;
        let (plain, zone) = address.split_once("%25").unwrap_or((address, ""));
        let is_address = plain.parse::<std::net::Ipv6Addr>().is_ok();
        let zone = escapes_are_whole(zone).then(|| percent_decode_str(zone).decode_utf8_lossy())?;
        let zone = if zone.is_empty() { String::new() } else { format!("%{zone}") };
        return (is_address && is_port(port)).then(|| format!("[{plain}{zone}]{port}"));
    }
    let port = host.rfind(':').map_or("", |colon| &host[colon..]);
    let may_stand = |byte: u8| {
        !byte.is_ascii() || byte.is_ascii_alphanumeric() || b"-_.~!$&'()*+,;=:[]<>\"%".contains(&byte)
    };
    if host.matches(':').count() > 1
        || !is_port(port)
        || !host.bytes().all(may_stand)
        || !escapes_are_whole(host)
    {
        return None;
    }
    // Only what is not of ASCII may be escaped in a host.
    let escapes = host.split('%').skip(1);
    let of_ascii =
        |part: &str| part.starts_with(|digit: char| ('0'..='7').contains(&digit)) && !part.starts_with("25");
    if escapes.into_iter().any(of_ascii) {
        return None;
    }
    Some(percent_decode_str(host).decode_utf8_lossy().into_owned())
}

/// Nothing, or a colon with digits.
fn is_port(text: &str) -> bool {
    text.is_empty()
        || text.strip_prefix(':').is_some_and(|port| port.bytes().all(|byte| byte.is_ascii_digit()))
}

fn host_and_port(host: &str) -> (String, String) {
    let (name, port) = match host.rfind(':') {
        Some(colon) if is_port(&host[colon..]) => (&host[..colon], &host[colon + 1..]),
        _ => (host, ""),
    };
    let bare = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    (bare.to_owned(), port.to_owned())
}

/// The path as it stands, if it can stand so; all of it escaped anew otherwise.
fn escaped(path: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~$&+,/:;=@".contains(&byte);
    if path == "*" || path.bytes().all(|byte| is_plain(byte) || b"!'()*[]%".contains(&byte)) {
        return path.to_owned();
    }
    let mut text = String::new();
    for byte in percent_decode_str(path) {
        match is_plain(byte) {
            true => text.push(char::from(byte)),
            false => text.push_str(&format!("%{byte:02X}")),
        }
    }
    text
}

/// The values of each name, in order. A pair that cannot be read is left out.
fn query(query: &str) -> Value {
    let mut values: std::collections::BTreeMap<String, Vec<Value>> = std::collections::BTreeMap::new();
    let decoded = |text: &str| {
        let text = text.replace('+', " ");
        escapes_are_whole(&text).then(|| percent_decode_str(&text).decode_utf8_lossy().into_owned())
    };
    for pair in query.split('&').filter(|pair| !pair.is_empty() && !pair.contains(';')) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        if let (Some(name), Some(value)) = (decoded(name), decoded(value)) {
            values.entry(name).or_default().push(Value::text(value));
        }
    }
    let entry = |(name, values): (String, Vec<Value>)| (Key::String(name.into()), Value::list(values));
    Value::Map(Arc::new(values.into_iter().map(entry).collect::<Map>()))
}
