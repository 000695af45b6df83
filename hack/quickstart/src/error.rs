//! What can go wrong on the way, each in one sentence that says what to do.

use std::path::PathBuf;

use hyper::StatusCode;

/// The result of a step.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A step that did not work.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The server's program could not be started.
    #[error("cannot start {program}: {source}; build it with `cargo build --release`")]
    Start {
        /// The program asked for.
        program: PathBuf,
        /// Why it did not start.
        source: std::io::Error,
    },
    /// The server ended by itself.
    #[error("{0}")]
    Exited(String),
    /// The server did not answer in time.
    #[error("the server did not become ready within {seconds} s ({last}); its log is {log}")]
    NotReady {
        /// How long it was given.
        seconds: u64,
        /// The last answer.
        last: String,
        /// Where to read more.
        log: PathBuf,
    },
    /// The server did not end after SIGTERM.
    #[error("the server (process {pid}) did not stop within {seconds} s and was killed")]
    NotStopped {
        /// Its process id.
        pid: u32,
        /// How long it was given.
        seconds: u64,
    },
    /// A file could not be read.
    #[error("cannot read {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// A file was read and is not what it should be.
    #[error("{path} is not usable: {reason}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// No connection, or one that broke.
    #[error("cannot reach {address}: {reason}")]
    Unreachable {
        /// Host and port.
        address: String,
        /// What happened.
        reason: String,
    },
    /// The server said no.
    #[error("{request} was answered {status}: {message}")]
    Refused {
        /// Method and path.
        request: String,
        /// The HTTP status.
        status: StatusCode,
        /// The message of the Status object.
        message: String,
    },
    /// A kind that discovery does not know.
    #[error("the server does not serve kind {kind} in {api_version}")]
    UnknownKind {
        /// `apiVersion` of the manifest.
        api_version: String,
        /// `kind` of the manifest.
        kind: String,
    },
    /// An object waits for somebody to change something.
    #[error("{object} goes no further by itself: {state}")]
    Stalled {
        /// Kind and name.
        object: String,
        /// Its conditions.
        state: String,
    },
    /// An object did not reach a condition.
    #[error("{object} did not become {condition} within {seconds} s: {state}")]
    NotReached {
        /// `kind/name`.
        object: String,
        /// The condition waited for.
        condition: String,
        /// How long it was given.
        seconds: u64,
        /// Its conditions when time was up.
        state: String,
    },
    /// The instance is switched off.
    #[error(
        "{object} is stopped by its own spec; start it with `kubectl scale -n {namespace} --replicas=1 {object}`"
    )]
    Stopped {
        /// `kind/name`.
        object: String,
        /// Its namespace.
        namespace: String,
    },
    /// A Secret without a key of the binding contract.
    #[error("Secret {secret} does not hold {key}")]
    Binding {
        /// The Secret's name.
        secret: String,
        /// What is missing.
        key: String,
    },
    /// PostgreSQL refused the connection or the query.
    #[error("PostgreSQL at {address} did not answer with the Secret's credentials: {reason}")]
    Database {
        /// Host and port.
        address: String,
        /// What it said.
        reason: String,
    },
    /// `--check` was interrupted.
    #[error("interrupted before the proof was made")]
    Interrupted,
}
