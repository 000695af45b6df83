//! The program behind `hack/bench`: what the server costs, beside the least that could do the same work.
//!
//! Every figure is CPU of the serving process per operation, read from `/proc`; what is compared is the ratio to the
//! limit of the same round (raw hyper, raw etcd), because absolute times say more of the machine than of the program.
//!
//! ```text
//! round ─▶ workload ─▶ peer, peer, peer …     one cell each, the same bytes, TLS and connections for all
//! ```

pub mod client;
pub mod error;
pub mod lab;
pub mod load;
pub mod options;
pub mod peer;
pub mod process;
pub mod raw_etcd;
pub mod raw_hyper;
pub mod report;
pub mod sample;
pub mod server;
pub mod workload;
