//! Spans of time as Go writes them: `300ms`, `1.5h`, `1m30s`, `-2us`.

use crate::go::quoted_bytes;
use crate::schema::Scalar;
use crate::wire::message::{delimited, encode_head};
use crate::wire::scalar::{bytes_length, text_value};
use crate::wire::{ProtobufError, Value, WireType, skip};
use prost::encoding::decode_key;
use std::fmt;
use std::str::FromStr;

/// A span of time in nanoseconds, written as Go does: `1h30m0s` (`metav1.Duration`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Duration(pub i64);

/// Why a text is no duration; the texts are the ones Go clients know.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DurationError {
    /// The text has no digits where they must be, or is out of range.
    #[error("time: invalid duration {}", quoted_bytes(.0))]
    Invalid(String),
    /// A number without a unit.
    #[error("time: missing unit in duration {}", quoted_bytes(.0))]
    MissingUnit(String),
    /// A unit that is none.
    #[error("time: unknown unit {} in duration {}", quoted_bytes(unit), quoted_bytes(text))]
    UnknownUnit {
        /// The unit as written.
        unit: String,
        /// The whole text.
        text: String,
    },
}

impl Duration {
    /// The span for timers and deadlines, which know none below zero.
    pub fn or_zero(self) -> std::time::Duration {
        std::time::Duration::from_nanos(u64::try_from(self.0).unwrap_or(0))
    }

    fn encode_message(&self, number: u32, out: &mut Vec<u8>) {
        encode_head(number, self.0.field_length(1), out);
        self.0.encode_field(1, out);
    }

    fn message_length(&self, number: u32) -> usize {
        bytes_length(self.0.field_length(1), number)
    }

    fn merge_message(&mut self, wire: WireType, source: &mut &[u8]) -> Result<(), ProtobufError> {
        let mut body = delimited(wire, source)?;
        while !body.is_empty() {
            match decode_key(&mut body)? {
                (1, wire) => self.0.merge_field(wire, &mut body)?,
                (number, wire) => skip(number, wire, &mut body)?,
            }
        }
        Ok(())
    }
}

text_value!(Duration, Scalar::Duration, "Duration", zero is text);

const UNITS: [(&str, u64); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("μs", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];
/// The magnitude of the smallest `i64`.
const LARGEST: u64 = 1 << 63;

impl FromStr for Duration {
    type Err = DurationError;

    fn from_str(text: &str) -> Result<Self, DurationError> {
        let invalid = || DurationError::Invalid(text.to_owned());
        let mut rest = text.strip_prefix(['-', '+']).unwrap_or(text);
        if rest == "0" {
            return Ok(Duration(0));
        }
        if rest.is_empty() {
            return Err(invalid());
        }
        let mut total = 0u64;
        while !rest.is_empty() {
            let (term, after) = term(text, rest)?;
            // Two terms of the largest are none, as in Go.
            total = total.wrapping_add(term);
            if total > LARGEST {
                return Err(invalid());
            }
            rest = after;
        }
        match text.starts_with('-') {
            true => Ok(Duration(0i64.wrapping_sub_unsigned(total))),
            false => i64::try_from(total).map(Duration).map_err(|_| invalid()),
        }
    }
}

/// One number with its unit, in nanoseconds, and the text after it.
fn term<'a>(text: &str, rest: &'a str) -> Result<(u64, &'a str), DurationError> {
    let invalid = || DurationError::Invalid(text.to_owned());
    let (whole, after) = digits(rest);
    let whole_number = match whole {
        "" => 0,
        digits => digits.parse::<u64>().ok().filter(|number| *number <= LARGEST).ok_or_else(invalid)?,
    };
    let (fraction, after) = after.strip_prefix('.').map_or(("", after), digits);
    if whole.is_empty() && fraction.is_empty() {
        return Err(invalid());
    }
    let (unit, after) =
        after.split_at(after.find(|c: char| c == '.' || c.is_ascii_digit()).unwrap_or(after.len()));
    if unit.is_empty() {
        return Err(DurationError::MissingUnit(text.to_owned()));
    }
    let Some((_, nanos)) = UNITS.iter().find(|(name, _)| *name == unit) else {
        return Err(DurationError::UnknownUnit { unit: unit.to_owned(), text: text.to_owned() });
    };
    let whole = whole_number.checked_mul(*nanos).filter(|whole| *whole <= LARGEST).ok_or_else(invalid)?;
    let sum = whole.saturating_add(fraction_of(*nanos, fraction));
    if sum > LARGEST { Err(invalid()) } else { Ok((sum, after)) }
}

fn digits(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()))
}

/// `0.FRACTION` of a unit, as near as Go comes by doubles; digits beyond those of an `i64` are dropped.
fn fraction_of(unit: u64, fraction: &str) -> u64 {
    let (mut digits, mut scale) = (0u64, 1.0);
    for digit in fraction.bytes().map(|byte| u64::from(byte - b'0')) {
        if digits > (LARGEST - 1) / 10 || digits * 10 + digit > LARGEST {
            break;
        }
        digits = digits * 10 + digit;
        scale *= 10.0;
    }
    (digits as f64 * (unit as f64 / scale)) as u64
}

impl fmt::Display for Duration {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = self.0.unsigned_abs();
        if self.0 < 0 {
            out.write_str("-")?;
        }
        match nanos {
            0 => return out.write_str("0s"),
            1..1_000 => return write!(out, "{nanos}ns"),
            1_000..1_000_000 => return write!(out, "{}µs", decimal(nanos, 1_000)),
            1_000_000..1_000_000_000 => return write!(out, "{}ms", decimal(nanos, 1_000_000)),
            _ => {}
        }
        let (minutes, rest) = (nanos / 60_000_000_000, nanos % 60_000_000_000);
        if minutes >= 60 {
            write!(out, "{}h", minutes / 60)?;
        }
        if minutes > 0 {
            write!(out, "{}m", minutes % 60)?;
        }
        write!(out, "{}s", decimal(rest, 1_000_000_000))
    }
}

fn decimal(value: u64, unit: u64) -> String {
    let width = unit.ilog10() as usize;
    let text = format!("{}.{:0width$}", value / unit, value % unit);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
