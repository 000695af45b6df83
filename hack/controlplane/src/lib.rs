//! A real control plane on this machine: etcd, kube-apiserver and kube-controller-manager on free
//! loopback ports, with certificates of their own, and servers aggregated behind it.
//!
//! Everything a control plane writes is in one folder: its certificates, its data, its logs. What
//! was started ends with the value that started it, also when a test panics or its process is
//! killed.
//!
//! - [`programs`]: where the programs are.
//! - [`pki`]: authorities, and the certificates and kubeconfigs they give out.
//! - [`process`]: a child process with a log.
//! - [`ControlPlane`]: the three programs, ready.
//! - [`aggregated`]: an API group registered with it, served by a process on this machine.
//! - [`databases`]: our own server behind it.
//! - [`sample`]: upstream's sample-apiserver, the example of an aggregated server.

pub mod aggregated;
pub mod databases;
pub mod error;
pub mod pki;
pub mod process;
pub mod programs;
pub mod sample;

mod cluster;
mod flags;

pub use aggregated::Aggregated;
pub use cluster::ControlPlane;
pub use error::{Error, Result};
pub use programs::Programs;
