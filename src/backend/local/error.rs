//! Why PostgreSQL cannot be run as asked. Each message says what to do; [`Error::reason`] gives the condition's word.

use super::port::Holder;
use crate::backend::Code;
use crate::backend::postgresql::{Answer, NoRandomness, is_of_the_moment};
use std::path::{Path, PathBuf};

/// Why PostgreSQL cannot be run as asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No server package of that version.
    #[error(
        "PostgreSQL {wanted} is not installed on this machine (installed: {installed}); \
         install it with `apt-get install postgresql-{major}`"
    )]
    VersionNotInstalled {
        /// What was asked for.
        wanted: String,
        /// The major version to install.
        major: String,
        /// What there is instead.
        installed: String,
    },
    /// A field holds what PostgreSQL cannot take.
    #[error("{0}")]
    InvalidSpec(String),
    /// A parameter is unknown, wrong, or not for the caller to set.
    #[error("{0}")]
    InvalidParameters(String),
    /// Kept data that the object does not get.
    #[error("{message}")]
    NotAdopted {
        /// A reason of the `Accepted` condition.
        reason: &'static str,
        /// Why, and what to do.
        message: String,
    },
    /// An extension whose package is missing.
    #[error(
        "extension {name} is not available for PostgreSQL {major} (available: {available}); \
         install the package that brings it: apt-cache search postgresql-{major}- names those there are"
    )]
    ExtensionUnavailable {
        /// The extension.
        name: String,
        /// The major version.
        major: u32,
        /// Those there are.
        available: String,
    },
    /// The certificate and key cannot serve TLS.
    #[error("the certificate cannot be served: {0}")]
    InvalidCertificate(String),
    /// The data directory belongs to another major version.
    #[error(
        "the data of {path} was written by PostgreSQL {found}, not {wanted}; \
         keep version {found}, or move the data with pg_upgrade or a dump"
    )]
    OtherMajor {
        /// The data directory.
        path: PathBuf,
        /// Who wrote it.
        found: String,
        /// Who should read it.
        wanted: u32,
    },
    /// The wished port belongs to somebody else.
    #[error("port {0} {1}")]
    PortTaken(u16, Holder),
    /// The system lets no server have it.
    #[error(
        "port {0} is kept by the system for programs with more rights than servers have; choose {1} or above"
    )]
    PortBarred(u16, u16),
    /// Every port of the range is in use.
    #[error("no port between {0} and {1} is free on 127.0.0.1; give the backend a wider range")]
    NoFreePort(u16, u16),
    /// The file system is full.
    #[error("no space is left for {0}; free some and PostgreSQL is started again")]
    DiskFull(PathBuf),
    /// There is no room left of what was asked for, and nothing can be changed.
    #[error("{0}")]
    Frozen(String),
    /// The primary is lost, and no standby takes its place.
    #[error("{0}")]
    NoStandby(String),
    /// A state file that cannot be understood. Nothing is deleted.
    #[error(
        "{path} cannot be read as the state of this database ({message}); restore it from a copy and the care for it \
         goes on, or delete the object; nothing was changed"
    )]
    CorruptState {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        message: String,
    },
    /// What was made is not where it was. Nothing new is put in its place.
    #[error(
        "{path} is missing, and with it the data of this database: put it back and the database goes on, or delete the \
         object; no empty database is made in its place"
    )]
    DataMissing {
        /// What is missing.
        path: PathBuf,
    },
    /// Another object took up what was made.
    #[error(
        "the data of this database is that of PostgreSQL {namespace}/{name} (uid {uid}) now, whose spec.adoptRef took it up, and lies \
         in {path}: {}; no empty database is made in its place", what_to_do(.uid, *.is_kept)
    )]
    TakenUp {
        /// Who has it.
        uid: String,
        /// The namespace of that object.
        namespace: String,
        /// The name.
        name: String,
        /// Where it is.
        path: PathBuf,
        /// Whether it is kept there, and no object has it.
        is_kept: bool,
    },
    /// The data root was written by a newer release.
    #[error("{path} has layout {found}, this release knows {known}; use the release that wrote it")]
    Layout {
        /// The file that says so.
        path: PathBuf,
        /// Its layout.
        found: u32,
        /// Ours.
        known: u32,
    },
    /// A folder that is no data root.
    #[error(
        "no databases were made below {0}: name the data root of a server that runs PostgreSQL on this machine"
    )]
    NoLayout(PathBuf),
    /// Data that is not deleted as data that is kept.
    #[error("nothing of the uid {uid} is deleted: {why}")]
    NotDeleted {
        /// The instance.
        uid: String,
        /// Why not, and what to do.
        why: String,
    },
    /// Another process runs the instances of this root.
    #[error("{0} is in use by another process; one server at a time may run the instances of a data root")]
    Locked(PathBuf),
    /// The unprivileged user cannot get at its data.
    #[error("user {user} cannot enter {path}; allow it with `chmod o+x {path}` or choose another data root")]
    Unreachable {
        /// The user PostgreSQL runs as.
        user: String,
        /// The folder in the way.
        path: PathBuf,
    },
    /// The user PostgreSQL should run as is unknown.
    #[error(
        "there is no user {0}; PostgreSQL does not run as root: install its package, or name another user"
    )]
    NoUser(String),
    /// A socket's path would not fit the system's limit.
    #[error("the data root {0} is too long a path for Unix sockets; choose one of at most {1} bytes")]
    PathTooLong(PathBuf, usize),
    /// PostgreSQL's programs would misread the path.
    #[error(
        "PostgreSQL cannot use the data root {0:?}; choose one without $ ` \" \\ , and control characters, in UTF-8"
    )]
    UnusablePath(PathBuf),
    /// The server ended while starting.
    #[error("server {server} did not start: {log}")]
    StartFailed {
        /// Its name.
        server: String,
        /// The end of its log.
        log: String,
    },
    /// A program of PostgreSQL failed.
    #[error("{program} failed: {output}")]
    Program {
        /// The program.
        program: String,
        /// What it said.
        output: String,
    },
    /// Superusers have every connection, those that are kept free among them.
    #[error(
        "every connection is taken, those that are kept for the manager too, as only superusers can: end their sessions, or \
         set spec.state to Stopped and then to Running"
    )]
    Crowded,
    /// A statement or connection failed.
    #[error("cannot {what}: {message}")]
    Sql {
        /// What was tried.
        what: String,
        /// PostgreSQL's answer.
        message: String,
        /// Its code of five characters; empty when the server was not reached.
        code: String,
    },
    /// PostgreSQL will not do what is asked, and says why.
    #[error("cannot {what}: {message}")]
    Refused {
        /// What was tried.
        what: String,
        /// PostgreSQL's answer.
        message: String,
    },
    /// Something took longer than it may.
    #[error("{0} took too long; it is tried again")]
    Timeout(String),
    /// No instance has this uid.
    #[error("there is no instance with uid {0}")]
    UnknownInstance(String),
    /// The system has no randomness.
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
    /// A certificate cannot be made.
    #[error("a certificate cannot be made or signed")]
    Certificate(#[from] rcgen::Error),
    /// A file or folder cannot be used.
    #[error("cannot {what} {path}: {source}")]
    Io {
        /// What was tried.
        what: &'static str,
        /// On what.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
}

impl Error {
    /// The reason in one CamelCase word.
    pub fn reason(&self) -> &'static str {
        match self {
            Error::VersionNotInstalled { .. } | Error::OtherMajor { .. } => "UnsupportedVersion",
            Error::NotAdopted { reason, .. } => reason,
            Error::Frozen(_) => "StorageFull",
            Error::InvalidParameters(_) => "InvalidParameters",
            Error::InvalidSpec(_)
            | Error::ExtensionUnavailable { .. }
            | Error::InvalidCertificate(_)
            | Error::Refused { .. }
            | Error::PortTaken(..)
            | Error::PortBarred(..) => "BackendRejected",
            Error::UnknownInstance(_) => "Creating",
            Error::StartFailed { .. } | Error::NoStandby(_) => "NoPrimary",
            _ => "Failing",
        }
    }

    /// Whether only a change of what is desired helps, so that trying again as it is cannot.
    pub fn is_permanent(&self) -> bool {
        matches!(
            self,
            Error::InvalidParameters(_)
                | Error::InvalidSpec(_)
                | Error::InvalidCertificate(_)
                | Error::Refused { .. }
                | Error::OtherMajor { .. }
                | Error::NotAdopted { .. }
                | Error::PortBarred(..)
        )
    }

    /// Whether it is about what is wanted rather than about what is there, which runs on meanwhile.
    pub fn is_refusal(&self) -> bool {
        self.is_permanent()
            || matches!(
                self,
                Error::ExtensionUnavailable { .. }
                    | Error::VersionNotInstalled { .. }
                    | Error::PortTaken(..)
                    | Error::Frozen(_)
            )
    }

    /// Whether what should tell of an instance tells nothing, whoever reads it.
    pub fn is_damage(&self) -> bool {
        match self {
            Error::CorruptState { .. } => true,
            Error::Io { source, .. } => source.kind() == std::io::ErrorKind::NotFound,
            _ => false,
        }
    }

    /// What kind of failure it is for whoever asked.
    pub fn code(&self) -> Code {
        match self {
            error if error.is_permanent() => Code::InvalidArgument,
            Error::DataMissing { .. }
            | Error::TakenUp { .. }
            | Error::CorruptState { .. }
            | Error::NoStandby(_)
            | Error::ExtensionUnavailable { .. }
            | Error::VersionNotInstalled { .. }
            | Error::PortTaken(..) => Code::FailedPrecondition,
            Error::DiskFull(_) | Error::Frozen(_) | Error::NoFreePort(..) | Error::Crowded => {
                Code::ResourceExhausted
            }
            _ => Code::Unavailable,
        }
    }

    /// For a statement that only the object can change: an answer of PostgreSQL that is not about the moment is a refusal.
    pub(super) fn into_refusal(self) -> Error {
        match self {
            Error::Sql { what, message, code } if !code.is_empty() && !is_of_the_moment(&code) => {
                Error::Refused { what, message }
            }
            error => error,
        }
    }

    /// For `map_err`: what was tried on which path.
    pub(in crate::backend) fn io(what: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Error {
        let path = path.to_owned();
        move |source| match source.kind() {
            std::io::ErrorKind::StorageFull => Error::DiskFull(path),
            _ => Error::Io { what, path, source },
        }
    }

    /// For `map_err`: what was tried with SQL.
    pub(super) fn sql(what: impl Into<String>) -> impl FnOnce(tokio_postgres::Error) -> Error {
        let what = what.into();
        move |error| {
            let Answer { code, message } = Answer::from(&error);
            Error::Sql { what, message, code }
        }
    }
}

/// How data comes back that another object took up.
fn what_to_do(uid: &str, is_kept: bool) -> String {
    let end = match is_kept {
        true => "it is kept there",
        false => {
            "it is in use there, or was, in another store than this server's: use that object, or delete it with deletionPolicy Retain"
        }
    };
    format!(
        "{end}; to have it under this name again, delete this object, and make it anew with a spec.adoptRef that names the Secret \
         which `databases-apiserver retained {uid}` prints"
    )
}
