//! Why something cannot be had from a server. Each message says what to do.

use crate::backend::postgresql::{Answer, NoRandomness};
use crate::backend::{Code, Error as BackendError, Refusal};

/// The code of a wrong password, and the class of everything about who may log in.
pub(super) const WRONG_PASSWORD: &str = "28P01";
const NOT_LET_IN: &str = "28";
const NO_RIGHT: &str = "42501";
const NO_DATABASE: &str = "3D000";
const USED_UP: &str = "53";

/// Why something cannot be had from a server.
#[derive(Debug, thiserror::Error)]
pub(in crate::backend) enum Error {
    /// Nobody answers there, or not in time.
    #[error("PostgreSQL at {place} cannot be reached: {message}")]
    Unreachable {
        /// Host and port.
        place: String,
        /// What was in the way.
        message: String,
    },
    /// The server does not take the Secret's login.
    #[error(
        "PostgreSQL at {place} does not let {username} in: {message}; put a login that it takes into {secret}"
    )]
    NotLetIn {
        /// Host and port.
        place: String,
        /// Who.
        username: String,
        /// The server's words.
        message: String,
        /// The Secret to change.
        secret: String,
    },
    /// A role of ours cannot log in.
    #[error("role {role} cannot log in to database {database}: {message}")]
    Shut {
        /// The role.
        role: String,
        /// Where to.
        database: String,
        /// The server's words.
        message: String,
    },
    /// The login lacks a right.
    #[error("{0}")]
    Rights(String),
    /// A statement failed.
    #[error("cannot {what}: {}", answer.message)]
    Sql {
        /// What was tried.
        what: String,
        /// What the server said.
        answer: Answer,
    },
    /// Something beside the object is not as it was.
    #[error("{0}")]
    Missing(String),
    /// Somebody else makes it, and has not yet.
    #[error("{0}")]
    Awaited(String),
    /// The object has to change.
    #[error("{0}")]
    Wish(String),
    /// The system has no randomness.
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
}

impl Error {
    /// What the object has to change, where only that helps.
    pub(in crate::backend) fn refusal(&self) -> Option<Refusal> {
        matches!(self, Error::Wish(_)).then(|| Refusal::new("BackendRejected", self.to_string()))
    }

    /// Whether the server says that this is not for us to change.
    pub(super) fn is_no_right(&self) -> bool {
        matches!(self, Error::Sql { answer, .. } if answer.code == NO_RIGHT)
    }

    fn code(&self) -> Code {
        match self {
            Error::Wish(_) => Code::InvalidArgument,
            Error::NotLetIn { .. } | Error::Shut { .. } | Error::Rights(_) | Error::Missing(_) => {
                Code::FailedPrecondition
            }
            error if error.is_no_right() => Code::FailedPrecondition,
            Error::Sql { answer, .. } if answer.code.starts_with(USED_UP) => Code::ResourceExhausted,
            Error::Sql { .. } | Error::Unreachable { .. } | Error::Awaited(_) | Error::Randomness(_) => {
                Code::Unavailable
            }
        }
    }
}

impl From<Error> for BackendError {
    fn from(error: Error) -> Self {
        match error.refusal() {
            Some(Refusal { reason, message }) => BackendError::rejected(&reason, message),
            None => BackendError::retried(error.code(), error.to_string()),
        }
    }
}

/// Whether the server answered, and refused the login or the database.
pub(super) fn is_not_let_in(answer: &Answer) -> bool {
    answer.code.starts_with(NOT_LET_IN) || answer.code == NO_DATABASE || answer.code == NO_RIGHT
}
