//! What a container may and must have.

use super::PACKAGE;
use crate::api_type;
use crate::quantity::Quantity;
use std::collections::BTreeMap;

/// Compute resources of a container.
#[api_type]
pub struct ResourceRequirements {
    /// The most it may use of each resource.
    #[api(1)]
    pub limits: BTreeMap<String, Quantity>,
    /// The least it needs of each resource. A resource that has only a limit needs as much as its limit.
    #[api(2)]
    pub requests: BTreeMap<String, Quantity>,
    /// Claims of the pod that the container uses.
    #[api(3, keys("name"))]
    pub claims: Vec<ResourceClaim>,
}

/// Names one of the pod's resource claims.
#[api_type]
pub struct ResourceClaim {
    /// Name of the claim in the pod.
    #[api(1, required)]
    pub name: String,
    /// One request of the claim; empty for all of it.
    #[api(2)]
    pub request: String,
}
