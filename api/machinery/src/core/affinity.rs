//! Which nodes and which neighbours a pod wants.

use super::PACKAGE;
use crate::api_type;
use crate::meta::LabelSelector;

/// Rules that draw pods to nodes and to or from each other.
#[api_type]
pub struct Affinity {
    /// Rules on nodes.
    #[api(1)]
    pub node_affinity: Option<NodeAffinity>,
    /// Rules that place the pod near others.
    #[api(2)]
    pub pod_affinity: Option<PodAffinity>,
    /// Rules that keep the pod away from others.
    #[api(3)]
    pub pod_anti_affinity: Option<PodAntiAffinity>,
}

/// Rules on nodes.
#[api_type]
pub struct NodeAffinity {
    /// Must hold when the pod is placed; a later change of the node does not move the pod.
    #[api(1)]
    pub required_during_scheduling_ignored_during_execution: Option<NodeSelector>,
    /// Preferences: the node with the largest sum of the weights of matching terms is taken first.
    #[api(2, atomic)]
    pub preferred_during_scheduling_ignored_during_execution: Vec<PreferredSchedulingTerm>,
}

/// Matches a node when one of its terms does.
#[api_type]
pub struct NodeSelector {
    /// The terms; at least one.
    #[api(1, required, atomic)]
    pub node_selector_terms: Vec<NodeSelectorTerm>,
}

/// Matches a node when all of its requirements do. An empty term matches nothing.
#[api_type]
pub struct NodeSelectorTerm {
    /// Requirements on the node's labels.
    #[api(1, atomic)]
    pub match_expressions: Vec<NodeSelectorRequirement>,
    /// Requirements on the node's fields.
    #[api(2, atomic)]
    pub match_fields: Vec<NodeSelectorRequirement>,
}

crate::api_enum! {
    /// How a requirement compares.
    pub enum NodeSelectorOperator { In, NotIn, Exists, DoesNotExist, Gt, Lt }
}

/// A requirement on one label or field of a node.
#[api_type]
pub struct NodeSelectorRequirement {
    /// The label's key or the field's path.
    #[api(1, required)]
    pub key: String,
    /// How the value is compared.
    #[api(2, required)]
    pub operator: NodeSelectorOperator,
    /// What it is compared with: values for In and NotIn, nothing for Exists and DoesNotExist, one integer for Gt
    /// and Lt.
    #[api(3, atomic)]
    pub values: Vec<String>,
}

/// A preference with its weight.
#[api_type]
pub struct PreferredSchedulingTerm {
    /// From 1 to 100.
    #[api(1, required)]
    pub weight: i32,
    /// What is preferred.
    #[api(2, required)]
    pub preference: NodeSelectorTerm,
}

/// Rules that place the pod near others.
#[api_type]
pub struct PodAffinity {
    /// Must hold when the pod is placed; a later change of labels does not move the pod.
    #[api(1, atomic)]
    pub required_during_scheduling_ignored_during_execution: Vec<PodAffinityTerm>,
    /// Preferences, by weight.
    #[api(2, atomic)]
    pub preferred_during_scheduling_ignored_during_execution: Vec<WeightedPodAffinityTerm>,
}

/// Rules that keep the pod away from others.
#[api_type]
pub struct PodAntiAffinity {
    /// Must hold when the pod is placed; a later change of labels does not move the pod.
    #[api(1, atomic)]
    pub required_during_scheduling_ignored_during_execution: Vec<PodAffinityTerm>,
    /// Preferences, by weight.
    #[api(2, atomic)]
    pub preferred_during_scheduling_ignored_during_execution: Vec<WeightedPodAffinityTerm>,
}

/// A set of pods, and what it means to be near them: a node with the same value of the label `topologyKey`.
#[api_type]
pub struct PodAffinityTerm {
    /// Selects pods by their labels; without it no pod is selected.
    #[api(1)]
    pub label_selector: Option<LabelSelector>,
    /// Namespaces of those pods, besides the selected ones; without either, the pod's own.
    #[api(2, atomic)]
    pub namespaces: Vec<String>,
    /// The node label whose value two near pods share.
    #[api(3, required)]
    pub topology_key: String,
    /// Selects namespaces of those pods by their labels; an empty selector selects all namespaces.
    #[api(4)]
    pub namespace_selector: Option<LabelSelector>,
    /// Label keys whose values on the new pod must be those of the selected pods.
    #[api(5, atomic)]
    pub match_label_keys: Vec<String>,
    /// Label keys whose values on the new pod must not be those of the selected pods.
    #[api(6, atomic)]
    pub mismatch_label_keys: Vec<String>,
}

/// A term with its weight.
#[api_type]
pub struct WeightedPodAffinityTerm {
    /// From 1 to 100.
    #[api(1, required)]
    pub weight: i32,
    /// What is preferred.
    #[api(2, required)]
    pub pod_affinity_term: PodAffinityTerm,
}
