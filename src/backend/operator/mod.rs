//! Operators of the host cluster as backends: what is the same for all of them.
//!
//! An operator is driven by objects of its own kinds, which are applied by server-side apply: our fields are ours and are
//! put right when somebody changes them, everything else on those objects is whoever's wrote it. What an operator calls
//! things is its [`Dialect`], a folder beside this one.
//!
//! ```text
//! PostgreSQL ──wanted──▶ [Secret of each role] [main object] [objects beside it] ──seen──▶ Observed
//! ```
//!
//! Everything made for an object carries its uid as a label. The main object's name is the object's own and the beginning of
//! its uid, so that an implementation that was retained is in nobody's way; an adopted one keeps its name. Names of Secrets
//! and Services that operators derive from it can then not be those of our own Secrets either.

mod answers;
mod apply;
mod backup;
mod clone;
mod contents;
mod credentials;
mod current;
mod dialect;
mod exposure;
mod judged;
mod names;
mod offer;
mod parameters;
pub(super) mod patroni;
mod placement;
pub(super) mod restart;
mod shape;
#[cfg(test)]
pub(super) mod tests;
mod warned;

pub(super) use backup::{Asked, Became};
pub(super) use clone::{Cloning, Origin};
pub(super) use dialect::{Administration, Dialect, Found, Installed, Parameters, Role, Wish};
pub(super) use exposure::Exposure;
pub(super) use names::{DOMAIN, UID_LABEL, check_issuer, kubernetes_name, labels};
pub(super) use parameters::{KEY as SPEC_KEY, is_config_map, of_class as class_part};
pub(super) use placement::node_affinity;
pub(super) use shape::{at, conditions, count, covers, hash, is_true, named, overlay, put, with_ours};

use super::{Announcer, Code, Error};
use crate::cluster::{self, Cluster};
use std::sync::Arc;
use tokio::sync::watch;

/// Where a host and a port of the cluster are reached. It is where they say, but in tests.
type Reached = Box<dyn Fn(&str, u16) -> (String, u16) + Send + Sync>;

/// A backend over the operator that speaks this dialect.
pub struct Operator<D> {
    dialect: D,
    cluster: Cluster,
    /// The domain of its Services.
    domain: String,
    announcer: Announcer,
    /// What the cluster has of the operator, once that is known. Its objects are followed once it serves some.
    installed: watch::Sender<Option<Arc<Installed>>>,
    /// Where a host and a port of the cluster are reached.
    reached: Reached,
    verdicts: judged::Verdicts,
}

impl<D: Dialect> Operator<D> {
    /// Over the operator of this cluster, whether it is installed or not.
    pub fn new(dialect: D, cluster: Cluster, domain: &str) -> Self {
        let (announcer, installed) = (Announcer::default(), watch::Sender::default());
        let reached: Reached = Box::new(|host, port| (host.to_owned(), port));
        let domain = domain.to_owned();
        Operator {
            dialect,
            cluster,
            domain,
            announcer,
            installed,
            reached,
            verdicts: judged::Verdicts::default(),
        }
    }
}

/// The cluster did not do what was asked.
fn trouble<D: Dialect>(error: &cluster::Error) -> Error {
    if error.is_forbidden() {
        let message = format!(
            "this server lacks a right to drive {}: {}; bind it to the ClusterRole of that operator",
            D::NAME,
            error.said()
        );
        return Error::retried(Code::FailedPrecondition, message);
    }
    Error::retried(Code::Unavailable, error.to_string())
}
