//! What policies of both kinds say of themselves, and what their bindings say: which requests, with which parameters.

use super::Surroundings;
use super::bound::Params;
use super::condition::Condition;
use super::expression::{Composed, Expression, Value};
use super::matching::Matching;
use super::question::Question;
use crate::admission::Freshness;
use crate::cluster::Sought;
use apimachinery::status::ApiError;
use k8s_openapi::api::admissionregistration::v1::{
    MatchResources, ParamKind, ParamRef, ValidatingAdmissionPolicySpec, Variable,
};
use std::sync::Arc;

/// What a policy says of the requests that it is about.
pub(super) struct Rule {
    pub(super) name: String,
    pub(super) matching: Matching,
    pub(super) conditions: Vec<Condition>,
    pub(super) fails_open: bool,
    param_kind: Option<ParamKind>,
    pub(super) definitions: Arc<[Composed]>,
}

impl Rule {
    /// Of a policy of this name, with the names of its variables.
    pub(super) fn new(name: Option<&String>, spec: ValidatingAdmissionPolicySpec) -> (Rule, Vec<String>) {
        let definitions = defined(spec.variables.unwrap_or_default());
        let names: Vec<String> = definitions.iter().map(|definition| definition.name.clone()).collect();
        let rule = Rule {
            name: name.cloned().unwrap_or_default(),
            matching: Matching::of_policy(spec.match_constraints.unwrap_or_default()),
            conditions: Condition::of(spec.match_conditions, &names),
            fails_open: spec.failure_policy.as_deref() == Some("Ignore"),
            param_kind: spec.param_kind,
            definitions: definitions.into(),
        };
        (rule, names)
    }

    /// The parameters that a binding names, where this has any.
    pub(super) fn sought(&self, place: &Place) -> Option<Result<Sought, String>> {
        let (kind, reference) = (self.param_kind.as_ref()?, place.param_ref.as_ref()?);
        Some(Sought::new(kind, reference).map_err(|error| error.to_string()))
    }

    /// Whether its conditions and variables may take long.
    pub(super) fn is_heavy(&self) -> bool {
        Condition::are_heavy(&self.conditions)
            || self.definitions.iter().any(|definition| definition.expression.is_heavy())
    }
}

/// The variables of a policy; each may name those before it.
fn defined(variables: Vec<Variable>) -> Vec<Composed> {
    let (mut definitions, mut names) = (Vec::new(), Vec::new());
    for Variable { name, expression } in variables {
        definitions.push(Composed { name: name.clone(), expression: Expression::among(&expression, &names) });
        names.push(name);
    }
    definitions
}

/// Where a policy applies, and with which parameters.
pub(super) struct Place {
    pub(super) name: String,
    /// The policy that applies there.
    pub(super) policy: String,
    matching: Option<Matching>,
    param_ref: Option<ParamRef>,
}

impl Place {
    /// Of a binding of this name to a policy of that one.
    pub(super) fn new(
        name: Option<&String>,
        policy: String,
        resources: Option<MatchResources>,
        param_ref: Option<ParamRef>,
    ) -> Place {
        let matching = resources.map(Matching::of_policy);
        Place { name: name.cloned().unwrap_or_default(), policy, matching, param_ref }
    }

    fn denies_without_params(&self) -> bool {
        let action = self.param_ref.as_ref().and_then(|named| named.parameter_not_found_action.as_deref());
        action == Some("Deny")
    }
}

/// Where policies look up what they judge by.
#[derive(Clone)]
pub(super) struct Grounds {
    pub(super) around: Surroundings,
}

impl Grounds {
    /// Whether a request is one that a policy is applied to there.
    pub(super) async fn applies(&self, place: &Place, question: &Question<'_>) -> Result<bool, ApiError> {
        let namespaces = &*self.around.namespaces;
        match &place.matching {
            None => Ok(true),
            Some(matching) if matching.has_no_rules() => matching.selects(question, namespaces).await,
            Some(matching) => Ok(matching.version(question, namespaces).await?.is_some()),
        }
    }

    /// Each set of parameters to judge with; one that is null where the policy has none.
    pub(super) async fn params(
        &self,
        params: &Params,
        place: &Place,
        question: &Question<'_>,
    ) -> Result<Vec<Value>, String> {
        let found = match params {
            None => return Ok(vec![Value::Null]),
            Some(Ok(watched)) => {
                watched.of(question.attributes.namespace).await.map_err(|error| error.to_string())
            }
            Some(Err(reason)) => Err(reason.clone()),
        };
        let found = found.map_err(|reason| format!("failed to configure binding: {reason}"))?;
        if found.is_empty() && place.denies_without_params() {
            return Err("failed to configure binding: no params found for policy binding with `Deny` parameterNotFoundAction".into());
        }
        Ok(found)
    }

    /// What expressions see of the request's namespace.
    pub(super) async fn namespace_object(&self, question: &Question<'_>) -> Result<Value, ApiError> {
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
