//! Validation of what every object has: its metadata (V-12, V-20…V-25).

mod meta;
mod names;

pub(crate) use meta::MOST_ANNOTATION_BYTES;
pub use meta::{dedupe_owner_references, validate_meta, validate_meta_update};
pub use names::{
    is_dns1035_label, is_dns1035_label_of, is_dns1123_label, is_dns1123_subdomain, is_label_value,
    is_path_segment, is_qualified_name,
};
