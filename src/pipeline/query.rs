//! Query parameters, read where they stand.
//!
//! The first value counts when a key is repeated. A pair that cannot be decoded counts for nothing, as in Go. A boolean parameter
//! is false when it is absent, `0` or `false` in any case; every other value, the empty one included, is true.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use super::path::is_encoded;

/// The first value of `key` in `query`, decoded.
pub fn first<'a>(query: &'a str, key: &str) -> Option<Cow<'a, str>> {
    all(query, key).next()
}

/// Every value of `key` in `query`, decoded.
pub fn all<'a>(query: &'a str, key: &str) -> impl Iterator<Item = Cow<'a, str>> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty() && !pair.contains(';'));
    pairs.filter_map(move |pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        decode(name).filter(|name| name == key).and_then(|_| decode(value))
    })
}

/// Whether the boolean parameter `key` is set.
pub fn is_true(query: &str, key: &str) -> bool {
    first(query, key).is_some_and(|value| value != "0" && !value.eq_ignore_ascii_case("false"))
}

/// The text; none when it cannot be decoded. What is not UTF-8 becomes U+FFFD.
fn decode(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains(['+', '%']) {
        return Some(Cow::Borrowed(text));
    }
    let spaced = is_encoded(text).then(|| text.replace('+', " "))?;
    Some(Cow::Owned(percent_decode_str(&spaced).decode_utf8_lossy().into_owned()))
}
