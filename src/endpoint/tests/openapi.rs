//! Documents of OpenAPI: forms, hashes and what may be kept.

use super::*;

const DOCUMENT: &str = "/openapi/v3/apis/wardle.example.com/v1";
const PROTOBUF: &str = "application/com.github.proto-openapi.spec.v3.v1.0+protobuf";

async fn accepted(server: &Server, path: &str, accept: &str) -> (u16, String) {
    let answer = server.send(Method::GET, path, &[("accept", accept)], "").await;
    let media = answer.headers.get("content-type").map(|media| media.to_str().unwrap().to_owned());
    (answer.code.as_u16(), media.unwrap_or_default())
}

#[tokio::test]
async fn a_document_is_answered_in_the_form_that_counts_most() {
    let server = Server::start().await;
    let json = (200, "application/json".to_owned());
    let protobuf = (200, PROTOBUF.to_owned());
    for (accept, expected) in [
        ("*/*", &json),
        ("application/json", &json),
        (PROTOBUF, &protobuf),
        ("application/com.github.proto-openapi.spec.v3@v1.0+protobuf", &protobuf),
        (&*format!("application/json;q=0.5, {PROTOBUF}"), &protobuf),
        (&*format!("{PROTOBUF};q=0.5, application/json"), &json),
        (&*format!("*/*, {PROTOBUF}"), &protobuf),
    ] {
        assert_eq!(accepted(&server, DOCUMENT, accept).await, *expected, "{accept}");
    }
    assert_eq!(accepted(&server, DOCUMENT, "text/html").await.0, 406);
    assert_eq!(accepted(&server, "/openapi/v3", PROTOBUF).await, json);
    let message = server.send(Method::GET, DOCUMENT, &[("accept", PROTOBUF)], "").await.bytes;
    assert!(message.starts_with(b"\x0a\x053.0.0"), "{message:?}");
}

#[tokio::test]
async fn an_old_hash_leads_to_the_document_of_now_and_the_present_one_may_be_kept() {
    let server = Server::start().await;
    let index = server.get("/openapi/v3").await.json();
    let url = index["paths"]["apis/wardle.example.com/v1"]["serverRelativeURL"].as_str().unwrap().to_owned();
    let present = server.get(&url).await;
    assert_eq!(
        (present.code.as_u16(), &present.headers["cache-control"]),
        (200, &"public, immutable".parse().unwrap())
    );
    assert!(present.headers["expires"].to_str().unwrap().ends_with(" GMT"));
    assert!(present.headers["vary"].to_str().unwrap().contains("Accept"));
    let old = server.get(&format!("{DOCUMENT}?hash=0123")).await;
    assert_eq!((old.code.as_u16(), old.headers["location"].to_str().unwrap()), (301, &*url));
    assert!(!old.headers.contains_key("expires"));
    let plain = server.get(DOCUMENT).await;
    assert!(plain.code == 200 && !plain.headers.contains_key("expires"));
    let tag = plain.headers["etag"].to_str().unwrap();
    let known = server.send(Method::GET, &url, &[("if-none-match", tag)], "").await;
    assert_eq!((known.code.as_u16(), known.bytes.len()), (304, 0));
}

#[tokio::test]
async fn who_comes_through_a_proxy_gets_the_document_of_now_and_no_redirect() {
    let server = Server::start().await;
    let old = format!("{DOCUMENT}?hash=0123");
    let answer = server.send(Method::GET, &old, &[("x-forwarded-for", "192.0.2.1")], "").await;
    assert_eq!((answer.code.as_u16(), &answer.bytes), (200, &server.get(DOCUMENT).await.bytes));
    for header in ["expires", "location"] {
        assert!(!answer.headers.contains_key(header), "{header}");
    }
    assert_eq!(answer.headers["cache-control"], "no-cache, private");
}

#[tokio::test]
async fn the_second_document_has_its_forms_and_only_paths_of_the_group() {
    let server = Server::start().await;
    let json = (200, "application/json".to_owned());
    let v2 = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";
    let protobuf = (200, v2.to_owned());
    for (accept, expected) in [
        ("", &json),
        ("*/*", &json),
        ("application/json", &json),
        (v2, &protobuf),
        ("application/com.github.proto-openapi.spec.v2@v1.0+protobuf", &protobuf),
    ] {
        assert_eq!(accepted(&server, "/openapi/v2", accept).await, *expected, "{accept}");
    }
    assert_eq!(accepted(&server, "/openapi/v2", "text/html").await.0, 406);
    let plain = server.get("/openapi/v2").await;
    let tag = plain.headers["etag"].to_str().unwrap();
    let hash = tag.trim_matches('"');
    assert!(tag.len() == hash.len() + 2 && hash.len() == 128 && hash == hash.to_uppercase(), "{tag}");
    assert!(plain.headers["vary"].to_str().unwrap().contains("Accept"));
    let document = plain.json();
    let paths = document["paths"].as_object().unwrap();
    assert!(!paths.is_empty() && paths.keys().all(|path| path.starts_with("/apis/wardle.example.com/")));
    let kind = json!([{"group": "wardle.example.com", "version": "v1", "kind": "Flunder"}]);
    let definitions = document["definitions"].as_object().unwrap();
    assert!(definitions.values().any(|schema| schema["x-kubernetes-group-version-kind"] == kind));
    assert!(definitions.keys().all(|name| !name.contains('/')));
    let index = server.get("/openapi/v3").await.json();
    let keys: Vec<&String> = index["paths"].as_object().unwrap().keys().collect();
    assert!(keys.iter().all(|key| key.starts_with("apis/wardle.example.com")), "{keys:?}");
}
