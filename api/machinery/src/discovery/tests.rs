//! Discovery as its readers take it.

use super::*;
use crate::kind::Definition;
use crate::openapi::fixture::{ALL, FLUNDER};
use serde_json::json;

const GROUP: &str = "wardle.example.com";

#[test]
fn resources_stand_in_order_with_their_subresources() {
    let list = resource_list(ALL, GROUP, "v1").unwrap();
    assert_eq!(
        (&list["kind"], &list["groupVersion"]),
        (&json!("APIResourceList"), &json!("wardle.example.com/v1"))
    );
    let resources = list["resources"].as_array().unwrap();
    let names: Vec<&str> = resources.iter().filter_map(|entry| entry["name"].as_str()).collect();
    assert_eq!(names, ["fischers", "flunders", "flunders/scale", "flunders/status"]);
    assert_eq!(
        resources[1],
        json!({
            "name": "flunders",
            "singularName": "flunder",
            "namespaced": true,
            "kind": "Flunder",
            "verbs": ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"],
            "shortNames": ["fl"],
            "categories": ["fish"],
            "storageVersionHash": resource::storage_version_hash(&FLUNDER),
        })
    );
    assert_eq!(
        resources[2],
        json!({
            "name": "flunders/scale",
            "singularName": "",
            "namespaced": true,
            "group": "autoscaling",
            "version": "v1",
            "kind": "Scale",
            "verbs": ["get", "patch", "update"],
        })
    );
    assert_eq!(resource_list(ALL, GROUP, "v2"), None);
    assert_eq!(resource_list(ALL, "", "v1").unwrap()["groupVersion"], "v1");
}

#[test]
fn what_goes_step_by_step_is_finalized_and_not_deleted_with_its_collection() {
    static CREW: Definition = Definition { finalize: true, ..FLUNDER };
    let list = resource_list(&[&CREW], GROUP, "v1").unwrap();
    assert_eq!(
        list["resources"][0]["verbs"],
        json!(["create", "delete", "get", "list", "patch", "update", "watch"])
    );
    assert_eq!(list["resources"][1]["name"], "flunders/finalize");
    assert_eq!(list["resources"][1]["verbs"], json!(["update"]));
    let aggregated = aggregated_groups(&[&CREW])["items"][0]["versions"][0]["resources"][0].clone();
    assert_eq!(aggregated["subresources"][0]["subresource"], "finalize");
    assert_eq!(aggregated["verbs"], list["resources"][0]["verbs"]);
}

#[test]
fn storage_version_hashes_are_those_of_kubernetes() {
    static DEPLOYMENT: Definition = Definition { group: "apps", kind: "Deployment", ..FLUNDER };
    static POD: Definition = Definition { group: "", kind: "Pod", ..FLUNDER };
    assert_eq!(resource::storage_version_hash(&DEPLOYMENT), "8aSe+NMegvE=");
    assert_eq!(resource::storage_version_hash(&POD), "xPOwRZ+Yhw8=");
}

#[test]
fn groups_prefer_their_stable_version() {
    let v1 = json!({"groupVersion": "wardle.example.com/v1", "version": "v1"});
    let v1beta1 = json!({"groupVersion": "wardle.example.com/v1beta1", "version": "v1beta1"});
    let entry = json!({"name": GROUP, "versions": [v1, v1beta1], "preferredVersion": v1});
    assert_eq!(group_list(ALL), json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": [entry]}));
    let whole = group(ALL, GROUP).unwrap();
    assert_eq!((&whole["kind"], &whole["apiVersion"]), (&json!("APIGroup"), &json!("v1")));
    assert_eq!(whole["preferredVersion"], v1);
    assert_eq!(group(ALL, "apps"), None);
    assert_eq!(api_versions(ALL)["versions"], json!(["v1"]));
}

#[test]
fn versions_stand_in_kubernetes_order() {
    let mut names =
        ["foo10", "v1", "v11alpha2", "v10", "v12alpha1", "v3beta1", "foo1", "v11beta2", "v10beta3", "v2"];
    names.sort_by_key(|name| std::cmp::Reverse(priority(name)));
    assert_eq!(
        names,
        ["v10", "v2", "v1", "v11beta2", "v10beta3", "v3beta1", "v12alpha1", "v11alpha2", "foo1", "foo10"]
    );
}

#[test]
fn one_document_holds_everything() {
    let list = aggregated_groups(ALL);
    assert_eq!(list["apiVersion"], "apidiscovery.k8s.io/v2");
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    let group = &list["items"][0];
    assert_eq!(group["metadata"]["name"], GROUP);
    assert_eq!(
        (&group["versions"][0]["version"], &group["versions"][1]["version"]),
        (&json!("v1"), &json!("v1beta1"))
    );
    assert_eq!(group["versions"][0]["freshness"], "Current");
    let kind = json!({"group": GROUP, "version": "v1", "kind": "Flunder"});
    let scale = json!({"group": "autoscaling", "version": "v1", "kind": "Scale"});
    let verbs = json!(["get", "patch", "update"]);
    assert_eq!(
        group["versions"][0]["resources"][1],
        json!({
            "resource": "flunders",
            "responseKind": kind,
            "scope": "Namespaced",
            "singularResource": "flunder",
            "verbs": ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"],
            "shortNames": ["fl"],
            "categories": ["fish"],
            "subresources": [
                {"subresource": "scale", "responseKind": scale, "verbs": verbs},
                {"subresource": "status", "responseKind": kind, "verbs": verbs},
            ],
        })
    );
    assert_eq!(group["versions"][0]["resources"][0]["scope"], "Cluster");
    assert_eq!(aggregated_core(ALL)["items"][0]["versions"][0]["resources"][0]["resource"], "notes");
    assert_eq!(aggregated_core(&[&FLUNDER])["items"], json!([]));
}

#[test]
fn the_text_and_its_tag_do_not_depend_on_the_order_of_kinds() {
    let reversed: Vec<&'static Definition> = ALL.iter().rev().copied().collect();
    let text = aggregated_groups(ALL).to_string();
    assert_eq!(text, aggregated_groups(&reversed).to_string());
    let tag = etag(text.as_bytes());
    assert!(tag.len() == 130 && tag.starts_with('"') && tag.ends_with('"'), "{tag}");
    assert_eq!(tag, tag.to_uppercase());
}

#[test]
fn messages_have_the_documented_numbers() {
    let version = json!({"groupVersion": "g/v1", "version": "v1"});
    let group = json!({"kind": "APIGroup", "apiVersion": "v1", "name": "g", "versions": [version], "preferredVersion": version});
    let raw = |document: &serde_json::Value| {
        let message = protobuf(document).unwrap();
        let envelope = crate::wire::protobuf::decode(&message).unwrap();
        assert_eq!(envelope.type_meta.kind, document["kind"].as_str().unwrap());
        envelope.raw.to_vec()
    };
    let entry = b"\x0a\x04g/v1\x12\x02v1";
    let expected = [&b"\x0a\x01g\x12\x0a"[..], entry, b"\x1a\x0a", entry].concat();
    assert_eq!(raw(&group), expected);
    let resource = json!({
        "name": "r", "singularName": "s", "namespaced": true, "kind": "K", "verbs": ["get", "list"], "shortNames": ["x"],
        "categories": ["c"], "group": "g", "version": "v", "storageVersionHash": "h",
    });
    let list = json!({"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": "g/v1", "resources": [resource]});
    let resource = b"\x0a\x01r\x10\x01\x1a\x01K\x22\x0b\x0a\x03get\x0a\x04list\x2a\x01x\x32\x01s\x3a\x01c\x42\x01g\x4a\x01v\x52\x01h";
    let expected = [&b"\x0a\x04g/v1\x12"[..], &[u8::try_from(resource.len()).unwrap()], resource].concat();
    assert_eq!(raw(&list), expected);
    assert_eq!(protobuf(&json!({"kind": "Other"})), None);
}

#[test]
fn the_aggregated_list_is_a_message_too() {
    let list = protobuf(&aggregated_groups(ALL)).unwrap();
    let envelope = crate::wire::protobuf::decode(&list).unwrap();
    assert_eq!(envelope.type_meta.api_version, "apidiscovery.k8s.io/v2");
    // Metadata that say nothing, then the one group, which begins with its name.
    assert_eq!(&envelope.raw[..3], b"\x0a\x00\x12");
    let name = [&b"\x0a\x14\x0a\x12"[..], GROUP.as_bytes()].concat();
    assert!(envelope.raw.windows(name.len()).any(|found| found == name), "{:?}", envelope.raw);
    for word in ["Namespaced", "Current", "autoscaling"] {
        assert!(envelope.raw.windows(word.len()).any(|found| found == word.as_bytes()), "{word}");
    }
}
