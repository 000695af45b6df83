//! Points in time and durations, as the API writes them.

use crate::schema::Scalar;
use crate::wire::message::delimited;
use crate::wire::scalar::{bytes_length, text_value};
use crate::wire::{ProtobufError, Value, WireType, skip};
use jiff::Timestamp;
use prost::encoding::{decode_key, encode_key, encode_varint};
use std::fmt;
use std::str::FromStr;

/// A point in time with a precision of one second, RFC 3339 in UTC (`metav1.Time`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time(pub i64);

/// A point in time with a precision of one microsecond (`metav1.MicroTime`), in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct MicroTime(pub i64);

/// A span of time in nanoseconds, written as Go does: `1h30m0s` (`metav1.Duration`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Duration(pub i64);

impl Time {
    /// The current time.
    pub fn now() -> Self {
        Time(Timestamp::now().as_second())
    }
}

impl MicroTime {
    /// The current time.
    pub fn now() -> Self {
        MicroTime(Timestamp::now().as_microsecond())
    }
}

fn parse(text: &str) -> Result<Timestamp, String> {
    let time = if is_rfc3339(text) { text.parse().ok() } else { None };
    time.ok_or_else(|| format!("{text:?} is not an RFC 3339 time such as 2006-01-02T15:04:05Z"))
}

/// Whether digits and signs stand where RFC 3339 has them; [`Timestamp`] takes other forms of ISO 8601 too.
fn is_rfc3339(text: &str) -> bool {
    let like = |text: &str, pattern: &str| {
        let fits =
            |(byte, wanted): (u8, u8)| if wanted == b'0' { byte.is_ascii_digit() } else { byte == wanted };
        text.len() == pattern.len() && text.bytes().zip(pattern.bytes()).all(fits)
    };
    let Some((date, rest)) = text.split_at_checked(19) else { return false };
    let (fraction, zone) = rest.split_at(rest.find(['Z', '+', '-']).unwrap_or(rest.len()));
    let fraction = fraction.strip_prefix('.').map_or(fraction.is_empty(), |digits| {
        !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
    });
    like(date, "0000-00-00T00:00:00")
        && fraction
        && (zone == "Z" || like(zone, "+00:00") || like(zone, "-00:00"))
}

impl FromStr for Time {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Ok(Time(parse(text)?.as_second()))
    }
}

impl FromStr for MicroTime {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Ok(MicroTime(parse(text)?.as_microsecond()))
    }
}

impl fmt::Display for Time {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = Timestamp::from_second(self.0).unwrap_or_default();
        write!(out, "{}", time.strftime("%Y-%m-%dT%H:%M:%SZ"))
    }
}

impl fmt::Display for MicroTime {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = Timestamp::from_microsecond(self.0).unwrap_or_default();
        write!(out, "{}", time.strftime("%Y-%m-%dT%H:%M:%S%.6fZ"))
    }
}

macro_rules! time_message {
    ($type:ty, $per_second:literal, $nanos:literal) => {
        impl $type {
            fn parts(self) -> (i64, i64) {
                (self.0.div_euclid($per_second), self.0.rem_euclid($per_second) * $nanos)
            }
            fn body(self) -> Vec<u8> {
                let (seconds, nanos) = self.parts();
                let mut body = Vec::with_capacity(16);
                seconds.encode_field(1, &mut body);
                nanos.encode_field(2, &mut body);
                body
            }
            fn encode_message(&self, number: u32, out: &mut Vec<u8>) {
                crate::wire::scalar::encode_bytes(&self.body(), number, out);
            }
            fn message_length(&self, number: u32) -> usize {
                let (seconds, nanos) = self.parts();
                bytes_length(seconds.field_length(1) + nanos.field_length(2), number)
            }
            fn merge_message(&mut self, wire: WireType, source: &mut &[u8]) -> Result<(), ProtobufError> {
                let mut body = delimited(wire, source)?;
                let (mut seconds, mut nanos) = (0i64, 0i64);
                while !body.is_empty() {
                    match decode_key(&mut body)? {
                        (1, wire) => seconds.merge_field(wire, &mut body)?,
                        (2, wire) => nanos.merge_field(wire, &mut body)?,
                        (number, wire) => skip(number, wire, &mut body)?,
                    }
                }
                self.0 = seconds.saturating_mul($per_second).saturating_add(nanos / $nanos);
                Ok(())
            }
        }
    };
}

time_message!(Time, 1, 1_000_000_000);
time_message!(MicroTime, 1_000_000, 1_000);
text_value!(Time, Scalar::Time, "Time", zero is "null");
text_value!(MicroTime, Scalar::MicroTime, "MicroTime", zero is "null");

impl Duration {
    fn encode_message(&self, number: u32, out: &mut Vec<u8>) {
        encode_key(number, WireType::LengthDelimited, out);
        encode_varint(self.0.field_length(1) as u64, out);
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

text_value!(Duration, Scalar::Duration, "Duration", zero is "text");

const UNITS: [(&str, i64); 7] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

impl FromStr for Duration {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is not a duration such as 1h30m or 90s");
        let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
        if unsigned == "0" {
            return Ok(Duration(0));
        }
        let (mut total, mut rest) = (0i128, unsigned);
        if unsigned.is_empty() {
            return Err(wrong());
        }
        while !rest.is_empty() {
            let (part, tail) = part(rest).ok_or_else(wrong)?;
            total = total.checked_add(part).ok_or_else(wrong)?;
            rest = tail;
        }
        let total = if text.starts_with('-') { -total } else { total };
        i64::try_from(total).map(Duration).map_err(|_| wrong())
    }
}

/// The first number with its unit, in nanoseconds, and what comes after.
fn part(text: &str) -> Option<(i128, &str)> {
    let digits = |text: &str| text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (whole, rest) = text.split_at(digits(text));
    let (fraction, rest) = match rest.strip_prefix('.') {
        Some(rest) => rest.split_at(digits(rest)),
        None => ("", rest),
    };
    let end = rest.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(rest.len());
    let unit = i128::from(UNITS.iter().find(|(name, _)| *name == &rest[..end])?.1);
    // The sixteenth digit of a fraction of an hour is less than a nanosecond.
    let fraction = &fraction[..fraction.len().min(15)];
    let number =
        |text: &str| if text.is_empty() { Some(0) } else { text.parse::<i64>().ok().map(i128::from) };
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let part = number(fraction)? * unit / 10i128.pow(fraction.len() as u32);
    Some((number(whole)? * unit + part, &rest[end..]))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_written_as_go_does() {
        for (input, output) in [
            ("1h30m", "1h30m0s"),
            ("90s", "1m30s"),
            ("1.5h", "1h30m0s"),
            ("250ms", "250ms"),
            ("-2m", "-2m0s"),
            ("0", "0s"),
            ("1500ns", "1.5µs"),
            ("1.h", "1h0m0s"),
            ("+.5s", "500ms"),
            ("342935h31m30.123456789s", "342935h31m30.123456789s"),
            ("-2562047h47m16.854775808s", "-2562047h47m16.854775808s"),
        ] {
            assert_eq!(input.parse::<Duration>().unwrap().to_string(), output, "{input}");
        }
        for wrong in
            ["", "-", "1", "h", ".h", "1x", "--1s", "1h-", "1..5h", "9999999999h", "99999999999999999999s"]
        {
            assert!(wrong.parse::<Duration>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn times_are_rfc3339_seconds_in_utc() {
        let time: Time = "2026-07-01T14:00:00.75+02:00".parse().unwrap();
        assert_eq!(time.to_string(), "2026-07-01T12:00:00Z");
        let micro: MicroTime = "2026-07-01T12:00:00.000001Z".parse().unwrap();
        assert_eq!(micro.to_string(), "2026-07-01T12:00:00.000001Z");
        for wrong in [
            "",
            "2026-07-01",
            "2026-07-01 12:00:00Z",
            "20260701T120000Z",
            "2026-07-01T12:00Z",
            "2026-07-01T12:00:00",
            "2026-07-01T12:00:00.Z",
            "2026-07-01T12:00:00+0200",
            "2026-02-30T12:00:00Z",
            "2026-07-01T12:00:00Z[UTC]",
        ] {
            assert!(wrong.parse::<Time>().is_err(), "{wrong}");
        }
    }
}
