//! RFC 3339 as Go's `time.Parse` takes it: an hour may have one digit, a comma may stand before the fraction.

use super::calendar::{DateTime, days_in};
use super::{EARLIEST, LATEST};
use crate::go::quoted_bytes;

/// Why a text is not a time; the texts are the ones Go clients know.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// The text has another form.
    #[error(
        "parsing time {} as \"{layout}\": cannot parse {} as \"{element}\"",
        quoted_bytes(text),
        quoted_bytes(rest)
    )]
    Form {
        /// The whole text.
        text: String,
        /// An example of the form.
        layout: &'static str,
        /// What is left of the text where it has another form.
        rest: String,
        /// What the example has there.
        element: &'static str,
    },
    /// Something stands behind the time.
    #[error("parsing time {}: extra text: {}", quoted_bytes(text), quoted_bytes(rest))]
    Extra {
        /// The whole text.
        text: String,
        /// What stands behind.
        rest: String,
    },
    /// A part is too large.
    #[error("parsing time {}: {part} out of range", quoted_bytes(text))]
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
    fn layout(self) -> &'static str {
        match self {
            Fraction::Any => "2006-01-02T15:04:05Z07:00",
            Fraction::SixDigits => "2006-01-02T15:04:05.000000Z07:00",
        }
    }
}

/// What is wrong with what is left of a text.
enum Fault<'a> {
    /// It does not begin as the layout does there.
    Form(&'a str, &'static str),
    Extra(&'a str),
    Range(&'static str),
}

type Read<'a, T> = Result<T, Fault<'a>>;

/// The seconds since 1970, and the microseconds after them.
pub(super) fn parse(text: &str, fraction: Fraction) -> Result<(i64, i64), TimeError> {
    read(text, fraction).map_err(|fault| {
        let text = text.to_owned();
        match fault {
            Fault::Form(rest, element) => {
                TimeError::Form { text, layout: fraction.layout(), rest: rest.to_owned(), element }
            }
            Fault::Extra(rest) => TimeError::Extra { text, rest: rest.to_owned() },
            Fault::Range(part) => TimeError::Range { text, part },
        }
    })
}

fn read(text: &str, fraction: Fraction) -> Read<'_, (i64, i64)> {
    let mut rest = Rest(text);
    let year = rest.number("2006", 4, 4)?;
    rest.pass("-")?;
    let month = within(rest.number("01", 2, 2)?, 1..=12, "month")?;
    rest.pass("-")?;
    let day = rest.number("02", 2, 2)?;
    rest.pass("T")?;
    let hour = within(rest.number("15", 1, 2)?, 0..=23, "hour")?;
    rest.pass(":")?;
    let minute = within(rest.number("04", 2, 2)?, 0..=59, "minute")?;
    rest.pass(":")?;
    let second = within(rest.number("05", 2, 2)?, 0..=59, "second")?;
    let micros = rest.fraction(fraction)?;
    let offset = rest.offset()?;
    if !rest.0.is_empty() {
        return Err(Fault::Extra(rest.0));
    }
    within(day, 1..=days_in(year, month), "day")?;
    let seconds = DateTime { year, month, day, hour, minute, second }.seconds() - offset;
    Ok((within(seconds, EARLIEST..=LATEST, "year in UTC (0 to 9999)")?, micros))
}

fn within<'a>(value: i64, range: std::ops::RangeInclusive<i64>, part: &'static str) -> Read<'a, i64> {
    if range.contains(&value) { Ok(value) } else { Err(Fault::Range(part)) }
}

/// The number that a text of digits is; none of a text of anything else.
fn decimal(text: &str) -> Option<i64> {
    let are_digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| are_digits)
}

/// What is left of a text.
struct Rest<'a>(&'a str);

impl<'a> Rest<'a> {
    fn pass(&mut self, separator: &'static str) -> Read<'a, ()> {
        self.0 = self.0.strip_prefix(separator).ok_or(Fault::Form(self.0, separator))?;
        Ok(())
    }

    fn digits(&self) -> usize {
        self.0.bytes().take_while(u8::is_ascii_digit).count()
    }

    /// A number of so many digits at least, and at most; more may follow.
    fn number(&mut self, element: &'static str, fewest: usize, most: usize) -> Read<'a, i64> {
        let fault = Fault::Form(self.0, element);
        let count = self.digits().min(most);
        let (number, rest) = self.0.split_at(count);
        if count < fewest {
            return Err(fault);
        }
        self.0 = rest;
        decimal(number).ok_or(fault)
    }

    /// The microseconds, where they are asked for.
    fn fraction(&mut self, fraction: Fraction) -> Read<'a, i64> {
        let after = self.0.strip_prefix(['.', ',']);
        if fraction == Fraction::SixDigits {
            let fault = Fault::Form(self.0, ".000000");
            let Some((number, rest)) = after.and_then(|after| after.split_at_checked(6)) else {
                return Err(fault);
            };
            self.0 = rest;
            // Go reads the digits as any number, which may have a sign.
            let micros = decimal(number.strip_prefix(['-', '+']).unwrap_or(number)).ok_or(fault)?;
            let is_negative = number.starts_with('-') && micros > 0;
            return if is_negative { Err(Fault::Range("fractional second")) } else { Ok(micros) };
        }
        if let Some(after) = after.filter(|after| after.starts_with(|c: char| c.is_ascii_digit())) {
            self.0 = after.trim_start_matches(|c: char| c.is_ascii_digit());
        }
        Ok(0)
    }

    /// How many seconds the zone is ahead of UTC.
    fn offset(&mut self) -> Read<'a, i64> {
        if let Some(rest) = self.0.strip_prefix('Z') {
            self.0 = rest;
            return Ok(0);
        }
        let fault = Fault::Form(self.0, "Z07:00");
        if self.0.as_bytes().get(3) != Some(&b':') || self.0.len() < 6 {
            return Err(fault);
        }
        let hours = self.0.get(1..3).and_then(decimal);
        let minutes = hours.and(self.0.get(4..6)).and_then(decimal);
        // What is too large is told of first, and minutes before hours.
        within(minutes.unwrap_or(0), 0..=60, "time zone offset minute")?;
        within(hours.unwrap_or(0), 0..=24, "time zone offset hour")?;
        let sign = match self.0.as_bytes().first() {
            Some(b'+') => 1,
            Some(b'-') => -1,
            _ => return Err(fault),
        };
        let (Some(hours), Some(minutes), Some(rest)) = (hours, minutes, self.0.get(6..)) else {
            return Err(fault);
        };
        self.0 = rest;
        Ok(sign * (hours * 3600 + minutes * 60))
    }
}
