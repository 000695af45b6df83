//! Points in time and durations: read and shown as Go does, and their parts.

use super::{Overload, overload};
use crate::admission::extension::expression::{Outcome, Value, fault};
use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, Offset, TimeDelta, TimeZone, Timelike, Utc};

type Instant = DateTime<FixedOffset>;

const SECOND: i64 = 1_000_000_000;

/// A part of a point in time, in UTC and in a zone that is named.
macro_rules! parts {
    ($($name:literal, $part:expr;)*) => {
        &[$(
            overload!(Member $name (Timestamp a) -> Int, |_| ($part)(&a.with_timezone(&utc()))),
            overload!(Member $name (Timestamp a, String zone) -> Int, |_| in_zone(a, zone).map(|a| ($part)(&a))),
        )*]
    };
}

pub(super) const PARTS: &[Overload] = parts! {
    "getFullYear", |at: &Instant| i64::from(at.year());
    "getMonth", |at: &Instant| i64::from(at.month0());
    "getDate", |at: &Instant| i64::from(at.day());
    "getDayOfMonth", |at: &Instant| i64::from(at.day0());
    "getDayOfWeek", |at: &Instant| i64::from(at.weekday().num_days_from_sunday());
    "getDayOfYear", |at: &Instant| i64::from(at.ordinal0());
    "getHours", |at: &Instant| i64::from(at.hour());
    "getMinutes", |at: &Instant| i64::from(at.minute());
    "getSeconds", |at: &Instant| i64::from(at.second());
    "getMilliseconds", |at: &Instant| i64::from(at.nanosecond() / 1_000_000);
};

pub(super) const OVERLOADS: &[Overload] = &[
    overload!(Global "timestamp" (Timestamp a) -> Timestamp, |_| Value::Timestamp(*a)),
    overload!(Global "timestamp" (String a) -> Timestamp, |_| timestamp(a)),
    overload!(Global "timestamp" (Int a) -> Timestamp, |_| {
        let at = DateTime::from_timestamp(*a, 0).map(|at| at.with_timezone(&utc()));
        at.map_or_else(|| Err(fault("timestamp overflow")), checked)
    }),
    overload!(Global "duration" (Duration a) -> Duration, |_| Value::Duration(*a)),
    overload!(Global "duration" (String a) -> Duration, |_| duration(a)),
    overload!(Member "getHours" (Duration a) -> Int, |_| a / (3600 * SECOND)),
    overload!(Member "getMinutes" (Duration a) -> Int, |_| a / (60 * SECOND)),
    overload!(Member "getSeconds" (Duration a) -> Int, |_| a / SECOND),
    overload!(Member "getMilliseconds" (Duration a) -> Int, |_| a / 1_000_000),
];

fn utc() -> FixedOffset {
    Utc.fix()
}

/// A point in time that can be written: of the years 1 to 9999.
fn checked(at: Instant) -> Outcome<Value> {
    let year = at.naive_utc().year();
    if (1..=9999).contains(&year) { Ok(Value::Timestamp(at)) } else { Err(fault("timestamp overflow")) }
}

pub(super) fn moved(at: &Instant, by: i64) -> Outcome<Value> {
    let moved = at.checked_add_signed(TimeDelta::nanoseconds(by));
    moved.map_or_else(|| Err(fault("timestamp overflow")), checked)
}

pub(super) fn between(later: &Instant, earlier: &Instant) -> Outcome<Value> {
    let nanoseconds = later.signed_duration_since(earlier).num_nanoseconds();
    nanoseconds.map(Value::Duration).ok_or_else(|| fault("duration overflow"))
}

fn in_zone(at: &Instant, zone: &str) -> Outcome<Instant> {
    if let Some(offset) = offset(zone) {
        return Ok(at.with_timezone(&offset));
    }
    let unknown = |_| fault(format!("unknown time zone {zone}"));
    let zone: chrono_tz::Tz = zone.parse().map_err(unknown)?;
    Ok(at.with_timezone(&zone.offset_from_utc_datetime(&at.naive_utc()).fix()))
}

/// `-02:30`, or `02:00`.
fn offset(zone: &str) -> Option<FixedOffset> {
    let (hours, minutes) = zone.split_once(':')?;
    let sign = if hours.starts_with('-') { -1 } else { 1 };
    let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
    FixedOffset::east_opt(sign * (hours.abs() * 3600 + minutes * 60))
}

/// The next number of so many digits.
fn number(text: &mut &str, least: usize, most: usize) -> Option<u32> {
    let digits = text.bytes().take(most).take_while(u8::is_ascii_digit).count();
    let (number, rest) = text.split_at(digits);
    *text = rest;
    if digits < least { None } else { number.parse().ok() }
}

fn expect(text: &mut &str, wanted: &str) -> Option<()> {
    *text = text.strip_prefix(wanted)?;
    Some(())
}

pub(super) fn timestamp(text: &str) -> Outcome<Value> {
    let unreadable = || fault("type conversion error from 'string' to 'google.protobuf.Timestamp'");
    checked(rfc3339(text).ok_or_else(unreadable)?)
}

/// RFC 3339 as Go reads it: an hour may have one digit, a comma may stand before the fraction, no second is the 61st.
fn rfc3339(mut text: &str) -> Option<Instant> {
    let rest = &mut text;
    let year = number(rest, 4, 4)?;
    expect(rest, "-")?;
    let month = number(rest, 2, 2)?;
    expect(rest, "-")?;
    let date = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, number(rest, 2, 2)?)?;
    expect(rest, "T")?;
    let hour = number(rest, 1, 2)?;
    expect(rest, ":")?;
    let minute = number(rest, 2, 2)?;
    expect(rest, ":")?;
    let second = number(rest, 2, 2)?;
    let at = date.and_hms_nano_opt(hour, minute, second, fraction(rest)?)?;
    let offset = match *rest {
        "Z" => 0,
        rest => zone(rest)?,
    };
    FixedOffset::east_opt(offset)?.from_local_datetime(&at).single()
}

fn fraction(text: &mut &str) -> Option<u32> {
    let Some(after) = text.strip_prefix(['.', ',']) else { return Some(0) };
    let digits = after.bytes().take_while(u8::is_ascii_digit).count();
    let (fraction, rest) = after.split_at(digits);
    *text = rest;
    if digits == 0 { None } else { format!("{fraction:0<9}")[..9].parse().ok() }
}

fn zone(mut text: &str) -> Option<i32> {
    let rest = &mut text;
    let sign = if rest.starts_with('-') { -1 } else { 1 };
    expect(rest, if sign < 0 { "-" } else { "+" })?;
    let hours = number(rest, 2, 2)?;
    expect(rest, ":")?;
    let minutes = number(rest, 2, 2)?;
    let is_zone = hours <= 24 && minutes < 60 && rest.is_empty();
    is_zone.then(|| i32::try_from(hours * 3600 + minutes * 60).ok().map(|seconds| sign * seconds)).flatten()
}

pub(super) fn duration(text: &str) -> Outcome<Value> {
    let nanoseconds = nanoseconds(text).and_then(|nanoseconds| i64::try_from(nanoseconds).ok());
    let unreadable = || fault("type conversion error from 'string' to 'google.protobuf.Duration'");
    nanoseconds.map(Value::Duration).ok_or_else(unreadable)
}

/// `1h30m`, `-1.5h`, `0`: numbers with units, one after the other.
fn nanoseconds(text: &str) -> Option<i128> {
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Some(0);
    }
    let mut sum = 0_i128;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b'.').count();
        let (count, after) = rest.split_at(digits);
        let unit_length = after.bytes().take_while(|byte| !byte.is_ascii_digit() && *byte != b'.').count();
        let (unit, after) = after.split_at(unit_length);
        sum = sum.checked_add(of_unit(count, unit)?)?;
        rest = after;
    }
    (!text.is_empty() && digits_in(text)).then_some(sign * sum)
}

fn digits_in(text: &str) -> bool {
    text.bytes().any(|byte| byte.is_ascii_digit())
}

fn of_unit(count: &str, unit: &str) -> Option<i128> {
    let unit: i128 = match unit {
        "ns" => 1,
        "us" | "µs" | "μs" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        _ => return None,
    };
    let (whole, fraction) = count.split_once('.').unwrap_or((count, ""));
    if !digits_in(count) || fraction.contains('.') {
        return None;
    }
    let whole: i128 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    // Digits after the eighteenth are less than a nanosecond.
    let fraction: i128 = format!("{fraction:0<18}")[..18].parse().ok()?;
    let exact = whole.checked_mul(unit)?.checked_add(fraction * unit / 1_000_000_000_000_000_000)?;
    (exact <= i128::from(i64::MAX) + 1).then_some(exact)
}

/// In seconds: `5400s`, `0.001s`.
pub(in crate::admission::extension) fn shown_duration(nanoseconds: i64) -> String {
    let sign = if nanoseconds < 0 { "-" } else { "" };
    let nanoseconds = nanoseconds.unsigned_abs();
    let fraction = format!("{:09}", nanoseconds % 1_000_000_000);
    let text = format!("{sign}{}.{fraction}", nanoseconds / 1_000_000_000);
    format!("{}s", text.trim_end_matches('0').trim_end_matches('.'))
}

pub(in crate::admission::extension) fn shown_timestamp(at: &Instant) -> String {
    let offset = match at.offset().local_minus_utc() {
        0 => "Z".to_owned(),
        _ => at.format("%:z").to_string(),
    };
    let fraction = format!(".{:09}", at.nanosecond());
    let fraction = fraction.trim_end_matches('0').trim_end_matches('.');
    format!("{}{fraction}{offset}", at.format("%Y-%m-%dT%H:%M:%S"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_read_and_shown_as_go_does() {
        for (text, expected) in [
            ("1h30m", "5400s"),
            ("-1.5h", "-5400s"),
            ("100us", "0.0001s"),
            ("1ns", "0.000000001s"),
            (".5s", "0.5s"),
            ("0", "0s"),
            ("+1h", "3600s"),
        ] {
            let Ok(Value::Duration(read)) = duration(text) else { panic!("{text}") };
            assert_eq!(shown_duration(read), expected);
        }
        for text in ["", "5", "1d", "1h-1m", "9000000h", ".s", "-", "1.2.3s", "h"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_time_is_read_and_shown_as_go_does() {
        for (text, expected) in [
            ("2026-01-02T03:04:05.120Z", "2026-01-02T03:04:05.12Z"),
            ("2026-01-02T03:04:05+02:00", "2026-01-02T03:04:05+02:00"),
            ("2026-01-02T3:04:05Z", "2026-01-02T03:04:05Z"),
            ("2026-01-02T03:04:05,5Z", "2026-01-02T03:04:05.5Z"),
        ] {
            let Ok(Value::Timestamp(read)) = timestamp(text) else { panic!("{text}") };
            assert_eq!(shown_timestamp(&read), expected);
        }
        for text in [
            "2026-01-02",
            "2026-01-02T03:04:60Z",
            "2026-01-02t03:04:05z",
            "0000-01-01T00:00:00Z",
            "10000-01-01T00:00:00Z",
        ] {
            assert!(timestamp(text).is_err(), "{text}");
        }
    }
}
