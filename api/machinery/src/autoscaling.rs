//! `autoscaling/v1` Scale: what the scale subresource of any kind shows and takes.

use crate::api_type;
use crate::meta::ObjectMeta;

const PACKAGE: &str = "io.k8s.api.autoscaling.v1";

/// How many replicas an object has and shall have.
#[api_type(kind)]
pub struct Scale {
    /// Metadata of the scaled object.
    #[api(1)]
    pub metadata: ObjectMeta,
    /// What is wanted.
    #[api(2)]
    pub spec: ScaleSpec,
    /// What there is. Read-only.
    #[api(3)]
    pub status: ScaleStatus,
}

/// How many replicas are wanted.
#[api_type]
pub struct ScaleSpec {
    /// The number of replicas wanted.
    #[api(1)]
    pub replicas: i32,
}

/// How many replicas there are.
#[api_type]
pub struct ScaleStatus {
    /// The number of replicas seen.
    #[api(1, required)]
    pub replicas: i32,
    /// The label selector of the replicas, as text.
    #[api(2)]
    pub selector: String,
}
