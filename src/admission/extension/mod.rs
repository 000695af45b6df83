//! What the host cluster's configuration adds to admission: webhooks, policies and quotas. An API server of a cluster
//! asks none of them on behalf of the servers that it aggregates (A-41…A-45).

mod authorizer;
mod bound;
mod condition;
mod expression;
mod findings;
mod functions;
mod kept;
mod matching;
mod mutating;
mod mutating_policies;
mod mutating_policy;
mod mutation;
mod policies;
mod policy;
mod question;
mod quota;
mod review;
mod rule;
mod turn;
mod webhook;
mod webhooks;

use crate::admission::{AccessReview, Namespaces};
use crate::telemetry::AdmissionMetrics;
use std::sync::Arc;

pub use mutating::Mutations;
pub use mutating_policies::MutatingPolicies;
pub use policies::Policies;
pub use quota::ObjectQuota;
pub use webhooks::{MutatingWebhooks, ValidatingWebhooks};

/// What webhooks and policies ask, and where they are counted.
#[derive(Clone)]
pub struct Surroundings {
    /// The namespaces that selectors ask for.
    pub namespaces: Arc<dyn Namespaces>,
    /// The rights that expressions ask for.
    pub access: Arc<dyn AccessReview>,
    /// Where calls and judgements are counted.
    pub metrics: AdmissionMetrics,
}
