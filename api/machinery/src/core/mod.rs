//! Value types of `core/v1` that other groups use in their own kinds. Field numbers and names are those of
//! `k8s.io/api/core/v1`.

mod affinity;
mod reference;
mod resources;
mod scheduling;

pub use affinity::{
    Affinity, NodeAffinity, NodeSelector, NodeSelectorOperator, NodeSelectorRequirement, NodeSelectorTerm,
    PodAffinity, PodAffinityTerm, PodAntiAffinity, PreferredSchedulingTerm, WeightedPodAffinityTerm,
};
pub use reference::{EventSeries, EventSource, LocalObjectReference, ObjectReference};
pub use resources::{ResourceClaim, ResourceRequirements};
pub use scheduling::{
    NodeInclusionPolicy, TaintEffect, Toleration, TolerationOperator, TopologySpreadConstraint,
    UnsatisfiableConstraintAction,
};

const PACKAGE: &str = "io.k8s.api.core.v1";
