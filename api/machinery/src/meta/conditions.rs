//! Setting and reading conditions.

use super::{Condition, ConditionStatus};
use crate::time::Time;

/// The longest message of a condition, in bytes.
pub const LONGEST_MESSAGE: usize = 32 << 10;

/// Sets a condition; the time of transition moves only when its status does. Whether anything changed. A message that is too
/// long is cut.
pub fn set_condition(
    conditions: &mut Vec<Condition>,
    kind: &str,
    status: ConditionStatus,
    reason: &str,
    message: &str,
    observed_generation: i64,
) -> bool {
    let message = &message[..message.floor_char_boundary(LONGEST_MESSAGE)];
    let wanted = |last_transition_time| Condition {
        kind: kind.to_owned(),
        status: status.clone(),
        observed_generation,
        last_transition_time,
        reason: reason.to_owned(),
        message: message.to_owned(),
    };
    match conditions.iter_mut().find(|condition| condition.kind == kind) {
        None => {
            conditions.push(wanted(Time::now()));
            true
        }
        Some(present) => {
            let since = if present.status == status { present.last_transition_time } else { Time::now() };
            let next = wanted(since);
            let changed = *present != next;
            *present = next;
            changed
        }
    }
}

/// The condition of that type.
pub fn condition<'a>(conditions: &'a [Condition], kind: &str) -> Option<&'a Condition> {
    conditions.iter().find(|condition| condition.kind == kind)
}

/// Whether the condition of that type is True.
pub fn is_true(conditions: &[Condition], kind: &str) -> bool {
    condition(conditions, kind).is_some_and(|condition| condition.status == ConditionStatus::True)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_transition_time_moves_only_with_the_status() {
        let mut conditions = Vec::new();
        assert!(set_condition(&mut conditions, "Ready", ConditionStatus::False, "Creating", "", 1));
        conditions[0].last_transition_time = Time::from_seconds(1);
        assert!(set_condition(&mut conditions, "Ready", ConditionStatus::False, "NoPrimary", "", 1));
        assert_eq!(conditions[0].last_transition_time, Time::from_seconds(1));
        assert!(!set_condition(&mut conditions, "Ready", ConditionStatus::False, "NoPrimary", "", 1));
        assert!(set_condition(&mut conditions, "Ready", ConditionStatus::True, "Available", "", 2));
        assert_ne!(conditions[0].last_transition_time, Time::from_seconds(1));
        assert!(is_true(&conditions, "Ready"));
    }
}
