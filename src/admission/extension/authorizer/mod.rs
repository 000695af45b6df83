//! The variable `authorizer`: what expressions may ask about anybody's rights.
//!
//! Evaluation cannot wait, but the cluster's word can take its time. A check whose answer is not known yet fails and is
//! written down; [`settled`] asks for what was written down and evaluates again.

use super::expression::{Outcome, Value, fault};
use super::functions::{Overload, overload};
use crate::admission::{AccessReview, Requester};
use crate::cluster::Access;
use futures_util::future::join_all;
use k8s_openapi::api::authorization::v1::{
    FieldSelectorAttributes, LabelSelectorAttributes, NonResourceAttributes, ResourceAttributes,
    SubjectAccessReviewSpec,
};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

type Text = Arc<str>;

/// The functions of checks.
pub(super) const OVERLOADS: &[Overload] = &[
    overload!(Member "path" (Check a, String text) -> Check, |_| with(a, |check| check.path = Some(text.clone()))),
    overload!(Member "group" (Check a, String text) -> Check, |_| with(a, |check| check.group = text.clone())),
    overload!(Member "resource" (Check a, String text) -> Check, |_| {
        with(a, |check| check.resource = Some(text.clone()))
    }),
    overload!(Member "subresource" (Check a, String text) -> Check, |_| {
        with(a, |check| check.subresource = text.clone())
    }),
    overload!(Member "namespace" (Check a, String text) -> Check, |_| with(a, |check| check.namespace = text.clone())),
    overload!(Member "name" (Check a, String text) -> Check, |_| with(a, |check| check.name = text.clone())),
    overload!(Member "fieldSelector" (Check a, String text) -> Check, |_| {
        with(a, |check| check.fields = Some(text.clone()))
    }),
    overload!(Member "labelSelector" (Check a, String text) -> Check, |_| {
        with(a, |check| check.labels = Some(text.clone()))
    }),
    overload!(Member "serviceAccount" (Check a, String namespace, String name) -> Check, |_| {
        service_account(a, namespace, name)
    }),
    overload!(Member "check" (Check a, String verb) -> Decision, |effects| decide(&effects.checks, a, verb)),
    overload!(Member "allowed" (Decision a) -> Bool, |_| a.allowed),
    overload!(Member "reason" (Decision a) -> String, |_| a.reason.as_str()),
    overload!(Member "errored" (Decision a) -> Bool, |_| a.error.is_some()),
    overload!(Member "error" (Decision a) -> String, |_| a.error.clone().unwrap_or_default()),
];

/// An evaluation is tried so often at most: each try needs the answers of the one before.
const MOST_ROUNDS: usize = 16;

/// What a review says, or why it says nothing.
type Answer = Result<Access, String>;

/// Checks of one request, those that are answered and those that are not. A clone is the same list.
#[derive(Clone, Default)]
pub(super) struct Checks(Arc<Mutex<Asked>>);

#[derive(Default)]
struct Asked {
    known: HashMap<String, Answer>,
    open: Vec<SubjectAccessReviewSpec>,
}

/// What an evaluation comes to when everything that it asks for is known.
pub(super) async fn settled<T>(
    checks: &Checks,
    access: &dyn AccessReview,
    mut evaluate: impl FnMut() -> T,
) -> T {
    for _ in 1..MOST_ROUNDS {
        let outcome = evaluate();
        let open = std::mem::take(&mut checks.lock().open);
        if open.is_empty() {
            return outcome;
        }
        let answers = join_all(open.into_iter().map(async |question| {
            let key = key(&question);
            (key, access.review(question).await)
        }));
        let answers = answers.await;
        checks.lock().known.extend(answers);
    }
    evaluate()
}

fn key(question: &SubjectAccessReviewSpec) -> String {
    serde_json::to_string(question).unwrap_or_default()
}

impl Checks {
    fn lock(&self) -> MutexGuard<'_, Asked> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer(&self, question: SubjectAccessReviewSpec) -> Outcome<Answer> {
        let mut asked = self.lock();
        if let Some(answer) = asked.known.get(&key(&question)) {
            return Ok(answer.clone());
        }
        if !asked.open.contains(&question) {
            asked.open.push(question);
        }
        Err(fault("the answer is not known yet"))
    }
}

/// Whose rights a check is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Who {
    name: String,
    uid: String,
    groups: Vec<String>,
    extra: Vec<(String, Vec<String>)>,
}

/// A check as far as it is described.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Check {
    who: Who,
    path: Option<Text>,
    group: Text,
    resource: Option<Text>,
    subresource: Text,
    namespace: Text,
    name: Text,
    fields: Option<Text>,
    labels: Option<Text>,
}

/// The answer to a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Decision {
    allowed: bool,
    reason: String,
    error: Option<String>,
}

impl Check {
    /// About who makes a request, and nothing more yet.
    pub(super) fn of(requester: &Requester<'_>) -> Check {
        let who = Who {
            name: requester.name.to_owned(),
            uid: requester.uid.to_owned(),
            groups: requester.groups.to_vec(),
            extra: requester.extra.to_vec(),
        };
        Check { who, ..Check::default() }
    }

    /// About what a request is for: group, resource, subresource, namespace and name.
    pub(super) fn about(self, [group, resource, subresource, namespace, name]: [&str; 5]) -> Check {
        let text = |text: &str| Text::from(text);
        Check {
            group: text(group),
            resource: Some(text(resource)),
            subresource: text(subresource),
            namespace: text(namespace),
            name: text(name),
            ..self
        }
    }

    pub(super) fn value(self) -> Value {
        Value::Check(Arc::new(self))
    }

    fn question(&self, verb: &str) -> Outcome<SubjectAccessReviewSpec> {
        let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let mut question = SubjectAccessReviewSpec {
            user: some(&self.who.name),
            uid: some(&self.who.uid),
            groups: Some(self.who.groups.clone()),
            extra: Some(self.who.extra.iter().cloned().collect()),
            ..SubjectAccessReviewSpec::default()
        };
        let verb = some(verb);
        if let Some(path) = &self.path {
            question.non_resource_attributes = Some(NonResourceAttributes { path: some(path), verb });
            return Ok(question);
        }
        let resource = self.resource.as_ref();
        let resource = resource.ok_or_else(|| fault("name a path or a resource first"))?;
        let raw = |text: &Option<Text>| text.as_ref().map(|text| text.to_string());
        question.resource_attributes = Some(ResourceAttributes {
            group: some(&self.group),
            version: Some("*".to_owned()),
            resource: some(resource),
            subresource: some(&self.subresource),
            namespace: some(&self.namespace),
            name: some(&self.name),
            verb,
            field_selector: raw(&self.fields)
                .map(|raw| FieldSelectorAttributes { raw_selector: Some(raw), requirements: None }),
            label_selector: raw(&self.labels)
                .map(|raw| LabelSelectorAttributes { raw_selector: Some(raw), requirements: None }),
        });
        Ok(question)
    }
}

fn with(check: &Check, change: impl FnOnce(&mut Check)) -> Value {
    let mut check = check.clone();
    change(&mut check);
    check.value()
}

fn service_account(check: &Check, namespace: &str, name: &str) -> Value {
    let groups =
        ["system:serviceaccounts", &format!("system:serviceaccounts:{namespace}"), "system:authenticated"];
    let who = Who {
        name: format!("system:serviceaccount:{namespace}:{name}"),
        groups: groups.map(str::to_owned).to_vec(),
        ..Who::default()
    };
    with(check, |check| check.who = who)
}

fn decide(checks: &Checks, check: &Check, verb: &str) -> Outcome<Value> {
    let decision = match checks.answer(check.question(verb)?)? {
        Ok(Access { allowed, reason }) => Decision { allowed, reason, error: None },
        Err(error) => Decision { allowed: false, reason: String::new(), error: Some(error) },
    };
    Ok(Value::Decision(Arc::new(decision)))
}

#[cfg(test)]
mod tests;
