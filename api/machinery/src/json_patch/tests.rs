use super::*;
use serde_json::json;
use std::path::PathBuf;

const DOCUMENT: &str = r#"{"metadata":{"name":"a","labels":{"x":"1","a/b":"2","c~d":"3"},"finalizers":["f/1","f/2"]},"spec":{"n":null,"i":1,"f":1.0,"o":{},"l":[]}}"#;

fn document() -> Value {
    serde_json::from_str(DOCUMENT).unwrap()
}

fn applied(patch: &str) -> std::result::Result<Value, String> {
    let tree = serde_json::from_str(patch).map_err(|error| error.to_string())?;
    let mut document = document();
    let patch = Patch::parse(tree).map_err(|error| error.to_string())?;
    patch.apply(&mut document).map_err(|error| error.to_string()).map(|()| document)
}

/// The rows `PATCH -> ANSWER` that were computed with upstream's libraries, where they are at hand.
fn cases() -> Option<String> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/cases");
    let folder = std::env::var_os("DATABASES_CASES").map_or_else(|| PathBuf::from(beside), PathBuf::from);
    let file = folder.join("patch.txt");
    let text = std::fs::read_to_string(&file);
    if let Err(error) = &text {
        eprintln!("SKIPPED: {}: {error}", file.display());
    }
    text.ok()
}

#[test]
fn every_patch_of_the_cases_is_applied_as_upstream_applies_it() {
    let Some(cases) = cases() else { return };
    let (patches, merges) = cases.split_once("== merge patch").unwrap();
    for (patch, answer) in patches.lines().filter_map(|line| line.split_once(" -> ")) {
        match (applied(patch), answer.strip_prefix("ERR "), answer.starts_with("DECODE ERR")) {
            (Err(_), _, true) => {}
            (Err(found), Some(expected), _) => assert_eq!(found, expected, "{patch}"),
            (Ok(found), None, false) => {
                assert_eq!(found, serde_json::from_str::<Value>(answer).unwrap(), "{patch}");
            }
            (found, ..) => panic!("{patch}: {found:?} instead of {answer}"),
        }
    }
    for (patch, answer) in merges.lines().filter_map(|line| line.split_once(" -> ")) {
        let patch: Value = serde_json::from_str(patch).unwrap();
        let answer = answer.split(" err=").next().unwrap();
        let Ok(expected) = serde_json::from_str::<Value>(answer) else { continue };
        let mut found = document();
        merge(&mut found, &patch);
        assert_eq!(found, expected, "{patch}");
    }
}

#[test]
fn what_is_absent_is_replaced_tested_and_copied_as_null() {
    let spec = |patch: &str| applied(patch).map(|tree| tree["spec"].clone());
    let labels = applied(r#"[{"op":"replace","path":"/metadata/labels/new","value":"y"}]"#).unwrap();
    assert_eq!(labels["metadata"]["labels"]["new"], "y");
    assert_eq!(spec(r#"[{"op":"copy","from":"/none","path":"/spec/c"}]"#).unwrap()["c"], Value::Null);
    assert!(applied(r#"[{"op":"test","path":"/metadata/none"}]"#).is_ok());
    assert!(applied(r#"[{"op":"test","path":"/metadata/name"}]"#).is_err());
    assert_eq!(spec(r#"[{"op":"add","path":"/spec/x"}]"#).unwrap().get("x"), Some(&Value::Null));
}

#[test]
fn numbers_are_compared_as_written_and_members_in_any_order() {
    assert!(applied(r#"[{"op":"test","path":"/spec/i","value":1.0}]"#).is_err());
    assert!(applied(r#"[{"op":"test","path":"/spec/f","value":1}]"#).is_err());
    let labels = r#"[{"op":"test","path":"/metadata/labels","value":{"c~d":"3","a/b":"2","x":"1"}}]"#;
    assert_eq!(applied(labels), Ok(document()));
}

#[test]
fn negative_positions_count_from_the_end() {
    let finalizers = |operation: &str, path: &str| {
        let patch = json!([{"op": operation, "path": format!("/metadata/finalizers/{path}"), "value": "n"}]);
        applied(&patch.to_string()).map(|tree| tree["metadata"]["finalizers"].clone())
    };
    assert_eq!(finalizers("add", "-1"), Ok(json!(["f/1", "f/2", "n"])));
    assert_eq!(finalizers("add", "-3"), Ok(json!(["n", "f/1", "f/2"])));
    assert_eq!(finalizers("remove", "-1"), Ok(json!(["f/1"])));
    assert_eq!(finalizers("replace", "-2"), Ok(json!(["n", "f/2"])));
    assert_eq!(finalizers("add", "+1"), Ok(json!(["f/1", "n", "f/2"])));
    for (operation, path, why) in [
        ("add", "-4", "Unable to access invalid index: -4: invalid index referenced"),
        ("add", "3", "Unable to access invalid index: 3: invalid index referenced"),
        ("add", "x", "value was not a proper array index: 'x': strconv.Atoi: parsing \"x\": invalid syntax"),
        ("remove", "-", "strconv.Atoi: parsing \"-\": invalid syntax"),
        (
            "remove",
            "99999999999999999999",
            "strconv.Atoi: parsing \"99999999999999999999\": value out of range",
        ),
    ] {
        let expected = format!("error in {operation} for path: '/metadata/finalizers/{path}': {why}");
        assert_eq!(finalizers(operation, path), Err(expected));
    }
}

#[test]
fn operations_that_are_none_say_so() {
    for (patch, why) in [
        ("[{}]", "Unexpected kind: unknown"),
        ("[null]", "Unexpected kind: unknown"),
        (r#"[{"op":"jump"}]"#, "Unexpected kind: jump"),
        (r#"[{"op":"add"}]"#, "add operation failed to decode path: missing value"),
        (
            r#"[{"op":"test"}]"#,
            "test operation failed to decode path: operation missing path field: missing value",
        ),
        (
            r#"[{"op":"move","path":"/a"}]"#,
            "move operation failed to decode from: operation, missing from field: missing value",
        ),
        (r#"[{"op":"replace","path":"","value":1}]"#, "replace operation value must be object or array"),
    ] {
        assert_eq!(applied(patch), Err(why.to_owned()), "{patch}");
    }
    assert_eq!(applied("null"), Ok(document()));
    assert_eq!(
        applied(r#"[{"op":"replace","path":"","value":[1]},{"op":"add","path":"/-","value":2}]"#),
        Ok(json!([1, 2]))
    );
    let patch = Patch::parse(json!([{"op": "add", "path": 1, "extra": true}])).unwrap();
    assert_eq!(patch.ill_typed(), Some("[0].path is no string"));
    assert_eq!(patch.problems(), [Problem::Unknown("[0].extra".into())]);
}

#[test]
fn copies_and_moves_neither_swell_nor_nest_without_end() {
    let mut tree = json!({"a": {"text": "x".repeat(100_000)}});
    let doubling: Vec<Value> =
        (0..40).map(|n| json!({"op": "copy", "from": "/a", "path": format!("/a/n{n}")})).collect();
    let error = Patch::parse(Value::Array(doubling)).unwrap().apply(&mut tree).unwrap_err();
    assert!(matches!(error, PatchError::CopiedTooMuch(size) if size > MOST_COPIED), "{error}");
    let mut tree = json!({"a": {}});
    let nesting = json!([{"op": "add", "path": "/b", "value": {}}, {"op": "move", "from": "/a", "path": "/b/x"},
        {"op": "move", "from": "/b", "path": "/a"}]);
    let nesting = vec![nesting.as_array().unwrap().clone(); 200].concat();
    let error = Patch::parse(Value::Array(nesting)).unwrap().apply(&mut tree).unwrap_err();
    assert!(matches!(error, PatchError::TooDeep(_)), "{error}");
}

#[test]
fn a_merge_leaves_no_nulls_in_what_is_new() {
    let merged = |patch: Value| {
        let mut target = json!({"o": {"a": 1}, "l": [1], "n": null});
        merge(&mut target, &patch);
        target
    };
    assert_eq!(merged(json!({"o": {"a": null, "b": {"c": null}}}))["o"], json!({"b": {}}));
    assert_eq!(merged(json!({"l": [{"a": null}, null]}))["l"], json!([{}, null]));
    assert_eq!(merged(json!({"o": [{"a": null}]}))["o"], json!([{"a": null}]));
    assert_eq!(merged(json!({"n": {"a": null}}))["n"], json!({}));
    assert_eq!(merged(json!({"x": {"a": null}, "n": null})), json!({"o": {"a": 1}, "l": [1], "x": {}}));
}
