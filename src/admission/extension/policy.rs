//! One ValidatingAdmissionPolicy with its bindings: what it says of a request.

use super::condition::Condition;
use super::expression::{Composed, Expression, Value, Variables};
use super::matching::Matching;
use apimachinery::kind::Definition;
use apimachinery::status::{ApiError, StatusCause};
use k8s_openapi::api::admissionregistration::v1::{
    AuditAnnotation, ParamKind, ParamRef, ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding,
    Validation, Variable,
};
use std::sync::Arc;

/// A message that an expression makes may have so many bytes.
const LONGEST_MESSAGE: usize = 5 * 1024;

/// A policy, its expressions read.
pub(super) struct Policy {
    pub(super) name: String,
    pub(super) matching: Matching,
    pub(super) conditions: Vec<Condition>,
    pub(super) fails_open: bool,
    pub(super) param_kind: Option<ParamKind>,
    pub(super) definitions: Arc<[Composed]>,
    checks: Vec<Check>,
    annotations: Vec<Expression>,
}

/// Where a policy applies, with which parameters, and what follows from a violation.
pub(super) struct Binding {
    pub(super) name: String,
    /// The policy that it binds.
    pub(super) policy: String,
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
    /// Whether it refuses the request whatever the binding says.
    pub(super) is_fatal: bool,
}

impl Violation {
    /// One for which nobody gave a reason.
    pub(super) fn of(message: String) -> Violation {
        Violation { message, reason: None, is_fatal: false }
    }

    /// One that no binding lets pass: the policy is not applied as it is written.
    pub(super) fn fatal(message: String) -> Violation {
        Violation { is_fatal: true, ..Violation::of(message) }
    }
}

impl Policy {
    pub(super) fn new(policy: &ValidatingAdmissionPolicy) -> Policy {
        let spec = policy.spec.clone().unwrap_or_default();
        let definitions = defined(spec.variables.unwrap_or_default());
        let names: Vec<String> = definitions.iter().map(|definition| definition.name.clone()).collect();
        let checks = spec.validations.unwrap_or_default().into_iter();
        let annotations = spec.audit_annotations.unwrap_or_default();
        let annotation = |one: &AuditAnnotation| Expression::among(&one.value_expression, &names);
        Policy {
            name: policy.metadata.name.clone().unwrap_or_default(),
            matching: Matching::of_policy(spec.match_constraints.unwrap_or_default()),
            conditions: Condition::of(spec.match_conditions, &names),
            fails_open: spec.failure_policy.as_deref() == Some("Ignore"),
            param_kind: spec.param_kind,
            checks: checks.map(|check| Check::new(check, &names)).collect(),
            annotations: annotations.iter().map(annotation).collect(),
            definitions: definitions.into(),
        }
    }

    /// Whether it may take long to judge.
    pub(super) fn is_heavy(&self) -> bool {
        let checks = self.checks.iter().flat_map(|check| {
            [Some(&check.expression), check.message_expression.as_ref()].into_iter().flatten()
        });
        let definitions = self.definitions.iter().map(|definition| &definition.expression);
        Condition::are_heavy(&self.conditions)
            || checks.chain(definitions).chain(&self.annotations).any(Expression::is_heavy)
    }

    /// What does not hold of a request, with one set of parameters.
    pub(super) fn violations(&self, variables: &Variables) -> Vec<Violation> {
        let checks = self.checks.iter().filter_map(|check| check.violation(variables, self.fails_open));
        checks
            .chain(self.annotations.iter().filter_map(|annotation| self.annotated(annotation, variables)))
            .collect()
    }

    /// An annotation of the audit log that cannot be made refuses the request, as a check that cannot be told does.
    fn annotated(&self, annotation: &Expression, variables: &Variables) -> Option<Violation> {
        match annotation.evaluate(variables) {
            Ok(Value::String(_) | Value::Null) => None,
            Ok(other) => Some(Violation::fatal(format!(
                "valueExpression '{}' resulted in unsupported return type: {}. Return type must be either string or null.",
                annotation.text,
                other.type_of().name()
            ))),
            Err(error) if self.fails_open => {
                annotation.passed_over(&error);
                None
            }
            Err(error) => Some(Violation::fatal(annotation.failed(&error))),
        }
    }
}

/// The variables of a policy; each may name those before it.
fn defined(variables: Vec<Variable>) -> Vec<Composed> {
    let (mut definitions, mut names) = (Vec::new(), Vec::new());
    for Variable { name, expression } in variables {
        definitions.push(Composed { name: name.clone(), expression: Expression::among(&expression, &names) });
        names.push(name);
    }
    definitions
}

impl Binding {
    pub(super) fn new(binding: &ValidatingAdmissionPolicyBinding) -> Binding {
        let spec = binding.spec.clone();
        let acts = |action: &str| spec.validation_actions.iter().any(|one| one == action);
        Binding {
            name: binding.metadata.name.clone().unwrap_or_default(),
            policy: spec.policy_name.clone(),
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
    fn new(validation: Validation, names: &[String]) -> Check {
        Check {
            expression: Expression::among(&validation.expression, names),
            message: validation.message.filter(|message| !message.is_empty()),
            message_expression: validation
                .message_expression
                .as_deref()
                .map(|text| Expression::among(text, names)),
            reason: validation.reason.filter(|reason| !reason.is_empty()),
        }
    }

    fn violation(&self, variables: &Variables, fails_open: bool) -> Option<Violation> {
        match self.expression.holds(variables) {
            Ok(true) => None,
            Ok(false) => {
                let reason = self.reason.clone();
                Some(Violation { reason, ..Violation::of(self.message(variables)) })
            }
            Err(error) if fails_open => {
                self.expression.passed_over(&error);
                None
            }
            Err(error) => Some(Violation::of(self.expression.failed(&error))),
        }
    }

    /// The message that is composed, else the one that is given, else the expression itself.
    fn message(&self, variables: &Variables) -> String {
        let composed =
            self.message_expression.as_ref().and_then(|expression| match expression.evaluate(variables) {
                Ok(Value::String(text)) => Some(text.trim().to_owned()),
                _ => None,
            });
        let composed =
            composed.filter(|text| !text.is_empty() && !text.contains('\n') && text.len() <= LONGEST_MESSAGE);
        let given = || self.message.as_ref().map(|message| message.trim().to_owned());
        composed
            .or_else(given)
            .unwrap_or_else(|| format!("failed expression: {}", self.expression.text.trim()))
    }
}
