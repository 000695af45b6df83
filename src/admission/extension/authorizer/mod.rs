//! The variable `authorizer`: what expressions may ask about anybody's rights.
//!
//! Evaluation cannot wait, but the cluster's word can take its time. A check whose answer is not known yet fails and is
//! written down; [`settled`] asks for what was written down and evaluates again.

use super::functions::failed;
use crate::admission::{AccessReview, Requester};
use crate::cluster::Access;
use cel::extractors::This;
use cel::objects::Opaque;
use cel::{Context, ExecutionError, Value};
use futures_util::future::join_all;
use k8s_openapi::api::authorization::v1::{
    FieldSelectorAttributes, LabelSelectorAttributes, NonResourceAttributes, ResourceAttributes,
    SubjectAccessReviewSpec,
};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

type Outcome<T> = Result<T, ExecutionError>;
type Text = Arc<String>;

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
        Err(failed("check", "the answer is not known yet"))
    }

    /// Adds the functions of checks.
    pub(super) fn add(&self, context: &mut Context<'_, '_>) {
        let checks = self.clone();
        let added = [
            context.add_function("path", |this: This<Value>, text: Text| {
                with(&this, |check| check.path = Some(text))
            }),
            context.add_function("group", |this: This<Value>, text: Text| {
                with(&this, |check| check.group = text)
            }),
            context.add_function("resource", |this: This<Value>, text: Text| {
                with(&this, |check| check.resource = Some(text))
            }),
            context.add_function("subresource", |this: This<Value>, text: Text| {
                with(&this, |check| check.subresource = text)
            }),
            context.add_function("namespace", |this: This<Value>, text: Text| {
                with(&this, |check| check.namespace = text)
            }),
            context
                .add_function("name", |this: This<Value>, text: Text| with(&this, |check| check.name = text)),
            context.add_function("fieldSelector", |this: This<Value>, text: Text| {
                with(&this, |check| check.fields = Some(text))
            }),
            context.add_function("labelSelector", |this: This<Value>, text: Text| {
                with(&this, |check| check.labels = Some(text))
            }),
            context.add_function("serviceAccount", service_account),
            context.add_function("check", move |this: This<Value>, verb: Text| decide(&checks, &this, &verb)),
            context.add_function("allowed", |this: This<Value>| decision(&this.0).map(|one| one.allowed)),
            context.add_function("reason", |this: This<Value>| {
                decision(&this.0).map(|one| Arc::new(one.reason.clone()))
            }),
            context.add_function("errored", |this: This<Value>| {
                decision(&this.0).map(|one| one.error.is_some())
            }),
            context.add_function("error", |this: This<Value>| {
                decision(&this.0).map(|one| Arc::new(one.error.clone().unwrap_or_default()))
            }),
        ];
        for error in added.into_iter().filter_map(Result::err) {
            tracing::error!(%error, "a function of the authorizer cannot be used");
        }
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

impl Opaque for Check {
    fn runtime_type_name(&self) -> &str {
        "kubernetes.authorization.Authorizer"
    }
}

/// The answer to a check.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Decision {
    allowed: bool,
    reason: String,
    error: Option<String>,
}

impl Opaque for Decision {
    fn runtime_type_name(&self) -> &str {
        "kubernetes.authorization.Decision"
    }
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
        let text = |text: &str| Arc::new(text.to_owned());
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
        Value::Opaque(Arc::new(self))
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
        let resource = resource.ok_or_else(|| failed("check", "name a path or a resource first"))?;
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

fn check(value: &Value) -> Outcome<&Check> {
    match value {
        Value::Opaque(opaque) => opaque.downcast_ref(),
        _ => None,
    }
    .ok_or_else(|| failed("authorizer", "there is nothing to be checked"))
}

fn decision(value: &Value) -> Outcome<&Decision> {
    match value {
        Value::Opaque(opaque) => opaque.downcast_ref(),
        _ => None,
    }
    .ok_or_else(|| failed("authorizer", "this is no answer to a check"))
}

fn with(this: &This<Value>, change: impl FnOnce(&mut Check)) -> Outcome<Value> {
    let mut check = check(&this.0)?.clone();
    change(&mut check);
    Ok(check.value())
}

fn service_account(this: This<Value>, namespace: Text, name: Text) -> Outcome<Value> {
    let groups =
        ["system:serviceaccounts", &format!("system:serviceaccounts:{namespace}"), "system:authenticated"];
    let who = Who {
        name: format!("system:serviceaccount:{namespace}:{name}"),
        groups: groups.map(str::to_owned).to_vec(),
        ..Who::default()
    };
    with(&this, |check| check.who = who)
}

fn decide(checks: &Checks, this: &This<Value>, verb: &str) -> Outcome<Value> {
    let decision = match checks.answer(check(&this.0)?.question(verb)?)? {
        Ok(Access { allowed, reason }) => Decision { allowed, reason, error: None },
        Err(error) => Decision { allowed: false, reason: String::new(), error: Some(error) },
    };
    Ok(Value::Opaque(Arc::new(decision)))
}

#[cfg(test)]
mod tests;
