//! Points in time and durations, as the API writes them.
//!
//! A time lies in the years 0 to 9999 in UTC, which is what RFC 3339 can say: no other value can be made, so whatever
//! is written can be read. The zero is Go's, the beginning of year 1, which JSON writes as `null` and protobuf as an
//! empty message.

mod calendar;
mod duration;
mod parse;

pub use duration::{Duration, DurationError};
pub use parse::TimeError;

use crate::schema::Scalar;
use crate::wire::message::delimited;
use crate::wire::scalar::{bytes_length, text_value};
use crate::wire::{ProtobufError, Value, WireType, skip};
use jiff::Timestamp;
use parse::Fraction;
use prost::encoding::decode_key;
use std::fmt;
use std::str::FromStr;

/// The beginning of year 0 in UTC, in seconds since the epoch.
const EARLIEST: i64 = -62_167_219_200;
/// The last second of year 9999 in UTC.
const LATEST: i64 = 253_402_300_799;
/// The beginning of year 1 in UTC.
const ZERO: i64 = -62_135_596_800;
const MICROS: i64 = 1_000_000;

/// A point in time with a precision of one second, RFC 3339 in UTC (`metav1.Time`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time(i64);

/// A point in time with a precision of one microsecond (`metav1.MicroTime`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MicroTime(i64);

impl Time {
    /// So many seconds after 1970; what no text can say becomes the nearest time that one can.
    pub const fn from_seconds(seconds: i64) -> Self {
        Time(clamp(seconds, EARLIEST, LATEST))
    }

    /// The seconds since 1970.
    pub const fn seconds(self) -> i64 {
        self.0
    }

    /// The current time.
    pub fn now() -> Self {
        Time::from_seconds(Timestamp::now().as_second())
    }
}

impl MicroTime {
    /// So many microseconds after 1970; what no text can say becomes the nearest time that one can.
    pub const fn from_micros(micros: i64) -> Self {
        MicroTime(clamp(micros, EARLIEST * MICROS, LATEST * MICROS + MICROS - 1))
    }

    /// The microseconds since 1970.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// The current time.
    pub fn now() -> Self {
        MicroTime::from_micros(Timestamp::now().as_microsecond())
    }
}

const fn clamp(value: i64, least: i64, most: i64) -> i64 {
    if value < least {
        least
    } else if value > most {
        most
    } else {
        value
    }
}

impl Default for Time {
    fn default() -> Self {
        Time(ZERO)
    }
}

impl Default for MicroTime {
    fn default() -> Self {
        MicroTime(ZERO * MICROS)
    }
}

impl From<MicroTime> for Time {
    fn from(time: MicroTime) -> Self {
        Time(time.0.div_euclid(MICROS))
    }
}

impl FromStr for Time {
    type Err = TimeError;
    fn from_str(text: &str) -> Result<Self, TimeError> {
        parse::parse(text, Fraction::Any).map(|(seconds, _)| Time(seconds))
    }
}

impl FromStr for MicroTime {
    type Err = TimeError;
    fn from_str(text: &str) -> Result<Self, TimeError> {
        parse::parse(text, Fraction::SixDigits).map(|(seconds, micros)| MicroTime(seconds * MICROS + micros))
    }
}

impl fmt::Display for Time {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}Z", calendar::DateTime::at(self.0))
    }
}

impl fmt::Display for MicroTime {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, micros) = (self.0.div_euclid(MICROS), self.0.rem_euclid(MICROS));
        write!(out, "{}.{micros:06}Z", calendar::DateTime::at(seconds))
    }
}

macro_rules! time_message {
    ($type:ty, $parts:expr, $from_parts:expr) => {
        impl $type {
            /// The message's fields, of which the zero has none.
            fn parts(self) -> Option<(i64, i64)> {
                (self != Self::default()).then(|| $parts(self.0))
            }
            fn body_length(self) -> usize {
                self.parts().map_or(0, |(seconds, nanos)| seconds.field_length(1) + nanos.field_length(2))
            }
            fn encode_message(&self, number: u32, out: &mut Vec<u8>) {
                crate::wire::message::encode_head(number, self.body_length(), out);
                if let Some((seconds, nanos)) = self.parts() {
                    seconds.encode_field(1, out);
                    nanos.encode_field(2, out);
                }
            }
            fn message_length(&self, number: u32) -> usize {
                bytes_length(self.body_length(), number)
            }
            fn merge_message(&mut self, wire: WireType, source: &mut &[u8]) -> Result<(), ProtobufError> {
                *self = match read_message(delimited(wire, source)?)? {
                    Some(parts) => $from_parts(parts),
                    None => Self::default(),
                };
                Ok(())
            }
        }
    };
}

/// Seconds and nanoseconds of a message; none of an empty one.
fn read_message(mut body: &[u8]) -> Result<Option<(i64, i64)>, ProtobufError> {
    if body.is_empty() {
        return Ok(None);
    }
    let (mut seconds, mut nanos) = (0i64, 0i64);
    while !body.is_empty() {
        match decode_key(&mut body)? {
            (1, wire) => seconds.merge_field(wire, &mut body)?,
            (2, wire) => nanos.merge_field(wire, &mut body)?,
            (number, wire) => skip(number, wire, &mut body)?,
        }
    }
    if !(EARLIEST..=LATEST).contains(&seconds) || !(0..1_000_000_000).contains(&nanos) {
        return Err(ProtobufError(format!(
            "a time of {seconds} seconds and {nanos} nanoseconds is out of range: in UTC it must be in the years 0 to 9999"
        )));
    }
    Ok(Some((seconds, nanos)))
}

time_message!(Time, |seconds| (seconds, 0), |(seconds, _)| Time(seconds));
time_message!(MicroTime, |micros: i64| (micros.div_euclid(MICROS), micros.rem_euclid(MICROS) * 1000), |(
    seconds,
    nanos,
)| {
    MicroTime(seconds * MICROS + nanos / 1000)
});
text_value!(Time, Scalar::Time, "Time", zero is null);
text_value!(MicroTime, Scalar::MicroTime, "MicroTime", zero is null);

#[cfg(test)]
mod tests;
