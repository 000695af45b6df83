//! One MutatingAdmissionPolicy with its bindings.

use super::bound::Kinds;
use super::mutation::Mutation;
use super::rule::{Place, Rule};
use crate::cluster::Specified;
use apimachinery::kind::Definition;
use apimachinery::status::{ApiError, StatusCause};
use k8s_openapi::api::admissionregistration::v1::{
    MutatingAdmissionPolicyBindingSpec, MutatingAdmissionPolicySpec, ValidatingAdmissionPolicySpec,
};

/// A policy, its expressions read.
pub(super) struct MutatingPolicy {
    pub(super) rule: Rule,
    pub(super) mutations: Vec<Mutation>,
    /// Whether it is asked once more after others changed the object.
    pub(super) again: bool,
}

/// A refusal, and the reason that is given for it where it is not the common one.
pub(super) struct Refusal {
    pub(super) message: String,
    pub(super) reason: Option<&'static str>,
}

/// MutatingAdmissionPolicies.
pub(super) struct Mutating;

impl Kinds for Mutating {
    type PolicyObject = Specified<MutatingAdmissionPolicySpec>;
    type BindingObject = Specified<MutatingAdmissionPolicyBindingSpec>;
    type Policy = MutatingPolicy;
    type Binding = Place;

    fn policy(object: &Self::PolicyObject) -> MutatingPolicy {
        let spec = object.spec.clone();
        let said = ValidatingAdmissionPolicySpec {
            failure_policy: spec.failure_policy,
            match_conditions: spec.match_conditions,
            match_constraints: spec.match_constraints,
            param_kind: spec.param_kind,
            variables: spec.variables,
            ..ValidatingAdmissionPolicySpec::default()
        };
        let (rule, names) = Rule::new(object.metadata.name.as_ref(), said);
        let mutations = spec.mutations.unwrap_or_default();
        MutatingPolicy {
            rule,
            mutations: mutations.iter().filter_map(|mutation| Mutation::new(mutation, &names)).collect(),
            again: spec.reinvocation_policy.as_deref() == Some("IfNeeded"),
        }
    }

    fn binding(object: &Self::BindingObject) -> Place {
        let MutatingAdmissionPolicyBindingSpec { match_resources, param_ref, policy_name } =
            object.spec.clone();
        Place::new(object.metadata.name.as_ref(), policy_name.unwrap_or_default(), match_resources, param_ref)
    }

    fn same_policy(old: &Self::PolicyObject, new: &Self::PolicyObject) -> bool {
        old.spec == new.spec
    }

    fn same_binding(old: &Self::BindingObject, new: &Self::BindingObject) -> bool {
        old.spec == new.spec
    }
}

impl AsRef<Rule> for MutatingPolicy {
    fn as_ref(&self) -> &Rule {
        &self.rule
    }
}

impl AsRef<Place> for Place {
    fn as_ref(&self) -> &Place {
        self
    }
}

impl MutatingPolicy {
    /// Whether it may take long.
    pub(super) fn is_heavy(&self) -> bool {
        self.rule.is_heavy() || self.mutations.iter().any(Mutation::is_heavy)
    }

    /// The refusal of a request by this policy, applied there.
    pub(super) fn refusal(&self, place: &Place, reason: Option<&'static str>, why: &str) -> Refusal {
        let message =
            format!("policy '{}' with binding '{}' denied request: {why}", self.rule.name, place.name);
        Refusal { message, reason }
    }
}

/// The answer to a request that these refuse: the words of the first, and all of them as causes.
pub(super) fn refused(definition: &Definition, name: &str, refusals: Vec<Refusal>) -> Result<(), ApiError> {
    let Some(first) = refusals.first() else { return Ok(()) };
    let mut status = ApiError::forbidden(definition, name, &first.message).status();
    status.message.clone_from(&first.message);
    if let Some(reason) = first.reason {
        status.reason = reason.into();
    }
    let causes = refusals
        .into_iter()
        .map(|refusal| StatusCause { message: refusal.message, ..StatusCause::default() });
    status.details.get_or_insert_default().causes.extend(causes);
    Err(status.into())
}
