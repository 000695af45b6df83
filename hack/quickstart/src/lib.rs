//! A person's first five minutes, as a library: start the server, apply manifests, wait, connect.
//!
//! `hack/up` runs these parts in order; the test suites use the same parts one by one.
//!
//! - [`server`]: the server as a child process, and its readiness.
//! - [`client`]: a small HTTPS client that reads a kubeconfig.
//! - [`manifests`] and [`apply`]: YAML documents into a cluster.
//! - [`wait`]: an object's conditions, followed by a watch.
//! - [`database`]: a connection made of nothing but a binding Secret.
//! - [`display`]: what the person sees.

pub mod apply;
pub mod client;
pub mod database;
pub mod display;
pub mod error;
pub mod kubeconfig;
pub mod manifests;
pub mod server;
pub mod wait;

pub use error::{Error, Result};
