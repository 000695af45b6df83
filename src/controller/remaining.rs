//! What is left in a namespace that goes, and why: the conditions that kube-controller-manager writes.

use apimachinery::kind::Definition;
use apimachinery::meta::ObjectMeta;
use apimachinery::status::ApiError;
use core_v1::NamespaceCondition;
use std::collections::BTreeMap;

/// A condition while nothing is wrong: type, reason, message.
type Fine = (&'static str, &'static str, &'static str);

const DISCOVERY: Fine =
    ("NamespaceDeletionDiscoveryFailure", "ResourcesDiscovered", "All resources successfully discovered");
const VERSIONS: Fine = (
    "NamespaceDeletionGroupVersionParsingFailure",
    "ParsedGroupVersions",
    "All legacy kube types successfully parsed",
);
const DELETION: Fine = (
    "NamespaceDeletionContentFailure",
    "ContentDeleted",
    "All content successfully deleted, may be waiting on finalization",
);
const CONTENT: Fine = ("NamespaceContentRemaining", "ContentRemoved", "All content successfully removed");
const FINALIZERS: Fine =
    ("NamespaceFinalizersRemaining", "ContentHasNoFinalizers", "All content-preserving finalizers finished");

/// What one attempt to empty a namespace left.
#[derive(Debug, Default)]
pub(super) struct Remaining {
    resources: BTreeMap<String, usize>,
    finalizers: BTreeMap<String, usize>,
    errors: Vec<String>,
}

impl Remaining {
    /// An object that is still there.
    pub(super) fn add(&mut self, definition: &Definition, meta: &ObjectMeta) {
        *self.resources.entry(format!("{}.{}", definition.plural, definition.group)).or_default() += 1;
        for finalizer in &meta.finalizers {
            *self.finalizers.entry(finalizer.clone()).or_default() += 1;
        }
    }

    /// A deletion that was refused or failed.
    pub(super) fn refused(&mut self, error: &ApiError) {
        self.errors.push(error.to_string());
    }

    /// How many objects are left.
    pub(super) fn count(&self) -> usize {
        self.resources.values().sum()
    }

    /// Writes all of it to a namespace's conditions.
    pub(super) fn tell(&self, conditions: &mut Vec<NamespaceCondition>) {
        let mut errors = self.errors.clone();
        errors.sort();
        let failed =
            format!("Failed to delete all resource types, {} remaining: {}", errors.len(), errors.join(", "));
        let resources = listed(&self.resources, "has");
        let finalizers = listed(&self.finalizers, "in");
        set(conditions, DISCOVERY, None);
        set(conditions, VERSIONS, None);
        set(conditions, DELETION, (!errors.is_empty()).then_some(("ContentDeletionFailed", &failed)));
        let remaining = format!("Some resources are remaining: {resources}");
        set(conditions, CONTENT, (!resources.is_empty()).then_some(("SomeResourcesRemain", &remaining)));
        let waiting = format!("Some content in the namespace has finalizers remaining: {finalizers}");
        set(conditions, FINALIZERS, (!finalizers.is_empty()).then_some(("SomeFinalizersRemain", &waiting)));
    }
}

fn listed(counts: &BTreeMap<String, usize>, verb: &str) -> String {
    let texts: Vec<String> =
        counts.iter().map(|(name, count)| format!("{name} {verb} {count} resource instances")).collect();
    texts.join(", ")
}

fn set(conditions: &mut Vec<NamespaceCondition>, fine: Fine, trouble: Option<(&str, &String)>) {
    let (kind, reason, message) = fine;
    let (status, reason, message) = match trouble {
        Some((reason, message)) => ("True", reason, message.as_str()),
        None => ("False", reason, message),
    };
    NamespaceCondition::set(conditions, kind, status, reason, message);
}
