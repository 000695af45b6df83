//! What ends a run.

use std::path::{Path, PathBuf};

/// Why nothing was measured.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A program could not be started, or ended.
    #[error("{program}: {reason}")]
    Program {
        /// Which.
        program: String,
        /// What happened.
        reason: String,
    },
    /// A file could not be read or written.
    #[error("{path}: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The server could not be started or reached.
    #[error(transparent)]
    Server(#[from] quickstart::Error),
    /// The control plane could not be started.
    #[error(transparent)]
    ControlPlane(#[from] controlplane::Error),
    /// A connection broke.
    #[error("the connection broke: {0}")]
    Connection(String),
    /// An answer that is no success; a benchmark of failures measures nothing.
    #[error("{path} was answered {status}: {body}")]
    Refused {
        /// What was asked.
        path: String,
        /// The HTTP status.
        status: u16,
        /// The body.
        body: String,
    },
    /// The store failed.
    #[error(transparent)]
    Storage(#[from] databases_storage::Error),
    /// Something was not what it must be.
    #[error("{0}")]
    Wrong(String),
}

impl Error {
    /// A file that could not be read or written.
    pub fn file(path: &Path, source: std::io::Error) -> Self {
        Error::File { path: path.to_owned(), source }
    }

    /// A connection that broke; the innermost reason says most.
    pub fn connection(error: impl std::error::Error) -> Self {
        let mut reason: &dyn std::error::Error = &error;
        while let Some(source) = reason.source() {
            reason = source;
        }
        Error::Connection(reason.to_string())
    }

    /// A program that could not be started, or ended.
    pub fn program(program: &Path, reason: impl std::fmt::Display) -> Self {
        Error::Program { program: program.display().to_string(), reason: reason.to_string() }
    }
}
