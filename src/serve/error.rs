//! Why the server cannot listen or use its certificates.

use std::net::SocketAddr;
use std::path::PathBuf;

/// Why the server cannot listen or use its certificates. Each message says what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another process listens there.
    #[error("the address {0} is already in use; stop the process that listens there or choose another port")]
    AddressInUse(SocketAddr),
    /// No interface of this machine has the address.
    #[error(
        "the address {0} belongs to no interface of this machine; choose one that does, such as 127.0.0.1"
    )]
    AddressNotAvailable(SocketAddr),
    /// The port is reserved.
    #[error("this user may not listen on {0}; choose a port above 1023 or grant the right to bind it")]
    AddressForbidden(SocketAddr),
    /// The address cannot be bound for another reason.
    #[error("cannot listen on {address}; choose another address")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The certificate, or the certificate authorities, cannot be read as PEM.
    #[error("{what} holds no readable PEM; give a file of PEM-encoded certificates or keys")]
    Pem {
        /// What was read.
        what: &'static str,
        /// What is wrong with it.
        source: rustls::pki_types::pem::Error,
    },
    /// A file without a certificate.
    #[error(
        "the file of the serving certificate holds none; give one with a PEM-encoded certificate, leaf first"
    )]
    NoCertificate,
    /// A bundle without a certificate.
    #[error("the bundle of certificate authorities is empty; give at least one PEM-encoded certificate")]
    EmptyBundle,
    /// The certificate and key cannot serve TLS.
    #[error("the serving certificate cannot be used; check that it and its private key belong together")]
    Tls(#[source] rustls::Error),
    /// The verifier of client certificates cannot be built.
    #[error("the bundle of certificate authorities cannot be used; remove what is no CA certificate")]
    Verifier(#[source] rustls::client::VerifierBuilderError),
    /// A file of a certificate or a key cannot be read.
    #[error("cannot read {path}; check that it exists and is readable")]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
}
