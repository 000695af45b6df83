//! The label selector that stands in objects.

use super::PACKAGE;
use crate::api_type;
use std::collections::BTreeMap;

/// Selects objects by their labels; all parts must hold. An empty selector matches everything.
#[api_type(atomic)]
pub struct LabelSelector {
    /// Labels with exactly these values.
    #[api(1)]
    pub match_labels: BTreeMap<String, String>,
    /// Requirements on labels.
    #[api(2)]
    pub match_expressions: Vec<LabelSelectorRequirement>,
}

/// A requirement on one label.
#[api_type]
pub struct LabelSelectorRequirement {
    /// The label's key.
    #[api(1, required)]
    pub key: String,
    /// `In`, `NotIn`, `Exists` or `DoesNotExist`.
    #[api(2, required)]
    pub operator: String,
    /// The values for `In` and `NotIn`; empty for the others.
    #[api(3)]
    pub values: Vec<String>,
}
