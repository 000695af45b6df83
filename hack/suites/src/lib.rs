//! What the suites share: programs, a server in a folder of its own, transcripts.
//!
//! A suite is one file of `tests/`. It starts the real server on a free port in a temporary folder,
//! and whatever it started ends with it, also when an assertion fails. A program that is absent is
//! said loudly (`SKIPPED: …`) and the test returns.

pub mod cluster;
pub mod compared;
pub mod etcd;
pub mod golden;
pub mod hook;
pub mod http;
pub mod instance;
pub mod kms;
pub mod kubectl;
pub mod node;
pub mod programs;
pub mod sandbox;
pub mod stranger;
pub mod wait;
pub mod wardle;

pub use cluster::Cluster;
pub use etcd::Etcd;
pub use golden::Transcript;
pub use hook::Hook;
pub use kubectl::Kubectl;
pub use node::NodeCluster;
pub use sandbox::Sandbox;
pub use wardle::Wardle;
