//! What can keep a control plane from running, each in one sentence that says what to do.

use std::path::PathBuf;

/// The result of a step.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A step that did not work.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A program is not built.
    #[error("{program} is not built ({script})")]
    Missing {
        /// The program.
        program: &'static str,
        /// What builds it.
        script: &'static str,
    },
    /// A program could not be started.
    #[error("cannot start {program}: {source}")]
    Start {
        /// The program.
        program: PathBuf,
        /// Why it did not start.
        source: std::io::Error,
    },
    /// A program ended by itself.
    #[error("{name} ended by itself ({status}); the end of its log {log} is:\n{tail}")]
    Ended {
        /// Its name.
        name: String,
        /// How it ended.
        status: String,
        /// Where to read more.
        log: PathBuf,
        /// The last lines.
        tail: String,
    },
    /// A program did not get ready in time.
    #[error("{name} was not ready within {seconds} s ({last}); its log is {log}")]
    NotReady {
        /// Its name.
        name: String,
        /// How long it was given.
        seconds: u64,
        /// The last answer.
        last: String,
        /// Where to read more.
        log: PathBuf,
    },
    /// A file or folder could not be written.
    #[error("cannot write {path}: {source}")]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// No free port, or no signal handler.
    #[error("the system refused: {0}")]
    System(#[from] std::io::Error),
    /// A certificate could not be made.
    #[error("cannot make a certificate: {0}")]
    Certificate(#[from] rcgen::Error),
    /// A certificate was asked for with more groups than one can carry here.
    #[error("a client certificate carries at most two groups: {0:?} are more")]
    Groups(Vec<String>),
    /// A request to the control plane did not work.
    #[error(transparent)]
    Client(#[from] quickstart::Error),
}
