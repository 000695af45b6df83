//! An aggregated Kubernetes API server: [`server`] serves any [`server::Api`], and [`standard`] is the one of
//! `databases.standard.k8s.io`.
//!
//! Imports run one way: `standard` sees everything, `server` everything that is not about databases; `serve` and `pipeline` carry requests; `endpoint` answers them
//! over `registry`; `registry` asks `admission`; `controller` makes what is stored true through `backend`, and
//! `backend` and `controller` reach the host cluster through `cluster`; `conformance` is a client of any such server. `hack/verify` holds this.

pub mod admission;
pub mod backend;
pub mod cluster;
pub mod conformance;
pub mod controller;
pub mod endpoint;
pub mod pipeline;
pub mod registry;
pub mod serve;
pub mod server;
pub mod standard;
pub mod telemetry;
