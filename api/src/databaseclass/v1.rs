//! `DatabaseClass` v1, the version that is stored. Its spec and status are the hub's.

use super::{DatabaseClass, DatabaseClassSpec, DatabaseClassStatus};
use crate::shared::PACKAGE;
use apimachinery::api_type;
use apimachinery::kind::WireVersion;
use apimachinery::meta::ObjectMeta;

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
    const NAME: &'static str = "v1";

    fn into_hub(self) -> DatabaseClass {
        let wire::DatabaseClass { metadata, spec, status } = self;
        DatabaseClass { metadata, spec, status }
    }

    fn from_hub(hub: &DatabaseClass) -> Self {
        let DatabaseClass { metadata, spec, status } = hub.clone();
        wire::DatabaseClass { metadata, spec, status }
    }
}

pub use wire::DatabaseClass as V1;
