//! RE2's regular expressions over the crate `regex`: what a pattern means is what Go's `regexp` makes of it.
//!
//! A pattern is read by RE2's grammar and written anew for the crate, every literal escaped and every class spelled out.
//! `\d`, `\w`, `\s` and `\b` are of ASCII; a class holds characters, ranges and named classes, and no operation on
//! sets; no repetition counts further than a thousand; what RE2 does not know (references back, looking around, `\Z`)
//! is refused.

mod class;
mod escape;
#[cfg(test)]
mod tests;

use regex::{Regex, RegexBuilder};
use std::iter::Peekable;
use std::str::Chars;

/// No group is nested deeper, and no repetition counts further.
const DEEPEST: usize = 250;
const MOST_TIMES: u32 = 1000;
/// What a pattern may take when it is compiled, in bytes.
const LARGEST: usize = 32 * 1024 * 1024;

type Read<T> = Result<T, String>;

/// Compiles a pattern of RE2; the error says what RE2 would not take.
pub(super) fn compile(pattern: &str) -> Read<Regex> {
    let mut reader = Reader { rest: pattern.chars().peekable(), depth: 0 };
    let Piece { text, .. } = reader.alternatives()?;
    if reader.rest.next().is_some() {
        return Err(format!("unexpected ): `{pattern}`"));
    }
    let built = RegexBuilder::new(&text).size_limit(LARGEST).nest_limit(2000).build();
    built.map_err(|error| error.to_string())
}

struct Reader<'a> {
    rest: Peekable<Chars<'a>>,
    depth: usize,
}

/// A part of a pattern, written for the crate.
struct Piece {
    text: String,
    /// How often its repetitions repeat each other at most.
    times: u32,
    /// Whether it is flags for what follows, which nothing can repeat.
    is_flags: bool,
    is_repeated: bool,
}

impl Piece {
    fn of(text: String) -> Piece {
        Piece { text, times: 1, is_flags: false, is_repeated: false }
    }
}

impl Reader<'_> {
    fn alternatives(&mut self) -> Read<Piece> {
        let mut whole = Piece::of(String::new());
        loop {
            let pieces = self.sequence()?;
            for piece in pieces {
                whole.text.push_str(&piece.text);
                whole.times = whole.times.max(piece.times);
            }
            if self.rest.next_if_eq(&'|').is_none() {
                return Ok(whole);
            }
            whole.text.push('|');
        }
    }

    fn sequence(&mut self) -> Read<Vec<Piece>> {
        let mut pieces: Vec<Piece> = Vec::new();
        while let Some(character) = self.rest.next_if(|character| !matches!(character, '|' | ')')) {
            match character {
                '*' | '+' | '?' => self.repeat(&mut pieces, &character.to_string(), 1)?,
                '{' => match self.count()? {
                    Some((least, most)) => {
                        let written = match most {
                            Some(most) if most == least => format!("{{{least}}}"),
                            Some(most) => format!("{{{least},{most}}}"),
                            None => format!("{{{least},}}"),
                        };
                        self.repeat(&mut pieces, &written, most.unwrap_or(least))?;
                    }
                    None => pieces.push(Piece::of("\\{".into())),
                },
                '(' => self.group(&mut pieces)?,
                '[' => pieces.push(Piece::of(self.class()?)),
                '\\' => self.escaped(&mut pieces)?,
                '.' | '^' | '$' => pieces.push(Piece::of(character.to_string())),
                other => pieces.push(Piece::of(regex::escape(&other.to_string()))),
            }
        }
        Ok(pieces)
    }

    /// Repeats the piece before, so often as is written.
    fn repeat(&mut self, pieces: &mut [Piece], written: &str, times: u32) -> Read<()> {
        let lazy = if self.rest.next_if_eq(&'?').is_some() { "?" } else { "" };
        let before = pieces.iter_mut().rev().find(|piece| !piece.is_flags);
        let piece = before.ok_or_else(|| format!("missing argument to repetition operator: `{written}`"))?;
        if piece.is_repeated {
            return Err(format!("invalid nested repetition operator: `{written}{lazy}`"));
        }
        piece.times = piece.times.saturating_mul(times.max(1));
        if piece.times > MOST_TIMES {
            return Err(format!("invalid repeat count: `{written}`"));
        }
        piece.text = format!("(?:{}){written}{lazy}", piece.text);
        piece.is_repeated = true;
        Ok(())
    }

    /// What stands in braces, if it is a count; nothing is taken where it is not.
    fn count(&mut self) -> Read<Option<(u32, Option<u32>)>> {
        let inside: String = self.rest.clone().take_while(|character| *character != '}').collect();
        let is_closed = self.rest.clone().nth(inside.chars().count()).is_some();
        let (least, most) =
            inside.split_once(',').map_or((inside.as_str(), None), |(least, most)| (least, Some(most)));
        let is_number = |text: &str| {
            !text.is_empty()
                && text.bytes().all(|byte| byte.is_ascii_digit())
                && (text.len() == 1 || !text.starts_with('0'))
        };
        if !is_closed || !is_number(least) || !most.is_none_or(|most| most.is_empty() || is_number(most)) {
            return Ok(None);
        }
        for _ in 0..=inside.chars().count() {
            self.rest.next();
        }
        let number = |text: &str| text.parse().ok().filter(|number| *number <= MOST_TIMES);
        let refused = || format!("invalid repeat count: `{{{inside}}}`");
        let least = number(least).ok_or_else(refused)?;
        let most = match most {
            None => Some(least),
            Some("") => None,
            Some(most) => Some(number(most).filter(|most| *most >= least).ok_or_else(refused)?),
        };
        Ok(Some((least, most)))
    }

    fn group(&mut self, pieces: &mut Vec<Piece>) -> Read<()> {
        let opening = match self.rest.next_if_eq(&'?') {
            None => "(?:".to_owned(),
            Some(_) if self.takes("P<") || self.takes("<") => {
                self.name()?;
                "(?:".to_owned()
            }
            Some(_) => match self.flags()? {
                (flags, ':') if flags.is_empty() => "(?:".to_owned(),
                (flags, ':') => format!("(?{flags}:"),
                (flags, _) => {
                    if !flags.is_empty() {
                        pieces.push(Piece { is_flags: true, ..Piece::of(format!("(?{flags})")) });
                    }
                    return Ok(());
                }
            },
        };
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err("expression nests too deeply".into());
        }
        let inner = self.alternatives()?;
        self.depth -= 1;
        if self.rest.next_if_eq(&')').is_none() {
            return Err("missing closing )".into());
        }
        pieces.push(Piece { text: format!("{opening}{})", inner.text), ..inner });
        Ok(())
    }

    fn takes(&mut self, wanted: &str) -> bool {
        let is_there = self.rest.clone().take(wanted.len()).eq(wanted.chars());
        if is_there {
            for _ in wanted.chars() {
                self.rest.next();
            }
        }
        is_there
    }

    fn name(&mut self) -> Read<()> {
        let mut name = String::new();
        while let Some(character) =
            self.rest.next_if(|character| character.is_ascii_alphanumeric() || *character == '_')
        {
            name.push(character);
        }
        if name.is_empty() || self.rest.next() != Some('>') {
            return Err(format!("invalid named capture: `{name}`"));
        }
        Ok(())
    }

    /// Flags, and whether a colon or a parenthesis ends them.
    fn flags(&mut self) -> Read<(String, char)> {
        let (mut flags, mut negated, mut is_empty) = (String::new(), false, true);
        loop {
            match self.rest.next() {
                Some(flag @ ('i' | 'm' | 's' | 'U')) => {
                    if !flags.contains(flag) {
                        flags.push(flag);
                    }
                    is_empty = false;
                }
                Some('-') if !negated => {
                    (negated, is_empty) = (true, true);
                    flags.push('-');
                }
                Some(end @ (':' | ')')) if !(negated && is_empty) => return Ok((flags, end)),
                _ => return Err("invalid or unsupported Perl syntax".into()),
            }
        }
    }
}
