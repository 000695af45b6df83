use super::*;
use crate::meta::ObjectMeta;
use crate::openapi::fixture::v1::Flunder;
use crate::wire::Value as _;
use serde_json::json;

fn original() -> Value {
    json!({
        "kind": "Flunder",
        "metadata": {
            "name": "f",
            "finalizers": ["f/1", "f/2"],
            "ownerReferences": [{"uid": "1", "name": "a"}, {"uid": "2", "name": "b"}],
            "managedFields": [{"manager": "m"}]
        },
        "spec": {
            "parts": [{"name": "a", "weight": 1}, {"name": "b", "weight": 2}, {"name": "c", "weight": 3}],
            "tags": ["x", "y", "z"],
            "without": ["u", "v"],
            "settings": {"k": "1", "l": "2"},
            "selector": {"matchLabels": {"a": "b"}},
            "parameters": {"free": {"a": 1}, "list": [1]},
            "zone": "here"
        }
    })
}

/// The whole object, or the status and the text of the error.
fn patched(patch: &Value) -> std::result::Result<Value, String> {
    let mut object = original();
    apply(Flunder::SCHEMA, &mut object, patch)
        .map_err(|error| format!("{} {error}", error.code()))
        .map(|()| object)
}

/// What becomes of a field of the spec.
fn spec(field: &str, patch: Value) -> std::result::Result<Value, String> {
    patched(&json!({"spec": patch})).map(|object| object["spec"][field].clone())
}

#[test]
fn lists_of_objects_are_merged_by_their_keys() {
    let (a, b, c) = (
        json!({"name": "a", "weight": 1}),
        json!({"name": "b", "weight": 2}),
        json!({"name": "c", "weight": 3}),
    );
    for (patch, expected) in [
        (json!([]), json!([a, b, c])),
        (json!([{"name": "b", "weight": 5}]), json!([a, {"name": "b", "weight": 5}, c])),
        (json!([{"name": "b", "weight": null}]), json!([a, {"name": "b"}, c])),
        (json!([{"name": "n", "weight": null}]), json!([{"name": "n", "weight": null}, a, b, c])),
        (json!([{"name": "c"}, {"name": "a"}]), json!([b, c, a])),
        (json!([{"name": "b", "$patch": "delete"}]), json!([a, c])),
        (json!([{"name": "none", "$patch": "delete"}]), json!([a, b, c])),
        (
            json!([{"name": "n"}, {"$patch": "replace"}, {"name": "a", "$patch": "delete"}]),
            json!([{"name": "n"}]),
        ),
        // A key that is no plain value is compared with nothing where it is alone.
        (json!([{"name": {}}, {"$patch": "replace"}]), json!([{"name": {}}])),
        // An integer is not the text that shows it.
        (json!([{"name": 1}, {"name": "1"}]), json!([{"name": 1}, {"name": "1"}, a, b, c])),
        (json!([{"name": "a", "$retainKeys": ["name"]}]), json!([{"name": "a"}, b, c])),
    ] {
        assert_eq!(spec("parts", json!({"parts": patch})), Ok(expected), "{patch}");
    }
}

#[test]
fn lists_of_plain_values_are_sets_where_the_schema_says_so() {
    assert_eq!(spec("tags", json!({"tags": ["n", "x"]})), Ok(json!(["n", "x", "y", "z"])));
    assert_eq!(spec("tags", json!({"tags": ["z", "y"]})), Ok(json!(["x", "z", "y"])));
    assert_eq!(spec("without", json!({"without": ["n"]})), Ok(json!(["n"])));
    let gone =
        json!({"$deleteFromPrimitiveList/tags": ["x", "none"], "$deleteFromPrimitiveList/without": ["u"]});
    assert_eq!(spec("tags", gone.clone()), Ok(json!(["y", "z"])));
    assert_eq!(spec("without", gone), Ok(json!(["v"])));
    let both = json!({"$deleteFromPrimitiveList/tags": ["x"], "tags": ["x"]});
    assert_eq!(spec("tags", both), Ok(json!(["x", "y", "z"])));
    assert_eq!(spec("tags", json!({"$deleteFromPrimitiveList/tags": null})), Ok(Value::Null));
}

#[test]
fn a_list_has_the_order_that_is_asked_for() {
    let order =
        |tags: Value, order: Value| spec("tags", json!({"tags": tags, "$setElementOrder/tags": order}));
    assert_eq!(order(json!(["n"]), json!(["z", "n", "x"])), Ok(json!(["y", "z", "n", "x"])));
    assert_eq!(order(json!([]), json!(["z", "x"])), Ok(json!(["y", "z", "x"])));
    assert_eq!(spec("tags", json!({"$setElementOrder/tags": ["z", "y"]})), Ok(json!(["x", "z", "y"])));
    let wrong = "500 The order in patch list:\n[n m]\n doesn't match $setElementOrder list:\n[m n]\n";
    assert_eq!(order(json!(["n", "m"]), json!(["m", "n"])), Err(wrong.to_owned()));
    let parts = json!({
        "parts": [{"name": "n"}, {"name": "a", "$patch": "delete"}],
        "$setElementOrder/parts": [{"name": "n"}, {"name": "c"}]
    });
    let names = |list: Value| -> Vec<Value> {
        list.as_array().into_iter().flatten().map(|item| item["name"].clone()).collect()
    };
    // The new item has the room that the deleted one left.
    assert_eq!(spec("parts", parts).map(names), Ok(vec!["b".into(), "n".into(), "c".into()]));
    // One that is deleted last leaves its place behind, also where the list is replaced.
    let parts = json!({
        "parts": [{"name": "b"}, {"name": "c", "$patch": "delete"}, {"name": "c"}, {"$patch": "replace"}],
        "$setElementOrder/parts": []
    });
    assert_eq!(spec("parts", parts).map(names), Ok(vec!["b".into(), "c".into()]));
}

#[test]
fn objects_are_merged_replaced_and_emptied() {
    assert_eq!(spec("settings", json!({"settings": {"k": null, "n": "3"}})), Ok(json!({"l": "2", "n": "3"})));
    let replaced = json!({"settings": {"$patch": "replace", "n": null}});
    assert_eq!(spec("settings", replaced), Ok(json!({"n": null})));
    assert_eq!(spec("settings", json!({"settings": {"$patch": "delete", "n": "3"}})), Ok(json!({})));
    assert_eq!(
        spec("settings", json!({"settings": {"$retainKeys": ["l"], "k": null}})),
        Ok(json!({"l": "2"}))
    );
    assert_eq!(spec("settings", json!({"settings": ["x"]})), Ok(json!(["x"])));
    assert_eq!(spec("settings", json!({"settings": null})), Ok(Value::Null));
    assert_eq!(spec("zone", json!({"zone": "there"})), Ok("there".into()));
    // What is new has neither nulls nor objects with directives in it.
    let new = json!({"limits": {"a": null, "b": {"$patch": "delete"}, "c": [{"$patch": "replace"}, {"d": null}, null]}});
    assert_eq!(spec("limits", new), Ok(json!({"c": [{}, null]})));
    assert_eq!(spec("limits", json!({"limits": {"$patch": null, "a": "1"}})), Ok(json!({"a": "1"})));
    assert_eq!(spec("limits", json!({"limits": {"$patch": "replace"}})), Ok(Value::Null));
    assert_eq!(patched(&json!({"$patch": "delete"})), Ok(json!({})));
    assert_eq!(patched(&Value::Null), Ok(original()));
}

#[test]
fn metadata_has_its_strategies() {
    let metadata =
        |patch: Value| patched(&json!({"metadata": patch})).map(|object| object["metadata"].clone());
    let owners = json!({"ownerReferences": [{"$patch": "delete", "uid": "1"}], "uid": "own"});
    let found = metadata(owners).unwrap();
    assert_eq!(found["ownerReferences"], json!([{"uid": "2", "name": "b"}]));
    assert_eq!(found["uid"], "own");
    let finalizers = json!({"$deleteFromPrimitiveList/finalizers": ["f/1"], "finalizers": ["f/3"]});
    assert_eq!(metadata(finalizers).unwrap()["finalizers"], json!(["f/3", "f/2"]));
    assert_eq!(metadata(json!({"managedFields": [{}]})).unwrap()["managedFields"], json!([{}]));
    let unkeyed = metadata(json!({"managedFields": [], "$setElementOrder/managedFields": []}));
    assert_eq!(unkeyed, Err("500 map: map[manager:m] does not contain declared merge key: ".to_owned()));
    let merged: Vec<&str> =
        ObjectMeta::SCHEMA.fields().into_iter().filter(|field| field.merge).map(|field| field.name).collect();
    assert_eq!(merged, ["ownerReferences", "finalizers"]);
}

#[test]
fn every_fault_has_the_words_and_the_status_of_kubernetes() {
    for (patch, expected) in [
        (json!({"$deleteFromPrimitiveList": []}), "400 invalid patch format of primitive list"),
        (json!({"settings": {"$retainKeys": "k"}}), "400 invalid patch format of retainKeys"),
        (json!({"settings": {"$retainKeys": ["l"], "k": "1"}}), "400 invalid patch format of retainKeys"),
        (json!({"$setElementOrder": []}), "400 invalid patch format of setElementOrder list"),
        (json!({"$setElementOrder/tags": "x"}), "500 expected a []interface {}, but received a string"),
        (json!({"$setElementOrder/parts": ["a"]}), "500 value for key 0 is not a map"),
        (
            json!({"$setElementOrder/parts": ["a"], "parts": [{"name": "a"}]}),
            "500 expected a map[string]interface {}, but received a string",
        ),
        (
            json!({"$setElementOrder/settings": []}),
            "500 expected a []interface {}, but received a map[string]interface {}",
        ),
        (json!({"$setElementOrder/onDeletion": []}), "500 expected slice or array type, but got: struct"),
        (
            json!({"$setElementOrder/none\n": []}),
            "500 unable to find api field in struct FlunderSpec for the json field \"none\\n\"",
        ),
        (
            json!({"parts": [{"weight": 1}]}),
            "500 map: map[weight:1] does not contain declared merge key: name",
        ),
        (
            json!({"parts": [{"$patch": "delete", "weight": 1e30}]}),
            "500 map: map[$patch:delete weight:1e+30] does not contain declared merge key: name",
        ),
        (json!({"parts": [{"$patch": "merge"}]}), "500 merging lists cannot yet be specified in the patch"),
        (json!({"parts": [{"$patch": "x"}]}), "500 unknown patch type: x in map: map[$patch:x]"),
        (json!({"$patch": 1}), "500 unknown patch type: %!s(int64=1) in map: map[$patch:1]"),
        (
            json!({"parts": ["a"]}),
            "500 list element types are not identical: [[map[name:a weight:1] map[name:b weight:2] map[name:c weight:3]] [a]]",
        ),
        (json!({"tags": [1.5]}), "500 list element types are not identical: [[x y z] [1.5]]"),
        (
            json!({"parts": [{"name": {}}]}),
            "400 a list to be merged has a null, a list or an object where a plain value belongs",
        ),
        (
            json!({"parameters": {"free": {"a": 2}}}),
            "500 unable to find api field in struct RawExtension for the json field \"free\"",
        ),
        (
            json!({"selector": {"matchLabels": {"$setElementOrder/a": []}}}),
            "500 expected a []interface {}, but received a string",
        ),
        (
            json!({"settings": {"$setElementOrder/a": []}}),
            "500 merging an object in json but data type is not struct, instead is: map",
        ),
    ] {
        assert_eq!(spec("parts", patch.clone()), Err(expected.to_owned()), "{patch}");
    }
    let whole = |patch: Value| patched(&patch).unwrap_err();
    assert_eq!(
        whole(json!([])),
        "400 json: cannot unmarshal array into Go value of type map[string]interface {}"
    );
    let mut deep = json!({});
    for _ in 0..limits::DEEPEST {
        deep = json!({"a": deep});
    }
    assert_eq!(whole(deep), "400 the patch is nested deeper than 127 levels");
    let mut empty = json!({"spec": {"parts": [], "tags": []}});
    let lists = apply(Flunder::SCHEMA, &mut empty, &json!({"spec": {"tags": [["a"]]}})).unwrap_err();
    assert_eq!((lists.code(), lists.to_string()), (422, "lists of lists are not supported".to_owned()));
}

#[test]
fn long_lists_are_merged_in_little_time() {
    let items = |from: usize| -> Vec<Value> {
        (from..from + 20_000).map(|name| json!({"name": name.to_string()})).collect()
    };
    let mut object = json!({"spec": {"parts": items(0)}});
    let patch = json!({"spec": {"parts": items(10_000), "$setElementOrder/parts": items(10_000)}});
    apply(Flunder::SCHEMA, &mut object, &patch).unwrap();
    assert_eq!(object["spec"]["parts"], Value::Array([items(0), items(20_000)].concat()[..30_000].to_vec()));
}
