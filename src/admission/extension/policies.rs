//! The cluster's ValidatingAdmissionPolicies as an admission step.

use super::Surroundings;
use super::authorizer::{Checks, settled};
use super::condition::Condition;
use super::expression::{Name, Value, Variables, apart};
use super::kept::Kept;
use super::policy::{Binding, Policy, Violation};
use super::question::Question;
use crate::admission::{Admission, Attributes, Freshness};
use crate::cluster::Cluster;
use crate::telemetry::PolicyLabels;
use apimachinery::kind::{Hub, Version};
use apimachinery::status::ApiError;
use arc_swap::ArcSwap;
use async_trait::async_trait;
use k8s_openapi::api::admissionregistration::v1::{
    ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding,
};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// Policies that may refuse what is written.
#[derive(Clone)]
pub struct Policies {
    cluster: Cluster,
    around: Surroundings,
    sources: Arc<Mutex<Sources>>,
    policies: Arc<ArcSwap<Vec<Bound>>>,
}

/// A policy with the bindings that apply it.
#[derive(Clone)]
struct Bound {
    policy: Arc<Policy>,
    bindings: Vec<Arc<Binding>>,
}

#[derive(Default)]
struct Sources {
    policies: Kept<ValidatingAdmissionPolicy, Policy>,
    bindings: Kept<ValidatingAdmissionPolicyBinding, Binding>,
}

impl Sources {
    fn set_policies(&mut self, policies: Vec<Arc<ValidatingAdmissionPolicy>>) {
        self.policies.set(policies, |old, new| old.spec == new.spec, Policy::new);
    }

    fn set_bindings(&mut self, bindings: Vec<Arc<ValidatingAdmissionPolicyBinding>>) {
        self.bindings.set(bindings, |old, new| old.spec == new.spec, Binding::new);
    }

    /// Policies that are bound, by name.
    fn bound(&self) -> Vec<Bound> {
        let mut bindings: HashMap<&str, Vec<Arc<Binding>>> = HashMap::new();
        for (_, binding) in self.bindings.iter() {
            bindings.entry(&binding.policy).or_default().push(binding.clone());
        }
        let bound = self.policies.iter().filter_map(|(name, policy)| {
            Some(Bound { policy: policy.clone(), bindings: bindings.remove(name)? })
        });
        bound.collect()
    }
}

impl Policies {
    /// None yet; parameters are read from this cluster.
    pub fn new(cluster: Cluster, around: Surroundings) -> Self {
        Policies { cluster, around, sources: Arc::default(), policies: Arc::default() }
    }

    /// From now on, these policies.
    pub fn set_policies(&self, policies: Vec<Arc<ValidatingAdmissionPolicy>>) {
        self.change(|sources| sources.set_policies(policies));
    }

    /// From now on, these bindings.
    pub fn set_bindings(&self, bindings: Vec<Arc<ValidatingAdmissionPolicyBinding>>) {
        self.change(|sources| sources.set_bindings(bindings));
    }

    fn change(&self, change: impl FnOnce(&mut Sources)) {
        let mut sources = self.sources.lock().unwrap_or_else(PoisonError::into_inner);
        // Many policies at once take long to read.
        apart(true, || change(&mut sources));
        self.policies.store(Arc::new(sources.bound()));
    }

    async fn judge(&self, bound: &Bound, question: &Question<'_>) -> Result<Vec<String>, ApiError> {
        let (namespaces, policy) = (&*self.around.namespaces, &*bound.policy);
        let Some(version) = policy.matching.version(question, namespaces).await? else {
            return Ok(Vec::new());
        };
        let mut warnings = Vec::new();
        for binding in &bound.bindings {
            let restricts = binding.matching.as_ref();
            let applies = match restricts {
                None => true,
                Some(matching) if matching.has_no_rules() => matching.selects(question, namespaces).await?,
                Some(matching) => matching.version(question, namespaces).await?.is_some(),
            };
            if !applies {
                continue;
            }
            let began = Instant::now();
            let violations = self.violations(policy, binding, question, version).await?;
            let labels = PolicyLabels {
                policy: policy.name.clone(),
                policy_binding: binding.name.clone(),
                enforcement_action: if violations.is_empty() { "allow" } else { binding.action() },
            };
            self.around.metrics.judged(&labels, began.elapsed());
            for violation in violations {
                let (definition, name) = (question.attributes.definition, question.attributes.name);
                if binding.denies || violation.is_fatal {
                    return Err(binding.denial(&policy.name, definition, name, &violation));
                }
                if binding.warns {
                    warnings.push(format!(
                        "Validation failed for ValidatingAdmissionPolicy '{}' with binding '{}': {}",
                        policy.name, binding.name, violation.message
                    ));
                }
                if binding.audits {
                    tracing::info!(
                        policy = policy.name,
                        binding = binding.name,
                        message = violation.message,
                        "a policy that audits does not hold"
                    );
                }
            }
        }
        Ok(warnings)
    }

    async fn violations(
        &self,
        policy: &Policy,
        binding: &Binding,
        question: &Question<'_>,
        version: &Version,
    ) -> Result<Vec<Violation>, ApiError> {
        let open = |violation: Violation| match policy.fails_open {
            true => {
                let reason = violation.message;
                tracing::warn!(policy = policy.name, reason, "a policy cannot be judged, and is passed over");
                Vec::new()
            }
            false => vec![violation],
        };
        let params = match self.params(policy, binding, question).await {
            Ok(params) => params,
            Err(reason) => return Ok(open(Violation::fatal(reason))),
        };
        let facts = question.seen(version);
        let namespace = self.namespace_object(question).await?;
        let (mut found, checks) = (Vec::new(), Checks::default());
        for params in params {
            let variables = || {
                let mut variables = Variables::of(&facts, &checks).composing(&policy.definitions);
                variables.set(Name::Params, params.clone());
                variables.set(Name::NamespaceObject, namespace.clone());
                variables
            };
            let judge = || match Condition::all(&policy.conditions, variables) {
                Ok(true) => Ok(policy.violations(&variables())),
                Ok(false) => Ok(Vec::new()),
                Err(reason) => Err(reason),
            };
            let judged = settled(&checks, &*self.around.access, || apart(policy.is_heavy(), judge)).await;
            found.extend(judged.unwrap_or_else(|reason| open(Violation::of(reason))));
        }
        Ok(found)
    }

    /// Each set of parameters to judge with; one that is null where the policy has none.
    async fn params(
        &self,
        policy: &Policy,
        binding: &Binding,
        question: &Question<'_>,
    ) -> Result<Vec<Value>, String> {
        let (Some(kind), Some(reference)) = (&policy.param_kind, &binding.param_ref) else {
            return Ok(vec![Value::Null]);
        };
        let params = self.cluster.params(kind, reference, question.attributes.namespace).await;
        let params = params.map_err(|error| format!("failed to configure binding: {error}"))?;
        if params.is_empty() && reference.parameter_not_found_action.as_deref() == Some("Deny") {
            return Err("failed to configure binding: no params found for policy binding with `Deny` parameterNotFoundAction".into());
        }
        Ok(params.into_iter().map(Value::from).collect())
    }

    async fn namespace_object(&self, question: &Question<'_>) -> Result<Value, ApiError> {
        let name = question.attributes.namespace;
        if name.is_empty() {
            return Ok(Value::Null);
        }
        let object = match self.around.namespaces.object(name, Freshness::Cached).await? {
            None => self.around.namespaces.object(name, Freshness::Newest).await?,
            known => known,
        };
        Ok(object.map_or(Value::Null, Value::from))
    }
}

#[async_trait]
impl Admission for Policies {
    async fn validate(
        &self,
        attributes: &Attributes<'_>,
        object: &dyn Hub,
        old: Option<&dyn Hub>,
    ) -> Result<Vec<String>, ApiError> {
        let policies = self.policies.load_full();
        let Some(question) = Question::new(attributes, object, old) else { return Ok(Vec::new()) };
        let mut warnings = Vec::new();
        for bound in policies.iter() {
            warnings.extend(self.judge(bound, &question).await?);
        }
        Ok(warnings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value as Tree, json};

    fn policy(name: &str, expression: &str) -> Arc<ValidatingAdmissionPolicy> {
        let spec = json!({"validations": [{"expression": expression}]});
        read(json!({"metadata": {"name": name, "uid": name}, "spec": spec}))
    }

    fn binding(name: &str, policy: &str) -> Arc<ValidatingAdmissionPolicyBinding> {
        let spec = json!({"policyName": policy, "validationActions": ["Deny"]});
        read(json!({"metadata": {"name": name}, "spec": spec}))
    }

    fn read<T: serde::de::DeserializeOwned>(tree: Tree) -> Arc<T> {
        Arc::new(serde_json::from_value(tree).unwrap())
    }

    fn names(bound: &[Bound]) -> Vec<&str> {
        bound.iter().map(|bound| bound.policy.name.as_str()).collect()
    }

    #[test]
    fn a_change_of_one_policy_or_binding_reads_no_other_anew() {
        let mut sources = Sources::default();
        sources.set_policies(vec![policy("a", "true"), policy("b", "object.("), policy("c", "true")]);
        sources.set_bindings(vec![binding("1", "a"), binding("2", "b"), binding("3", "a")]);
        let before = sources.bound();
        assert_eq!(names(&before), ["a", "b"], "what cannot be read holds back nobody");
        assert_eq!(before[0].bindings.len(), 2);

        // The same meaning in other objects, as a watch shows them anew.
        sources.set_policies(vec![policy("a", "true"), policy("b", "false"), policy("c", "true")]);
        sources.set_bindings(vec![binding("1", "a"), binding("2", "b"), binding("4", "c")]);
        let after = sources.bound();
        assert_eq!(names(&after), ["a", "b", "c"]);
        assert!(Arc::ptr_eq(&before[0].policy, &after[0].policy), "a did not change");
        assert!(Arc::ptr_eq(&before[0].bindings[0], &after[0].bindings[0]), "its binding did not change");
        assert!(!Arc::ptr_eq(&before[1].policy, &after[1].policy), "b changed");
        assert_eq!(after[0].bindings.len(), 1);

        sources.set_policies(vec![policy("c", "true")]);
        assert_eq!(names(&sources.bound()), ["c"], "what is gone is gone at once");
    }
}
