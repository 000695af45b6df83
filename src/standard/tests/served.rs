//! What is applied, stored and shown of a database: its defaults are nobody's, and what is said in other words is the same.

use super::*;

const APPLY: &str = "application/apply-patch+yaml";

async fn applied(server: &Server, spec: &Value) -> Value {
    let config = json!({
        "apiVersion": "databases.standard.k8s.io/v1", "kind": "PostgreSQL", "metadata": {"name": "a"}, "spec": spec,
    });
    let path = format!("{IN_DEMO}/a?fieldManager=me&force=true");
    let (code, _, object) = server.send(Method::PATCH, &path, APPLY, config.to_string()).await;
    assert!(matches!(code, 200 | 201), "{object}");
    object
}

#[tokio::test]
async fn defaults_are_not_the_appliers() {
    let server = Server::start().await;
    server.class("standard", json!({"defaultFor": ["PostgreSQL"]}), &["PostgreSQL"]).await;
    let object = applied(&server, &json!({"storage": {"size": "1Gi"}})).await;
    assert_eq!(
        (&object["spec"]["version"], &object["spec"]["databases"][0]["name"]),
        (&"17".into(), &"app".into())
    );
    let entries = object["metadata"]["managedFields"].as_array().unwrap();
    let mine: Vec<&Value> = entries.iter().filter(|entry| entry["manager"] == "me").collect();
    assert_eq!((mine.len(), &mine[0]["operation"]), (1, &"Apply".into()));
    assert_eq!(mine[0]["fieldsV1"], json!({"f:spec": {"f:storage": {"f:size": {}}}}));
}

#[tokio::test(start_paused = true)]
async fn who_applies_the_same_in_other_words_writes_nothing() {
    let server = Server::start().await;
    let features = ["PostgreSQL", "PostgreSQLMultipleDatabases", "PostgreSQLExtensions", "PostgreSQLUsers"];
    server.class("full", json!({"defaultFor": ["PostgreSQL"]}), &features).await;
    let databases = json!([{"name": "one", "owner": "one", "extensions": [{"name": "citext"}]}]);
    let spec = json!({"storage": {"size": "1024Mi"}, "databases": databases, "users": [{"name": "u"}]});
    let first = applied(&server, &spec).await;
    assert_eq!(first["spec"]["storage"]["size"], "1Gi");
    let version = |object: &Value| object["metadata"]["resourceVersion"].clone();
    // Controllers may write the status meanwhile; once they do not, nothing is written at all.
    let (before, after) = server
        .until("nothing is written", async || {
            let (_, before) = server.get(&format!("{IN_DEMO}/a")).await;
            let after = applied(&server, &spec).await;
            (version(&before) == version(&after)).then_some((before, after))
        })
        .await;
    assert_eq!(before, after);
    assert_eq!(after["metadata"]["generation"], first["metadata"]["generation"]);
}

#[tokio::test]
async fn what_was_stored_before_there_was_a_default_is_read_with_it() {
    let server = Server::start().await;
    let stored = r#"{"kind":"PostgreSQL","apiVersion":"databases.standard.k8s.io/v1","metadata":{"name":"old",
        "namespace":"demo","uid":"u","creationTimestamp":"2026-01-02T03:04:05Z"},"spec":{"storage":{"size":"1Gi"}}}"#;
    let stored = stored.replace("\n        ", "");
    let key = "/databases.standard.k8s.io/postgresqls/demo/old";
    server.storage.create(key, stored.into()).await.unwrap();
    let (code, object) = server.get(&format!("{IN_DEMO}/old")).await;
    assert_eq!(
        (code, &object["spec"]["databases"]),
        (200, &json!([{"name": "app", "owner": "app"}])),
        "{object}"
    );
}

#[tokio::test]
async fn fields_select_and_columns_show_in_every_version() {
    let server = Server::start().await;
    server.class("standard", json!({"defaultFor": ["PostgreSQL"]}), &["PostgreSQL"]).await;
    server.class("other", json!({}), &["PostgreSQL"]).await;
    server.post(IN_DEMO, database("a", json!({}))).await;
    server.post(IN_DEMO, database("b", json!({"className": "other"}))).await;
    let mut shown = Vec::new();
    for version in ["v1", "v1alpha1"] {
        let path = IN_DEMO.replace("/v1/", &format!("/{version}/"));
        let (_, list) = server.get(&format!("{path}?fieldSelector=spec.className%3Dother")).await;
        let names: Vec<&Value> =
            list["items"].as_array().unwrap().iter().map(|item| &item["metadata"]["name"]).collect();
        assert_eq!(names, ["b"], "{version}");
        let (code, answer) = server.get(&format!("{path}?fieldSelector=spec.none%3Dx")).await;
        assert_eq!(code, 400);
        let request = Request::get(&path).header("accept", "application/json;as=Table;v=v1;g=meta.k8s.io");
        let request = request.body(RequestBody::empty()).unwrap();
        let bytes = server.client.send(request).await.into_body().collect().await.unwrap().to_bytes();
        let table: Value = serde_json::from_slice(&bytes).unwrap();
        shown.push((answer["message"].clone(), table["columnDefinitions"].clone()));
    }
    assert_eq!(shown[0], shown[1]);
}

#[tokio::test(start_paused = true)]
async fn a_deprecated_version_warns_whatever_comes_of_the_request() {
    let server = Server::start().await;
    server.class("standard", json!({"defaultFor": ["PostgreSQL"]}), &["PostgreSQL"]).await;
    server.post(IN_DEMO, database("a", json!({}))).await;
    let get = async |path: &str| {
        let request = Request::get(path).body(RequestBody::empty()).unwrap();
        let (parts, body) = server.client.send(request).await.into_parts();
        let text = body.collect().await.unwrap().to_bytes();
        (parts.status.as_u16(), parts.headers, String::from_utf8(text.to_vec()).unwrap())
    };
    let words = "databases.standard.k8s.io/v1alpha1 PostgreSQL is deprecated; use databases.standard.k8s.io/v1 PostgreSQL";
    for (path, code) in [
        (IN_DEMO.to_owned(), 200),
        (format!("{IN_DEMO}/a"), 200),
        (format!("{IN_DEMO}/a/scale"), 200),
        (format!("{IN_DEMO}?watch=true&timeoutSeconds=1"), 200),
        (format!("{IN_DEMO}/none"), 404),
        (format!("{IN_DEMO}?limit=x"), 400),
    ] {
        let (found, headers, text) = get(&path).await;
        assert!(found == code && !headers.contains_key("warning"), "{path}: {text}");
        let (found, headers, text) = get(&path.replace("/v1/", "/v1alpha1/")).await;
        assert_eq!(found, code, "{path}: {text}");
        assert_eq!(headers["warning"], format!("299 - \"{words}\""), "{path}");
    }
    let (_, _, metrics) = get("/metrics").await;
    for subresource in ["", "scale"] {
        let labels = format!(
            r#"group="databases.standard.k8s.io",version="v1alpha1",resource="postgresqls",subresource="{subresource}",removed_release="""#
        );
        assert!(metrics.contains(&format!("apiserver_requested_deprecated_apis{{{labels}}} 1")), "{metrics}");
    }
    assert!(!metrics.contains(r#"apis{group="databases.standard.k8s.io",version="v1","#));
}
