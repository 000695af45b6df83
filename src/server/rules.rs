//! What the host cluster's configuration adds to admission, followed while the server runs.

use crate::admission::{
    Admission, MutatingWebhooks, ObjectQuota, Policies, Surroundings, ValidatingWebhooks,
};
use crate::cluster::{Cluster, Quotas};
use crate::endpoint::Check;
use std::sync::Arc;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Webhooks, policies and quotas of the host cluster.
pub(super) struct Rules {
    mutating: MutatingWebhooks,
    validating: ValidatingWebhooks,
    policies: Policies,
    quotas: Quotas,
    /// One for each kind of rule: whether all of that kind are known.
    known: watch::Sender<[bool; 4]>,
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
            mutating: MutatingWebhooks::new(around.clone()),
            validating: ValidatingWebhooks::new(around.clone()),
            policies: Policies::new(cluster.clone(), around.clone()),
            quotas: Quotas::follow(cluster.clone(), format!(".{group}"), ended.clone()),
            known: watch::Sender::new([false; 4]),
        });
        tokio::spawn(rules.clone().run(cluster.clone(), ended.clone()));
        rules
    }

    async fn run(self: Arc<Self>, cluster: Cluster, ended: CancellationToken) {
        let ended = || ended.clone();
        tokio::join!(
            cluster.follow_all(ended(), |all| {
                self.mutating.set(&cluster, &all);
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
        );
    }

    fn know(&self, number: usize) {
        self.known.send_modify(|known| known[number] = true);
    }

    /// Returns once all rules are known.
    pub(super) async fn ready(&self) {
        // The sender is of this very value.
        let _ = self.known.subscribe().wait_for(|known| *known == [true; 4]).await;
        self.quotas.ready().await;
    }

    /// The steps, in their order.
    pub(super) fn steps(&self) -> Vec<Box<dyn Admission>> {
        vec![
            Box::new(self.mutating.clone()),
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
        match *self.known.borrow() {
            [true, true, true, true] => Ok(()),
            _ => Err("the cluster's webhooks and policies are not known yet".into()),
        }
    }
}
