//! One ValidatingAdmissionPolicy with its bindings: what it says of a request.

use super::expression::{Condition, Expression, Variables};
use super::matching::Matching;
use apimachinery::kind::Definition;
use apimachinery::status::{ApiError, StatusCause};
use cel::Value;
use k8s_openapi::api::admissionregistration::v1::{
    ParamKind, ParamRef, ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding, Validation,
};
use std::collections::HashMap;

/// A policy, its expressions read.
pub(super) struct Policy {
    pub(super) name: String,
    pub(super) matching: Matching,
    pub(super) conditions: Vec<Condition>,
    pub(super) fails_open: bool,
    pub(super) param_kind: Option<ParamKind>,
    pub(super) bindings: Vec<Binding>,
    variables: Vec<(String, Expression)>,
    checks: Vec<Check>,
}

/// Where a policy applies, with which parameters, and what follows from a violation.
pub(super) struct Binding {
    pub(super) name: String,
    pub(super) matching: Option<Matching>,
    pub(super) param_ref: Option<ParamRef>,
    pub(super) denies: bool,
    pub(super) warns: bool,
    pub(super) audits: bool,
}

struct Check {
    expression: Expression,
    message: Option<String>,
    message_expression: Option<Expression>,
    reason: Option<String>,
}

/// A check that does not hold, or cannot be told.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Violation {
    pub(super) message: String,
    pub(super) reason: Option<String>,
}

impl Policy {
    pub(super) fn new(policy: &ValidatingAdmissionPolicy, bindings: Vec<Binding>) -> Policy {
        let spec = policy.spec.clone().unwrap_or_default();
        let variables = spec.variables.unwrap_or_default().into_iter();
        let checks = spec.validations.unwrap_or_default().into_iter();
        Policy {
            name: policy.metadata.name.clone().unwrap_or_default(),
            matching: Matching::of_policy(spec.match_constraints.unwrap_or_default()),
            conditions: Condition::of(spec.match_conditions),
            fails_open: spec.failure_policy.as_deref() == Some("Ignore"),
            param_kind: spec.param_kind,
            bindings,
            variables: variables.map(|one| (one.name, Expression::new(&one.expression))).collect(),
            checks: checks.map(Check::new).collect(),
        }
    }

    /// Whether it may take long to judge.
    pub(super) fn is_heavy(&self) -> bool {
        let checks = self.checks.iter().flat_map(|check| {
            [Some(&check.expression), check.message_expression.as_ref()].into_iter().flatten()
        });
        let variables = self.variables.iter().map(|(_, expression)| expression);
        Condition::are_heavy(&self.conditions) || checks.chain(variables).any(Expression::is_heavy)
    }

    /// What does not hold of a request, with one set of parameters.
    pub(super) fn violations(&self, variables: &mut Variables) -> Vec<Violation> {
        let mut composed = HashMap::new();
        for (name, expression) in &self.variables {
            variables.set("variables", Value::from(composed.clone()));
            // One that cannot be told is missed only where it is used.
            if let Ok(value) = expression.evaluate(variables) {
                composed.insert(name.clone(), value);
            }
        }
        variables.set("variables", Value::from(composed));
        self.checks.iter().filter_map(|check| check.violation(variables, self.fails_open)).collect()
    }
}

impl Binding {
    pub(super) fn new(binding: &ValidatingAdmissionPolicyBinding) -> Binding {
        let spec = binding.spec.clone();
        let acts = |action: &str| spec.validation_actions.iter().any(|one| one == action);
        Binding {
            name: binding.metadata.name.clone().unwrap_or_default(),
            denies: acts("Deny"),
            warns: acts("Warn"),
            audits: acts("Audit"),
            matching: spec.match_resources.map(Matching::of_policy),
            param_ref: spec.param_ref,
        }
    }

    /// The strongest of what follows from a violation.
    pub(super) fn action(&self) -> &'static str {
        match (self.denies, self.warns) {
            (true, _) => "deny",
            (false, true) => "warn",
            (false, false) => "audit",
        }
    }

    /// The refusal that follows from a violation.
    pub(super) fn denial(
        &self,
        policy: &str,
        definition: &Definition,
        name: &str,
        violation: &Violation,
    ) -> ApiError {
        let message = format!(
            "ValidatingAdmissionPolicy '{policy}' with binding '{}' denied request: {}",
            self.name, violation.message
        );
        let mut status = ApiError::forbidden(definition, name, &message).status();
        status.reason = violation.reason.clone().unwrap_or_else(|| "Invalid".into());
        status.code = match status.reason.as_str() {
            "Unauthorized" => 401,
            "Forbidden" => 403,
            "RequestEntityTooLarge" => 413,
            _ => 422,
        };
        let cause = StatusCause { message, ..StatusCause::default() };
        status.details.get_or_insert_default().causes.push(cause);
        status.into()
    }
}

impl Check {
    fn new(validation: Validation) -> Check {
        Check {
            expression: Expression::new(&validation.expression),
            message: validation.message.filter(|message| !message.is_empty()),
            message_expression: validation.message_expression.as_deref().map(Expression::new),
            reason: validation.reason.filter(|reason| !reason.is_empty()),
        }
    }

    fn violation(&self, variables: &Variables, fails_open: bool) -> Option<Violation> {
        match self.expression.holds(variables) {
            Ok(true) => None,
            Ok(false) => Some(Violation { message: self.message(variables), reason: self.reason.clone() }),
            Err(error) if fails_open => {
                tracing::warn!(
                    expression = self.expression.text,
                    error,
                    "a policy's expression fails, and is passed over"
                );
                None
            }
            Err(error) => {
                let message = format!("expression '{}' resulted in error: {error}", self.expression.text);
                Some(Violation { message, reason: None })
            }
        }
    }

    /// The message that is composed, else the one that is given, else the expression itself.
    fn message(&self, variables: &Variables) -> String {
        let composed =
            self.message_expression.as_ref().and_then(|expression| match expression.evaluate(variables) {
                Ok(Value::String(text)) if !text.trim().is_empty() && !text.contains('\n') => {
                    Some(text.trim().to_owned())
                }
                _ => None,
            });
        let given = || self.message.as_ref().map(|message| message.trim().to_owned());
        composed
            .or_else(given)
            .unwrap_or_else(|| format!("failed expression: {}", self.expression.text.trim()))
    }
}
