//! Connections: a listener, TLS, HTTP/1.1 and HTTP/2 on one port, and a graceful end.
//!
//! The contract:
//! - One task accepts, one task drives each connection. What cannot be served is refused, never queued without bound.
//! - A client certificate is asked for and taken as it is; whoever reads [`Connection::certificates`] verifies it
//!   with [`verify_client`] before believing it. A handshake proves only possession of the key.
//! - [`Tls::reload`] takes effect for the next handshake and forgets every resumable session.
//! - On [`Shutdown`] the listener serves on for the announced delay, then accepts no more, tells peers to go away,
//!   lets requests finish and ends within the drain time.

pub mod certificates;
mod client_certificate;
mod connection;
mod error;
mod follow;
mod handshake;
mod lent;
mod limits;
mod linger;
mod listener;
mod shutdown;
mod streams;
mod takeover;
mod tls;

pub use client_certificate::{CaBundle, CertificateError, Identity, verify_client};
pub use connection::{Accept, Connection, Session};
pub use error::Error;
pub use follow::TlsFiles;
pub(crate) use lent::Lent;
pub use limits::Limits;
pub use listener::Listener;
pub use shutdown::Shutdown;
pub(crate) use streams::end_at;
pub use takeover::{Stream, Takeover};
pub use tls::{Tls, TlsMaterial};

#[cfg(test)]
mod crowded;
#[cfg(test)]
mod limited;
#[cfg(test)]
pub(crate) mod raw_http2;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
