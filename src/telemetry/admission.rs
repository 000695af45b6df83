//! The metrics of what the cluster's configuration adds to admission. Names and labels are those of an API server;
//! their values are named by the cluster's own objects, and so as many as those.

use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

use super::histogram::DurationHistogram;

/// How a webhook was called.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct WebhookLabels {
    /// The webhook's name.
    pub name: String,
    /// `admit` or `validating`.
    pub r#type: &'static str,
    /// `CREATE`, `UPDATE` or `DELETE`.
    pub operation: &'static str,
    /// Whether the request was refused.
    pub rejected: &'static str,
}

/// A webhook that could not be asked, which was no obstacle.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct FailOpenLabels {
    /// The webhook's name.
    pub name: String,
    /// `admit` or `validating`.
    pub r#type: &'static str,
}

/// How a policy was judged.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct PolicyLabels {
    /// The policy's name.
    pub policy: String,
    /// The name of its binding.
    pub policy_binding: String,
    /// `allow`, `deny`, `warn` or `audit`.
    pub enforcement_action: &'static str,
}

/// How a mutation of a policy went.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct MutationLabels {
    /// The policy's name.
    pub policy: String,
    /// The name of its binding.
    pub policy_binding: String,
    /// `no_error`, `compile_error`, `out_of_budget` or `invalid_error`.
    pub error_type: &'static str,
}

/// The metrics of admission. A clone is the same metrics.
#[derive(Clone, Debug, Default)]
pub struct AdmissionMetrics {
    webhooks: Family<WebhookLabels, DurationHistogram>,
    fail_open: Family<FailOpenLabels, Counter>,
    policies: Family<PolicyLabels, Counter>,
    policy_durations: Family<PolicyLabels, DurationHistogram>,
    mutations: Family<MutationLabels, Counter>,
    mutation_durations: Family<MutationLabels, DurationHistogram>,
}

impl AdmissionMetrics {
    pub(super) fn register(&self, registry: &mut Registry) {
        let help = "How long calls of webhooks took, in seconds";
        registry.register(
            "apiserver_admission_webhook_admission_duration_seconds",
            help,
            self.webhooks.clone(),
        );
        let help = "Requests that passed although a webhook could not be asked";
        registry.register("apiserver_admission_webhook_fail_open_count", help, self.fail_open.clone());
        let help = "Judgements of policies by what followed";
        registry.register("apiserver_validating_admission_policy_check", help, self.policies.clone());
        let help = "How long judgements of policies took, in seconds";
        let durations = self.policy_durations.clone();
        registry.register("apiserver_validating_admission_policy_check_duration_seconds", help, durations);
        let help = "Mutations of policies by how they went";
        registry.register("apiserver_mutating_admission_policy_check", help, self.mutations.clone());
        let help = "How long mutations of policies took, in seconds";
        let durations = self.mutation_durations.clone();
        registry.register("apiserver_mutating_admission_policy_check_duration_seconds", help, durations);
    }

    /// Counts a call of a webhook.
    pub fn called(&self, labels: &WebhookLabels, elapsed: Duration) {
        self.webhooks.get_or_create(labels).observe(elapsed);
    }

    /// Counts a webhook that could not be asked, which was no obstacle.
    pub fn failed_open(&self, labels: &FailOpenLabels) {
        self.fail_open.get_or_create(labels).inc();
    }

    /// Counts a judgement of a policy.
    pub fn judged(&self, labels: &PolicyLabels, elapsed: Duration) {
        self.policies.get_or_create(labels).inc();
        self.policy_durations.get_or_create(labels).observe(elapsed);
    }

    /// Counts a mutation of a policy.
    pub fn mutated(&self, labels: &MutationLabels, elapsed: Duration) {
        self.mutations.get_or_create(labels).inc();
        self.mutation_durations.get_or_create(labels).observe(elapsed);
    }
}
