//! What a patch may not do.

use super::*;

const JSON_PATCH: &[(&str, &str)] = &[("content-type", "application/json-patch+json")];
const MERGE_PATCH: &[(&str, &str)] = &[("content-type", "application/merge-patch+json")];

#[tokio::test]
async fn names_that_stand_twice_in_a_patch_warn_or_fail() {
    let server = Server::start().await;
    server.create("a").await;
    let text = r#"{"spec":{"count":5,"count":6}}"#;
    let answer = server.send(Method::PATCH, &of("a"), MERGE_PATCH, text).await;
    assert_eq!((answer.code.as_u16(), &answer.json()["spec"]["count"]), (200, &6.into()));
    assert_eq!(answer.headers["warning"], r#"299 - "duplicate field \"spec.count\"""#);
    let strict = format!("{}?fieldValidation=Strict", of("a"));
    let answer = server.send(Method::PATCH, &strict, MERGE_PATCH, text).await;
    assert_eq!(answer.code, 422);
    let ignore = format!("{}?fieldValidation=Ignore", of("a"));
    let answer = server.send(Method::PATCH, &ignore, MERGE_PATCH, text).await;
    assert!(answer.code == 200 && !answer.headers.contains_key("warning"));
    let text = r#"[{"op":"add","path":"/spec/count","value":6,"extra":1,"extra":2}]"#;
    let answer = server.send(Method::PATCH, &of("a"), JSON_PATCH, text).await;
    let warnings: Vec<_> = answer.headers.get_all("warning").iter().collect();
    assert_eq!(
        warnings,
        [
            r#"299 - "json patch duplicate field \"[0].extra\"""#,
            r#"299 - "json patch unknown field \"[0].extra\"""#
        ]
    );
    assert_eq!(server.send(Method::PATCH, &strict, JSON_PATCH, text).await.code, 422);
}

/// `kubectl label --overwrite` and many scripts replace without looking.
#[tokio::test]
async fn a_label_that_is_absent_is_replaced() {
    let server = Server::start().await;
    let mut object = flunder("a");
    object["metadata"]["labels"] = json!({"x": "1"});
    server.post(BASE, &object).await;
    let text = r#"[{"op":"replace","path":"/metadata/labels/new","value":"y"}]"#;
    let answer = server.send(Method::PATCH, &of("a"), JSON_PATCH, text).await;
    assert_eq!(answer.json()["metadata"]["labels"], json!({"x": "1", "new": "y"}), "{:?}", answer.bytes);
}

/// What is wrong with a patch is said only where there is something to patch.
#[tokio::test]
async fn what_is_absent_is_not_found_whatever_the_patch_says() {
    let server = Server::start().await;
    for (text, code) in [(r#"{"op":"add"}"#, 404), ("[1]", 404), ("{", 400), ("", 400)] {
        let answer = server.send(Method::PATCH, &of("none"), JSON_PATCH, text).await;
        assert_eq!(answer.code, code, "{text}: {:?}", answer.bytes);
    }
}

#[tokio::test]
async fn media_types_are_written_in_any_case() {
    let server = Server::start().await;
    server.create("a").await;
    for media in ["Application/Merge-Patch+JSON", "application/MERGE-PATCH+json; Charset=UTF-8"] {
        let answer = server.send(Method::PATCH, &of("a"), &[("content-type", media)], "{}").await;
        assert_eq!(answer.code, 200, "{media}");
    }
    let body = flunder("b").to_string();
    let answer = server.send(Method::POST, BASE, &[("content-type", "APPLICATION/JSON ;a=b")], body).await;
    assert_eq!(answer.code, 201);
}

#[tokio::test]
async fn copies_of_copies_end_at_three_megabytes() {
    let server = Server::start().await;
    let mut object = flunder("a");
    object["metadata"]["annotations"] = json!({"note": "x".repeat(100_000)});
    server.post(BASE, &object).await;
    let doubling = json!([{"op": "add", "path": "/spec/reference", "value": "x"},
        {"op": "copy", "from": "/metadata/annotations", "path": "/metadata/labels"}]);
    let mut operations = doubling.as_array().unwrap().clone();
    for number in 0..40 {
        let path = format!("/metadata/annotations/n{number}");
        operations.push(json!({"op": "copy", "from": "/metadata/annotations", "path": path}));
    }
    let answer = server.send(Method::PATCH, &of("a"), JSON_PATCH, Value::Array(operations).to_string()).await;
    let message = answer.json()["message"].to_string();
    assert_eq!(answer.code, 422, "{message}");
    assert!(message.contains("exceeding the limit 3145728"), "{message}");
}

#[tokio::test]
async fn a_patch_that_does_not_fit_is_unprocessable() {
    let server = Server::start().await;
    server.create("a").await;
    for text in [
        r#"[{"op":"test","path":"/spec/count","value":7}]"#,
        r#"[{"op":"remove","path":"/spec/none"}]"#,
        r#"[{"op":"replace","path":"/spec/none/0","value":1}]"#,
        r#"[{"op":"replace","path":"","value":[]}]"#,
        r#"[{"op":"add","path":"/spec/count","value":"x"}]"#,
        r#"[{"op":"jump","path":"/spec"}]"#,
        r#"[{"op":"add"}]"#,
        r#"[{"op":"replace","path":"","value":null}]"#,
        r#"[{"op":"replace","path":"/kind","value":"Other"}]"#,
    ] {
        let answer = server.send(Method::PATCH, &of("a"), JSON_PATCH, text).await;
        assert_eq!(answer.code, 422, "{text}: {:?}", answer.bytes);
    }
    for text in ["", "{", "null", "[]", "1", "[1]", r#"{"op":"add"}"#, r#"[{"op":1}]"#] {
        let headers = if matches!(text, "[]" | "null") { MERGE_PATCH } else { JSON_PATCH };
        let answer = server.send(Method::PATCH, &of("a"), headers, text).await;
        assert_eq!(answer.code, 400, "{text}: {:?}", answer.bytes);
    }
}

#[tokio::test]
async fn a_test_for_null_holds_where_nothing_is() {
    let server = Server::start().await;
    server.create("a").await;
    let patch = async |operations: Value| {
        server.send(Method::PATCH, &of("a"), JSON_PATCH, operations.to_string()).await
    };
    let absent = json!({"op": "test", "path": "/metadata/labels", "value": null});
    let add = json!({"op": "add", "path": "/metadata/labels", "value": {"x": "y"}});
    assert_eq!(patch(json!([absent, add])).await.code, 200);
    let refused = patch(json!([{"op": "test", "path": "/metadata/name", "value": "a"}, absent])).await;
    let message = refused.json()["message"].to_string();
    assert_eq!(refused.code, 422, "{message}");
    assert!(message.contains("testing value /metadata/labels failed: test failed"), "{message}");
    let nowhere = json!([{"op": "test", "path": "/metadata/none/at/all", "value": null}]);
    assert_eq!(patch(nowhere).await.code, 422);
    assert_eq!(server.get(&of("a")).await.json()["metadata"]["labels"], json!({"x": "y"}));
}
