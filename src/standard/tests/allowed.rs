//! What a class allows its objects.

use super::*;

#[tokio::test]
async fn flavors_counts_and_parameters_are_those_of_the_class() {
    let server = Server::start().await;
    let versions = json!([{"name": "16", "deprecated": true}, {"name": "17", "default": true}]);
    let status = json!({
        "engines": [{"kind": "PostgreSQL", "flavor": "PostgreSQL", "versions": versions, "instanceCounts": [1, 3]}],
        "parametersKinds": [{"group": "example.com", "kind": "Tuning"}],
    });
    let features = ["PostgreSQL", "PostgreSQLFlavor", "PostgreSQLReplicas"];
    server.class_with("odd", json!({"defaultFor": ["PostgreSQL"]}), &features, status).await;
    let check = async |spec: Value, field: &str, part: &str| {
        let (code, _, answer) = server.post(IN_DEMO, database("x", spec)).await;
        let cause = &answer["details"]["causes"][0];
        assert_eq!((code, &cause["field"]), (422, &field.into()), "{answer}");
        assert!(cause["message"].as_str().unwrap().contains(part), "{answer}");
    };
    check(json!({"flavor": "Other"}), "spec.flavor", "supported values: \"PostgreSQL\"").await;
    check(json!({"instances": 2}), "spec.instances", "supported values: \"1\", \"3\"").await;
    let parameters = json!({"parametersRef": {"group": "example.com", "kind": "Other", "name": "a"}});
    check(parameters, "spec.parametersRef.kind", "\"Tuning.example.com\"").await;
    let (code, headers, answer) = server
        .post(IN_DEMO, database("a", json!({"flavor": "PostgreSQL", "instances": 3, "version": "16"})))
        .await;
    assert_eq!(code, 201, "{answer}");
    assert!(headers["warning"].to_str().unwrap().contains("is deprecated in class"), "{headers:?}");
}

#[tokio::test]
async fn what_a_server_loads_is_out_of_what_its_class_lists() {
    let server = Server::start().await;
    let features = ["PostgreSQL", "PostgreSQLParameters"];
    let status = json!({
        "engines": [{"kind": "PostgreSQL", "versions": [{"name": "17", "default": true}]}],
        "libraries": ["auto_explain", "pg_stat_statements"],
    });
    server.class_with("listed", json!({"defaultFor": ["PostgreSQL"]}), &features, status).await;
    let post = async |value: &str| {
        let parameters = json!({"parameters": {"shared_preload_libraries": value}});
        let (code, _, answer) =
            server.post(&format!("{IN_DEMO}?dryRun=All"), database("x", parameters)).await;
        (code, answer["message"].as_str().unwrap_or_default().to_owned())
    };
    assert_eq!(post("pg_stat_statements,auto_explain").await.0, 201);
    let (code, message) = post("pg_stat_statements,evil").await;
    assert_eq!(code, 422);
    assert!(message.contains("supported values: \"auto_explain\", \"pg_stat_statements\""), "{message}");
    let (code, message) = post("/tmp/evil.so").await;
    assert_eq!(code, 422);
    assert!(message.contains("bare names"), "{message}");
}

#[tokio::test]
async fn what_no_server_of_the_class_can_have_is_refused_with_its_field_and_too_much_room_is_warned_of() {
    let server = Server::start().await;
    let features = ["PostgreSQL", "PostgreSQLAdoption"];
    let status = json!({
        "resources": [{"name": "cpu", "minLimit": "50m", "maxRequest": "2"}],
        "referenceKinds": [{"field": "spec.adoptRef", "kind": "Secret"}],
        "storageCapacity": "50Gi",
    });
    server.class_with("small", json!({"defaultFor": ["PostgreSQL"]}), &features, status).await;
    for (spec, field) in [
        (json!({"resources": {"limits": {"cpu": "1m"}}}), "spec.resources.limits[cpu]"),
        (json!({"resources": {"requests": {"cpu": "3"}}}), "spec.resources.requests[cpu]"),
        (json!({"resources": {"limits": {"hugepages-2Mi": "4Mi"}}}), "spec.resources.limits[hugepages-2Mi]"),
        (json!({"adoptRef": {"kind": "ConfigMap", "name": "x"}}), "spec.adoptRef.kind"),
    ] {
        let (code, _, answer) = server.post(IN_DEMO, database("x", spec)).await;
        assert_eq!((code, &answer["details"]["causes"][0]["field"]), (422, &field.into()), "{answer}");
    }
    let (code, headers, _) = server.post(IN_DEMO, database("x", json!({"storage": {"size": "1Ei"}}))).await;
    assert_eq!(code, 201);
    assert!(headers["warning"].to_str().unwrap().contains("1Ei is more than the 50Gi"), "{headers:?}");
}

#[tokio::test]
async fn a_class_that_is_named_later_must_allow_the_namespace_too() {
    let server = Server::start().await;
    let (code, ..) = server.post(IN_DEMO, database("a", json!({}))).await;
    assert_eq!(code, 201);
    let selector =
        json!({"allowedNamespaces": {"from": "Selector", "selector": {"matchLabels": {"team": "x"}}}});
    server.class("theirs", selector, &["PostgreSQL"]).await;
    let name = json!({"spec": {"className": "theirs"}});
    let (code, _, answer) = server.merge(&format!("{IN_DEMO}/a"), name.clone()).await;
    assert_eq!((code, &answer["details"]["causes"][0]["field"]), (422, &"spec.className".into()), "{answer}");
    server.merge("/api/v1/namespaces/demo", json!({"metadata": {"labels": {"team": "x"}}})).await;
    let (code, _, answer) = server.merge(&format!("{IN_DEMO}/a"), name).await;
    assert_eq!(code, 200, "{answer}");
    let (code, _, answer) = server
        .post(
            CLASSES,
            json!({"metadata": {"name": "b"},
        "spec": {"controllerName": "example.com/x", "allowedNamespaces": {"from": "Same"}}}),
        )
        .await;
    assert_eq!(
        (code, &answer["details"]["causes"][0]["field"]),
        (422, &"spec.allowedNamespaces.from".into())
    );
}
