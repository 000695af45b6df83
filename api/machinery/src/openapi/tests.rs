//! The documents as their readers take them.

use super::fixture::{ALL, FISCHER, golden_json};
use super::operation::camel_case;
use super::{PATCH_MEDIA_TYPES, hash, v2, v3};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const GROUP: &str = "wardle.example.com";

fn third() -> Value {
    v3::document(GROUP, "v1", ALL)
}

/// Every document there is.
fn documents() -> Vec<Value> {
    vec![v2::document(ALL), third(), v3::document(GROUP, "v1beta1", ALL), v3::document("", "v1", ALL)]
}

/// Visits every object of a tree; names of properties and types are passed over, as they are no keywords.
fn visit(value: &Value, see: &mut impl FnMut(&serde_json::Map<String, Value>)) {
    match value {
        Value::Object(map) => {
            see(map);
            for (key, inner) in map {
                match inner {
                    Value::Object(names)
                        if ["properties", "definitions", "schemas"].contains(&key.as_str()) =>
                    {
                        names.values().for_each(|inner| visit(inner, see));
                    }
                    inner => visit(inner, see),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| visit(item, see)),
        _ => {}
    }
}

fn operations(document: &Value) -> Vec<(&str, &str, &Value)> {
    let items = document["paths"].as_object().unwrap();
    items
        .iter()
        .flat_map(|(path, item)| {
            let methods = item.as_object().unwrap().iter();
            methods.map(move |(method, operation)| (path.as_str(), method.as_str(), operation))
        })
        .filter(|(_, method, _)| *method != "parameters")
        .collect()
}

fn types(document: &Value) -> &serde_json::Map<String, Value> {
    let place = if document.get("swagger").is_some() { "/definitions" } else { "/components/schemas" };
    document.pointer(place).unwrap().as_object().unwrap()
}

#[test]
fn documents_are_as_they_were() {
    golden_json("openapi.v2.json", &v2::document(&[&FISCHER]));
    golden_json("openapi.v3.json", &third());
}

#[test]
fn documents_do_not_depend_on_the_order_of_kinds() {
    let reversed: Vec<_> = ALL.iter().rev().copied().collect();
    assert_eq!(v2::document(ALL).to_string(), v2::document(&reversed).to_string());
    assert_eq!(third().to_string(), v3::document(GROUP, "v1", &reversed).to_string());
}

#[test]
fn every_reference_resolves() {
    for document in documents() {
        let mut count = 0;
        visit(&document, &mut |map| {
            if let Some(Value::String(target)) = map.get("$ref") {
                let pointer = target.strip_prefix('#').unwrap();
                assert!(document.pointer(pointer).is_some(), "{target} points nowhere");
                count += 1;
            }
        });
        assert!(count > 20, "{count} references");
    }
}

#[test]
fn every_operation_has_an_id_of_its_own() {
    for document in documents() {
        let operations = operations(&document);
        let ids: BTreeSet<&str> =
            operations.iter().map(|(.., operation)| operation["operationId"].as_str().unwrap()).collect();
        assert_eq!(ids.len(), operations.len());
        for (path, method, operation) in &operations {
            let named = operation["x-kubernetes-action"].is_string()
                && operation["x-kubernetes-group-version-kind"]["kind"].is_string();
            assert!(named || path.ends_with("/v1/") || path.ends_with("/v1beta1/"), "{method} {path}");
        }
    }
}

#[test]
fn ids_are_those_of_kubernetes() {
    let document = third();
    let id = |path: &str, method: &str| {
        let path = format!("/apis/wardle.example.com/v1/{path}");
        document["paths"][path.as_str()][method]["operationId"].as_str().unwrap().to_owned()
    };
    let one = "namespaces/{namespace}/flunders/{name}";
    assert_eq!(id("namespaces/{namespace}/flunders", "post"), "createWardleExampleComV1NamespacedFlunder");
    assert_eq!(
        id("namespaces/{namespace}/flunders", "delete"),
        "deleteWardleExampleComV1CollectionNamespacedFlunder"
    );
    assert_eq!(id("flunders", "get"), "listWardleExampleComV1FlunderForAllNamespaces");
    assert_eq!(id(one, "get"), "readWardleExampleComV1NamespacedFlunder");
    assert_eq!(id(&format!("{one}/status"), "patch"), "patchWardleExampleComV1NamespacedFlunderStatus");
    assert_eq!(id(&format!("{one}/scale"), "put"), "replaceWardleExampleComV1NamespacedFlunderScale");
    assert_eq!(id(&format!("watch/{one}"), "get"), "watchWardleExampleComV1NamespacedFlunder");
    assert_eq!(id("watch/flunders", "get"), "watchWardleExampleComV1FlunderListForAllNamespaces");
    assert_eq!(id("fischers/{name}", "put"), "replaceWardleExampleComV1Fischer");
    assert_eq!(id("", "get"), "getWardleExampleComV1APIResources");
    assert_eq!(
        document["paths"]["/apis/wardle.example.com/v1/flunders"]["get"]["tags"],
        json!(["wardleExampleCom_v1"])
    );
    assert_eq!(camel_case("databases.standard.k8s.io", true), "DatabasesStandard");
    assert_eq!(camel_case("databases.standard.k8s.io", false), "databasesStandard");
    assert_eq!(camel_case("", true), "Core");
}

#[test]
fn everything_is_described() {
    for document in documents() {
        for (name, definition) in types(&document) {
            assert!(!text(definition, "description").is_empty(), "{name}");
            for (field, property) in definition["properties"].as_object().into_iter().flatten() {
                assert!(!text(property, "description").is_empty(), "{name}.{field}");
            }
        }
        for (path, method, operation) in operations(&document) {
            assert!(!text(operation, "description").is_empty(), "{method} {path}");
        }
    }
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

#[test]
fn each_version_has_its_own_keywords() {
    let foreign = |document: &Value, words: &[&str]| {
        visit(document, &mut |map| {
            for word in words {
                assert!(!map.contains_key(*word), "{word} in {map:?}");
            }
        });
    };
    let only_third = ["allOf", "oneOf", "anyOf", "not", "nullable", "content", "requestBody", "components"];
    let only_second = ["definitions", "consumes", "produces", "schemes", "securityDefinitions", "swagger"];
    foreign(&v2::document(ALL), &only_third);
    foreign(&third(), &only_second);
    visit(&third(), &mut |map| assert!(!map.contains_key("$ref") || map.len() == 1, "{map:?}"));
}

#[test]
fn kubectl_finds_field_validation_and_the_patch_types() {
    let kind = json!({"group": GROUP, "version": "v1", "kind": "Flunder"});
    for document in [v2::document(ALL), third()] {
        let patches: Vec<&Value> = operations(&document)
            .into_iter()
            .filter(|(_, method, operation)| {
                *method == "patch" && operation["x-kubernetes-group-version-kind"] == kind
            })
            .map(|(.., operation)| operation)
            .collect();
        assert_eq!(patches.len(), 2, "the object and its status");
        for patch in patches {
            let parameters = patch["parameters"].as_array().unwrap();
            let names: Vec<&str> =
                parameters.iter().filter(|one| one["in"] == "query").map(|one| text(one, "name")).collect();
            assert_eq!(names, ["dryRun", "fieldManager", "fieldValidation", "force"]);
            let media_types: BTreeSet<&str> = match &patch["requestBody"]["content"] {
                Value::Object(content) => content.keys().map(String::as_str).collect(),
                _ => patch["consumes"].as_array().unwrap().iter().filter_map(Value::as_str).collect(),
            };
            assert_eq!(media_types, PATCH_MEDIA_TYPES.iter().copied().collect());
        }
    }
}

#[test]
fn kubectl_explains_every_field() {
    let document = third();
    let list = &document["paths"]["/apis/wardle.example.com/v1/namespaces/{namespace}/flunders"]["get"];
    let kind = &list["x-kubernetes-group-version-kind"];
    let of_kind = |definition: &&Value| {
        definition["x-kubernetes-group-version-kind"].as_array().is_some_and(|kinds| kinds.contains(kind))
    };
    let root = types(&document).values().find(of_kind).unwrap();
    let mut seen = BTreeSet::new();
    explain(&document, root, "", &mut seen);
    for path in ["kind", "metadata.labels", "spec.parts.weight", "spec.zone", "spec.selector.matchLabels"] {
        assert!(seen.contains(path), "{path} in {seen:?}");
    }
}

/// Goes down as `kubectl explain --recursive` does.
fn explain(document: &Value, schema: &Value, path: &str, seen: &mut BTreeSet<String>) {
    if let Some(target) = schema["$ref"].as_str() {
        explain(document, document.pointer(target.strip_prefix('#').unwrap()).unwrap(), path, seen);
    }
    for inner in schema["allOf"].as_array().into_iter().flatten() {
        explain(document, inner, path, seen);
    }
    for inner in ["items", "additionalProperties"].into_iter().filter_map(|key| schema.get(key)) {
        explain(document, inner, path, seen);
    }
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        explain(document, property, &path, seen);
        seen.insert(path);
    }
}

#[test]
fn fields_tell_how_they_merge() {
    let document = third();
    let spec = &types(&document)["com.example.wardle.v1.FlunderSpec"];
    let field = |name: &str, key: &str| spec["properties"][name][key].clone();
    assert_eq!(spec["required"], json!(["reference"]));
    assert_eq!(field("parts", "x-kubernetes-list-type"), "map");
    assert_eq!(field("parts", "x-kubernetes-list-map-keys"), json!(["name"]));
    assert_eq!(field("parts", "x-kubernetes-patch-strategy"), "merge");
    assert_eq!(field("parts", "x-kubernetes-patch-merge-key"), "name");
    assert_eq!(field("tags", "x-kubernetes-list-type"), "set");
    assert_eq!(field("without", "x-kubernetes-list-type"), "atomic");
    assert_eq!(field("limits", "x-kubernetes-map-type"), "atomic");
    assert_eq!(field("selector", "x-kubernetes-patch-strategy"), "retainKeys");
    assert_eq!(field("replicas", "default"), 1);
    assert_eq!(field("onDeletion", "enum"), json!(["Orphan", "Background", "Foreground"]));
}

#[test]
fn the_index_names_documents_by_their_hash() {
    let text = third().to_string();
    let hash = hash(text.as_bytes());
    assert_eq!(hash.len(), 128);
    let url = format!("/openapi/v3/apis/wardle.example.com/v1?hash={hash}");
    let index = v3::index([(v3::path(GROUP, "v1").as_str(), hash.as_str())]);
    assert_eq!(index, json!({"paths": {"apis/wardle.example.com/v1": {"serverRelativeURL": url}}}));
    assert_eq!(v3::path("", "v1"), "api/v1");
    assert!(super::hash(b"").starts_with("CF83E1357EEFB8BD"), "upper-case SHA-512");
}
