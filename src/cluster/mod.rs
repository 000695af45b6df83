//! The host cluster's API: secrets and events for the objects of ours, its namespaces, its word on users, and a Lease.
//!
//! In standalone mode the client's transport is this server itself, in process; nothing here can tell.

mod authentication;
mod connect;
mod correlate;
mod event;
mod follow;
mod lease;
mod namespaces;
mod objects;
mod params;
mod quota;
mod review;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
mod warnings;
mod webhook;
mod webhook_tls;

pub use authentication::Authentication;
pub use event::{EventType, Regarding, host_name};
pub use follow::{Offered, Specified};
pub use lease::{Election, Timing};
pub use namespaces::{HostNamespaces, NamespaceFacts};
pub use objects::{CONFIG_MAPS, ENDPOINTS, Followed, PODS, Place, Resource, SECRETS, SERVICES};
pub use params::{Sought, Watched};
pub use quota::{QuotaError, Quotas};
pub use review::Access;
pub use warnings::Warned;
pub use webhook::Webhook;

use kube::api::PostParams;
use std::sync::Arc;
use std::time::Duration;

/// Why the host cluster did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The API answered with an error, or not at all.
    #[error("the cluster's API: {}", words(.0))]
    Api(#[from] Box<kube::Error>),
    /// There is no way to the cluster.
    #[error("{0}")]
    Config(String),
    /// The API did not answer in time.
    #[error("the cluster's API did not answer within {0:?}")]
    Timeout(Duration),
    /// Whom the cluster believes about users may not be read.
    #[error(
        "the cluster refuses to say whom to believe about users: this server needs to get, list and watch ConfigMap \
         kube-system/extension-apiserver-authentication; bind it to the Role extension-apiserver-authentication-reader \
         there, or give --authentication-tolerate-lookup-failure or --authentication-skip-lookup"
    )]
    Authentication,
    /// Somebody else's Secret is in the way.
    #[error("Secret {namespace}/{name} is in the way of the credentials: it {why}")]
    ForeignSecret {
        /// Its namespace.
        namespace: String,
        /// Its name.
        name: String,
        /// Whose it is, and what to do.
        why: String,
    },
    /// Two users would share a Secret.
    #[error("users {first:?} and {second:?} would share Secret {name}: rename one of them")]
    SharedSecret {
        /// The Secret's name.
        name: String,
        /// The user who has it.
        first: String,
        /// The user who gets none.
        second: String,
    },
}

impl Error {
    /// Whether a person has to make room for a Secret; trying again will not.
    pub fn is_conflict(&self) -> bool {
        matches!(self, Error::ForeignSecret { .. } | Error::SharedSecret { .. })
    }

    /// Whether the cluster refuses it to us.
    pub fn is_forbidden(&self) -> bool {
        matches!(self, Error::Api(error) if matches!(&**error, kube::Error::Api(status) if status.code == 403))
    }

    /// Whether the cluster does not have what was asked for, or does not know its kind.
    pub fn is_missing(&self) -> bool {
        let Error::Api(error) = self else { return false };
        match &**error {
            kube::Error::Api(status) => status.code == 404,
            kube::Error::Discovery(_) => true,
            _ => false,
        }
    }
}

/// What the API said, or why it said nothing.
fn words(error: &kube::Error) -> String {
    match error {
        kube::Error::Api(status) => status.message.clone(),
        other => chain(other),
    }
}

/// An error with everything that led to it: a connection's own words say little.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let words = error.to_string();
        if !text.contains(&words) {
            text.push_str(": ");
            text.push_str(&words);
        }
        cause = error.source();
    }
    text
}

impl From<kube::Error> for Error {
    fn from(error: kube::Error) -> Self {
        Error::Api(Box::new(error))
    }
}

/// A client of the host cluster.
#[derive(Clone)]
pub struct Cluster {
    client: kube::Client,
    /// The name of this program, as the field manager of what it writes.
    manager: Arc<str>,
    recorder: Arc<event::Recorder>,
}

impl Cluster {
    /// Over any transport, for a program of that name.
    pub fn new(client: kube::Client, manager: &str) -> Self {
        Cluster { client, manager: manager.into(), recorder: Arc::default() }
    }

    /// A write in this program's name.
    pub(crate) fn named(&self) -> PostParams {
        PostParams { field_manager: Some(self.manager.to_string()), ..PostParams::default() }
    }

    /// The field manager of what this program writes.
    pub fn manager(&self) -> &str {
        &self.manager
    }

    /// For what only some controllers do there.
    pub(crate) fn client(&self) -> &kube::Client {
        &self.client
    }
}
