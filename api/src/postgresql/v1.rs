//! `PostgreSQL` v1, the version that is stored. Its spec and status are the hub's.

use super::{PostgreSQL, PostgreSQLSpec, PostgreSQLStatus};
use crate::shared::PACKAGE;
use apimachinery::meta::ObjectMeta;

apimachinery::kind::version! {
    /// A PostgreSQL database, answered by whatever its class stands for.
    V1 of PostgreSQL is "v1" {
        /// Metadata.
        #[api(1, written)]
        metadata: ObjectMeta,
        /// What is wanted.
        #[api(2, required)]
        spec: PostgreSQLSpec,
        /// What is; written by the class's controller.
        #[api(3)]
        status: PostgreSQLStatus,
    }
}
