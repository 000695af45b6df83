//! What a condition must say (`metav1.Condition`, KEP-1623), in the words of Kubernetes' `ValidateConditions`.

use super::is_qualified_name;
use super::names::mismatch;
use crate::field::{Errors, FieldError, Path};
use crate::meta::{Condition, ConditionStatus, LONGEST_MESSAGE};
use crate::time::Time;
use std::collections::{BTreeMap, BTreeSet};

/// In bytes.
const LONGEST_REASON: usize = 1024;
const REASON: &str = "[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?";

/// Judges a list of conditions, but not those that were there as they are.
pub fn validate_conditions(path: &Path, new: &[Condition], old: &[Condition], errors: &mut Errors) {
    let before: BTreeMap<&str, &Condition> =
        old.iter().map(|condition| (&*condition.kind, condition)).collect();
    let mut types = BTreeSet::new();
    for (number, condition) in new.iter().enumerate() {
        let is_first = types.insert(&*condition.kind);
        if before.get(&*condition.kind) == Some(&condition) {
            continue;
        }
        let path = path.index(number);
        if !is_first {
            errors.push(FieldError::duplicate(&path.child("type"), &*condition.kind));
        }
        validate_condition(&path, condition, errors);
    }
}

fn validate_condition(path: &Path, condition: &Condition, errors: &mut Errors) {
    let Condition { kind, status, observed_generation, last_transition_time, reason, message } = condition;
    for fault in is_qualified_name(kind) {
        errors.push(FieldError::invalid(&path.child("type"), &**kind, &fault));
    }
    if !status.is_supported() {
        let mut supported = ConditionStatus::SUPPORTED.to_vec();
        supported.sort_unstable();
        errors.push(FieldError::not_supported(&path.child("status"), status.as_str(), &supported));
    }
    if *observed_generation < 0 {
        let fault = "must be greater than or equal to zero";
        errors.push(FieldError::invalid(&path.child("observedGeneration"), *observed_generation, fault));
    }
    if *last_transition_time == Time::default() {
        errors.push(FieldError::required(&path.child("lastTransitionTime"), "must be set"));
    }
    let at = path.child("reason");
    if reason.is_empty() {
        errors.push(FieldError::required(&at, "must be set"));
    } else if !is_word(reason) {
        errors.push(FieldError::invalid(&at, &**reason, &reason_fault()));
    }
    if reason.len() > LONGEST_REASON {
        errors.push(FieldError::too_long(&at, LONGEST_REASON));
    }
    if message.len() > LONGEST_MESSAGE {
        errors.push(FieldError::too_long(&path.child("message"), LONGEST_MESSAGE));
    }
}

fn reason_fault() -> String {
    let rule = "a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric \
                characters or '_,:', and must end with an alphanumeric character or '_'";
    mismatch(rule, &["my_name", "MY_NAME", "MyName", "ReasonA,ReasonB", "ReasonA:ReasonB"], REASON)
}

/// Whether a condition may have the reason.
pub fn is_reason(text: &str) -> bool {
    text.len() <= LONGEST_REASON && is_word(text)
}

fn is_word(text: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b',' | b':');
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(word)
        && !text.ends_with([',', ':'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn condition() -> Condition {
        Condition {
            kind: "Ready".into(),
            status: ConditionStatus::True,
            last_transition_time: Time::from_seconds(1),
            reason: "ReasonA:ReasonB".into(),
            ..Condition::default()
        }
    }

    fn told(new: &[Condition], old: &[Condition]) -> Vec<String> {
        let mut errors = Errors::new();
        validate_conditions(&Path::new("status").child("conditions"), new, old, &mut errors);
        errors.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_condition_says_all_that_it_must() {
        assert_eq!(told(&[condition()], &[]), [""; 0]);
        let empty = Condition { observed_generation: -1, ..Condition::default() };
        let expected = [
            "status.conditions[0].type: Invalid value: \"\": name part must be non-empty",
            "status.conditions[0].type: Invalid value: \"\": name part must consist of alphanumeric characters, '-', '_' or \
             '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', \
             regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
            "status.conditions[0].status: Unsupported value: \"\": supported values: \"False\", \"True\", \"Unknown\"",
            "status.conditions[0].observedGeneration: Invalid value: -1: must be greater than or equal to zero",
            "status.conditions[0].lastTransitionTime: Required value: must be set",
            "status.conditions[0].reason: Required value: must be set",
        ];
        assert_eq!(told(&[empty], &[]), expected);
        let long = Condition {
            reason: "r".repeat(LONGEST_REASON + 1),
            message: "m".repeat(LONGEST_MESSAGE + 1),
            ..condition()
        };
        let expected = [
            "status.conditions[0].reason: Too long: may not be more than 1024 bytes",
            "status.conditions[0].message: Too long: may not be more than 32768 bytes",
        ];
        assert_eq!(told(&[long], &[]), expected);
    }

    #[test]
    fn a_reason_is_a_word() {
        for reason in ["A", "Two,Words", "a:b", "a_", "A1"] {
            assert_eq!(told(&[Condition { reason: reason.into(), ..condition() }], &[]), [""; 0], "{reason}");
        }
        for reason in ["1st", "two words", "End,", "End:", "_", "Ümlaut"] {
            let [told] = &told(&[Condition { reason: reason.into(), ..condition() }], &[])[..] else {
                panic!("{reason}")
            };
            let begin = format!(
                "status.conditions[0].reason: Invalid value: {reason:?}: a condition reason must start with alphabetic"
            );
            assert!(told.starts_with(&begin), "{told}");
        }
    }

    #[test]
    fn what_was_there_is_not_judged_again() {
        let empty = Condition { kind: "Empty".into(), ..Condition::default() };
        let old = [empty.clone(), condition()];
        assert_eq!(told(&old, &old), [""; 0]);
        assert_eq!(told(&[condition(), empty.clone()], &old), [""; 0]);
        let again = Condition { reason: "Other".into(), ..condition() };
        let duplicate = "status.conditions[2].type: Duplicate value: \"Ready\"";
        assert_eq!(told(&[empty, condition(), again], &old), [duplicate]);
    }
}
