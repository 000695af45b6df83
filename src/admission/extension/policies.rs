//! The cluster's ValidatingAdmissionPolicies as an admission step.

use super::Surroundings;
use super::authorizer::{Checks, settled};
use super::expression::{Condition, Variables, apart};
use super::policy::{Binding, Policy, Violation};
use super::question::Question;
use super::values;
use crate::admission::{Admission, Attributes, Freshness};
use crate::cluster::Cluster;
use crate::telemetry::PolicyLabels;
use apimachinery::kind::{Hub, Version};
use apimachinery::status::ApiError;
use apimachinery::wire::json;
use arc_swap::ArcSwap;
use async_trait::async_trait;
use cel::Value;
use k8s_openapi::api::admissionregistration::v1::{
    ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding,
};
use serde_json::json;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// Policies that may refuse what is written.
#[derive(Clone)]
pub struct Policies {
    cluster: Cluster,
    around: Surroundings,
    sources: Arc<Mutex<Sources>>,
    policies: Arc<ArcSwap<Vec<Policy>>>,
}

#[derive(Default)]
struct Sources {
    policies: Vec<Arc<ValidatingAdmissionPolicy>>,
    bindings: Vec<Arc<ValidatingAdmissionPolicyBinding>>,
}

impl Sources {
    /// Policies that are bound, by name.
    fn bound(&self) -> Vec<Policy> {
        let mut policies: Vec<Policy> = self.policies.iter().map(|policy| self.bind(policy)).collect();
        policies.retain(|policy| !policy.bindings.is_empty());
        policies.sort_by(|a, b| a.name.cmp(&b.name));
        policies
    }

    fn bind(&self, policy: &ValidatingAdmissionPolicy) -> Policy {
        let names = |binding: &&Arc<ValidatingAdmissionPolicyBinding>| {
            Some(&binding.spec.policy_name) == policy.metadata.name.as_ref()
        };
        let mut bindings: Vec<Binding> =
            self.bindings.iter().filter(names).map(|binding| Binding::new(binding)).collect();
        bindings.sort_by(|a, b| a.name.cmp(&b.name));
        Policy::new(policy, bindings)
    }
}

impl Policies {
    /// None yet; parameters are read from this cluster.
    pub fn new(cluster: Cluster, around: Surroundings) -> Self {
        Policies { cluster, around, sources: Arc::default(), policies: Arc::default() }
    }

    /// From now on, these policies.
    pub fn set_policies(&self, policies: Vec<Arc<ValidatingAdmissionPolicy>>) {
        self.change(|sources| sources.policies = policies);
    }

    /// From now on, these bindings.
    pub fn set_bindings(&self, bindings: Vec<Arc<ValidatingAdmissionPolicyBinding>>) {
        self.change(|sources| sources.bindings = bindings);
    }

    fn change(&self, change: impl FnOnce(&mut Sources)) {
        let mut sources = self.sources.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut sources);
        self.policies.store(Arc::new(sources.bound()));
    }

    async fn judge(&self, policy: &Policy, question: &Question<'_>) -> Result<Vec<String>, ApiError> {
        let namespaces = &*self.around.namespaces;
        let Some(version) = policy.matching.version(question, namespaces).await? else {
            return Ok(Vec::new());
        };
        let mut warnings = Vec::new();
        for binding in &policy.bindings {
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
                if binding.denies {
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
        let open = |reason: String| match policy.fails_open {
            true => {
                tracing::warn!(policy = policy.name, reason, "a policy cannot be judged, and is passed over");
                Vec::new()
            }
            false => vec![Violation { message: reason, reason: None }],
        };
        let params = match self.params(policy, binding, question).await {
            Ok(params) => params,
            Err(reason) => return Ok(open(reason)),
        };
        let namespace = self.namespace_object(question).await?;
        let (mut found, checks) = (Vec::new(), Checks::default());
        for params in params {
            let variables = || {
                let mut variables = Variables::of(question, version, &checks);
                variables.set("params", params.clone());
                variables.set("namespaceObject", namespace.clone());
                variables
            };
            let judge = || match Condition::all(&policy.conditions, variables) {
                Ok(true) => Ok(policy.violations(&mut variables())),
                Ok(false) => Ok(Vec::new()),
                Err(reason) => Err(reason),
            };
            let judged = settled(&checks, &*self.around.access, || apart(policy.is_heavy(), judge)).await;
            found.extend(judged.unwrap_or_else(open));
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
        Ok(params.into_iter().map(values::of).collect())
    }

    async fn namespace_object(&self, question: &Question<'_>) -> Result<Value, ApiError> {
        let name = question.attributes.namespace;
        if name.is_empty() {
            return Ok(Value::Null);
        }
        let metadata = match self.around.namespaces.metadata(name, Freshness::Cached).await? {
            None => self.around.namespaces.metadata(name, Freshness::Newest).await?,
            known => known,
        };
        Ok(metadata
            .map_or(Value::Null, |metadata| values::of(json!({ "metadata": json::to_tree(&metadata) }))))
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
        for policy in policies.iter() {
            warnings.extend(self.judge(policy, &question).await?);
        }
        Ok(warnings)
    }
}
