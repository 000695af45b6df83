//! `autoscaling/v1` Scale: what the scale subresource of any kind shows and takes.

use crate::api_type;
use crate::kind::Hub;
use crate::meta::ObjectMeta;
use crate::wire::json;

const PACKAGE: &str = "io.k8s.api.autoscaling.v1";
/// The kind.
pub const KIND: &str = "Scale";
/// Its group and version.
pub const API_VERSION: &str = "autoscaling/v1";

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

impl Scale {
    /// The Scale of an object.
    pub fn of(object: &dyn Hub) -> Scale {
        let (meta, scale) = (object.meta(), object.scale().unwrap_or_default());
        Scale {
            metadata: ObjectMeta {
                name: meta.name.clone(),
                namespace: meta.namespace.clone(),
                uid: meta.uid.clone(),
                resource_version: meta.resource_version.clone(),
                creation_timestamp: meta.creation_timestamp,
                ..ObjectMeta::default()
            },
            spec: ScaleSpec { replicas: scale.desired },
            status: ScaleStatus { replicas: scale.current, selector: scale.selector },
        }
    }

    /// As a JSON tree with its type.
    pub fn to_tree(&self) -> serde_json::Value {
        let mut tree = json::to_tree(self);
        tree["kind"] = KIND.into();
        tree["apiVersion"] = API_VERSION.into();
        tree
    }
}
