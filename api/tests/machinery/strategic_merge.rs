//! Strategic merge patches, beside `k8s.io/apimachinery/pkg/util/strategicpatch`.

use crate::oracle::{self, Oracle};
use crate::patches;
use crate::random::Random;
use crate::{generate, schemas};
use apimachinery::strategic_merge::{Error, apply};
use serde_json::{Value, json};

/// An object of some kind, and a patch for it.
fn case(random: &mut Random) -> Value {
    let schemas = schemas();
    let schema = random.of(&schemas);
    let original = generate::object(random, schema);
    let patch = patches::patch(random, schema, &original);
    json!({"algorithm": "strategic-merge", "type": schema.full_name(), "original": original, "patch": patch})
}

/// Whether ours is one of the answers: the same object, or the same error with the same status.
fn judge(case: &Value, answers: &Value) -> Result<String, String> {
    let schema = schemas().into_iter().find(|schema| case["type"] == schema.full_name());
    let schema = schema.expect("a case is about a kind");
    let mut object = case["original"].clone();
    let ours = apply(schema, &mut object, &case["patch"]);
    let is_ours = |answer: &Value| match (&ours, &answer["panic"], &answer["error"]) {
        (Ok(()), Value::Null, Value::Null) => answer["result"] == object,
        (Err(Error::Incomparable), Value::String(_), _) => true,
        (Err(error), Value::Null, Value::String(text)) => {
            answer["code"] == error.code() && is_same(&error.to_string(), text)
        }
        _ => false,
    };
    match answers.as_array().is_some_and(|answers| answers.iter().any(is_ours)) {
        true => Ok(ours.err().map_or("merged".to_owned(), |error| name(&error))),
        false => Err(format!("ours: {ours:?} {object}\nanswers: {answers}")),
    }
}

/// Types that Kubernetes does not have are structs without a name in the oracle.
fn is_same(ours: &str, theirs: &str) -> bool {
    let nameless = |text: &str| {
        let (before, rest) = text.split_once("in struct ")?;
        let (_, after) = rest.split_once(" for the json field ")?;
        Some(format!("{before}in struct  for the json field {after}"))
    };
    ours == theirs || nameless(ours).is_some_and(|ours| ours == theirs)
}

/// The name of the error's kind.
fn name(error: &Error) -> String {
    let text = format!("{error:?}");
    text.split(|character: char| !character.is_alphanumeric()).next().unwrap_or_default().to_owned()
}

#[test]
fn strategic_merge_patches_are_applied_as_kubernetes_applies_them() {
    let Some(mut oracle) = Oracle::start("strategic-merge") else { return };
    let counts = oracle.compare(case, judge);
    eprintln!("strategic merge patches: {counts:?}");
    if !oracle::is_whole() {
        return;
    }
    for kind in [
        "DeletionFormat",
        "RetainKeysFormat",
        "ElementOrderFormat",
        "Incomparable",
        "ListOfLists",
        "MixedList",
        "NoItems",
        "NoMergeKey",
        "UnknownDirective",
        "MergeOfItem",
        "UnexpectedType",
        "NoMap",
        "WrongOrder",
        "NoDeclaredKey",
        "UnknownField",
        "NoStruct",
        "NoList",
    ] {
        assert!(counts.contains_key(kind), "no case ended with {kind}: {counts:?}");
    }
    let all: u64 = counts.values().sum();
    assert!(counts["merged"] * 2 > all, "most patches can be applied: {counts:?}");
}
