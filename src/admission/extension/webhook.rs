//! One webhook of the cluster: whether it is asked about a request, and the asking itself.

use super::Surroundings;
use super::authorizer::{Checks, settled};
use super::condition::Condition;
use super::expression::{Variables, apart};
use super::matching::Matching;
use super::question::Question;
use super::review::{self, Answer};
use crate::cluster::{self, Cluster};
use apimachinery::kind::Version;
use apimachinery::status::ApiError;
use k8s_openapi::api::admissionregistration::v1::{MutatingWebhook, ValidatingWebhook};
use std::time::Duration;

/// A webhook, ready to be called.
pub(super) struct Webhook {
    pub(super) name: String,
    /// The name of the configuration that has it.
    pub(super) configuration: String,
    matching: Matching,
    conditions: Vec<Condition>,
    /// Whether a request passes when the webhook cannot be asked.
    fails_open: bool,
    /// Whether it may be asked about a dry run.
    dry_run: bool,
    timeout: Duration,
    /// Whether it is asked again after a later one changed the object.
    pub(super) again: bool,
    channel: Result<cluster::Webhook, String>,
}

impl Webhook {
    /// Of a validating configuration.
    pub(super) fn validating(cluster: &Cluster, configuration: &str, hook: ValidatingWebhook) -> Webhook {
        let speaks = hook.admission_review_versions.iter().any(|version| version == "v1");
        let channel = match speaks {
            true => cluster.webhook(&hook.client_config),
            false => Err("it speaks no version of AdmissionReview that this server does: v1".to_owned()),
        };
        Webhook {
            matching: Matching::of_webhook(
                hook.rules,
                hook.match_policy.as_deref(),
                hook.namespace_selector,
                hook.object_selector,
            ),
            conditions: Condition::of(hook.match_conditions, &[]),
            fails_open: hook.failure_policy.as_deref() == Some("Ignore"),
            dry_run: matches!(hook.side_effects.as_str(), "None" | "NoneOnDryRun"),
            timeout: Duration::from_secs(u64::try_from(hook.timeout_seconds.unwrap_or(10)).unwrap_or(10)),
            again: false,
            channel,
            name: hook.name,
            configuration: configuration.to_owned(),
        }
    }

    /// Of a mutating configuration, which says one thing more.
    pub(super) fn mutating(cluster: &Cluster, configuration: &str, hook: MutatingWebhook) -> Webhook {
        let again = hook.reinvocation_policy.as_deref() == Some("IfNeeded");
        let hook = ValidatingWebhook {
            admission_review_versions: hook.admission_review_versions,
            client_config: hook.client_config,
            failure_policy: hook.failure_policy,
            match_conditions: hook.match_conditions,
            match_policy: hook.match_policy,
            name: hook.name,
            namespace_selector: hook.namespace_selector,
            object_selector: hook.object_selector,
            rules: hook.rules,
            side_effects: hook.side_effects,
            timeout_seconds: hook.timeout_seconds,
        };
        Webhook { again, ..Webhook::validating(cluster, configuration, hook) }
    }

    /// The version in which it is to be asked about a request, if it is.
    pub(super) async fn matches(
        &self,
        question: &Question<'_>,
        around: &Surroundings,
    ) -> Result<Option<&'static Version>, ApiError> {
        let Some(version) = self.matching.version(question, &*around.namespaces).await? else {
            return Ok(None);
        };
        let (checks, is_heavy) = (Checks::default(), Condition::are_heavy(&self.conditions));
        let hold = || Condition::all(&self.conditions, || Variables::of(&question.seen(version), &checks));
        match settled(&checks, &*around.access, || apart(is_heavy, hold)).await {
            Ok(holds) => Ok(holds.then_some(version)),
            Err(reason) => self.failed(&reason).map(|()| None),
        }
    }

    /// Asks; `None` where it could not be asked and that is no obstacle.
    pub(super) async fn ask(
        &self,
        question: &Question<'_>,
        version: &'static Version,
    ) -> Result<Option<Answer>, ApiError> {
        if question.attributes.dry_run && !self.dry_run {
            let message = format!("admission webhook {:?} does not support dry run", self.name);
            return Err(ApiError::bad_request(&message));
        }
        let answer = match &self.channel {
            Ok(channel) => {
                let (body, uid) = review::ask(question, version);
                let answer = channel.call(body, self.timeout).await;
                answer.and_then(|body| review::read(&body, &uid, &self.name))
            }
            Err(reason) => Err(reason.clone()),
        };
        match answer {
            Ok(mut answer) => {
                question.attributes.warn(std::mem::take(&mut answer.warnings));
                if let Some(audit) = question.origin.audit {
                    let annotations = answer.annotations.iter();
                    annotations
                        .for_each(|(key, value)| audit.annotate(&format!("{}/{key}", self.name), value));
                }
                Ok(Some(answer))
            }
            Err(reason) => self.failed(&reason).map(|()| None),
        }
    }

    /// A webhook that cannot be asked stops the request, or is passed over and logged.
    pub(super) fn failed(&self, reason: &str) -> Result<(), ApiError> {
        if self.fails_open {
            tracing::warn!(webhook = self.name, reason, "failed calling webhook, failing open");
            return Ok(());
        }
        Err(ApiError::internal(&format!("failed calling webhook {:?}: {reason}", self.name)))
    }
}
