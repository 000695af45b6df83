//! `DatabaseClass` v1alpha1: for clients of the 2019 draft's group version, the fields of v1.

use super::{DatabaseClass, DatabaseClassSpec, DatabaseClassStatus};
use apimachinery::meta::ObjectMeta;

const PACKAGE: &str = "io.k8s.standard.databases.v1alpha1";

apimachinery::kind::version! {
    /// A kind of database that this cluster offers, and who answers it.
    V1alpha1 of DatabaseClass is "v1alpha1", deprecated "databases.standard.k8s.io/v1alpha1 DatabaseClass is deprecated; use databases.standard.k8s.io/v1 \
        DatabaseClass" {
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
