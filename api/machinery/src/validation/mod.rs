//! Validation of what every object has: its metadata (V-12, V-20…V-25), and conditions.

mod conditions;
mod managers;
mod meta;
mod names;
mod owners;

pub use conditions::{is_reason, validate_conditions};
pub use managers::{LONGEST_MANAGER, is_printable, validate_manager};
pub(crate) use meta::MOST_ANNOTATION_BYTES;
pub use meta::{validate_create, validate_meta, validate_meta_update, validate_update};
pub use names::{
    completed, is_dns1035_label, is_dns1035_label_of, is_dns1123_label, is_dns1123_subdomain, is_label_value,
    is_path_segment, is_path_segment_prefix, is_qualified_name,
};
pub use owners::dedupe_owner_references;
