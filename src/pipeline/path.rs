//! A request's path and its pieces, without copying what need not be decoded.

use http::uri::{PathAndQuery, Uri};
use percent_encoding::percent_decode_str;

/// The decoded path: a shared slice of the request line unless something had to be decoded.
#[derive(Clone, Debug)]
pub(super) enum Path {
    Shared(PathAndQuery),
    Decoded(Box<str>),
}

/// A piece of the path, by position.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Part {
    start: usize,
    end: usize,
}

impl Path {
    /// The decoded path; none when it cannot be decoded. What is not UTF-8 becomes U+FFFD, which no name has.
    pub(super) fn of(uri: &Uri) -> Option<Self> {
        let path = uri.path();
        if path.contains('%') {
            let decoded = || Self::Decoded(percent_decode_str(path).decode_utf8_lossy().into());
            return is_encoded(path).then(decoded);
        }
        Some(uri.path_and_query().cloned().map_or_else(|| Self::Decoded("/".into()), Self::Shared))
    }

    pub(super) fn as_str(&self) -> &str {
        match self {
            Self::Shared(path) => path.path(),
            Self::Decoded(path) => path,
        }
    }
}

/// Whether two hexadecimal digits stand behind each `%`.
pub(super) fn is_encoded(text: &str) -> bool {
    text.split('%').skip(1).all(|behind| {
        let digits = behind.as_bytes().get(..2);
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    })
}

impl Part {
    pub(super) fn of(self, text: &str) -> &str {
        &text[self.start..self.end]
    }
}

/// The pieces between slashes, without the slashes around the whole path.
#[derive(Clone)]
pub(super) struct Parts<'a> {
    text: &'a str,
    at: usize,
    end: usize,
}

impl<'a> Parts<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        let end = text.trim_end_matches('/').len();
        let at = text[..end].len() - text[..end].trim_start_matches('/').len();
        Self { text, at, end: if at == end { 0 } else { end } }
    }

    pub(super) fn peek<'t>(&self, text: &'t str) -> &'t str {
        self.clone().next().unwrap_or_default().of(text)
    }

    pub(super) fn remainder(&self) -> Part {
        if self.at < self.end { Part { start: self.at, end: self.end } } else { Part::default() }
    }
}

impl Iterator for Parts<'_> {
    type Item = Part;

    fn next(&mut self) -> Option<Part> {
        if self.at >= self.end {
            return None;
        }
        let length = self.text[self.at..self.end].find('/').unwrap_or(self.end - self.at);
        let part = Part { start: self.at, end: self.at + length };
        self.at = part.end + 1;
        Some(part)
    }
}
