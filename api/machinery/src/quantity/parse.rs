//! The text form of quantities.

use super::{BINARY_SUFFIXES, DECIMAL_SUFFIXES, Format, ONE, Quantity};
use std::str::FromStr;

/// Why a text is not a quantity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QuantityError {
    /// The text has another form.
    #[error("quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'")]
    Format,
    /// The number is not one.
    #[error("unable to parse numeric part of quantity")]
    Number,
    /// There is no such suffix.
    #[error("unable to parse quantity's suffix")]
    Suffix,
    /// No amount of that size can be kept.
    #[error("the quantity is too large: write at most 1e29")]
    TooLarge,
}

/// Amounts with a binary suffix end here.
const LARGEST_BINARY: i128 = i64::MAX as i128 * ONE;

/// Decimal digits of a number, the first `whole` of them before the point.
struct Digits {
    digits: Vec<u8>,
    whole: usize,
}

impl FromStr for Quantity {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, QuantityError> {
        if text.is_empty() {
            return Err(QuantityError::Format);
        }
        let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
        let end = unsigned.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(unsigned.len());
        let (number, suffix) = unsigned.split_at(end);
        let (nanos, format) = match whole(number, suffix) {
            Some(amount) => amount,
            None => exactly(number, suffix)?,
        };
        let fraction = format == Format::BinarySi && nanos < ONE;
        let format = if fraction { Format::DecimalSi } else { format };
        Ok(Quantity { nanos: if text.starts_with('-') { -nanos } else { nanos }, format })
    }
}

/// The amount of a whole number with a known suffix, as nearly all are written.
fn whole(number: &str, suffix: &str) -> Option<(i128, Format)> {
    let count = i128::from(number.parse::<u64>().ok()?);
    let (format, exponent) = read_suffix(suffix).ok()?;
    let exponent =
        u32::try_from(if format == Format::BinarySi { exponent } else { exponent.checked_add(9)? }).ok()?;
    let nanos = match format {
        Format::BinarySi => count.checked_mul(1 << exponent)?.checked_mul(ONE)?.min(LARGEST_BINARY),
        _ => count.checked_mul(10i128.checked_pow(exponent)?)?,
    };
    Some((nanos, format))
}

/// The amount of any number, digit by digit.
fn exactly(number: &str, suffix: &str) -> Result<(i128, Format), QuantityError> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if fraction.contains('.') {
        return Err(QuantityError::Format);
    }
    let (format, exponent) = read_suffix(suffix)?;
    if whole.is_empty() && fraction.is_empty() {
        return without_digits(format, exponent);
    }
    let mut digits = Digits::read(whole, fraction);
    let nanos = match format {
        Format::BinarySi => {
            (0..exponent).for_each(|_| digits.double());
            digits.shift(9).unwrap_or(LARGEST_BINARY).min(LARGEST_BINARY)
        }
        _ => digits.shift(exponent.saturating_add(9)).ok_or(QuantityError::TooLarge)?,
    };
    Ok((nanos, format))
}

/// Upstream reads a number without digits as 0 where it has no need to count in more than 64 bits.
fn without_digits(format: Format, exponent: i64) -> Result<(i128, Format), QuantityError> {
    let is_zero = if format == Format::BinarySi { exponent <= 40 } else { exponent >= -9 };
    if is_zero { Ok((0, format)) } else { Err(QuantityError::Number) }
}

/// The format a suffix stands for, with its power of ten, or of two for a binary one.
fn read_suffix(suffix: &str) -> Result<(Format, i64), QuantityError> {
    if let Some(steps) = DECIMAL_SUFFIXES.iter().position(|known| *known == suffix) {
        return Ok((Format::DecimalSi, 3 * steps as i64 - 9));
    }
    if let Some(steps) = BINARY_SUFFIXES.iter().position(|known| *known == suffix) {
        return Ok((Format::BinarySi, 10 * steps as i64));
    }
    let letters = suffix.trim_start_matches(|c| "eEinumkKMGTP".contains(c));
    let number = letters.strip_prefix(['-', '+']).unwrap_or(letters);
    if number.contains(|c: char| !c.is_ascii_digit()) {
        return Err(QuantityError::Format);
    }
    let exponent = suffix.strip_prefix(['e', 'E']).ok_or(QuantityError::Suffix)?;
    Ok((Format::DecimalExponent, exponent.parse().map_err(|_| QuantityError::Suffix)?))
}

impl Digits {
    fn read(whole: &str, fraction: &str) -> Self {
        let digits = whole.bytes().chain(fraction.bytes()).map(|digit| digit - b'0').collect();
        Digits { digits, whole: whole.len() }
    }

    /// Doubles the number, exactly.
    fn double(&mut self) {
        let mut carry = 0;
        for digit in self.digits.iter_mut().rev() {
            let doubled = 2 * *digit + carry;
            (*digit, carry) = (doubled % 10, doubled / 10);
        }
        if carry > 0 {
            self.digits.insert(0, carry);
            self.whole += 1;
        }
    }

    /// The number times that power of ten, rounded up to a whole one; none when it does not fit.
    fn shift(&self, power: i64) -> Option<i128> {
        let keep = usize::try_from((self.whole as i64).saturating_add(power)).unwrap_or(0);
        let (kept, dropped) = self.digits.split_at(keep.min(self.digits.len()));
        let mut number = 0i128;
        for digit in kept {
            number = number.checked_mul(10)?.checked_add(i128::from(*digit))?;
        }
        if number > 0 {
            let zeros = u32::try_from(keep - kept.len()).ok()?;
            number = number.checked_mul(10i128.checked_pow(zeros)?)?;
        }
        number.checked_add(i128::from(dropped.iter().any(|digit| *digit > 0)))
    }
}
