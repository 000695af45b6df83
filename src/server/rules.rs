//! What the host cluster's configuration adds to admission, followed while the server runs.

use super::options::AdmissionPlugin;
use crate::admission::{
    Admission, Attributes, MutatingPolicies, MutatingWebhooks, Mutations, ObjectQuota, Policies,
    Surroundings, ValidatingWebhooks,
};
use crate::cluster::{Cluster, Offered, Quotas};
use crate::endpoint::Check;
use apimachinery::kind::Hub;
use apimachinery::status::ApiError;
use async_trait::async_trait;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// How many kinds of rules there are.
const KINDS: usize = 6;
const ALL: [bool; KINDS] = [true; KINDS];
/// What each kind belongs to.
const PLUGINS: [AdmissionPlugin; KINDS] = [
    AdmissionPlugin::MutatingAdmissionWebhook,
    AdmissionPlugin::ValidatingAdmissionWebhook,
    AdmissionPlugin::ValidatingAdmissionPolicy,
    AdmissionPlugin::ValidatingAdmissionPolicy,
    AdmissionPlugin::MutatingAdmissionPolicy,
    AdmissionPlugin::MutatingAdmissionPolicy,
];
/// How long a write waits for the rules that judge it.
const PATIENCE: Duration = Duration::from_secs(10);

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
    /// Starts to follow them for the kinds of a group, but for those that are disabled, until `ended`.
    pub(super) fn follow(
        (group, disabled): (&str, &[AdmissionPlugin]),
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
            quotas: match disabled.contains(&AdmissionPlugin::ResourceQuota) {
                true => Quotas::none(cluster.clone()),
                false => Quotas::follow(cluster.clone(), format!(".{group}"), ended.clone()),
            },
            known: watch::Sender::new(PLUGINS.map(|plugin| disabled.contains(&plugin))),
        });
        tokio::spawn(rules.clone().run(cluster.clone(), ended.clone()));
        rules
    }

    async fn run(self: Arc<Self>, cluster: Cluster, ended: CancellationToken) {
        let (never, disabled) = (CancellationToken::new(), *self.known.borrow());
        never.cancel();
        let ended = |number: usize| if disabled[number] { never.clone() } else { ended.clone() };
        tokio::join!(
            cluster.follow_all(ended(0), |all| {
                self.mutations.webhooks.set(&cluster, &all);
                self.know(0);
            }),
            cluster.follow_all(ended(1), |all| {
                self.validating.set(&cluster, &all);
                self.know(1);
            }),
            cluster.follow_all(ended(2), |all| {
                self.policies.set_policies(all);
                self.know(2);
            }),
            cluster.follow_all(ended(3), |all| {
                self.policies.set_bindings(all);
                self.know(3);
            }),
            cluster.follow_offered(MUTATING_POLICIES, ended(4), |all| {
                self.mutations.policies.set_policies(all);
                self.know(4);
            }),
            cluster.follow_offered(MUTATING_BINDINGS, ended(5), |all| {
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
        let _ = self.known.subscribe().wait_for(|known| *known == ALL).await;
        self.quotas.ready().await;
    }

    /// The steps, in their order.
    pub(super) fn steps(&self) -> Vec<Box<dyn Admission>> {
        vec![
            Box::new(Known(self.known.subscribe())),
            Box::new(self.mutations.clone()),
            Box::new(self.policies.clone()),
            Box::new(self.validating.clone()),
            Box::new(ObjectQuota(self.quotas.clone())),
        ]
    }
}

/// Lets nothing pass before all rules are known: a server that is not ready may be reached all the same.
struct Known(watch::Receiver<[bool; KINDS]>);

impl Known {
    async fn wait(&self, attributes: &Attributes<'_>) -> Result<(), ApiError> {
        if attributes.origin.is_none() || *self.0.borrow() == ALL {
            return Ok(());
        }
        let mut known = self.0.clone();
        match tokio::time::timeout(PATIENCE, known.wait_for(|known| *known == ALL)).await {
            Ok(Ok(_)) => Ok(()),
            _ => {
                let why = "not yet ready to handle request";
                Err(ApiError::forbidden(attributes.definition, attributes.name, why))
            }
        }
    }
}

#[async_trait]
impl Admission for Known {
    async fn mutate(
        &self,
        attributes: &Attributes<'_>,
        _: &mut Box<dyn Hub>,
        _: Option<&dyn Hub>,
    ) -> Result<(), ApiError> {
        self.wait(attributes).await
    }

    async fn validate(
        &self,
        attributes: &Attributes<'_>,
        _: &dyn Hub,
        _: Option<&dyn Hub>,
    ) -> Result<(), ApiError> {
        self.wait(attributes).await
    }
}

impl Check for Rules {
    fn name(&self) -> &str {
        "poststarthook/admission"
    }
    fn check(&self) -> Result<(), String> {
        match *self.known.borrow() == ALL {
            true => Ok(()),
            false => Err("the cluster's webhooks and policies are not known yet".into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admission::testing::created;
    use crate::cluster::HostNamespaces;
    use crate::pipeline::delegated::{AccessReviews, Lifetimes};
    use crate::server::host::Host;
    use crate::telemetry::Metrics;
    use clap::ValueEnum;
    use databases_api::postgresql::PostgreSQL;
    use http::{Request, Response};
    use std::convert::Infallible;
    use std::sync::Mutex;

    /// What becomes of a write of a user, or of the server itself.
    async fn judged(step: &Known, by_a_user: bool) -> Result<(), String> {
        let object: Box<dyn Hub> = Box::new(PostgreSQL::default());
        let definition = object.definition();
        let attributes = created(definition, &definition.versions[0], "");
        let attributes = Attributes { origin: attributes.origin.filter(|_| by_a_user), ..attributes };
        let judged = step.validate(&attributes, &*object, None).await;
        judged.map_err(|error| error.status().message)
    }

    #[tokio::test(start_paused = true)]
    async fn a_write_waits_for_the_rules_and_is_refused_where_they_do_not_come() {
        let known = watch::Sender::new([false; KINDS]);
        let step = Known(known.subscribe());
        assert_eq!(judged(&step, false).await, Ok(()), "the server itself");
        let refused = judged(&step, true).await.unwrap_err();
        assert!(refused.ends_with("\"wiki\" is forbidden: not yet ready to handle request"), "{refused}");
        known.send_replace([true, true, true, true, true, false]);
        let (waited, ()) = tokio::join!(judged(&step, true), async {
            tokio::time::advance(PATIENCE / 2).await;
            known.send_replace(ALL);
        });
        assert_eq!(waited, Ok(()));
        assert_eq!(judged(&step, true).await, Ok(()));
    }

    #[tokio::test]
    async fn what_is_disabled_is_known_and_not_asked_for() {
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let heard = asked.clone();
        let service = tower::service_fn(move |request: Request<kube::client::Body>| {
            heard.lock().unwrap().push(request.uri().path().to_owned());
            let refused = Response::builder().status(403).body(String::new());
            async move { Ok::<_, Infallible>(refused.unwrap()) }
        });
        let cluster = Cluster::new(kube::Client::new(service, "default"), "tests");
        let (never, second) = (CancellationToken::new(), Duration::from_secs(1));
        let lifetimes = Lifetimes { allowed: second, denied: second };
        let around = Surroundings {
            namespaces: Arc::new(Host(HostNamespaces::follow(cluster.clone(), never.clone()))),
            access: Arc::new(AccessReviews::new(cluster.clone(), lifetimes, Vec::new())),
            metrics: Metrics::new().admission().clone(),
        };
        let all = AdmissionPlugin::value_variants();
        let rules = Rules::follow(("example.com", all), &cluster, &around, &never);
        rules.ready().await;
        assert_eq!(rules.check(), Ok(()));
        rules.clone().run(cluster, never).await;
        let asked = asked.lock().unwrap();
        assert!(asked.iter().all(|path| path == "/api/v1/namespaces"), "{asked:?}");
    }
}
