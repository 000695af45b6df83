//! Which objects a list or a watch is about.

use super::Stored;
use apimachinery::selector::{FieldSelector, LabelSelector};

/// A label selector and a field selector; both must match.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// From `labelSelector`.
    pub labels: LabelSelector,
    /// From `fieldSelector`.
    pub fields: FieldSelector,
}

impl Selection {
    /// Whether it selects everything, so that nothing needs to be looked at.
    pub fn is_everything(&self) -> bool {
        self.labels.is_empty() && self.fields.is_empty()
    }

    /// Whether the object is selected.
    pub fn matches(&self, stored: &Stored) -> bool {
        if self.is_everything() {
            return true;
        }
        self.labels.matches(|key| stored.label(key)) && self.fields.matches(|field| stored.field(field))
    }
}
