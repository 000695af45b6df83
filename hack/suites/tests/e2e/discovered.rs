//! Lines 1 to 3: health, discovery, OpenAPI.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use suites::wait::until;

use crate::target::Target;

const V2: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

pub(crate) async fn health(target: &Target) {
    let reply = target.get("/readyz?verbose").await;
    let text = reply.text();
    assert_eq!(reply.status, 200, "{text}");
    assert!(text.contains("[+]ping ok\n") && text.ends_with("readyz check passed\n"), "{text}");
    assert!(reply.header("content-type").starts_with("text/plain"), "{:?}", reply.headers);
}

pub(crate) async fn discovery(target: &Target) {
    let kind = target.kind;
    let path = format!("/apis/apiregistration.k8s.io/v1/apiservices/{}.{}", kind.version, kind.group);
    let service = target.host.get(&path, &[]).await.expect(200);
    let available = found(&service["status"]["conditions"], "type", "Available");
    assert_eq!((&available["status"], &available["reason"]), (&json!("True"), &json!("Passed")));

    let group = until("the group is Current in aggregated discovery", async || {
        let reply = target.http.get("/apis", &[("accept", V2)]).await;
        assert_eq!(reply.header("content-type"), V2, "the parameters must be repeated");
        let items = reply.expect(200)["items"].clone();
        let group = items.as_array()?.iter().find(|item| item["metadata"]["name"] == kind.group)?.clone();
        (group["versions"][0]["freshness"] == "Current").then_some(group)
    })
    .await;
    let resource = found(&group["versions"], "version", kind.version);
    let resource = found(&resource["resources"], "resource", kind.plural);
    assert_eq!(resource["scope"], "Namespaced", "{resource}");
    let verbs = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];
    assert_eq!(resource["verbs"], json!(verbs), "{resource}");

    let reply = target.get(&format!("/apis/{}", kind.api_version())).await;
    let resource = found(&reply.expect(200)["resources"], "name", kind.plural);
    assert_eq!(resource["kind"], kind.kind, "{resource}");
    assert_eq!(resource["verbs"], json!(verbs), "{resource}");

    let listed = target.kubectl.run(&format!("api-resources --api-group={}", kind.group)).await;
    assert_eq!(listed.code, 0, "{}", listed.text);
    assert!(listed.text.contains(kind.kind) && !listed.text.contains("stale"), "{}", listed.text);
}

pub(crate) async fn openapi(target: &Target) {
    let kind = target.kind;
    let key = format!("apis/{}", kind.api_version());
    let path = until("the version in /openapi/v3", async || {
        let paths = target.get("/openapi/v3").await.expect(200);
        paths["paths"][&key]["serverRelativeURL"].as_str().map(str::to_owned)
    })
    .await;
    let document = target.get(&path).await.expect(200);
    let schemas = document["components"]["schemas"].as_object().expect("schemas");
    assert!(schemas.values().any(|schema| is_of(schema, target)), "no schema of {}", kind.kind);

    until("the definition in /openapi/v2", async || {
        let document = target.get("/openapi/v2").await.expect(200);
        let definitions = document["definitions"].as_object()?;
        definitions.values().any(|schema| is_of(schema, target)).then_some(())
    })
    .await;

    let explained = target.kubectl.run(&format!("explain {}.spec --recursive", kind.resource())).await;
    assert_eq!(explained.code, 0, "{}", explained.text);
    let field = serde_json::from_str::<Value>(kind.spec).expect("a spec");
    let field = field.as_object().and_then(|spec| spec.keys().next()).expect("a field");
    assert!(explained.text.contains(field), "{}", explained.text);
}

/// Definitions of the same name are one in the merged document only if they are equal.
pub(crate) async fn shared_definitions(target: &Target) {
    let document = until("the definition in /openapi/v2", async || {
        let document = target.get("/openapi/v2").await.expect(200);
        let is_there = document["definitions"].as_object()?.values().any(|schema| is_of(schema, target));
        is_there.then_some(document)
    })
    .await;
    let paths = document["paths"].as_object().expect("paths");
    let prefix = format!("/apis/{}/", target.kind.group);
    let mut used = BTreeSet::new();
    for path in paths.iter().filter(|(path, _)| path.starts_with(&prefix)).map(|(_, path)| path) {
        collect(path, &document["definitions"], &mut used);
    }
    let renamed: Vec<&String> = used.iter().filter(|name| name.ends_with("_v2")).collect();
    assert!(renamed.is_empty(), "{} definitions had to be renamed: {:?}", renamed.len(), renamed.first());
}

/// The names of the definitions that a part of the document refers to, however indirectly.
fn collect(part: &Value, definitions: &Value, used: &mut BTreeSet<String>) {
    match part {
        Value::Array(items) => items.iter().for_each(|item| collect(item, definitions, used)),
        Value::Object(fields) => {
            for (key, value) in fields {
                let name = value.as_str().and_then(|text| text.strip_prefix("#/definitions/"));
                match name.filter(|_| key == "$ref") {
                    Some(name) if used.insert(name.to_owned()) => {
                        collect(&definitions[name], definitions, used);
                    }
                    _ => collect(value, definitions, used),
                }
            }
        }
        _ => {}
    }
}

/// Whether a schema says that it is the target's kind.
fn is_of(schema: &Value, target: &Target) -> bool {
    let kinds = schema["x-kubernetes-group-version-kind"].as_array();
    kinds.into_iter().flatten().any(|kind| {
        kind["group"] == target.kind.group
            && kind["version"] == target.kind.version
            && kind["kind"] == target.kind.kind
    })
}

/// The entry of a list whose `key` is `name`.
fn found(list: &Value, key: &str, name: &str) -> Value {
    let entry = list.as_array().and_then(|list| list.iter().find(|entry| entry[key] == name));
    entry.unwrap_or_else(|| panic!("no {name} in {list}")).clone()
}
