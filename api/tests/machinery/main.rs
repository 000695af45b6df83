//! The machinery beside Kubernetes' own libraries: generated cases are given to both, and the answers must be the same.

mod apply;
mod decoding;
mod deviations;
mod faults;
mod generate;
mod json_patches;
mod metadata;
mod oracle;
mod patches;
mod protobufs;
mod quantities;
mod random;
mod selectors;
mod strategic_merge;
mod times;
mod types;
mod yaml;

/// Every kind's schema in every version, its own and the core group's.
fn schemas() -> Vec<&'static apimachinery::schema::Schema> {
    let kinds = databases_api::definitions().iter().chain(core_v1::definitions());
    kinds.flat_map(|kind| kind.versions).map(|version| version.schema).collect()
}
