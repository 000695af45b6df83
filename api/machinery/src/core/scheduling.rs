//! Taints a pod bears, and how pods are spread.

use super::PACKAGE;
use crate::api_type;
use crate::meta::LabelSelector;

crate::api_enum! {
    /// How a toleration compares with a taint's value.
    pub enum TolerationOperator { Exists, Equal, Lt, Gt }
}

crate::api_enum! {
    /// What a taint does to pods that do not bear it.
    pub enum TaintEffect { NoSchedule, PreferNoSchedule, NoExecute }
}

/// A taint that the pod bears.
#[api_type]
pub struct Toleration {
    /// The taint's key; empty for all keys, which needs the operator Exists.
    #[api(1)]
    pub key: String,
    /// How the taint's value is compared; Equal when empty.
    #[api(2)]
    pub operator: TolerationOperator,
    /// The taint's value; empty with the operator Exists.
    #[api(3)]
    pub value: String,
    /// The taint's effect; empty for all effects.
    #[api(4)]
    pub effect: TaintEffect,
    /// How long the pod bears a taint with the effect NoExecute; for ever when not set.
    #[api(5)]
    pub toleration_seconds: Option<i64>,
}

crate::api_enum! {
    /// What happens to a pod that cannot be spread as it should.
    pub enum UnsatisfiableConstraintAction { DoNotSchedule, ScheduleAnyway }
}

crate::api_enum! {
    /// Whether a property of nodes counts.
    pub enum NodeInclusionPolicy { Honor, Ignore }
}

/// How matching pods are spread over the values of a node label.
#[api_type]
pub struct TopologySpreadConstraint {
    /// The largest difference in the number of matching pods between two values.
    #[api(1, required)]
    pub max_skew: i32,
    /// The node label.
    #[api(2, required)]
    pub topology_key: String,
    /// What happens to a pod that cannot be spread so.
    #[api(3, required)]
    pub when_unsatisfiable: UnsatisfiableConstraintAction,
    /// Selects the pods that are counted.
    #[api(4)]
    pub label_selector: Option<LabelSelector>,
    /// How many values there should be at least.
    #[api(5)]
    pub min_domains: Option<i32>,
    /// Whether the pod's node affinity and node selector decide which nodes count.
    #[api(6)]
    pub node_affinity_policy: Option<NodeInclusionPolicy>,
    /// Whether taints decide which nodes count.
    #[api(7)]
    pub node_taints_policy: Option<NodeInclusionPolicy>,
    /// Label keys whose values on the new pod select the pods that are counted.
    #[api(8, atomic)]
    pub match_label_keys: Vec<String>,
}
