//! Versions: `semver`, `isSemver` and their parts.

use super::quantity::sign;
use super::{Overload, overload};
use crate::admission::extension::expression::{Outcome, Value, fault};
use semver::Version;
use std::sync::Arc;

/// A version, which compares without its build.
#[derive(Clone, Debug)]
pub(in super::super) struct Semver(pub(in super::super) Version);

pub(super) const OVERLOADS: &[Overload] = &[
    overload!(Global "isSemver" (String a) -> Bool, |_| a.parse::<Version>().is_ok()),
    overload!(Global "isSemver" (String a, Bool normalizes) -> Bool, |_| parsed(a, *normalizes).is_ok()),
    overload!(Global "semver" (String a) -> Semver, |_| parsed(a, false)),
    overload!(Global "semver" (String a, Bool normalizes) -> Semver, |_| parsed(a, *normalizes)),
    overload!(Member "major" (Semver a) -> Int, |_| part(a.0.major)),
    overload!(Member "minor" (Semver a) -> Int, |_| part(a.0.minor)),
    overload!(Member "patch" (Semver a) -> Int, |_| part(a.0.patch)),
    overload!(Member "isLessThan" (Semver a, Semver b) -> Bool, |_| a.0.cmp_precedence(&b.0).is_lt()),
    overload!(Member "isGreaterThan" (Semver a, Semver b) -> Bool, |_| a.0.cmp_precedence(&b.0).is_gt()),
    overload!(Member "compareTo" (Semver a, Semver b) -> Int, |_| sign(a.0.cmp_precedence(&b.0))),
];

/// A version; where it is to be normalized, one that leaves out a part or begins with `v` is completed first.
fn parsed(text: &str, normalizes: bool) -> Outcome<Value> {
    let read = if normalizes { normalized(text).parse() } else { text.parse() };
    read.map(|version| Value::Semver(Arc::new(Semver(version))))
        .map_err(|error: semver::Error| fault(error.to_string()))
}

fn normalized(text: &str) -> String {
    let text = text.strip_prefix('v').unwrap_or(text);
    let end = text.find(['-', '+']).unwrap_or(text.len());
    let (numbers, rest) = text.split_at(end);
    let mut numbers: Vec<&str> = numbers
        .split('.')
        .map(|number| match number.trim_start_matches('0') {
            "" if !number.is_empty() => "0",
            trimmed => trimmed,
        })
        .collect();
    while numbers.len() < 3 {
        numbers.push("0");
    }
    format!("{}{rest}", numbers.join("."))
}

fn part(part: u64) -> i64 {
    i64::try_from(part).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_version_is_completed() {
        for (text, expected) in
            [("v1", "1.0.0"), ("1.2", "1.2.0"), ("01.02.03-rc.1", "1.2.3-rc.1"), ("1.0+build", "1.0.0+build")]
        {
            assert_eq!(super::normalized(text), expected);
        }
    }
}
