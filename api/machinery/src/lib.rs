//! Kubernetes API conventions as values: wire formats, schema, metadata, selectors, field errors.
//!
//! Invariants of absence: this crate knows no network, no storage and no database product.

// `#[api_type]` names this crate by its absolute path, here as well.
extern crate self as apimachinery;

pub mod age;
pub mod autoscaling;
pub mod core;
pub mod discovery;
pub mod field;
mod go;
pub mod int_or_string;
pub mod json_patch;
pub mod kind;
pub mod managed;
pub mod meta;
pub mod openapi;
pub mod proto_file;
pub mod quantity;
pub mod schema;
pub mod selector;
pub mod status;
pub mod strategic_merge;
pub mod time;
pub mod validation;
pub mod wire;

pub use apimachinery_macros::api_type;
