//! Selectors in their text forms, as requests carry them, and what they match.

mod field;
mod label;
mod parse;

pub use field::{FieldRequirement, FieldSelector, FieldSelectorError, Op};
pub use label::{LabelRequirement, LabelSelector, Operator};
pub use parse::LabelSelectorError;
