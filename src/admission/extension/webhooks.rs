//! The cluster's webhooks as admission steps: mutating ones one after the other, validating ones all at once.

use super::Surroundings;
use super::kept::Kept;
use super::matching::operation;
use super::question::Question;
use super::review::Answer;
use super::turn::Turn;
use super::webhook::Webhook;
use crate::admission::{Admission, Attributes};
use crate::cluster::Cluster;
use crate::telemetry::{FailOpenLabels, WebhookLabels};
use apimachinery::kind::{Hub, Version};
use apimachinery::status::ApiError;
use arc_swap::ArcSwap;
use async_trait::async_trait;
use futures_util::future::join_all;
use k8s_openapi::api::admissionregistration::v1::{
    MutatingWebhookConfiguration, ValidatingWebhookConfiguration,
};
use kube::Resource;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// Webhooks of one kind of configuration.
struct Hooks<K> {
    /// What was made of each configuration.
    kept: Arc<Mutex<Kept<K, Vec<Arc<Webhook>>>>>,
    /// All of them, in the order in which they are asked: by the names of their configurations.
    hooks: Arc<ArcSwap<Vec<Arc<Webhook>>>>,
    around: Surroundings,
    /// `admit` or `validating`.
    kind: &'static str,
}

impl<K> Clone for Hooks<K> {
    fn clone(&self) -> Self {
        let Hooks { kept, hooks, around, kind } = self;
        Hooks { kept: kept.clone(), hooks: hooks.clone(), around: around.clone(), kind }
    }
}

impl<K: Resource> Hooks<K> {
    fn none(around: Surroundings, kind: &'static str) -> Self {
        Hooks { kept: Arc::default(), hooks: Arc::default(), around, kind }
    }

    /// What a webhook says; `None` where it could not be asked and that is no obstacle.
    async fn ask(
        &self,
        hook: &Webhook,
        question: &Question<'_>,
        version: &'static Version,
        turn: Turn,
    ) -> Result<Option<Answer>, ApiError> {
        let began = Instant::now();
        let answer = hook.ask(question, version).await;
        let is_refusal =
            answer.as_ref().is_ok_and(|answer| answer.as_ref().is_some_and(|one| one.denied.is_some()));
        let labels = WebhookLabels {
            name: hook.name.clone(),
            r#type: self.kind,
            operation: operation(question.attributes.operation),
            rejected: if is_refusal || answer.is_err() { "true" } else { "false" },
        };
        self.around.metrics.called(&labels, began.elapsed());
        if matches!(answer, Ok(None)) {
            self.around.metrics.failed_open(&FailOpenLabels { name: labels.name, r#type: self.kind });
            turn.failed_open(question.origin.audit, hook);
        }
        answer
    }

    /// From now on those of these configurations; a webhook is made anew only where its configuration changed.
    fn set(
        &self,
        configurations: &[Arc<K>],
        is_same: impl Fn(&K, &K) -> bool,
        make: impl Fn(&K) -> Vec<Webhook>,
    ) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.set(configurations.to_vec(), is_same, |one| make(one).into_iter().map(Arc::new).collect());
        self.hooks.store(Arc::new(kept.iter().flat_map(|(_, hooks)| hooks.iter().cloned()).collect()));
    }
}

/// Webhooks that may change what is written.
#[derive(Clone)]
pub struct MutatingWebhooks(Hooks<MutatingWebhookConfiguration>);

/// Webhooks that may refuse what is written.
#[derive(Clone)]
pub struct ValidatingWebhooks(Hooks<ValidatingWebhookConfiguration>);

impl MutatingWebhooks {
    /// None yet.
    pub fn new(around: Surroundings) -> Self {
        MutatingWebhooks(Hooks::none(around, "admit"))
    }

    /// From now on, those of these configurations.
    pub fn set(&self, cluster: &Cluster, configurations: &[Arc<MutatingWebhookConfiguration>]) {
        let is_same = |old: &MutatingWebhookConfiguration, new: &MutatingWebhookConfiguration| {
            old.webhooks == new.webhooks
        };
        self.0.set(configurations, is_same, |configuration| {
            let hooks = configuration.webhooks.iter().flatten();
            let name = configuration.metadata.name.as_deref().unwrap_or_default();
            hooks.map(|hook| Webhook::mutating(cluster, name, hook.clone())).collect()
        });
    }
}

impl ValidatingWebhooks {
    /// None yet.
    pub fn new(around: Surroundings) -> Self {
        ValidatingWebhooks(Hooks::none(around, "validating"))
    }

    /// From now on, those of these configurations.
    pub fn set(&self, cluster: &Cluster, configurations: &[Arc<ValidatingWebhookConfiguration>]) {
        let is_same = |old: &ValidatingWebhookConfiguration, new: &ValidatingWebhookConfiguration| {
            old.webhooks == new.webhooks
        };
        self.0.set(configurations, is_same, |configuration| {
            let hooks = configuration.webhooks.iter().flatten();
            let name = configuration.metadata.name.as_deref().unwrap_or_default();
            hooks.map(|hook| Webhook::validating(cluster, name, hook.clone())).collect()
        });
    }
}

/// Which webhooks were asked, and when the object last changed.
#[derive(Default)]
pub(super) struct Asked {
    numbers: Vec<usize>,
    /// The webhook that last changed it.
    pub(super) last_change: Option<usize>,
    hooks: Arc<Vec<Arc<Webhook>>>,
}

impl MutatingWebhooks {
    /// Asks every webhook.
    pub(super) async fn ask(
        &self,
        attributes: &Attributes<'_>,
        object: &mut Box<dyn Hub>,
        old: Option<&dyn Hub>,
    ) -> Result<Asked, ApiError> {
        let hooks = self.0.hooks.load_full();
        let mut asked = Asked { hooks, ..Asked::default() };
        let round = Round { hooks: &self.0, attributes, old, number: 0 };
        for (number, hook) in asked.hooks.iter().enumerate() {
            let outcome = round.ask(number, hook, object).await?;
            if outcome != Outcome::Passed {
                asked.numbers.push(number);
            }
            if outcome == Outcome::Changed {
                asked.last_change = Some(number);
            }
        }
        Ok(asked)
    }

    /// Asks once more, where they want to be, those who were asked before the last change, be it one of this round; all of them
    /// where the object changed since.
    pub(super) async fn ask_again(
        &self,
        attributes: &Attributes<'_>,
        object: &mut Box<dyn Hub>,
        old: Option<&dyn Hub>,
        (asked, has_changed): (Asked, bool),
    ) -> Result<(), ApiError> {
        let round = Round { hooks: &self.0, attributes, old, number: 1 };
        let mut has_changed = has_changed;
        for number in asked.numbers.iter().copied() {
            let is_due = has_changed || Some(number) < asked.last_change;
            if is_due && asked.hooks[number].again {
                has_changed |= round.ask(number, &asked.hooks[number], object).await? == Outcome::Changed;
            }
        }
        Ok(())
    }
}

/// What asking a mutating webhook came to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// It was not asked.
    Passed,
    /// It left the object as it was.
    Kept,
    /// It changed the object.
    Changed,
}

struct Round<'a> {
    hooks: &'a Hooks<MutatingWebhookConfiguration>,
    attributes: &'a Attributes<'a>,
    old: Option<&'a dyn Hub>,
    number: usize,
}

impl Round<'_> {
    async fn ask(
        &self,
        number: usize,
        hook: &Webhook,
        object: &mut Box<dyn Hub>,
    ) -> Result<Outcome, ApiError> {
        let Some(question) = Question::new(self.attributes, &**object, self.old) else {
            return Ok(Outcome::Passed);
        };
        let Some(version) = hook.matches(&question, &self.hooks.around).await? else {
            return Ok(Outcome::Passed);
        };
        let turn = Turn::mutating(self.number, number);
        let answer = self.hooks.ask(hook, &question, version, turn).await;
        let made = answer.and_then(|answer| made(&question, version, (turn, hook), answer));
        turn.asked(question.origin.audit, hook, matches!(made, Ok(Some(_))));
        match made? {
            None => Ok(Outcome::Kept),
            Some(made) => {
                *object = made;
                Ok(Outcome::Changed)
            }
        }
    }
}

/// What a webhook's answer makes of an object; nothing where it stays as it is.
fn made(
    question: &Question<'_>,
    version: &'static Version,
    (turn, hook): (Turn, &Webhook),
    answer: Option<Answer>,
) -> Result<Option<Box<dyn Hub>>, ApiError> {
    let Some(Answer { patch, denied, .. }) = answer else { return Ok(None) };
    if let Some(denied) = denied {
        return Err(denied);
    }
    let Some((patch, written)) = patch else { return Ok(None) };
    if question.object().is_none() {
        let what = "attempted to modify the object, which is not supported for this operation";
        return Err(ApiError::internal(&format!("admission webhook {:?} {what}", hook.name)));
    }
    let before = question.object_tree(version);
    let mut tree = before.clone();
    let changed = patch.apply(&mut tree).map_err(|error| error.to_string());
    // No failure policy excuses a patch that does not fit.
    let unfit = |reason| ApiError::internal(&format!("the patch of a webhook: {reason}"));
    let (object, _) = changed.and_then(|()| question.changed(version, &tree)).map_err(unfit)?;
    turn.patched(question.origin.audit, hook, &written);
    Ok(Some(object).filter(|_| tree != before))
}

#[async_trait]
impl Admission for ValidatingWebhooks {
    async fn validate(
        &self,
        attributes: &Attributes<'_>,
        object: &dyn Hub,
        old: Option<&dyn Hub>,
    ) -> Result<(), ApiError> {
        let hooks = self.0.hooks.load_full();
        let Some(question) = Question::new(attributes, object, old).filter(|_| !hooks.is_empty()) else {
            return Ok(());
        };
        let (question, around) = (&question, &self.0.around);
        let versions = join_all(hooks.iter().map(|hook| hook.matches(question, around)));
        let versions = versions.await.into_iter().collect::<Result<Vec<_>, _>>()?;
        let matching = hooks.iter().zip(versions).filter_map(|(hook, version)| Some((hook, version?)));
        let answers =
            join_all(matching.enumerate().map(|(number, (hook, version))| {
                self.0.ask(hook, question, version, Turn::validating(number))
            }));
        let mut denials = answers.await.into_iter().map(|answer| answer.map(|answer| answer?.denied));
        denials.find_map(|denied| denied.unwrap_or_else(Some)).map_or(Ok(()), Err)
    }
}
