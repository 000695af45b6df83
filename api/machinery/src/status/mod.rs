//! `Status`, the answer that is not an object, and [`ApiError`], a failure that becomes one.
//!
//! Codes, reasons, messages and details are those that clients of Kubernetes test for; every condition has a
//! constructor in [`conditions`](ApiError), and no other place makes them up.

mod conditions;
mod requests;

use crate::api_type;
use crate::kind::Definition;
use crate::meta::{ListMeta, PACKAGE};
use std::fmt;

/// The result of a request that does not answer with an object.
#[api_type(kind)]
pub struct Status {
    /// Metadata of the kind every list has.
    #[api(1)]
    pub metadata: ListMeta,
    /// `Success` or `Failure`.
    #[api(2)]
    pub status: String,
    /// What happened, for a person to read.
    #[api(3)]
    pub message: String,
    /// Why, as one word for programs; empty when there is nothing more to know.
    #[api(4)]
    pub reason: String,
    /// More about the reason.
    #[api(5, atomic)]
    pub details: Option<StatusDetails>,
    /// The HTTP status code.
    #[api(6)]
    pub code: i32,
}

/// What a status is about.
#[api_type]
pub struct StatusDetails {
    /// Name of the object.
    #[api(1)]
    pub name: String,
    /// Group of the object.
    #[api(2)]
    pub group: String,
    /// Resource of the object, or its kind where the object itself is at fault.
    #[api(3)]
    pub kind: String,
    /// UID of the object.
    #[api(6)]
    pub uid: String,
    /// Each single cause.
    #[api(4, atomic)]
    pub causes: Vec<StatusCause>,
    /// After how many seconds a client should try again.
    #[api(5)]
    pub retry_after_seconds: i32,
}

/// One cause of a failure.
#[api_type]
pub struct StatusCause {
    /// Why, as one word for programs.
    #[api(1)]
    pub reason: String,
    /// Why, for a person to read.
    #[api(2)]
    pub message: String,
    /// The field at fault, such as `spec.items[0].name`.
    #[api(3)]
    pub field: String,
}

impl Status {
    /// The answer to a deletion after which the object is gone.
    pub fn deleted(definition: &Definition, name: &str, uid: &str) -> Status {
        let details = StatusDetails { uid: uid.to_owned(), ..StatusDetails::of_resource(definition, name) };
        Status { status: "Success".into(), details: Some(details), ..Status::default() }
    }

    /// The answer to the deletion of an object that could not be read; of its UID nothing is known.
    pub fn deleted_unread(definition: &Definition, name: &str) -> Status {
        let details = StatusDetails::of_kind(definition, name);
        Status { status: "Success".into(), details: Some(details), ..Status::default() }
    }
}

impl StatusDetails {
    fn of_resource(definition: &Definition, name: &str) -> Self {
        StatusDetails {
            name: name.to_owned(),
            group: definition.group.to_owned(),
            kind: definition.plural.to_owned(),
            ..StatusDetails::default()
        }
    }

    fn of_kind(definition: &Definition, name: &str) -> Self {
        StatusDetails { kind: definition.kind.to_owned(), ..Self::of_resource(definition, name) }
    }

    fn retry(seconds: i32) -> Self {
        StatusDetails { retry_after_seconds: seconds, ..StatusDetails::default() }
    }
}

/// Why a request failed, as the client will read it.
#[derive(Clone, Debug, PartialEq)]
pub struct ApiError(Box<Status>);

impl ApiError {
    fn new(code: i32, reason: &str, message: String) -> Self {
        ApiError(Box::new(Status {
            status: "Failure".into(),
            message,
            reason: reason.to_owned(),
            code,
            ..Status::default()
        }))
    }

    fn with_details(mut self, details: StatusDetails) -> Self {
        self.0.details = Some(details);
        self
    }

    fn with_cause(mut self, reason: &str, message: &str, field: &str) -> Self {
        self.0.details.get_or_insert_default().causes.push(StatusCause {
            reason: reason.to_owned(),
            message: message.to_owned(),
            field: field.to_owned(),
        });
        self
    }

    /// The HTTP status code.
    pub fn code(&self) -> u16 {
        u16::try_from(self.0.code).unwrap_or(500)
    }

    /// Whether what was asked for is absent.
    pub fn is_not_found(&self) -> bool {
        self.0.code == 404
    }

    /// Whether the object is not what the request took it for, or is there already.
    pub fn is_conflict(&self) -> bool {
        self.0.code == 409
    }

    /// Whether the object was read and refused for what it says.
    pub fn is_invalid(&self) -> bool {
        self.0.code == 422
    }

    /// The reason, such as `NotFound`.
    pub fn reason(&self) -> &str {
        &self.0.reason
    }

    /// The seconds of the `Retry-After` header (C-50).
    pub fn retry_after(&self) -> Option<u32> {
        let seconds = self.0.details.as_ref()?.retry_after_seconds;
        u32::try_from(seconds).ok().filter(|seconds| *seconds > 0)
    }

    /// The answer's body.
    pub fn status(&self) -> Status {
        (*self.0).clone()
    }
}

impl From<Status> for ApiError {
    fn from(status: Status) -> Self {
        ApiError(Box::new(status))
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0.message)
    }
}

impl std::error::Error for ApiError {}

#[cfg(test)]
mod tests;
