//! The program behind `hack/bench`: what the server costs, beside the least that could do the same work, and beside what
//! the field's own libraries do.
//!
//! Every figure is CPU of the serving process per operation, read from `/proc`; what is compared are ratios within the
//! same round, because absolute times say more of the machine than of the program.
//!
//! ```text
//! setting ─▶ round ─▶ workload ─▶ peer, peer, peer …     one cell each, the same bytes, TLS and connections for all
//! ```
//!
//! - [`alone`]: this server without a cluster, beside raw hyper and raw etcd.
//! - [`cluster`]: this server and sample-apiserver in a control plane, directly and through its kube-apiserver, and a
//!   custom resource.
//! - [`instances`]: a thousand databases of a backend that does nothing.

pub mod alone;
pub mod cell;
pub mod client;
pub mod cluster;
pub mod content;
pub mod error;
pub mod etcd;
pub mod instances;
pub mod limit;
pub mod load;
pub mod options;
pub mod peer;
pub mod process;
pub mod raw_etcd;
pub mod raw_hyper;
pub mod report;
pub mod sample;
pub mod server;
pub mod service;
pub mod setting;
pub mod words;
pub mod workload;
