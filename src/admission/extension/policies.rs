//! The cluster's ValidatingAdmissionPolicies as an admission step.

use super::Surroundings;
use super::authorizer::{Checks, settled};
use super::bound::{Applied, Bound, Library};
use super::condition::Condition;
use super::expression::{Name, Variables, apart};
use super::findings::Findings;
use super::policy::{Binding, Judgement, Policy, Validating, Violation};
use super::question::Question;
use super::rule::Grounds;
use crate::admission::{Admission, Attributes};
use crate::cluster::Cluster;
use crate::telemetry::PolicyLabels;
use apimachinery::kind::{Hub, Version};
use apimachinery::status::ApiError;
use async_trait::async_trait;
use k8s_openapi::api::admissionregistration::v1::{
    ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding,
};
use std::sync::Arc;
use std::time::Instant;

/// Policies that may refuse what is written.
#[derive(Clone)]
pub struct Policies {
    grounds: Grounds,
    library: Library<Validating>,
}

impl Policies {
    /// None yet; parameters are those of this cluster.
    pub fn new(cluster: Cluster, around: Surroundings) -> Self {
        Policies { grounds: Grounds { around }, library: Library::new(cluster) }
    }

    /// From now on, these policies.
    pub fn set_policies(&self, policies: Vec<Arc<ValidatingAdmissionPolicy>>) {
        self.library.set_policies(policies);
    }

    /// From now on, these bindings.
    pub fn set_bindings(&self, bindings: Vec<Arc<ValidatingAdmissionPolicyBinding>>) {
        self.library.set_bindings(bindings);
    }

    async fn judge_all(&self, question: &Question<'_>, findings: &mut Findings) -> Result<(), ApiError> {
        for bound in self.library.bound().iter() {
            self.judge(bound, question, findings).await?;
        }
        Ok(())
    }

    async fn judge(
        &self,
        bound: &Bound<Policy, Binding>,
        question: &Question<'_>,
        findings: &mut Findings,
    ) -> Result<(), ApiError> {
        let (namespaces, policy) = (&*self.grounds.around.namespaces, &*bound.policy);
        let name = &policy.rule.name;
        let Some(version) = policy.rule.matching.version(question, namespaces).await? else {
            return Ok(());
        };
        for applied in &bound.bindings {
            let binding = &*applied.binding;
            if !self.grounds.applies(&binding.place, question).await? {
                continue;
            }
            let began = Instant::now();
            let Judgement { violations, notes } = self.judgement(policy, applied, question, version).await?;
            let labels = PolicyLabels {
                policy: name.clone(),
                policy_binding: binding.place.name.clone(),
                enforcement_action: if violations.is_empty() { "allow" } else { binding.action() },
            };
            self.grounds.around.metrics.judged(&labels, began.elapsed());
            notes.into_iter().for_each(|note| findings.note(name, note));
            for violation in violations {
                if binding.audits && !violation.is_fatal {
                    findings.fail(name, binding, &violation);
                }
                let Attributes { definition, name: object, .. } = question.attributes;
                if binding.denies || violation.is_fatal {
                    findings.deny(binding.denial(name, definition, object, &violation));
                }
                if binding.warns {
                    question.attributes.warn([format!(
                        "Validation failed for ValidatingAdmissionPolicy '{name}' with binding '{}': {}",
                        binding.place.name, violation.message
                    )]);
                }
                if binding.audits {
                    tracing::info!(
                        policy = name,
                        binding = binding.place.name,
                        message = violation.message,
                        "a policy that audits does not hold"
                    );
                }
            }
        }
        Ok(())
    }

    async fn judgement(
        &self,
        policy: &Policy,
        applied: &Applied<Binding>,
        question: &Question<'_>,
        version: &Version,
    ) -> Result<Judgement, ApiError> {
        let rule = &policy.rule;
        let open = |violation: Violation| match rule.fails_open {
            true => {
                let reason = violation.message;
                tracing::warn!(policy = rule.name, reason, "a policy cannot be judged, and is passed over");
                Judgement::default()
            }
            false => Judgement { violations: vec![violation], ..Judgement::default() },
        };
        let params = match self.grounds.params(&applied.params, &applied.binding.place, question).await {
            Ok(params) => params,
            Err(reason) => return Ok(open(Violation::fatal(reason))),
        };
        let facts = question.seen(version);
        let namespace = self.grounds.namespace_object(question).await?;
        let (mut found, checks) = (Judgement::default(), Checks::default());
        for params in params {
            let variables = || {
                let mut variables = Variables::of(&facts, &checks).composing(&rule.definitions);
                variables.set(Name::Params, params.clone());
                variables.set(Name::NamespaceObject, namespace.clone());
                variables
            };
            let judge = || match Condition::all(&rule.conditions, variables) {
                Ok(true) => Ok(policy.judge(&variables())),
                Ok(false) => Ok(Judgement::default()),
                Err(reason) => Err(reason),
            };
            let access = &*self.grounds.around.access;
            let judged = settled(&checks, access, || apart(policy.is_heavy(), judge)).await;
            let Judgement { violations, notes } = judged.unwrap_or_else(|reason| open(Violation::of(reason)));
            found.violations.extend(violations);
            found.notes.extend(notes);
        }
        Ok(found)
    }
}

#[async_trait]
impl Admission for Policies {
    async fn validate(
        &self,
        attributes: &Attributes<'_>,
        object: &dyn Hub,
        old: Option<&dyn Hub>,
    ) -> Result<(), ApiError> {
        let Some(question) = Question::new(attributes, object, old) else { return Ok(()) };
        let mut findings = Findings::default();
        let outcome = self.judge_all(&question, &mut findings).await;
        if let Some(audit) = question.origin.audit {
            findings.tell(audit);
        }
        outcome.and_then(|()| findings.verdict())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::testing::silent;
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

    fn names(bound: &[Bound<Policy, Binding>]) -> Vec<&str> {
        bound.iter().map(|bound| bound.policy.rule.name.as_str()).collect()
    }

    #[tokio::test]
    async fn a_change_of_one_policy_or_binding_reads_no_other_anew() {
        let sources = Library::<Validating>::new(silent());
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
        assert!(
            Arc::ptr_eq(&before[0].bindings[0].binding, &after[0].bindings[0].binding),
            "its binding did not change"
        );
        assert!(!Arc::ptr_eq(&before[1].policy, &after[1].policy), "b changed");
        assert_eq!(after[0].bindings.len(), 1);

        sources.set_policies(vec![policy("c", "true")]);
        assert_eq!(names(&sources.bound()), ["c"], "what is gone is gone at once");
    }
}
