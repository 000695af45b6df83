//! One ValidatingAdmissionPolicy with its bindings: what it says of a request.

use super::bound::Kinds;
use super::expression::{Expression, Value, Variables};
use super::rule::{Place, Rule};
use apimachinery::kind::Definition;
use apimachinery::status::{ApiError, StatusCause};
use k8s_openapi::api::admissionregistration::v1::{
    AuditAnnotation, ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding, Validation,
};

/// A message that an expression makes may have so many bytes.
const LONGEST_MESSAGE: usize = 5 * 1024;

/// A policy, its expressions read.
pub(super) struct Policy {
    pub(super) rule: Rule,
    checks: Vec<Check>,
    /// What the audit log should have, by name.
    annotations: Vec<(String, Expression)>,
}

/// Where a policy applies, and what follows from a violation.
pub(super) struct Binding {
    pub(super) place: Place,
    pub(super) denies: bool,
    pub(super) warns: bool,
    pub(super) audits: bool,
    /// The same, as they are written.
    pub(super) actions: Vec<String>,
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
    /// Which of the policy's checks it is.
    pub(super) index: usize,
    /// Whether it refuses the request whatever the binding says.
    pub(super) is_fatal: bool,
}

impl Violation {
    /// One for which nobody gave a reason.
    pub(super) fn of(message: String) -> Violation {
        Violation { message, reason: None, index: 0, is_fatal: false }
    }

    /// One that no binding lets pass: the policy is not applied as it is written.
    pub(super) fn fatal(message: String) -> Violation {
        Violation { is_fatal: true, ..Violation::of(message) }
    }
}

/// What a policy says of a request.
#[derive(Default)]
pub(super) struct Judgement {
    pub(super) violations: Vec<Violation>,
    /// What the audit log should have, by name.
    pub(super) notes: Vec<(String, String)>,
}

/// ValidatingAdmissionPolicies.
pub(super) struct Validating;

impl Kinds for Validating {
    type PolicyObject = ValidatingAdmissionPolicy;
    type BindingObject = ValidatingAdmissionPolicyBinding;
    type Policy = Policy;
    type Binding = Binding;

    fn policy(object: &ValidatingAdmissionPolicy) -> Policy {
        Policy::new(object)
    }

    fn binding(object: &ValidatingAdmissionPolicyBinding) -> Binding {
        Binding::new(object)
    }

    fn same_policy(old: &ValidatingAdmissionPolicy, new: &ValidatingAdmissionPolicy) -> bool {
        old.spec == new.spec
    }

    fn same_binding(old: &ValidatingAdmissionPolicyBinding, new: &ValidatingAdmissionPolicyBinding) -> bool {
        old.spec == new.spec
    }
}

impl AsRef<Rule> for Policy {
    fn as_ref(&self) -> &Rule {
        &self.rule
    }
}

impl AsRef<Place> for Binding {
    fn as_ref(&self) -> &Place {
        &self.place
    }
}

impl Policy {
    fn new(policy: &ValidatingAdmissionPolicy) -> Policy {
        let mut spec = policy.spec.clone().unwrap_or_default();
        let checks = spec.validations.take().unwrap_or_default().into_iter();
        let annotations = spec.audit_annotations.take().unwrap_or_default();
        let (rule, names) = Rule::new(policy.metadata.name.as_ref(), spec);
        let annotation =
            |one: &AuditAnnotation| (one.key.clone(), Expression::among(&one.value_expression, &names));
        Policy {
            rule,
            checks: checks.map(|check| Check::new(check, &names)).collect(),
            annotations: annotations.iter().map(annotation).collect(),
        }
    }

    /// Whether it may take long to judge.
    pub(super) fn is_heavy(&self) -> bool {
        let checks = self.checks.iter().flat_map(|check| {
            [Some(&check.expression), check.message_expression.as_ref()].into_iter().flatten()
        });
        self.rule.is_heavy()
            || checks
                .chain(self.annotations.iter().map(|(_, annotation)| annotation))
                .any(Expression::is_heavy)
    }

    /// What it says of a request, with one set of parameters.
    pub(super) fn judge(&self, variables: &Variables) -> Judgement {
        let mut judgement = Judgement::default();
        for (index, check) in self.checks.iter().enumerate() {
            let violation = check.violation(variables, self.rule.fails_open);
            judgement.violations.extend(violation.map(|violation| Violation { index, ..violation }));
        }
        for (key, annotation) in &self.annotations {
            match self.annotated(annotation, variables) {
                Ok(value) => judgement.notes.extend(value.map(|value| (key.clone(), value))),
                Err(violation) => judgement.violations.push(violation),
            }
        }
        judgement
    }

    /// An annotation of the audit log that cannot be made refuses the request, as a check that cannot be told does.
    fn annotated(&self, annotation: &Expression, variables: &Variables) -> Result<Option<String>, Violation> {
        match annotation.evaluate(variables) {
            Ok(Value::String(value)) => Ok(Some(value.to_string())),
            Ok(Value::Null) => Ok(None),
            Ok(other) => Err(Violation::fatal(format!(
                "valueExpression '{}' resulted in unsupported return type: {}. Return type must be either string or null.",
                annotation.text,
                other.type_of().name()
            ))),
            Err(error) if self.rule.fails_open => {
                annotation.passed_over(&error);
                Ok(None)
            }
            Err(error) => Err(Violation::fatal(annotation.failed(&error))),
        }
    }
}

impl Binding {
    fn new(binding: &ValidatingAdmissionPolicyBinding) -> Binding {
        let spec = binding.spec.clone();
        let acts = |action: &str| spec.validation_actions.iter().any(|one| one == action);
        let name = binding.metadata.name.as_ref();
        Binding {
            denies: acts("Deny"),
            warns: acts("Warn"),
            audits: acts("Audit"),
            actions: spec.validation_actions.clone(),
            place: Place::new(name, spec.policy_name, spec.match_resources, spec.param_ref),
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
            self.place.name, violation.message
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
