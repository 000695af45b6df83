//! `DatabaseClass` v1alpha1: for clients of the 2019 draft's group version, the fields of v1.

use super::{DatabaseClass, DatabaseClassSpec, DatabaseClassStatus};
use apimachinery::api_type;
use apimachinery::kind::WireVersion;
use apimachinery::meta::ObjectMeta;

const PACKAGE: &str = "io.k8s.standard.databases.v1alpha1";

mod wire {
    use super::*;

    /// A kind of database that this cluster offers, and who answers it.
    #[api_type(kind)]
    pub struct DatabaseClass {
        /// Metadata.
        #[api(1, required)]
        pub metadata: ObjectMeta,
        /// What is wanted.
        #[api(2, required)]
        pub spec: DatabaseClassSpec,
        /// What is; written by the controller that it names.
        #[api(3)]
        pub status: DatabaseClassStatus,
    }
}

impl WireVersion<DatabaseClass> for wire::DatabaseClass {
    const NAME: &'static str = "v1alpha1";
    const DEPRECATED: Option<&'static str> = Some(
        "databases.standard.k8s.io/v1alpha1 DatabaseClass is deprecated; use databases.standard.k8s.io/v1 \
         DatabaseClass",
    );

    fn into_hub(self) -> DatabaseClass {
        let wire::DatabaseClass { metadata, spec, status } = self;
        DatabaseClass { metadata, spec, status }
    }

    fn from_hub(hub: &DatabaseClass) -> Self {
        let DatabaseClass { metadata, spec, status } = hub.clone();
        wire::DatabaseClass { metadata, spec, status }
    }
}

pub use wire::DatabaseClass as V1alpha1;
