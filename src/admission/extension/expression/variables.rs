//! What an expression may name, and what its evaluation may cost.

use super::super::authorizer::{Check, Checks};
use super::super::question::Question;
use super::Expression;
use super::budget::Budget;
use super::node::Name;
use super::value::{Outcome, Value, fault};
use apimachinery::kind::Version;
use std::cell::{Cell, RefCell};
use std::sync::Arc;

/// No evaluation is nested deeper, with the variables of its policy that it asks for.
const DEEPEST: usize = 300;

/// What every expression about a request in one version may name. A clone shares the objects.
#[derive(Clone)]
pub(crate) struct Facts {
    object: Value,
    old: Value,
    request: Value,
    authorizer: Value,
    request_resource: Value,
}

impl Facts {
    pub(crate) fn of(question: &Question<'_>, version: &Version) -> Facts {
        let requester = Check::of(&question.origin.requester);
        Facts {
            authorizer: requester.clone().value(),
            request_resource: requester.about(question.resource_parts()).value(),
            object: question.object_tree(version).into(),
            old: question.old_tree(version).into(),
            request: serde_json::Value::Object(question.facts(version)).into(),
        }
    }
}

/// A variable that a policy composes.
pub(crate) struct Composed {
    pub(crate) name: String,
    pub(crate) expression: Expression,
}

/// What an evaluation does besides coming to a value.
#[derive(Default)]
pub(crate) struct Effects {
    pub(crate) budget: Budget,
    /// What is asked of the cluster.
    pub(crate) checks: Checks,
}

/// What an expression may name.
#[derive(Default)]
pub(crate) struct Variables {
    named: [Value; Name::COUNT],
    definitions: Arc<[Composed]>,
    /// What those variables of the policy that were asked for came to.
    composed: RefCell<Vec<Option<Outcome<Value>>>>,
    /// How deep the evaluation is nested.
    level: Cell<usize>,
    effects: Effects,
}

impl Variables {
    /// Of a request. The answers to its checks are kept among `checks`.
    pub(crate) fn of(facts: &Facts, checks: &Checks) -> Self {
        let facts = facts.clone();
        let mut variables = Variables::asking(checks);
        variables.set(Name::Object, facts.object);
        variables.set(Name::OldObject, facts.old);
        variables.set(Name::Request, facts.request);
        variables.set(Name::Authorizer, facts.authorizer);
        variables.set(Name::RequestResource, facts.request_resource);
        variables
    }

    /// Nothing that can be named, yet; what is asked of the cluster is kept among `checks`.
    pub(crate) fn asking(checks: &Checks) -> Self {
        let effects = Effects { checks: checks.clone(), ..Effects::default() };
        Variables { effects, ..Variables::default() }
    }

    /// With the variables of a policy, which are evaluated when they are asked for.
    pub(crate) fn composing(self, definitions: &Arc<[Composed]>) -> Self {
        Variables { definitions: definitions.clone(), ..self }
    }

    pub(crate) fn set(&mut self, name: Name, value: Value) {
        self.named[name as usize] = value;
    }

    pub(super) fn named(&self, name: Name) -> Value {
        self.named[name as usize].clone()
    }

    /// A variable of the policy. Its error is the error of whoever asks for it.
    pub(super) fn composed(&self, number: usize) -> Outcome<Value> {
        if let Some(known) = self.composed.borrow().get(number).and_then(Clone::clone) {
            return known;
        }
        let definition = self.definitions.get(number).ok_or_else(|| fault("no such variable"))?;
        let value = definition.expression.evaluate(self).map_err(|reason| {
            fault(format!("composited variable {:?} fails to evaluate: {reason}", definition.name))
        });
        let mut composed = self.composed.borrow_mut();
        if composed.len() <= number {
            composed.resize(number + 1, None);
        }
        composed[number] = Some(value.clone());
        value
    }

    /// Evaluates `inside` one level deeper.
    pub(super) fn deeper<T>(&self, inside: impl FnOnce() -> Outcome<T>) -> Outcome<T> {
        let level = self.level.get();
        if level == DEEPEST {
            return Err(fault("evaluation recursion limit exceeded"));
        }
        self.level.set(level + 1);
        let outcome = inside();
        self.level.set(level);
        outcome
    }

    pub(super) fn budget(&self) -> &Budget {
        &self.effects.budget
    }

    pub(super) fn effects(&self) -> &Effects {
        &self.effects
    }
}
