//! What stands behind a backslash.

use super::{Piece, Read, Reader};

/// A class of Perl's, as the inside of a bracket.
pub(super) fn perl(letter: char) -> Option<&'static str> {
    match letter.to_ascii_lowercase() {
        'd' => Some("0-9"),
        's' => Some("\\t\\n\\f\\r "),
        'w' => Some("0-9A-Za-z_"),
        _ => None,
    }
}

/// The general categories of Unicode; everything else that a class is named by is a script.
const CATEGORIES: &[&str] = &[
    "C", "Cc", "Cf", "Cn", "Co", "Cs", "L", "LC", "Ll", "Lm", "Lo", "Lt", "Lu", "M", "Mc", "Me", "Mn", "N",
    "Nd", "Nl", "No", "P", "Pc", "Pd", "Pe", "Pf", "Pi", "Po", "Ps", "S", "Sc", "Sk", "Sm", "So", "Z", "Zl",
    "Zp", "Zs",
];

impl Reader<'_> {
    pub(super) fn escaped(&mut self, pieces: &mut Vec<Piece>) -> Read<()> {
        let Some(letter) = self.rest.peek().copied() else {
            return Err("trailing backslash at end of expression".into());
        };
        let written = match letter {
            'A' | 'z' => {
                self.rest.next();
                format!("\\{letter}")
            }
            'b' | 'B' => {
                self.rest.next();
                format!("(?-u:\\{letter})")
            }
            'Q' => {
                self.rest.next();
                return self.quoted(pieces);
            }
            'p' | 'P' => self.unicode()?,
            _ => match perl(letter) {
                Some(inside) => {
                    self.rest.next();
                    format!("[{}{inside}]", if letter.is_ascii_uppercase() { "^" } else { "" })
                }
                None => regex::escape(&self.character()?.to_string()),
            },
        };
        pieces.push(Piece::of(written));
        Ok(())
    }

    /// Everything up to `\E`, or to the end, as it stands.
    fn quoted(&mut self, pieces: &mut Vec<Piece>) -> Read<()> {
        while self.rest.peek().is_some() {
            if self.takes("\\E") {
                break;
            }
            let character = self.rest.next().unwrap_or_default();
            pieces.push(Piece::of(regex::escape(&character.to_string())));
        }
        Ok(())
    }

    /// A class of Unicode: `\pN`, `\p{Greek}`, `\P{^Lu}`. The backslash is read.
    pub(super) fn unicode(&mut self) -> Read<String> {
        let mut negated = self.rest.next() == Some('P');
        let refused = |name: &str| format!("invalid character class range: `\\p{{{name}}}`");
        let name: String = match self.rest.next() {
            Some('{') if self.rest.clone().any(|character| character == '}') => {
                self.rest.by_ref().take_while(|character| *character != '}').collect()
            }
            Some('{') => return Err(refused("")),
            Some(letter) => letter.to_string(),
            None => return Err(refused("")),
        };
        let name = match name.strip_prefix('^') {
            Some(rest) => {
                negated = !negated;
                rest
            }
            None => &name,
        };
        let letter = if negated { 'P' } else { 'p' };
        match name {
            "Any" => Ok(if negated { "[^\\x{0}-\\x{10FFFF}]" } else { "[\\x{0}-\\x{10FFFF}]" }.into()),
            category if CATEGORIES.contains(&category) => Ok(format!("\\{letter}{{gc={category}}}")),
            script
                if !script.is_empty()
                    && script.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_') =>
            {
                Ok(format!("\\{letter}{{sc={script}}}"))
            }
            other => Err(refused(other)),
        }
    }

    /// One character that is escaped. The backslash is read.
    pub(super) fn character(&mut self) -> Read<char> {
        let Some(letter) = self.rest.next() else {
            return Err("trailing backslash at end of expression".into());
        };
        let refused = || format!("invalid escape sequence: `\\{letter}`");
        match letter {
            '0' => self.octal(0),
            // A digit that is alone would refer back.
            '1'..='7' if self.rest.peek().is_some_and(|next| ('0'..='7').contains(next)) => {
                self.octal(letter.to_digit(8).unwrap_or_default())
            }
            'x' => self.hexadecimal().ok_or_else(refused),
            'a' => Ok('\u{7}'),
            'f' => Ok('\u{c}'),
            'n' => Ok('\n'),
            'r' => Ok('\r'),
            't' => Ok('\t'),
            'v' => Ok('\u{b}'),
            other if other.is_ascii() && !other.is_ascii_alphanumeric() => Ok(other),
            _ => Err(refused()),
        }
    }

    /// At most two digits more.
    fn octal(&mut self, first: u32) -> Read<char> {
        let mut value = first;
        for _ in 0..2 {
            let Some(digit) = self.rest.next_if(|next| ('0'..='7').contains(next)) else { break };
            value = value * 8 + digit.to_digit(8).unwrap_or_default();
        }
        char::from_u32(value).ok_or_else(|| "invalid escape sequence".into())
    }

    /// `41`, or `{10FFFF}`.
    fn hexadecimal(&mut self) -> Option<char> {
        let digits: String = match self.rest.next()? {
            '{' => {
                let digits: String = self.rest.clone().take_while(|character| *character != '}').collect();
                for _ in 0..digits.chars().count() {
                    self.rest.next();
                }
                self.rest.next_if_eq(&'}')?;
                digits
            }
            first => [first, self.rest.next()?].into_iter().collect(),
        };
        let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_number.then(|| u32::from_str_radix(&digits, 16).ok()).flatten().and_then(char::from_u32)
    }
}
