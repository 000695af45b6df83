//! `DatabaseClass` v1, the version that is stored. Its spec and status are the hub's.

use super::{DatabaseClass, DatabaseClassSpec, DatabaseClassStatus};
use crate::shared::PACKAGE;
use apimachinery::meta::ObjectMeta;

apimachinery::kind::version! {
    /// A kind of database that this cluster offers, and who answers it.
    V1 of DatabaseClass is "v1" {
        /// Metadata.
        #[api(1, written)]
        metadata: ObjectMeta,
        /// What is wanted.
        #[api(2, required)]
        spec: DatabaseClassSpec,
        /// What is; written by the controller that it names.
        #[api(3)]
        status: DatabaseClassStatus,
    }
}
