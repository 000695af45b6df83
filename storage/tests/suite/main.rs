//! The engines, each as the real thing: files on disk, processes that are killed, a real etcd.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops")]

mod conformance;
mod crash;
mod encrypted;
#[cfg(feature = "etcd")]
mod etcd;
#[cfg(feature = "etcd")]
mod kine;
mod model;
#[cfg(feature = "etcd")]
mod strangers;
#[cfg(feature = "etcd")]
mod support;
