//! Which requests a rule of the cluster is about.

use super::question::Question;
use crate::admission::{Freshness, Namespaces, Operation};
use apimachinery::kind::Version;
use apimachinery::status::ApiError;
use k8s_openapi::api::admissionregistration::v1::{
    MatchResources, NamedRuleWithOperations, RuleWithOperations,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use kube::core::{Selector, SelectorExt};
use std::collections::BTreeMap;

/// What a webhook or a policy matches.
#[derive(Debug, Default)]
pub(super) struct Matching {
    rules: Vec<NamedRuleWithOperations>,
    excluded: Vec<NamedRuleWithOperations>,
    /// Whether a rule for another version of the same resource counts.
    equivalent: bool,
    namespaces: Option<LabelSelector>,
    objects: Option<LabelSelector>,
}

impl Matching {
    /// Of a webhook.
    pub(super) fn of_webhook(
        rules: Option<Vec<RuleWithOperations>>,
        policy: Option<&str>,
        namespaces: Option<LabelSelector>,
        objects: Option<LabelSelector>,
    ) -> Self {
        let rules = rules.unwrap_or_default().into_iter().map(named).collect();
        Matching { rules, excluded: Vec::new(), equivalent: policy != Some("Exact"), namespaces, objects }
    }

    /// Of a policy or of its binding.
    pub(super) fn of_policy(resources: MatchResources) -> Self {
        Matching {
            rules: resources.resource_rules.unwrap_or_default(),
            excluded: resources.exclude_resource_rules.unwrap_or_default(),
            equivalent: resources.match_policy.as_deref() != Some("Exact"),
            namespaces: resources.namespace_selector,
            objects: resources.object_selector,
        }
    }

    /// Whether there are no rules: then a binding restricts nothing further.
    pub(super) fn has_no_rules(&self) -> bool {
        self.rules.is_empty()
    }

    /// The version in which a matching request is to be shown; `None` where it does not match.
    pub(super) async fn version(
        &self,
        question: &Question<'_>,
        namespaces: &dyn Namespaces,
    ) -> Result<Option<&'static Version>, ApiError> {
        let Some(version) = self.by_rules(question) else { return Ok(None) };
        Ok(self.selects(question, namespaces).await?.then_some(version))
    }

    /// Whether the selectors take a request.
    pub(super) async fn selects(
        &self,
        question: &Question<'_>,
        namespaces: &dyn Namespaces,
    ) -> Result<bool, ApiError> {
        let attributes = question.attributes;
        if let Some(selector) = selector(self.namespaces.as_ref())?
            && attributes.definition.namespaced
        {
            let name = attributes.namespace;
            let mut labels = namespaces.labels(name, Freshness::Cached).await?;
            if labels.is_empty() {
                labels = namespaces.labels(name, Freshness::Newest).await?;
            }
            if !selector.matches(&labels) {
                return Ok(false);
            }
        }
        let Some(selector) = selector(self.objects.as_ref())? else { return Ok(true) };
        let fits = |labels: &BTreeMap<String, String>| selector.matches(labels);
        let objects = [question.object(), question.old()];
        Ok(objects.into_iter().flatten().any(|object| fits(&object.meta().labels)))
    }

    fn by_rules(&self, question: &Question<'_>) -> Option<&'static Version> {
        let asked = question.origin.version;
        let one = |rules: &[NamedRuleWithOperations], version: &Version| {
            rules.iter().any(|rule| fits(rule, question, version.name))
        };
        let versions = || question.attributes.definition.versions.iter();
        let any = |rules: &[NamedRuleWithOperations]| match one(rules, asked) {
            true => Some(asked),
            false if self.equivalent => versions().find(|version| one(rules, version)),
            false => None,
        };
        if any(&self.excluded).is_some() { None } else { any(&self.rules) }
    }
}

fn named(rule: RuleWithOperations) -> NamedRuleWithOperations {
    NamedRuleWithOperations {
        api_groups: rule.api_groups,
        api_versions: rule.api_versions,
        operations: rule.operations,
        resources: rule.resources,
        scope: rule.scope,
        resource_names: None,
    }
}

/// `None` where everything is selected.
fn selector(selector: Option<&LabelSelector>) -> Result<Option<Selector>, ApiError> {
    let Some(selector) = selector else { return Ok(None) };
    let unreadable = |error| ApiError::internal(&format!("a selector of the cluster's rules: {error}"));
    let selector = Selector::try_from(selector.clone()).map_err(unreadable)?;
    Ok(Some(selector).filter(|selector| !selector.selects_all()))
}

fn fits(rule: &NamedRuleWithOperations, question: &Question<'_>, version: &str) -> bool {
    let attributes = question.attributes;
    let (definition, subresource) = (attributes.definition, question.origin.subresource);
    let resource = |text: &String| {
        let (resource, sub) = text.split_once('/').unwrap_or((text, ""));
        (resource == "*" || resource == definition.plural) && (sub == "*" || sub == subresource)
    };
    let names = rule.resource_names.as_deref().unwrap_or_default();
    lists(rule.operations.as_ref(), operation(attributes.operation))
        && lists(rule.api_groups.as_ref(), definition.group)
        && lists(rule.api_versions.as_ref(), version)
        && rule.resources.as_ref().is_some_and(|resources| resources.iter().any(resource))
        && match rule.scope.as_deref() {
            Some("Namespaced") => definition.namespaced,
            Some("Cluster") => !definition.namespaced,
            _ => true,
        }
        && (names.is_empty() || names.iter().any(|name| name == attributes.name))
}

fn lists(texts: Option<&Vec<String>>, wanted: &str) -> bool {
    texts.is_some_and(|texts| texts.iter().any(|text| text == "*" || text == wanted))
}

/// The operation's name on the wire.
pub(super) fn operation(operation: Operation) -> &'static str {
    match operation {
        Operation::Create => "CREATE",
        Operation::Update | Operation::UpdateStatus => "UPDATE",
        Operation::Delete => "DELETE",
    }
}
