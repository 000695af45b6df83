//! The types of `meta/v1` that every object carries or every client meets.

mod conditions;
mod managed_fields;
mod object;
mod options;
mod selector;

pub use conditions::{LONGEST_MESSAGE, condition, is_true, set_condition};
pub use managed_fields::ManagedFields;
pub use object::{Condition, ConditionStatus, ListMeta, ManagedFieldsEntry, ObjectMeta, OwnerReference};
pub use options::{DeleteOptions, Preconditions, PropagationPolicy};
pub use selector::{LabelSelector, LabelSelectorRequirement};

pub(crate) const PACKAGE: &str = "io.k8s.apimachinery.pkg.apis.meta.v1";
