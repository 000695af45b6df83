//! Match conditions of webhooks and policies.

use super::expression::{Expression, Name, Value, Variables};
use k8s_openapi::api::admissionregistration::v1::MatchCondition;

/// A match condition of a webhook or a policy.
#[derive(Clone)]
pub(super) struct Condition {
    expression: Expression,
}

impl Condition {
    /// Those that are given; they may name these variables of their policy.
    pub(super) fn of(conditions: Option<Vec<MatchCondition>>, composed: &[String]) -> Vec<Condition> {
        let conditions = conditions.unwrap_or_default().into_iter();
        conditions
            .map(|condition| Condition { expression: Expression::among(&condition.expression, composed) })
            .collect()
    }

    /// Whether one of them may take long.
    pub(super) fn are_heavy(conditions: &[Condition]) -> bool {
        conditions.iter().any(|condition| condition.expression.is_heavy())
    }

    /// Whether all hold. One that does not outweighs those that cannot be told.
    pub(super) fn all(
        conditions: &[Condition],
        variables: impl FnOnce() -> Variables,
    ) -> Result<bool, String> {
        if conditions.is_empty() {
            return Ok(true);
        }
        let mut variables = variables();
        // The API server of a cluster shows conditions no namespace.
        variables.set(Name::NamespaceObject, Value::Null);
        let mut failures: Vec<String> = Vec::new();
        for condition in conditions {
            match condition.expression.holds(&variables) {
                Ok(true) => {}
                Ok(false) => return Ok(false),
                Err(reason) => {
                    let failure = condition.expression.failed(&reason);
                    if !failures.contains(&failure) {
                        failures.push(failure);
                    }
                }
            }
        }
        match failures.as_slice() {
            [] => Ok(true),
            [only] => Err(only.clone()),
            many => Err(format!("[{}]", many.join(", "))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_that_does_not_hold_outweighs_one_that_cannot_be_told() {
        let condition = |expression: &str| MatchCondition { name: "c".into(), expression: expression.into() };
        let judge = |expressions: &[&str]| {
            let conditions = expressions.iter().map(|text| condition(text)).collect();
            Condition::all(&Condition::of(Some(conditions), &[]), Variables::default)
        };
        assert_eq!(judge(&[]), Ok(true));
        assert_eq!(judge(&["true", "true"]), Ok(true));
        assert_eq!(judge(&["object.nothing", "false"]), Ok(false));
        let said = |text: &str| format!("expression '{text}' resulted in error: no such key: {}", &text[7..]);
        assert_eq!(judge(&["object.a", "true"]), Err(said("object.a")));
        assert_eq!(judge(&["object.a", "object.a"]), Err(said("object.a")));
        let both = format!("[{}, {}]", said("object.a"), said("object.b"));
        assert_eq!(judge(&["object.a", "object.b"]), Err(both));
    }
}
