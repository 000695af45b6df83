//! Versions: `semver`, `isSemver` and their parts.

use super::{Outcome, failed, opaque};
use cel::extractors::{Arguments, This};
use cel::objects::Opaque;
use cel::{Context, DeclarationError, ExecutionError, Value};
use semver::Version;
use std::sync::Arc;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Semver(pub(super) Version);

impl Opaque for Semver {
    fn runtime_type_name(&self) -> &str {
        "kubernetes.Semver"
    }
}

/// Adds the functions of versions.
pub(super) fn add(context: &mut Context<'_, '_>) -> [Result<(), DeclarationError>; 5] {
    [
        context.add_function("isSemver", |arguments: Arguments| Outcome::Ok(parsed(&arguments)?.is_ok())),
        context.add_function("semver", |arguments: Arguments| {
            let version = parsed(&arguments)?.map_err(|error| failed("semver", error))?;
            Outcome::Ok(Value::Opaque(Arc::new(Semver(version))))
        }),
        context.add_function("major", |this: This<Value>| part(&this, |version| version.major)),
        context.add_function("minor", |this: This<Value>| part(&this, |version| version.minor)),
        context.add_function("patch", |this: This<Value>| part(&this, |version| version.patch)),
    ]
}

/// The version that the first argument is; with a second that is true, one that leaves out a part or begins with `v` is
/// completed first.
fn parsed(Arguments(arguments): &Arguments) -> Outcome<Result<Version, semver::Error>> {
    let wrong = || ExecutionError::function_error("semver", "it takes a text, and whether to normalize it");
    match arguments.as_slice() {
        [Value::String(text)] | [Value::String(text), Value::Bool(false)] => Ok(text.parse()),
        [Value::String(text), Value::Bool(true)] => Ok(normalized(text).parse()),
        _ => Err(wrong()),
    }
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

fn part(this: &This<Value>, part: impl FnOnce(&Version) -> u64) -> Outcome<i64> {
    let version = opaque::<Semver>(&this.0).ok_or_else(|| failed("semver", "this is no version"))?;
    Ok(i64::try_from(part(&version.0)).unwrap_or(i64::MAX))
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
