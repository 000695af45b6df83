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
mod credentials;
mod current;
mod dialect;
mod names;
mod offer;
mod shape;
#[cfg(test)]
pub(super) mod tests;

pub(super) use dialect::{Dialect, Found, Parameters, Role, Wish};
pub(super) use names::{UID_LABEL, kubernetes_name};
pub(super) use shape::{at, put};

use super::{Announcer, Code, Error};
use crate::cluster::{self, Cluster};
use tokio::sync::watch;

/// A backend over the operator that speaks this dialect.
pub struct Operator<D> {
    dialect: D,
    cluster: Cluster,
    /// The domain of its Services.
    domain: String,
    announcer: Announcer,
    /// The kinds of the operator that the cluster serves. Its objects are followed once there are some.
    served: watch::Sender<Vec<String>>,
}

impl<D: Dialect> Operator<D> {
    /// Over the operator of this cluster, whether it is installed or not.
    pub fn new(dialect: D, cluster: Cluster, domain: &str) -> Self {
        let (announcer, served) = (Announcer::default(), watch::Sender::default());
        Operator { dialect, cluster, domain: domain.to_owned(), announcer, served }
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
