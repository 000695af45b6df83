//! Classes of characters in brackets.

use super::escape::perl;
use super::{Read, Reader};

/// The classes of POSIX, as the insides of brackets.
const POSIX: &[(&str, &str)] = &[
    ("alnum", "0-9A-Za-z"),
    ("alpha", "A-Za-z"),
    ("ascii", "\\x{0}-\\x{7F}"),
    ("blank", "\\t "),
    ("cntrl", "\\x{0}-\\x{1F}\\x{7F}"),
    ("digit", "0-9"),
    ("graph", "!-~"),
    ("lower", "a-z"),
    ("print", " -~"),
    ("punct", "!-/:-@\\[-`\\{-~"),
    ("space", "\\t-\\r "),
    ("upper", "A-Z"),
    ("word", "0-9A-Za-z_"),
    ("xdigit", "0-9A-Fa-f"),
];

impl Reader<'_> {
    /// A class. Its bracket is read.
    pub(super) fn class(&mut self) -> Read<String> {
        let mut written = String::from(if self.rest.next_if_eq(&'^').is_some() { "[^" } else { "[" });
        let mut is_first = true;
        loop {
            match self.rest.peek() {
                None => return Err("missing closing ]".into()),
                Some(']') if !is_first => {
                    self.rest.next();
                    written.push(']');
                    return Ok(written);
                }
                Some(_) => written.push_str(&self.item()?),
            }
            is_first = false;
        }
    }

    fn item(&mut self) -> Read<String> {
        if let Some(class) = self.posix()? {
            return Ok(class);
        }
        let mut ahead = self.rest.clone();
        if ahead.next() == Some('\\') {
            match ahead.next() {
                Some('p' | 'P') => {
                    self.rest.next();
                    return self.unicode();
                }
                Some(letter) if perl(letter).is_some() => {
                    self.rest.nth(1);
                    let negated = if letter.is_ascii_uppercase() { "^" } else { "" };
                    return Ok(format!("[{negated}{}]", perl(letter).unwrap_or_default()));
                }
                _ => {}
            }
        }
        let low = self.one()?;
        let mut ahead = self.rest.clone();
        let is_range = ahead.next() == Some('-') && ahead.next().is_some_and(|next| next != ']');
        if !is_range {
            return Ok(code(low));
        }
        self.rest.next();
        let high = self.one()?;
        if high < low {
            return Err(format!("invalid character class range: `{low}-{high}`"));
        }
        Ok(format!("{}-{}", code(low), code(high)))
    }

    /// `[:alpha:]`, or `[:^alpha:]`, where it is named so.
    fn posix(&mut self) -> Read<Option<String>> {
        let text: String = self.rest.clone().collect();
        let Some((name, _)) = text.strip_prefix("[:").and_then(|rest| rest.split_once(":]")) else {
            return Ok(None);
        };
        let (negated, plain) = name.strip_prefix('^').map_or(("", name), |plain| ("^", plain));
        let found = POSIX.iter().find(|(known, _)| *known == plain);
        let (_, inside) = found.ok_or_else(|| format!("invalid character class range: `[:{name}:]`"))?;
        self.takes(&format!("[:{name}:]"));
        Ok(Some(format!("[{negated}{inside}]")))
    }

    /// One character, escaped or not.
    fn one(&mut self) -> Read<char> {
        match self.rest.next() {
            Some('\\') => self.character(),
            Some(other) => Ok(other),
            None => Err("missing closing ]".into()),
        }
    }
}

/// The character by its number: so nothing that the crate has a meaning for stands in the class.
fn code(character: char) -> String {
    format!("\\x{{{:X}}}", u32::from(character))
}
