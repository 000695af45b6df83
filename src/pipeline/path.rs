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
    /// The decoded path; none when it is not UTF-8.
    pub(super) fn of(uri: &Uri) -> Option<Self> {
        if uri.path().contains('%') {
            let decoded = percent_decode_str(uri.path()).decode_utf8();
            return decoded.ok().map(|path| Self::Decoded(path.into()));
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
