//! What mutations make of an object. The words are those of Kubernetes.

use super::*;
use crate::admission::extension::authorizer::Checks;
use crate::admission::testing::created;
use serde_json::json;

const KINDS: [(&str, &str); 2] = [("ApplyConfiguration", "applyConfiguration"), ("JSONPatch", "jsonPatch")];

/// What a mutation makes of an object of ours, or of its Scale, as a tree; null where it stays as it is.
fn made_of(subresource: &'static str, kind: usize, text: &str) -> Result<Tree, Failure> {
    let tree = json!({
        "metadata": {"name": "wiki", "namespace": "demo", "labels": {"app": "wiki"}},
        "spec": {"storage": {"size": "1Gi"}, "instances": 2, "users": [{"name": "ada"}], "parameters": {"work_mem": "8MB"}},
    });
    let definition = databases_api::definitions().iter().find(|one| one.kind == "PostgreSQL").unwrap();
    let version = definition.versions.iter().find(|version| version.name == "v1").unwrap();
    let (object, _) = (version.decode_tree)(&tree).unwrap();
    let attributes = created(definition, version, subresource);
    let question = Question::new(&attributes, &*object, None).unwrap();

    let (name, member) = KINDS[kind];
    let said = json!({"patchType": name, member: {"expression": text}});
    let mutation = Mutation::new(&serde_json::from_value(said).unwrap(), &[]).unwrap();
    let variables = Variables::of(&question.seen(version), &Checks::default());
    let value = mutation.evaluate(&variables).map_err(Failure::Denied)?;
    let made = mutation.apply(&value, &question, version)?;
    Ok(made.map_or(Tree::Null, |made| (version.to_tree)(&*made)))
}

fn configured(text: &str) -> Result<Tree, Failure> {
    made_of("", 0, text)
}

fn patched(text: &str) -> Result<Tree, Failure> {
    made_of("", 1, text)
}

fn why(outcome: Result<Tree, Failure>) -> String {
    match outcome {
        Err(Failure::Denied(reason)) => reason,
        Err(Failure::Fatal(error)) => error.status().message,
        Ok(tree) => panic!("it made {tree}"),
    }
}

#[test]
fn operations_are_done_one_after_the_other() {
    let made = patched(
        "[JSONPatch{op: 'add', path: '/metadata/labels/' + jsonpatch.escapeKey('a/b~c'), value: object.metadata.name},
          JSONPatch{op: 'copy', from: '/metadata/labels/a~1b~0c', path: '/metadata/labels/d'},
          JSONPatch{op: 'replace', path: '/spec/instances', value: object.spec.instances + 1}]",
    );
    let made = made.unwrap();
    assert_eq!(made["metadata"]["labels"], json!({"app": "wiki", "a/b~c": "wiki", "d": "wiki"}));
    assert_eq!(made["spec"]["instances"], 3);
    // A test that fails is no error, and nothing is done.
    let test =
        "[JSONPatch{op: 'test', path: '/spec/instances', value: 9}, JSONPatch{op: 'remove', path: '/spec'}]";
    assert_eq!(patched(test).unwrap(), Tree::Null);
    let made =
        patched("[JSONPatch{op: 'add', path: '/spec/users/-', value: Object.spec.users{name: 'bob'}}]");
    assert_eq!(made.unwrap()["spec"]["users"].as_array().unwrap().len(), 2);
    assert_eq!(
        patched("object.spec.instances > 5 ? [JSONPatch{op: 'x'}] : []").unwrap()["spec"]["instances"],
        2
    );
}

#[test]
fn a_configuration_is_merged() {
    let made = configured(
        "Object{
            metadata: Object.metadata{labels: {'x': 'y'}, ?annotations: object.metadata.?annotations},
            spec: Object.spec{parameters: {'max_connections': '10'}, users: [Object.spec.users{name: 'bob'}]}
        }",
    );
    let made = made.unwrap();
    assert_eq!(made["metadata"]["labels"], json!({"app": "wiki", "x": "y"}));
    assert_eq!(made["spec"]["parameters"], json!({"work_mem": "8MB", "max_connections": "10"}));
    assert_eq!(made["spec"]["users"].as_array().unwrap().len(), 2);
    assert_eq!(made["spec"]["storage"]["size"], "1Gi");
    let made = made_of("scale", 0, "Object{spec: Object.spec{replicas: object.spec.replicas + 3}}");
    assert_eq!(made.unwrap()["spec"]["instances"], 5);
}

#[test]
fn what_cannot_be_made_is_refused() {
    for (text, expected) in [
        (
            "Object{spec: Object.spec{nothing: 1}}",
            "error applying patch: failed to convert patch object to typed object: .spec.nothing: field not declared in schema",
        ),
        (
            "Object{spec: Object.spec{instances: 'two'}}",
            "error applying patch: failed to convert patch object to typed object: .spec.instances: expected numeric (int or float), got string",
        ),
        (
            "Object{spec: Object.wrong{}}",
            "type mismatch: unexpected type name \"Object.wrong\", expected \"Object.spec\", which matches field name path from root Object type",
        ),
        ("Object.spec{}", "must evaluate to Object but got Object.spec"),
        ("'text'", "must evaluate to Object but got string"),
        (
            "Object{metadata: Object.metadata{managedFields: []}}",
            "error applying patch: invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: .metadata.managedFields",
        ),
        (
            "Object{spec: object.nothing}",
            "expression 'Object{spec: object.nothing}' resulted in error: no such key: nothing",
        ),
    ] {
        assert_eq!(why(configured(text)), expected);
    }
    for (text, expected) in [
        (
            "[JSONPatch{op: 'remove', path: '/spec/nothing'}]",
            "JSON Patch: error in remove for path: '/spec/nothing': Unable to remove nonexistent key: nothing: missing value",
        ),
        ("[JSONPatch{op: 'jump', path: '/spec'}]", "JSON Patch: Unexpected kind: jump"),
        (
            "[JSONPatch{op: 'add', path: '/spec/nothing', value: 1}]",
            "Internal error occurred: strict decoding error: unknown field \"spec.nothing\"",
        ),
        ("object.spec", "must evaluate to list(JSONPatch) but got map"),
    ] {
        assert_eq!(why(patched(text)), expected);
    }
    assert!(
        why(patched("[JSONPatch{op: 'add', path: '/spec', value: 1}]"))
            .starts_with("Internal error occurred: ")
    );
    for text in ["[JSONPatch{op: 1}]", "[JSONPatch{nothing: 1}]", "[Other{}]", "nobody"] {
        assert!(why(patched(text)).starts_with("compilation failed: "), "{text}");
    }
}

#[test]
fn only_mutations_make_objects() {
    for text in ["Object{}", "JSONPatch{}", "jsonpatch.escapeKey('a')"] {
        let unread = Expression::new(text).unread().unwrap();
        assert!(unread.contains("undeclared reference to"), "{unread}");
    }
}
