//! Types as an operator has them: a part of what there is, and no more.

use std::borrow::Cow;

use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::Resource;
use kube::core::ObjectMeta;
use serde::{Deserialize, Serialize};

use crate::peers::{FLUNDER, POSTGRESQL};
use crate::target::Kind;

/// An object with a spec and a status of one's own.
macro_rules! object {
    ($name:ident of $kind:ident: $spec:ty, $status:ty) => {
        #[derive(Clone, Debug, Serialize, Deserialize)]
        #[serde(rename_all = "camelCase")]
        pub(crate) struct $name {
            /// The items of a list do not say what they are.
            #[serde(default)]
            pub(crate) api_version: String,
            #[serde(default)]
            pub(crate) kind: String,
            pub(crate) metadata: ObjectMeta,
            pub(crate) spec: $spec,
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub(crate) status: Option<$status>,
        }

        impl Resource for $name {
            type DynamicType = ();
            type Scope = NamespaceResourceScope;

            fn kind((): &()) -> Cow<'_, str> {
                const KIND: Kind = $kind;
                KIND.kind.into()
            }

            fn group((): &()) -> Cow<'_, str> {
                const KIND: Kind = $kind;
                KIND.group.into()
            }

            fn version((): &()) -> Cow<'_, str> {
                const KIND: Kind = $kind;
                KIND.version.into()
            }

            fn plural((): &()) -> Cow<'_, str> {
                const KIND: Kind = $kind;
                KIND.plural.into()
            }

            fn meta(&self) -> &ObjectMeta {
                &self.metadata
            }

            fn meta_mut(&mut self) -> &mut ObjectMeta {
                &mut self.metadata
            }
        }
    };
}

object!(PostgreSQL of POSTGRESQL: PostgreSQLSpec, PostgreSQLStatus);
object!(Flunder of FLUNDER: FlunderSpec, FlunderStatus);

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PostgreSQLSpec {
    pub(crate) class_name: String,
    pub(crate) storage: Storage,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) instances: Option<i32>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Storage {
    pub(crate) size: String,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PostgreSQLStatus {
    #[serde(default)]
    pub(crate) conditions: Vec<Condition>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) observed_generation: Option<i64>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FlunderSpec {
    pub(crate) reference: String,
}

/// Nothing is in it, ever.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct FlunderStatus {}
