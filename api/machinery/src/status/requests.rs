//! Failures of a request as such: its options, its path, its patch.

use super::{ApiError, StatusCause, StatusDetails};
use crate::field::{Errors, aggregate};
use crate::go;
use crate::kind::Definition;

impl ApiError {
    /// 422: something that is not a served kind has faults, such as `ListOptions.meta.k8s.io`.
    pub fn invalid_named(group: &str, kind: &str, name: &str, errors: Errors) -> Self {
        let subject = if group.is_empty() { kind.to_owned() } else { format!("{kind}.{group}") };
        Self::invalid_subject(&subject, group, kind, name, errors)
    }

    /// 410: the state a continue token is of is no longer kept; `token` leads to the rest as it is now.
    pub fn expired_with_continue(message: &str, token: &str) -> Self {
        let mut error = Self::expired(message);
        error.0.metadata.continue_token = token.to_owned();
        error
    }

    /// 404: there is no such resource.
    pub fn unknown_resource() -> Self {
        let message = "the server could not find the requested resource";
        Self::new(404, "NotFound", message.into()).with_details(StatusDetails::default())
    }

    /// 405: the path does not take the method.
    pub fn method_not_allowed_here() -> Self {
        let message = "the server does not allow this method on the requested resource";
        Self::new(405, "MethodNotAllowed", message.into()).with_details(StatusDetails::default())
    }

    /// 422: the request cannot be carried out as it stands, such as a JSON patch whose test fails.
    pub fn unprocessable(message: &str) -> Self {
        Self::new(422, "Invalid", message.to_owned()).with_details(StatusDetails::default())
    }

    /// 422: what a patch makes of an object is not such an object.
    pub fn unprocessable_patch(definition: &Definition, name: &str, why: &str) -> Self {
        let (kind, quoted) = (definition.qualified_kind(), go::quoted(name));
        let message = format!("{kind} {quoted} is invalid: patch: {why}");
        let details = StatusDetails {
            name: name.to_owned(),
            group: definition.group.to_owned(),
            kind: definition.kind.to_owned(),
            ..StatusDetails::default()
        };
        Self::new(422, "Invalid", message).with_details(details).with_cause("FieldValueInvalid", why, "patch")
    }

    pub(super) fn invalid_subject(
        subject: &str,
        group: &str,
        kind: &str,
        name: &str,
        errors: Errors,
    ) -> Self {
        let faults = aggregate(&errors);
        let separator = if faults.is_empty() { "" } else { ": " };
        let cause = |error: crate::field::FieldError| StatusCause {
            reason: error.fault.reason().to_owned(),
            message: error.body,
            field: error.field,
        };
        let details = StatusDetails {
            name: name.to_owned(),
            group: group.to_owned(),
            kind: kind.to_owned(),
            causes: errors.into_iter().map(cause).collect(),
            ..StatusDetails::default()
        };
        let message = format!("{subject} {} is invalid{separator}{faults}", go::quoted(name));
        Self::new(422, "Invalid", message).with_details(details)
    }
}
