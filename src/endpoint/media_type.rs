//! The media type of a body (C-04, C-05).

use std::borrow::Cow;

use http::HeaderMap;
use http::header::CONTENT_TYPE;

fn text(headers: &HeaderMap) -> &str {
    headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// The media type of a body without its parameters, in lower case; JSON where none is given.
pub(super) fn of(headers: &HeaderMap) -> Cow<'_, str> {
    let text = text(headers);
    match text.split(';').next().unwrap_or_default().trim() {
        // Parameters of nothing are no type.
        "" if text.is_empty() => Cow::Borrowed("application/json"),
        media if media.bytes().any(|byte| byte.is_ascii_uppercase()) => media.to_ascii_lowercase().into(),
        media => Cow::Borrowed(media),
    }
}

/// Whether the parameters of the media type can be read, as Go's `mime.ParseMediaType` reads them: `; name=value`, where
/// the value may be in quotes, no name has two values, and a `;` may end them.
pub(super) fn has_readable_parameters(headers: &HeaderMap) -> bool {
    let Some((_, mut rest)) = text(headers).split_once(';') else { return true };
    let mut seen: Vec<(String, String)> = Vec::new();
    loop {
        if rest.trim().is_empty() {
            return true;
        }
        let Some((name, value, after)) = parameter(rest.trim_start()) else { return false };
        if seen.iter().any(|(other, held)| *other == name && *held != value) {
            return false;
        }
        seen.push((name, value));
        let after = after.trim_start();
        if after.is_empty() {
            return true;
        }
        let Some(more) = after.strip_prefix(';') else { return false };
        rest = more;
    }
}

/// One parameter, and what follows it.
fn parameter(text: &str) -> Option<(String, String, &str)> {
    let (name, rest) = token(text)?;
    let rest = rest.trim_start().strip_prefix('=')?.trim_start();
    let (value, rest) = match rest.strip_prefix('"') {
        Some(quoted) => in_quotes(quoted)?,
        None => token(rest).map(|(value, rest)| (value.to_owned(), rest))?,
    };
    Some((name.to_ascii_lowercase(), value, rest))
}

/// A token of RFC 2045, section 5.1.
fn token(text: &str) -> Option<(&str, &str)> {
    let is_part = |c: char| c.is_ascii_graphic() && !r#"()<>@,;:\"/[]?="#.contains(c);
    let end = text.find(|c| !is_part(c)).unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

/// What stands before the next quote that no backslash is before.
fn in_quotes(text: &str) -> Option<(String, &str)> {
    let (mut value, mut characters) = (String::new(), text.char_indices());
    while let Some((at, c)) = characters.next() {
        match c {
            '"' => return Some((value, &text[at + 1..])),
            '\\' => value.push(characters.next()?.1),
            c => value.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn readable(text: &str) -> bool {
        let value = HeaderValue::from_str(text).expect("a header");
        has_readable_parameters(&HeaderMap::from_iter([(CONTENT_TYPE, value)]))
    }

    #[test]
    fn parameters_are_read_as_go_reads_them() {
        for text in [
            "",
            "application/json",
            "application/json;",
            "application/json ; charset=utf-8",
            "application/json;charset = utf-8; a=\"b; \\\"c\" ;",
            "application/json; a=b; A=b",
        ] {
            assert!(readable(text), "{text}");
        }
        for text in [
            "application/json;foo",
            "application/json;foo=",
            "application/json;=b",
            "application/json;;a=b",
            "application/json;a=\"b",
            "application/json;a=b c",
            "application/json; a=b; a=c",
        ] {
            assert!(!readable(text), "{text}");
        }
    }
}
