//! RFC 3339 as Go's `time.Parse` takes it: an hour may have one digit, a comma may stand before the fraction.

use super::calendar::{DateTime, days_in};
use super::{EARLIEST, LATEST};

/// Why a text is not a time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// The text has another form.
    #[error("parsing time {text:?}: write it as {form}")]
    Form {
        /// The whole text.
        text: String,
        /// An example of the form.
        form: &'static str,
    },
    /// A part is too large.
    #[error("parsing time {text:?}: {part} out of range")]
    Range {
        /// The whole text.
        text: String,
        /// The part, such as `second`.
        part: &'static str,
    },
}

/// What stands behind the seconds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Fraction {
    /// Nothing, or a fraction of any length.
    Any,
    /// Exactly microseconds.
    SixDigits,
}

impl Fraction {
    fn form(self) -> &'static str {
        match self {
            Fraction::Any => "2006-01-02T15:04:05Z",
            Fraction::SixDigits => "2006-01-02T15:04:05.000000Z, with exactly six digits after the point",
        }
    }
}

/// The seconds since 1970, and the microseconds after them.
pub(super) fn parse(text: &str, fraction: Fraction) -> Result<(i64, i64), TimeError> {
    let form = || TimeError::Form { text: text.to_owned(), form: fraction.form() };
    let (time, micros, offset) = read(text, fraction).ok_or_else(form)?;
    match out_of_range(&time, offset) {
        Some(part) => Err(TimeError::Range { text: text.to_owned(), part }),
        None => Ok((time.seconds() - offset.seconds(), micros)),
    }
}

/// How far a zone is ahead of UTC.
#[derive(Clone, Copy)]
struct Offset {
    sign: i64,
    hours: i64,
    minutes: i64,
}

impl Offset {
    fn seconds(self) -> i64 {
        self.sign * (self.hours * 3600 + self.minutes * 60)
    }
}

/// The first part that is too large, in Go's words.
fn out_of_range(time: &DateTime, offset: Offset) -> Option<&'static str> {
    let parts = [
        ("month", (1..=12).contains(&time.month)),
        ("day", (1..=days_in(time.year, time.month)).contains(&time.day)),
        ("hour", time.hour < 24),
        ("minute", time.minute < 60),
        ("second", time.second < 60),
        ("time zone offset hour", offset.hours <= 24),
        ("time zone offset minute", offset.minutes <= 60),
    ];
    let wrong = parts.iter().find(|(_, fits)| !fits).map(|(part, _)| *part);
    wrong.or_else(|| {
        let fits = (EARLIEST..=LATEST).contains(&(time.seconds() - offset.seconds()));
        (!fits).then_some("year in UTC (0 to 9999)")
    })
}

fn read(text: &str, fraction: Fraction) -> Option<(DateTime, i64, Offset)> {
    let mut rest = Cursor(text.as_bytes());
    let year = rest.number(4)?;
    let month = rest.then(b'-')?.number(2)?;
    let day = rest.then(b'-')?.number(2)?;
    let hour = rest.then(b'T')?.hour()?;
    let minute = rest.then(b':')?.number(2)?;
    let second = rest.then(b':')?.number(2)?;
    let micros = rest.fraction(fraction)?;
    let offset = rest.offset()?;
    rest.0.is_empty().then_some((DateTime { year, month, day, hour, minute, second }, micros, offset))
}

/// What is left of a text.
struct Cursor<'a>(&'a [u8]);

impl Cursor<'_> {
    fn then(&mut self, wanted: u8) -> Option<&mut Self> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        (*first == wanted).then_some(self)
    }

    fn digits(&self) -> usize {
        self.0.iter().take_while(|byte| byte.is_ascii_digit()).count()
    }

    /// A number of exactly so many digits; more may follow.
    fn number(&mut self, digits: usize) -> Option<i64> {
        let (number, rest) = self.0.split_at_checked(digits)?;
        self.0 = rest;
        number
            .iter()
            .try_fold(0, |sum, byte| byte.is_ascii_digit().then(|| sum * 10 + i64::from(byte - b'0')))
    }

    fn hour(&mut self) -> Option<i64> {
        self.number(self.digits().clamp(1, 2))
    }

    fn fraction(&mut self, fraction: Fraction) -> Option<i64> {
        if fraction == Fraction::Any && !matches!(self.0, [b'.' | b',', digit, ..] if digit.is_ascii_digit())
        {
            return Some(0);
        }
        let (b'.' | b',', rest) = self.0.split_first()? else { return None };
        self.0 = rest;
        match fraction {
            Fraction::SixDigits => self.number(6),
            Fraction::Any => {
                self.0 = &self.0[self.digits()..];
                Some(0)
            }
        }
    }

    fn offset(&mut self) -> Option<Offset> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        let sign = match first {
            b'Z' => return Some(Offset { sign: 0, hours: 0, minutes: 0 }),
            b'+' => 1,
            b'-' => -1,
            _ => return None,
        };
        let hours = self.number(2)?;
        let minutes = self.then(b':')?.number(2)?;
        Some(Offset { sign, hours, minutes })
    }
}
