//! Quantities such as `10Gi` or `500m`, read and written as `resource.Quantity` does (C-16).
//!
//! An amount is exact to a billionth (`n`); what is finer is rounded away from zero. The format a quantity was
//! written in (`10Gi`, `10G`, `10e9`) is kept and its text is canonical: no fraction, and the largest suffix
//! that needs none. Two quantities are equal when their amounts are, in whatever format.

mod parse;

use crate::schema::{Scalar, Schema, Shape};
use crate::wire::message::delimited;
use crate::wire::scalar::{bytes_length, encode_text, merge_text};
use crate::wire::{Decoding, ProtobufError, Value, WireType, skip};
use prost::encoding::{decode_key, encode_key, encode_varint};
use serde::de::{Deserialize, Deserializer, Error};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use std::cmp::Ordering;
use std::fmt;

pub use parse::QuantityError;

/// Billionths in one.
const ONE: i128 = 1_000_000_000;
const KIBI: i128 = 1024;
const DECIMAL_SUFFIXES: [&str; 10] = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"];
const BINARY_SUFFIXES: [&str; 7] = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

/// An amount of a resource.
#[derive(Clone, Copy, Debug, Default)]
pub struct Quantity {
    nanos: i128,
    format: Format,
}

/// How a quantity is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Format {
    /// `500m`, `12M`.
    #[default]
    DecimalSi,
    /// `12Mi`.
    BinarySi,
    /// `12e6`.
    DecimalExponent,
}

impl Quantity {
    /// Nothing.
    pub const fn zero() -> Self {
        Quantity { nanos: 0, format: Format::DecimalSi }
    }

    /// So many bytes, written with binary suffixes.
    pub fn from_bytes(bytes: u64) -> Self {
        Quantity { nanos: i128::from(bytes) * ONE, format: Format::BinarySi }
    }

    /// Whether it is above zero.
    pub fn is_positive(&self) -> bool {
        self.nanos > 0
    }

    /// Whether it is below zero.
    pub fn is_negative(&self) -> bool {
        self.nanos < 0
    }

    /// -1, 0 or 1.
    pub fn signum(&self) -> i64 {
        i64::from(self.is_positive()) - i64::from(self.is_negative())
    }

    /// The whole number; none where there is a fraction, or more than 64 bits.
    pub fn whole(&self) -> Option<i64> {
        i64::try_from(self.nanos / ONE).ok().filter(|_| self.nanos % ONE == 0)
    }

    /// Whether there is no fraction of a part, of so many to the whole.
    pub fn is_whole_in(&self, parts: u32) -> bool {
        self.nanos.checked_mul(parts.into()).is_none_or(|parts| parts % ONE == 0)
    }

    /// As near as `resource.Quantity` comes: what has a fraction is its digits times a power of ten, both rounded.
    pub fn approximate(&self) -> f64 {
        const POWERS: [f64; 10] = [1e-9, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0];
        let (mut digits, mut zeros) = (self.nanos, 0);
        while zeros < 9 && digits % 10 == 0 {
            digits /= 10;
            zeros += 1;
        }
        digits as f64 * POWERS[zeros]
    }

    /// Both together, written as the first is; none where that is too large.
    pub fn checked_add(&self, other: &Quantity) -> Option<Quantity> {
        Some(Quantity { nanos: self.nanos.checked_add(other.nanos)?, ..*self })
    }

    /// What is left without the other; none where that is too large.
    pub fn checked_sub(&self, other: &Quantity) -> Option<Quantity> {
        Some(Quantity { nanos: self.nanos.checked_sub(other.nanos)?, ..*self })
    }

    /// Whether it is nothing.
    pub fn is_zero(&self) -> bool {
        self.nanos == 0
    }

    /// The whole number, a fraction rounded up; none for a negative amount or one beyond 64 bits.
    pub fn to_bytes(&self) -> Option<u64> {
        let up = i128::from(self.nanos % ONE > 0);
        u64::try_from(self.nanos / ONE + up).ok().filter(|_| !self.is_negative())
    }

    /// Thousandths, as CPUs are counted, a fraction rounded up; none for a negative amount or one beyond 64 bits.
    pub fn to_millis(&self) -> Option<u64> {
        Quantity { nanos: self.nanos.checked_mul(1000)?, ..*self }.to_bytes()
    }
}

impl PartialEq for Quantity {
    fn eq(&self, other: &Self) -> bool {
        self.nanos == other.nanos
    }
}

impl Eq for Quantity {}

impl PartialOrd for Quantity {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Quantity {
    fn cmp(&self, other: &Self) -> Ordering {
        self.nanos.cmp(&other.nanos)
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_zero() {
            return out.write_str("0");
        }
        // A binary suffix would hide a fraction, and below one Ki there is none to use.
        let whole = self.nanos % ONE == 0;
        if self.format == Format::BinarySi && whole && self.nanos.abs() >= KIBI * ONE {
            let (number, steps) = reduce(self.nanos / ONE, KIBI, BINARY_SUFFIXES.len() - 1);
            return write!(out, "{number}{}", BINARY_SUFFIXES[steps]);
        }
        if self.format == Format::DecimalExponent {
            let (number, steps) = reduce(self.nanos, 1000, usize::MAX);
            return match steps {
                3 => write!(out, "{number}"),
                steps => write!(out, "{number}e{}", 3 * steps as i64 - 9),
            };
        }
        let (number, steps) = reduce(self.nanos, 1000, DECIMAL_SUFFIXES.len() - 1);
        write!(out, "{number}{}", DECIMAL_SUFFIXES[steps])
    }
}

/// Takes a factor out of a number as often as it goes, and counts.
fn reduce(mut number: i128, factor: i128, most: usize) -> (i128, usize) {
    let mut steps = 0;
    while number % factor == 0 && steps < most {
        number /= factor;
        steps += 1;
    }
    (number, steps)
}

impl Serialize for Quantity {
    fn serialize<S: Serializer>(&self, target: S) -> Result<S::Ok, S::Error> {
        target.collect_str(self)
    }
}

impl Value for Quantity {
    const SCHEMA: &'static Schema = &Schema::unnamed(Shape::Scalar(Scalar::Quantity));

    fn is_empty(&self) -> bool {
        self.is_zero()
    }
    /// A number, or text as it is written: upstream reads no escapes in it. `null` changes nothing.
    fn decode<'de, D: Deserializer<'de>>(&mut self, source: D, _: &mut Decoding) -> Result<(), D::Error> {
        let raw = Box::<RawValue>::deserialize(source)?;
        if raw.get() != "null" {
            let inner = raw.get().strip_prefix('"').and_then(|text| text.strip_suffix('"'));
            *self = inner.unwrap_or(raw.get()).trim().parse().map_err(D::Error::custom)?;
        }
        Ok(())
    }
    fn encode_field(&self, number: u32, out: &mut Vec<u8>) {
        let text = self.to_string();
        encode_key(number, WireType::LengthDelimited, out);
        encode_varint(bytes_length(text.len(), 1) as u64, out);
        encode_text(&text, 1, out);
    }
    fn field_length(&self, number: u32) -> usize {
        bytes_length(bytes_length(self.to_string().len(), 1), number)
    }
    fn merge_field(&mut self, wire: WireType, source: &mut &[u8]) -> Result<(), ProtobufError> {
        let mut body = delimited(wire, source)?;
        while !body.is_empty() {
            match decode_key(&mut body)? {
                (1, wire) => *self = from_protobuf(merge_text(wire, &mut body)?)?,
                (number, wire) => skip(number, wire, &mut body)?,
            }
        }
        Ok(())
    }
}

/// A message of a quantity that was never set carries an empty text.
fn from_protobuf(text: &str) -> Result<Quantity, ProtobufError> {
    match text {
        "" => Ok(Quantity::zero()),
        text => text.parse().map_err(|error: QuantityError| ProtobufError(error.to_string())),
    }
}

#[cfg(test)]
mod tests;
