//! Durations as Go writes them: `300ms`, `1.5h`, `1m30s`, `-2us`.

use std::time::Duration;

/// Why a text is no duration; the texts are the ones Go clients know.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DurationError {
    /// The text has no digits where they must be, or is out of range.
    #[error("time: invalid duration {0:?}")]
    Invalid(String),
    /// A number without a unit.
    #[error("time: missing unit in duration {0:?}")]
    MissingUnit(String),
    /// A unit that is none.
    #[error("time: unknown unit {unit:?} in duration {text:?}")]
    UnknownUnit {
        /// The unit as written.
        unit: String,
        /// The whole text.
        text: String,
    },
}

/// Parses a duration; a negative one counts as zero.
pub fn parse(text: &str) -> Result<Duration, DurationError> {
    let invalid = || DurationError::Invalid(text.to_owned());
    let (negative, mut rest) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    if rest == "0" {
        return Ok(Duration::ZERO);
    }
    if rest.is_empty() {
        return Err(invalid());
    }
    let mut nanoseconds = 0_u128;
    while !rest.is_empty() {
        let (term, after) = term(text, rest)?;
        nanoseconds = nanoseconds.checked_add(term).filter(|sum| *sum <= LARGEST).ok_or_else(invalid)?;
        rest = after;
    }
    let nanoseconds = u64::try_from(nanoseconds).map_err(|_| invalid())?;
    Ok(if negative { Duration::ZERO } else { Duration::from_nanos(nanoseconds) })
}

const LARGEST: u128 = i64::MAX as u128;

/// One number with its unit, in nanoseconds, and the text after it.
fn term<'a>(text: &str, rest: &'a str) -> Result<(u128, &'a str), DurationError> {
    let invalid = || DurationError::Invalid(text.to_owned());
    let (whole, after) = digits(rest);
    let (fraction, after) = after.strip_prefix('.').map_or(("", after), digits);
    if whole.is_empty() && fraction.is_empty() {
        return Err(invalid());
    }
    let length = after.find(|c: char| c == '.' || c.is_ascii_digit()).unwrap_or(after.len());
    let (unit, after) = after.split_at(length);
    if unit.is_empty() {
        return Err(DurationError::MissingUnit(text.to_owned()));
    }
    let unit = unit_nanoseconds(unit)
        .ok_or_else(|| DurationError::UnknownUnit { unit: unit.to_owned(), text: text.to_owned() })?;
    let whole = if whole.is_empty() { 0 } else { whole.parse::<u64>().map_err(|_| invalid())? };
    Ok((u128::from(whole) * unit + fraction_of(unit, fraction), after))
}

fn digits(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()))
}

/// `0.FRACTION` of `unit`; digits too small to matter are dropped.
fn fraction_of(unit: u128, fraction: &str) -> u128 {
    let significant = &fraction[..fraction.len().min(18)];
    let scale = 10_u128.pow(significant.len() as u32);
    significant.parse::<u128>().map_or(0, |digits| digits * unit / scale)
}

fn unit_nanoseconds(unit: &str) -> Option<u128> {
    Some(match unit {
        "ns" => 1,
        "us" | "µs" | "μs" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        _ => return None,
    })
}
