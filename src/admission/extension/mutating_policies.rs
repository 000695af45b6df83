//! The cluster's MutatingAdmissionPolicies, one after the other.

use super::Surroundings;
use super::authorizer::{Checks, settled};
use super::bound::{Applied, Library};
use super::condition::Condition;
use super::expression::{Name, Value, Variables, apart};
use super::mutating_policy::{Mutating, MutatingPolicy, Refusal, refused};
use super::mutation::{Failure, Mutation};
use super::question::Question;
use super::rule::{Grounds, Place};
use crate::admission::{Attributes, Operation};
use crate::cluster::{Cluster, Specified};
use crate::telemetry::MutationLabels;
use apimachinery::kind::{Hub, Version};
use apimachinery::status::ApiError;
use k8s_openapi::api::admissionregistration::v1::{
    MutatingAdmissionPolicyBindingSpec, MutatingAdmissionPolicySpec,
};
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Instant;

/// Policies that may change what is written.
#[derive(Clone)]
pub struct MutatingPolicies {
    grounds: Grounds,
    library: Library<Mutating>,
}

/// A policy as a binding applies it, with one set of parameters.
struct Invocation {
    policy: Arc<MutatingPolicy>,
    place: Arc<Place>,
    params: Value,
    version: &'static Version,
    key: Key,
}

/// What tells invocations apart: policy, binding, and the parameters' namespace and name.
type Key = [String; 4];

/// What a round of policies came to.
#[derive(Default)]
pub(super) struct Round {
    /// Whether any policy had something to say of the object, were it what the object says already.
    pub(super) has_applied: bool,
    /// Whether the object is another one.
    pub(super) has_changed: bool,
    /// Who wants to be asked again.
    again: HashSet<Key>,
}

impl MutatingPolicies {
    /// None yet; parameters are those of this cluster.
    pub fn new(cluster: Cluster, around: Surroundings) -> Self {
        MutatingPolicies { grounds: Grounds { around }, library: Library::new(cluster) }
    }

    /// From now on, these policies.
    pub fn set_policies(&self, policies: Vec<Arc<Specified<MutatingAdmissionPolicySpec>>>) {
        self.library.set_policies(policies);
    }

    /// From now on, these bindings.
    pub fn set_bindings(&self, bindings: Vec<Arc<Specified<MutatingAdmissionPolicyBindingSpec>>>) {
        self.library.set_bindings(bindings);
    }

    /// Asks every policy, or those that wanted to be asked again after a round.
    pub(super) async fn ask(
        &self,
        attributes: &Attributes<'_>,
        object: &mut Box<dyn Hub>,
        old: Option<&dyn Hub>,
        after: Option<&Round>,
    ) -> Result<Round, ApiError> {
        let mut round = Round::default();
        let is_over = after.is_some_and(|after| after.again.is_empty());
        if attributes.operation == Operation::Delete || self.library.bound().is_empty() || is_over {
            return Ok(round);
        }
        let Some(question) = Question::new(attributes, &**object, old) else { return Ok(round) };
        let mut refusals = Vec::new();
        let invocations = self.invocations(&question, &mut refusals).await?;
        if !invocations.is_empty() {
            let namespace = self.grounds.namespace_object(&question).await?;
            drop(question);
            let mut asking = Asking { grounds: &self.grounds, attributes, old, namespace, refusals };
            for invocation in &invocations {
                asking.invoke(invocation, object, after, &mut round).await?;
            }
            refusals = asking.refusals;
        }
        refused(attributes.definition, attributes.name, refusals)?;
        Ok(round)
    }

    /// Who is to be asked about a request, by the names of policies.
    async fn invocations(
        &self,
        question: &Question<'_>,
        refusals: &mut Vec<Refusal>,
    ) -> Result<Vec<Invocation>, ApiError> {
        let mut invocations = Vec::new();
        for bound in self.library.bound().iter() {
            let policy = &bound.policy;
            let namespaces = &*self.grounds.around.namespaces;
            let Some(version) = policy.rule.matching.version(question, namespaces).await? else { continue };
            for Applied { binding: place, params } in &bound.bindings {
                if !self.grounds.applies(place, question).await? {
                    continue;
                }
                match self.grounds.params(params, place, question).await {
                    Ok(all) => invocations.extend(
                        all.into_iter().map(|params| Invocation::new(policy, place, params, version)),
                    ),
                    Err(reason) if policy.rule.fails_open => passed_over(policy, &reason),
                    Err(reason) => refusals.push(policy.refusal(place, None, &reason)),
                }
            }
        }
        Ok(invocations)
    }
}

fn passed_over(policy: &MutatingPolicy, reason: &str) {
    tracing::warn!(policy = policy.rule.name, reason, "a policy cannot be applied, and is passed over");
}

impl Invocation {
    fn new(
        policy: &Arc<MutatingPolicy>,
        place: &Arc<Place>,
        params: Value,
        version: &'static Version,
    ) -> Invocation {
        let [namespace, name] = ["namespace", "name"].map(|field| params.metadata_text(field));
        let key = [policy.rule.name.clone(), place.name.clone(), namespace, name];
        Invocation { policy: policy.clone(), place: place.clone(), params, version, key }
    }
}

/// A request while policies are asked about it.
struct Asking<'a> {
    grounds: &'a Grounds,
    attributes: &'a Attributes<'a>,
    old: Option<&'a dyn Hub>,
    namespace: Value,
    refusals: Vec<Refusal>,
}

impl Asking<'_> {
    async fn invoke(
        &mut self,
        invocation: &Invocation,
        object: &mut Box<dyn Hub>,
        after: Option<&Round>,
        round: &mut Round,
    ) -> Result<(), ApiError> {
        let Invocation { policy, place, .. } = invocation;
        let Some(mut question) = Question::new(self.attributes, &**object, self.old) else { return Ok(()) };
        match self.is_meant(invocation, &question).await {
            Ok(true) => {}
            Ok(false) => return Ok(()),
            Err(reason) => {
                self.fail(policy, place, &reason);
                return Ok(());
            }
        }
        if after.is_some_and(|after| !after.again.contains(&invocation.key)) {
            return Ok(());
        }
        for mutation in &policy.mutations {
            match self.mutate(invocation, mutation, &question).await {
                Ok(made) => {
                    round.has_applied = true;
                    let Some(made) = made.filter(|made| !made.same(&**object)) else { continue };
                    round.has_changed = true;
                    drop(question);
                    *object = made;
                    let Some(next) = Question::new(self.attributes, &**object, self.old) else { break };
                    question = next;
                }
                Err(Failure::Denied(reason)) => self.fail(policy, place, &reason),
                Err(Failure::Fatal(error)) => return Err(error),
            }
        }
        if policy.again {
            round.again.insert(invocation.key.clone());
        }
        Ok(())
    }

    fn fail(&mut self, policy: &MutatingPolicy, place: &Place, reason: &str) {
        match policy.rule.fails_open {
            true => passed_over(policy, reason),
            false => self.refusals.push(policy.refusal(place, Some("Invalid"), reason)),
        }
    }

    /// Whether the match conditions of a policy hold.
    async fn is_meant(&self, invocation: &Invocation, question: &Question<'_>) -> Result<bool, String> {
        let (policy, checks) = (&invocation.policy, Checks::default());
        let variables = || self.variables(invocation, question, &checks);
        let hold = || apart(policy.is_heavy(), || Condition::all(&policy.rule.conditions, variables));
        settled(&checks, &*self.grounds.around.access, hold).await
    }

    fn variables(&self, invocation: &Invocation, question: &Question<'_>, checks: &Checks) -> Variables {
        let facts = question.seen(invocation.version);
        let mut variables = Variables::of(&facts, checks).composing(&invocation.policy.rule.definitions);
        variables.set(Name::Params, invocation.params.clone());
        variables.set(Name::NamespaceObject, self.namespace.clone());
        variables
    }

    async fn mutate(
        &self,
        invocation: &Invocation,
        mutation: &Mutation,
        question: &Question<'_>,
    ) -> Result<Option<Box<dyn Hub>>, Failure> {
        let Invocation { policy, place, version, .. } = invocation;
        let (began, checks) = (Instant::now(), Checks::default());
        let evaluate = || {
            let variables = self.variables(invocation, question, &checks);
            apart(policy.is_heavy(), || mutation.evaluate(&variables))
        };
        let value = settled(&checks, &*self.grounds.around.access, evaluate).await;
        let made = value.map_err(Failure::Denied).and_then(|value| mutation.apply(&value, question, version));
        let labels = MutationLabels {
            policy: policy.rule.name.clone(),
            policy_binding: place.name.clone(),
            error_type: made.as_ref().err().map_or("no_error", Failure::kind),
        };
        self.grounds.around.metrics.mutated(&labels, began.elapsed());
        made
    }
}
