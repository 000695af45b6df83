//! What the host cluster's configuration adds to admission, followed while the server runs.

use crate::admission::{
    Admission, MutatingPolicies, MutatingWebhooks, Mutations, ObjectQuota, Policies, Surroundings,
    ValidatingWebhooks,
};
use crate::cluster::{Cluster, Offered, Quotas};
use crate::endpoint::Check;
use std::sync::Arc;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// How many kinds of rules there are.
const KINDS: usize = 6;

/// A kind of policies that came to clusters by and by.
const fn offered(kind: &'static str, plural: &'static str) -> Offered {
    Offered { group: "admissionregistration.k8s.io", versions: &["v1", "v1beta1"], kind, plural }
}

const MUTATING_POLICIES: Offered = offered("MutatingAdmissionPolicy", "mutatingadmissionpolicies");
const MUTATING_BINDINGS: Offered =
    offered("MutatingAdmissionPolicyBinding", "mutatingadmissionpolicybindings");

/// Webhooks, policies and quotas of the host cluster.
pub(super) struct Rules {
    mutations: Mutations,
    validating: ValidatingWebhooks,
    policies: Policies,
    quotas: Quotas,
    /// One for each kind of rule: whether all of that kind are known.
    known: watch::Sender<[bool; KINDS]>,
}

impl Rules {
    /// Starts to follow them for the kinds of a group, until `ended`.
    pub(super) fn follow(
        group: &str,
        cluster: &Cluster,
        around: &Surroundings,
        ended: &CancellationToken,
    ) -> Arc<Rules> {
        let rules = Arc::new(Rules {
            mutations: Mutations {
                policies: MutatingPolicies::new(cluster.clone(), around.clone()),
                webhooks: MutatingWebhooks::new(around.clone()),
            },
            validating: ValidatingWebhooks::new(around.clone()),
            policies: Policies::new(cluster.clone(), around.clone()),
            quotas: Quotas::follow(cluster.clone(), format!(".{group}"), ended.clone()),
            known: watch::Sender::new([false; KINDS]),
        });
        tokio::spawn(rules.clone().run(cluster.clone(), ended.clone()));
        rules
    }

    async fn run(self: Arc<Self>, cluster: Cluster, ended: CancellationToken) {
        let ended = || ended.clone();
        tokio::join!(
            cluster.follow_all(ended(), |all| {
                self.mutations.webhooks.set(&cluster, &all);
                self.know(0);
            }),
            cluster.follow_all(ended(), |all| {
                self.validating.set(&cluster, &all);
                self.know(1);
            }),
            cluster.follow_all(ended(), |all| {
                self.policies.set_policies(all);
                self.know(2);
            }),
            cluster.follow_all(ended(), |all| {
                self.policies.set_bindings(all);
                self.know(3);
            }),
            cluster.follow_offered(MUTATING_POLICIES, ended(), |all| {
                self.mutations.policies.set_policies(all);
                self.know(4);
            }),
            cluster.follow_offered(MUTATING_BINDINGS, ended(), |all| {
                self.mutations.policies.set_bindings(all);
                self.know(5);
            }),
        );
    }

    fn know(&self, number: usize) {
        self.known.send_modify(|known| known[number] = true);
    }

    /// Returns once all rules are known.
    pub(super) async fn ready(&self) {
        // The sender is of this very value.
        let _ = self.known.subscribe().wait_for(|known| *known == [true; KINDS]).await;
        self.quotas.ready().await;
    }

    /// The steps, in their order.
    pub(super) fn steps(&self) -> Vec<Box<dyn Admission>> {
        vec![
            Box::new(self.mutations.clone()),
            Box::new(self.policies.clone()),
            Box::new(self.validating.clone()),
            Box::new(ObjectQuota(self.quotas.clone())),
        ]
    }
}

impl Check for Rules {
    fn name(&self) -> &str {
        "poststarthook/admission"
    }
    fn check(&self) -> Result<(), String> {
        match *self.known.borrow() == [true; KINDS] {
            true => Ok(()),
            false => Err("the cluster's webhooks and policies are not known yet".into()),
        }
    }
}
