//! What becomes of what somebody writes: defaults, refusals, warnings, and what goes with a namespace.

use super::*;

#[tokio::test]
async fn what_a_class_does_not_offer_is_refused_by_field_and_feature() {
    let server = Server::start().await;
    server.class("small", json!({"defaultFor": ["PostgreSQL"]}), &["PostgreSQL"]).await;
    server.class("pooled", json!({}), &["PostgreSQL", "PostgreSQLConnectionPooling"]).await;
    let (code, _, answer) =
        server.post(IN_DEMO, database("a", json!({"pooling": {"mode": "Session"}}))).await;
    assert_eq!(code, 422);
    let cause = &answer["details"]["causes"][0];
    assert_eq!(
        (&cause["field"], &cause["reason"]),
        (&"spec.pooling.mode".into(), &"FieldValueNotSupported".into())
    );
    assert_eq!(
        cause["message"],
        "feature \"PostgreSQLConnectionPooling\" is not supported by class \"small\" (classes that support it: pooled)"
    );
    let (code, _, _) =
        server.post(IN_DEMO, database("a", json!({"pooling": {"mode": "Disabled"}, "instances": 1}))).await;
    assert_eq!(code, 201);
    let (code, _, _) = server.merge(&format!("{IN_DEMO}/a"), json!({"spec": {"instances": 2}})).await;
    assert_eq!(code, 422);
}

#[tokio::test]
async fn a_class_that_warns_lets_it_pass() {
    let server = Server::start().await;
    server.class("lax", json!({"unsupportedFieldPolicy": "Warn"}), &["PostgreSQL"]).await;
    let object = database("a", json!({"className": "lax", "instances": 3}));
    let (code, headers, _) = server.post(IN_DEMO, object).await;
    assert_eq!(code, 201);
    assert!(headers["warning"].to_str().unwrap().contains("PostgreSQLReplicas"));
}

#[tokio::test]
async fn defaults_are_written_into_the_object_with_where_they_come_from() {
    let server = Server::start().await;
    let spec = json!({"defaultFor": ["PostgreSQL"], "defaults": {"deletionPolicy": "Delete"}});
    server.class("standard", spec, &["PostgreSQL"]).await;
    let (_, _, object) = server.post(IN_DEMO, database("a", json!({}))).await;
    assert_eq!(object["spec"]["className"], "standard");
    assert_eq!(object["spec"]["version"], "17");
    assert_eq!(object["spec"]["deletionPolicy"], "Delete");
    assert_eq!(object["spec"]["databases"][0]["owner"], "app");
    let provenance =
        object["metadata"]["annotations"]["databases.standard.k8s.io/defaulted"].as_str().unwrap();
    let provenance: Value = serde_json::from_str(provenance).unwrap();
    assert_eq!(provenance["spec.version"], "DatabaseClass/standard");
}

#[tokio::test]
async fn versions_limits_and_immutable_fields_are_held() {
    let server = Server::start().await;
    let spec = json!({"defaultFor": ["PostgreSQL"], "limits": {"maxStorageSize": "10Gi"}});
    server.class("standard", spec, &["PostgreSQL"]).await;
    let check = async |spec: Value, field: &str| {
        let (code, _, answer) = server.post(IN_DEMO, database("x", spec)).await;
        assert_eq!((code, &answer["details"]["causes"][0]["field"]), (422, &field.into()), "{answer}");
    };
    check(json!({"version": "12"}), "spec.version").await;
    check(json!({"storage": {"size": "20Gi"}}), "spec.storage.size").await;
    check(json!({"parameters": {"port": "1"}}), "spec.parameters[port]").await;
    server.post(IN_DEMO, database("a", json!({}))).await;
    let (code, _, answer) =
        server.merge(&format!("{IN_DEMO}/a"), json!({"spec": {"className": "other"}})).await;
    assert_eq!(code, 422);
    assert!(answer["message"].as_str().unwrap().contains("field is immutable"), "{answer}");
}

#[tokio::test]
async fn the_order_of_keyed_lists_needs_no_feature() {
    let server = Server::start().await;
    let features = ["PostgreSQL", "PostgreSQLMultipleDatabases", "PostgreSQLExtensions", "PostgreSQLUsers"];
    server.class("full", json!({"defaultFor": ["PostgreSQL"]}), &features).await;
    let extensions = json!([{"name": "citext"}, {"name": "hstore"}]);
    let (one, two) = (
        json!({"name": "one", "owner": "one", "extensions": extensions}),
        json!({"name": "two", "owner": "two"}),
    );
    let users = [json!({"name": "u"}), json!({"name": "v"})];
    let spec = json!({"databases": [one, two], "users": users});
    let (code, _, answer) = server.post(IN_DEMO, database("a", spec)).await;
    assert_eq!(code, 201, "{answer}");
    let fewer = json!({"status": {"supportedFeatures": [{"name": "PostgreSQL"}]}});
    server.merge(&format!("{CLASSES}/full/status"), fewer.clone()).await;
    let turned = json!({"spec": {"databases": [two, one], "users": [users[1], users[0]]}});
    let (code, _, answer) = server.merge(&format!("{IN_DEMO}/a"), turned).await;
    assert_eq!(code, 200, "{answer}");
    let quiet = json!({"spec": {"users": [{"name": "u", "attributes": ["NoLogin"]}, {"name": "v", "attributes": ["CreateDB"]}]}});
    let all = json!({"status": {"supportedFeatures": features.map(|name| json!({"name": name}))}});
    server.merge(&format!("{CLASSES}/full/status"), all).await;
    let (code, _, answer) = server.merge(&format!("{IN_DEMO}/a"), quiet).await;
    let causes = answer["details"]["causes"].as_array().map_or(0, Vec::len);
    let field = &answer["details"]["causes"][0]["field"];
    assert_eq!((code, causes, field), (422, 1, &"spec.users[1].attributes".into()), "{answer}");
    server.merge(&format!("{CLASSES}/full/status"), fewer).await;
    let more = json!({"spec": {"users": [users[0], users[1], {"name": "w"}]}});
    let (code, _, answer) = server.merge(&format!("{IN_DEMO}/a"), more).await;
    assert_eq!((code, &answer["details"]["causes"][0]["field"]), (422, &"spec.users".into()), "{answer}");
}

#[tokio::test]
async fn scale_to_zero_stops_and_keeps_the_number() {
    let server = Server::start().await;
    server
        .class(
            "any",
            json!({"defaultFor": ["PostgreSQL"]}),
            &["PostgreSQL", "PostgreSQLReplicas", "PostgreSQLStop"],
        )
        .await;
    server.post(IN_DEMO, database("a", json!({"instances": 3}))).await;
    let path = format!("{IN_DEMO}/a");
    let (code, _, scale) = server.merge(&format!("{path}/scale"), json!({"spec": {"replicas": 0}})).await;
    assert_eq!((code, &scale["kind"]), (200, &"Scale".into()));
    let (_, object) = server.get(&path).await;
    assert_eq!((&object["spec"]["state"], &object["spec"]["instances"]), (&"Stopped".into(), &3.into()));
    server.merge(&format!("{path}/scale"), json!({"spec": {"replicas": 2}})).await;
    let (_, object) = server.get(&path).await;
    assert_eq!((&object["spec"]["state"], &object["spec"]["instances"]), (&"Running".into(), &2.into()));
}

#[tokio::test]
async fn who_applies_a_scale_owns_what_says_the_number() {
    let server = Server::start().await;
    let features = ["PostgreSQL", "PostgreSQLReplicas", "PostgreSQLStop"];
    server.class("any", json!({"defaultFor": ["PostgreSQL"]}), &features).await;
    server.post(IN_DEMO, database("a", json!({"instances": 3}))).await;
    let path = format!("{IN_DEMO}/a");
    let apply = async |query: &str, replicas: i32| {
        let scale = json!({"apiVersion": "autoscaling/v1", "kind": "Scale", "spec": {"replicas": replicas}});
        let path = format!("{path}/scale?fieldManager=scaler{query}");
        server.send(Method::PATCH, &path, "application/apply-patch+yaml", scale.to_string()).await
    };
    let owned = async || {
        let (_, object) = server.get(&path).await;
        let entries = object["metadata"]["managedFields"].as_array().cloned().unwrap_or_default();
        let own = entries.into_iter().find(|entry| entry["subresource"] == "scale").unwrap_or_default();
        let spec = &object["spec"];
        json!([spec["state"], spec["instances"], own["apiVersion"], own["fieldsV1"]["f:spec"]])
    };
    // Who said three is asked before the database is stopped.
    let (code, _, answer) = apply("", 0).await;
    assert_eq!((code, &answer["details"]["causes"][0]["field"]), (409, &".spec.replicas".into()), "{answer}");
    assert_eq!(apply("&force=true", 0).await.0, 200);
    let version = "databases.standard.k8s.io/v1";
    assert_eq!(owned().await, json!(["Stopped", 3, version, {"f:state": {}}]));
    assert_eq!(apply("", 2).await.0, 200);
    let both = json!(["Running", 2, version, {"f:instances": {}, "f:state": {}}]);
    assert_eq!(owned().await, both);
    assert_eq!(apply("", 2).await.0, 200);
    assert_eq!(owned().await, both);
}

#[tokio::test]
async fn nothing_is_created_where_no_namespace_is() {
    let server = Server::start().await;
    let missing = "/apis/databases.standard.k8s.io/v1/namespaces/nowhere/postgresqls";
    let (code, _, answer) = server.post(missing, database("a", json!({}))).await;
    assert_eq!((code, &answer["message"]), (404, &"namespaces \"nowhere\" not found".into()));
}

#[tokio::test]
async fn config_maps_and_secrets_are_overwritten_by_who_does_not_say_what_he_has_seen() {
    let server = Server::start().await;
    for plural in ["configmaps", "secrets"] {
        let collection = format!("/api/v1/namespaces/demo/{plural}");
        assert_eq!(server.post(&collection, json!({"metadata": {"name": "c"}})).await.0, 201);
        let body = json!({"metadata": {"name": "c", "labels": {"over": "written"}}}).to_string();
        let (code, _, written) =
            server.send(Method::PUT, &format!("{collection}/c"), "application/json", body).await;
        assert_eq!((code, &written["metadata"]["labels"]["over"]), (200, &"written".into()));
    }
}

#[tokio::test(start_paused = true)]
async fn a_namespace_goes_with_everything_in_it_but_waits_for_what_forbids_it() {
    let server = Server::start().await;
    server.post("/api/v1/namespaces/demo/configmaps", json!({"metadata": {"name": "c"}})).await;
    server.post("/api/v1/namespaces/demo/secrets", json!({"metadata": {"name": "s"}})).await;
    let keep = database("keep", json!({"deletionPolicy": "Forbid"}));
    assert_eq!(server.post(IN_DEMO, keep).await.0, 201);
    let namespace = "/api/v1/namespaces/demo";
    let (code, _, answer) = server.send(Method::DELETE, namespace, "application/json", String::new()).await;
    assert_eq!((code, &answer["status"]["phase"]), (200, &"Terminating".into()));
    let (code, _, refused) = server.post(IN_DEMO, database("late", json!({}))).await;
    assert_eq!((code, &refused["details"]["causes"][0]["reason"]), (403, &"NamespaceTerminating".into()));
    server.gone(&format!("{namespace}/configmaps/c")).await;
    assert_eq!(server.get(namespace).await.0, 200);
    let secret = server.get(&format!("{namespace}/secrets/s")).await.0;
    assert_eq!(secret, 200, "what opens a database stays as long as that");
    let remaining = server.condition(namespace, "NamespaceContentRemaining", "True", "SomeResourcesRemain");
    assert_eq!(
        remaining.await,
        "Some resources are remaining: postgresqls.databases.standard.k8s.io has 1 resource instances"
    );
    let failed =
        server.condition(namespace, "NamespaceDeletionContentFailure", "True", "ContentDeletionFailed");
    let failed = failed.await;
    assert!(failed.starts_with("Failed to delete all resource types, 1 remaining: "), "{failed}");
    assert!(failed.contains("spec.deletionPolicy is Forbid"), "{failed}");
    let fine = server.condition(namespace, "NamespaceFinalizersRemaining", "False", "ContentHasNoFinalizers");
    assert_eq!(fine.await, "All content-preserving finalizers finished");
    server.merge(&format!("{IN_DEMO}/keep"), json!({"spec": {"deletionPolicy": "Retain"}})).await;
    server.gone(namespace).await;
}
