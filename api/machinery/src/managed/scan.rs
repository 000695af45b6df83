//! Steps over compact JSON text, which is known to be JSON.
//!
//! Nothing is copied but strings with escapes. On text that is no JSON the steps mean nothing, but end.

use std::borrow::Cow;

pub(super) struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Scanner { text, at: 0 }
    }

    /// The next byte; 0 at the end.
    pub(super) fn peek(&self) -> u8 {
        self.text.as_bytes().get(self.at).copied().unwrap_or(0)
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.at >= self.text.len()
    }

    /// Steps into an object or array, if this is what comes.
    pub(super) fn open(&mut self, bracket: u8) -> bool {
        let opens = self.peek() == bracket;
        self.at += usize::from(opens);
        opens
    }

    /// Whether another member or item comes; steps over the comma before it, or over the end.
    pub(super) fn next(&mut self) -> bool {
        match self.peek() {
            b',' => self.at += 1,
            b'}' | b']' => {
                self.at += 1;
                return false;
            }
            0 => return false,
            _ => {}
        }
        true
    }

    /// The name of a member, and its colon.
    pub(super) fn name(&mut self) -> Cow<'a, str> {
        let name = self.string();
        self.at += usize::from(self.peek() == b':');
        name
    }

    pub(super) fn string(&mut self) -> Cow<'a, str> {
        let raw = self.raw_string();
        match raw.contains('\\') {
            true => serde_json::from_str(raw).map_or(Cow::Borrowed(""), Cow::Owned),
            false => Cow::Borrowed(raw.get(1..raw.len().max(2) - 1).unwrap_or("")),
        }
    }

    /// A string with its quotes, as it stands.
    fn raw_string(&mut self) -> &'a str {
        let (bytes, start) = (self.text.as_bytes(), self.at);
        let mut at = start + 1;
        while let Some(byte) = bytes.get(at) {
            at += match byte {
                b'"' => break,
                b'\\' => 2,
                _ => 1,
            };
        }
        self.at = (at + 1).min(bytes.len());
        self.text.get(start..self.at).unwrap_or("")
    }

    /// A value of any form, as it stands.
    pub(super) fn value(&mut self) -> &'a str {
        let start = self.at;
        let mut depth = 0usize;
        loop {
            match self.peek() {
                b'"' => {
                    self.raw_string();
                }
                b'{' | b'[' => {
                    depth += 1;
                    self.at += 1;
                    continue;
                }
                b'}' | b']' => {
                    depth = depth.saturating_sub(1);
                    self.at += 1;
                }
                b',' | b':' => {
                    self.at += 1;
                    continue;
                }
                0 if self.is_at_end() => break,
                _ => self.word(),
            }
            if depth == 0 {
                break;
            }
        }
        self.text.get(start..self.at).unwrap_or("")
    }

    /// A number, or `true`, `false` or `null`.
    fn word(&mut self) {
        let rest = &self.text.as_bytes()[self.at..];
        let end = rest.iter().position(|byte| matches!(byte, b',' | b'}' | b']' | b':' | b'"'));
        self.at += end.unwrap_or(rest.len()).max(1);
    }

    /// Where the scanner stands, to be given to [`since`](Self::since).
    pub(super) fn mark(&self) -> usize {
        self.at
    }

    /// The text from a mark to here.
    pub(super) fn since(&self, mark: usize) -> &'a str {
        self.text.get(mark..self.at).unwrap_or("")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn members_and_items_are_stepped_over() {
        let mut scanner = Scanner::new(r#"{"a":1,"b\n":{"c":[1,{"d":"}"}]},"e":"x\"y","f":[]}"#);
        assert!(scanner.open(b'{'));
        let mut seen = Vec::new();
        while scanner.next() {
            seen.push((scanner.name().into_owned(), scanner.value()));
        }
        let expected = [("a", "1"), ("b\n", r#"{"c":[1,{"d":"}"}]}"#), ("e", r#""x\"y""#), ("f", "[]")];
        assert_eq!(seen, expected.map(|(name, value)| (name.to_owned(), value)));
        assert!(scanner.is_at_end());
    }

    proptest! {
        #[test]
        fn whatever_stands_there_is_stepped_over(text in "[{}\\[\\],:\"\\\\a1é ]{0,24}") {
            let mut scanner = Scanner::new(&text);
            while !scanner.is_at_end() {
                let before = scanner.mark();
                scanner.value();
                prop_assert!(scanner.mark() > before);
            }
            let mut scanner = Scanner::new(&text);
            scanner.open(b'{');
            for _ in 0..=text.len() {
                if !scanner.next() {
                    break;
                }
                scanner.name();
                scanner.value();
            }
        }
    }
}
