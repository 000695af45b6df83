//! Why a call did not go well: gRPC's codes in the contract's words.

use crate::backend::{Code, Error};
use std::error::Error as _;
use tonic::Status;

/// The trailer in which a backend says the reason of INVALID_ARGUMENT.
pub(super) const REASON: &str = "reason";

/// Why a call did not go well.
#[derive(Debug)]
pub(super) enum Failure {
    /// The backend says so.
    Said(Error),
    /// It has no such call: it does not answer the kind, or is of another version.
    Lacking(String),
    /// It cannot be reached.
    Unreachable(String),
    /// It did not answer in time; whether it is there at all is not known.
    Late(String),
}

impl From<&Status> for Failure {
    fn from(status: &Status) -> Self {
        // What the connection says has a cause; what the backend says has none.
        if let Some(cause) = status.source() {
            return Failure::Unreachable(causes(cause));
        }
        let message = status.message();
        if status.code() == tonic::Code::Unimplemented {
            return Failure::Lacking(message.to_owned());
        }
        let code = match status.code() {
            tonic::Code::InvalidArgument => {
                let reason = status.metadata().get(REASON).and_then(|reason| reason.to_str().ok());
                return Failure::Said(Error::rejected(reason.unwrap_or_default(), message));
            }
            tonic::Code::FailedPrecondition => Code::FailedPrecondition,
            tonic::Code::ResourceExhausted => Code::ResourceExhausted,
            _ => Code::Unavailable,
        };
        let message = if message.is_empty() { status.code().description() } else { message };
        Failure::Said(Error::retried(code, message))
    }
}

impl Failure {
    /// The same for who asks, who learns which backend it is.
    pub(super) fn of(self, backend: &str) -> Error {
        match self {
            Failure::Said(error) => error,
            Failure::Lacking(why) => {
                let why = format!("{backend} does not implement what it was asked: {why}");
                Error::retried(Code::FailedPrecondition, why)
            }
            Failure::Unreachable(why) | Failure::Late(why) => {
                Error::retried(Code::Unavailable, format!("{backend} cannot be used: {why}"))
            }
        }
    }
}

/// An error with its causes, each once.
fn causes(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        next = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(status: &Status) -> Error {
        match Failure::from(status) {
            Failure::Said(error) => error,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_code_says_whether_to_ask_again() {
        let mut rejected = Status::invalid_argument("no such parameter");
        rejected.metadata_mut().insert(REASON, "InvalidParameters".parse().unwrap());
        assert_eq!(said(&rejected), Error::rejected("InvalidParameters", "no such parameter"));
        let retried = |code, message: &str| Error::retried(code, message);
        assert_eq!(said(&Status::failed_precondition("p")), retried(Code::FailedPrecondition, "p"));
        let lacking = Failure::from(&Status::unimplemented("no such service")).of("it");
        assert_eq!(lacking.code, Code::FailedPrecondition);
        assert_eq!(said(&Status::resource_exhausted("r")), retried(Code::ResourceExhausted, "r"));
        for other in [Status::internal("i"), Status::unknown("i"), Status::permission_denied("i")] {
            assert_eq!(said(&other), retried(Code::Unavailable, "i"));
        }
        assert!(!said(&Status::aborted("")).message.is_empty());
    }
}
