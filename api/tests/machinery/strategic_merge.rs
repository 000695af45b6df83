//! Strategic merge patches, beside `k8s.io/apimachinery/pkg/util/strategicpatch`.

use crate::generate;
use crate::oracle::{self, Oracle};
use crate::random::Random;
use crate::schemas;
use serde_json::{Value, json};

/// An object of some kind, and a patch for it.
fn case(random: &mut Random) -> Value {
    let schemas = schemas();
    let schema = random.of(&schemas);
    let original = generate::object(random, schema);
    json!({"algorithm": "strategic-merge", "type": schema.full_name(), "original": original, "patch": {}})
}

#[test]
fn strategic_merge_patches_are_applied_as_kubernetes_applies_them() {
    let Some(mut oracle) = Oracle::start("strategic-merge") else { return };
    let counts = oracle.compare(case, |case, answer| match answer[0]["result"] == case["original"] {
        true => Ok("merged".to_owned()),
        false => Err(format!("answer: {answer}")),
    });
    assert!(!oracle::is_whole() || counts.contains_key("merged"), "{counts:?}");
    eprintln!("strategic merge patches: {counts:?}");
}
