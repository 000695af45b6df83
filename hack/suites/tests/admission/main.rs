//! What a cluster's configuration says of everybody's objects holds for ours: webhooks, policies and quotas. Where it can
//! be, the answer is compared with the one that kube-apiserver gives for a built-in kind.

mod mutating;
mod policies;
mod quota;
mod setup;
mod webhooks;
