//! Why a backend did not do what was wanted, and whether to ask again.

use super::Refusal;

/// Why a backend did not do what was wanted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    /// What kind of failure it is.
    pub code: Code,
    /// For [`Code::InvalidArgument`] a reason of the `Accepted` condition, such as `InvalidParameters`; else empty.
    pub reason: String,
    /// What is wrong and what to do, in one sentence and without a secret.
    pub message: String,
}

/// What kind of failure it is: gRPC's words, as far as they make a difference. A code that is not known is
/// [`Code::Unavailable`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// The object has to change: asked again as it is, the backend says the same. Nothing of it was ever accepted.
    InvalidArgument,
    /// Somebody has to put something right beside the object, such as data that is not where it was.
    FailedPrecondition,
    /// Something is used up, such as disk or connections.
    ResourceExhausted,
    /// Not now.
    Unavailable,
}

impl Code {
    /// Whether the same request is to be made again, later each time.
    pub fn is_retried(self) -> bool {
        self != Code::InvalidArgument
    }
}

impl Error {
    /// The object has to change.
    pub fn rejected(reason: &str, message: impl Into<String>) -> Self {
        Error { code: Code::InvalidArgument, reason: reason.into(), message: message.into() }
    }

    /// It is to be asked again.
    pub fn retried(code: Code, message: impl Into<String>) -> Self {
        Error { code, reason: String::new(), message: message.into() }
    }

    /// What the object has to change, where asking again does not help.
    pub fn refusal(&self) -> Option<Refusal> {
        let refusal = || Refusal { reason: self.reason.clone(), message: self.message.clone() };
        (!self.code.is_retried()).then(refusal)
    }
}
