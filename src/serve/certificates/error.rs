//! Why there are no certificates to serve with.

use std::io;
use std::path::PathBuf;

/// Why there are no certificates to serve with. Each message says what to do.
#[derive(Debug, thiserror::Error)]
pub enum CertificatesError {
    /// The folder cannot be made or entered.
    #[error("cannot use the folder {path}; make it a directory that this user may write")]
    Folder {
        /// The folder.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// A file cannot be read.
    #[error("cannot read {path}; make it readable to this user")]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// A file cannot be written.
    #[error("cannot write {path}; check the folder's rights and the free space")]
    Write {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The authority's key is gone.
    #[error(
        "{key} is missing although the authority's certificate exists; restore it, or remove the folder it belongs \
         in to begin with a new authority and a new kubeconfig"
    )]
    AuthorityKeyMissing {
        /// The file that is missing.
        key: PathBuf,
    },
    /// The authority's certificate and key are unreadable, expired, or do not belong together.
    #[error(
        "{path} is damaged, expired, or does not belong to its key; restore it, or remove its folder to begin with \
         a new authority and a new kubeconfig"
    )]
    AuthorityDamaged {
        /// The file.
        path: PathBuf,
    },
    /// A name cannot be in a certificate.
    #[error("the serving certificate cannot have a name among {names:?}; use DNS names and IP addresses")]
    Name {
        /// The names asked for.
        names: Vec<String>,
    },
    /// A certificate cannot be made.
    #[error("cannot issue a certificate")]
    Issue(#[from] rcgen::Error),
    /// The certificates cannot be used.
    #[error(transparent)]
    Unusable(#[from] crate::serve::Error),
}
