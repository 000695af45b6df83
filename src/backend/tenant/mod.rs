//! What one object has on a PostgreSQL server, brought in line over SQL: its databases with their owners and extensions, its
//! users, and who may what. Nothing of the server itself.
//!
//! The server is one that others share, or the object's alone ([`Names`]): there everything is called what the spec calls it,
//! users have their attributes, and what was there before the object is taken up. Only the server's own roles are not: a
//! superuser or a role that replicates, which no object of ours made.
//!
//! Nothing is remembered here: whose something is stands on the server, and passwords are in Secrets alone.

mod converge;
mod ensure;
mod error;
mod extensions;
mod found;
mod names;
mod privileges;
mod removal;
mod server;
mod session;
mod tls;
mod wish;

pub(super) use ensure::{Inside, ensure, look};
pub(super) use error::Error;
pub(super) use found::{Facts, Found};
pub(super) use names::Names;
pub(super) use removal::{drop_all, keep};
pub(super) use server::{Server, SslMode};
pub(super) use wish::{SUPERUSER, check};
#[cfg(test)]
pub(super) use {converge::Work, wish::Wish};
