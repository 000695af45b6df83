//! `PostgreSQL` v1, the version that is stored. Its spec and status are the hub's.

use super::{PostgreSQL, PostgreSQLSpec, PostgreSQLStatus};
use crate::shared::PACKAGE;
use apimachinery::api_type;
use apimachinery::kind::WireVersion;
use apimachinery::meta::ObjectMeta;

mod wire {
    use super::*;

    /// A PostgreSQL database, answered by whatever its class stands for.
    #[api_type(kind)]
    pub struct PostgreSQL {
        /// Metadata.
        #[api(1, required)]
        pub metadata: ObjectMeta,
        /// What is wanted.
        #[api(2, required)]
        pub spec: PostgreSQLSpec,
        /// What is; written by the class's controller.
        #[api(3)]
        pub status: PostgreSQLStatus,
    }
}

impl WireVersion<PostgreSQL> for wire::PostgreSQL {
    const NAME: &'static str = "v1";

    fn into_hub(self) -> PostgreSQL {
        let wire::PostgreSQL { metadata, spec, status } = self;
        PostgreSQL { metadata, spec, status }
    }

    fn from_hub(hub: &PostgreSQL) -> Self {
        let PostgreSQL { metadata, spec, status } = hub.clone();
        wire::PostgreSQL { metadata, spec, status }
    }
}

pub use wire::PostgreSQL as V1;
