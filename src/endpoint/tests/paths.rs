//! What a path says, nothing else in the request takes back.

use super::*;
use crate::endpoint::is_unscoped;
use crate::pipeline::RequestInfo;
use crate::registry::settle_namespace;
use apimachinery::kind::Definition;

const WATCHED: &str = "/apis/wardle.example.com/v1/watch/namespaces/ns/flunders";

/// Authorization has seen the name in the path, so no selector may lead to another object.
#[tokio::test]
async fn a_selector_does_not_widen_a_watch_of_one_name() {
    let server = Server::start().await;
    for selector in ["metadata.name!%3Dx", "spec.reference%3Db", "metadata.name%3Db"] {
        let answer = server.get(&format!("{WATCHED}/a?fieldSelector={selector}&timeoutSeconds=1")).await;
        assert_eq!(answer.code, 400, "{selector}: {:?}", answer.bytes);
        assert_eq!(
            answer.json()["message"],
            "fieldSelector metadata.name doesn't match requested name",
            "{selector}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn the_watch_prefix_watches_and_is_only_read() {
    let server = Server::start().await;
    server.create("a").await;
    server.create("b").await;
    for query in ["", "&fieldSelector=metadata.name%3Da"] {
        let watched = server.get(&format!("{WATCHED}/a?timeoutSeconds=1{query}")).await;
        let event = watched.json();
        assert_eq!((&event["type"], &event["object"]["metadata"]["name"]), (&"ADDED".into(), &"a".into()));
    }
    for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
        for path in [WATCHED.to_owned(), format!("{WATCHED}/a")] {
            let answer = server.send(method.clone(), &path, &[], "").await;
            assert_eq!(answer.code, 405, "{method} {path}");
        }
    }
    assert_eq!(server.get(&of("b")).await.code, 200);
}

#[tokio::test]
async fn kubernetes_has_no_head_of_a_version() {
    let server = Server::start().await;
    let head = async |path: &str| server.send(Method::HEAD, path, &[], "").await.code.as_u16();
    for path in ["/apis/wardle.example.com/v1", "/apis/wardle.example.com/v1/", "/version"] {
        assert_eq!((server.get(path).await.code.as_u16(), head(path).await), (200, 405), "{path}");
    }
    for path in ["/", "/apis", "/apis/wardle.example.com", "/openapi/v2", "/openapi/v3", "/healthz"] {
        assert_eq!(head(path).await, 200, "{path}");
    }
}

const EVERY_METHOD: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// 405 says that there is something: clients then give up on the method, not on the path.
#[tokio::test]
async fn what_is_not_there_is_not_found_whatever_is_asked_of_it() {
    let server = Server::start().await;
    server.create("a").await;
    let version = "/apis/wardle.example.com/v1";
    for path in [
        format!("{version}/nothing"),
        format!("{version}/nothing/a"),
        format!("{version}/namespaces/ns/nothing/a"),
        format!("{version}/namespaces/ns/status"),
        format!("{version}/flunders/a"),
        format!("{version}/flunders/a/status"),
        format!("{version}/watch/flunders/a"),
        format!("{version}/watch/namespaces/ns/flunders/a/status"),
        "/apis/wardle.example.com/v9/flunders".into(),
        "/apis/none.example.com/v1/flunders".into(),
        "/apis/none.example.com".into(),
        "/nothing".into(),
        format!("/{}", of("a")),
        "//apis".into(),
        "//healthz".into(),
        "/healthz/".into(),
        "/openapi/v2/".into(),
        "/openapi/v3/".into(),
        format!("{}/nothing", of("a")),
        format!("{}/status/more", of("a")),
    ] {
        for method in EVERY_METHOD {
            let answer = server.send(method.parse().unwrap(), &path, &[], "").await;
            assert_eq!(answer.code, 404, "{method} {path}: {:?}", answer.bytes);
        }
    }
}

#[tokio::test]
async fn what_is_there_says_which_methods_it_does_not_take() {
    let server = Server::start().await;
    server.create("a").await;
    let everywhere = "/apis/wardle.example.com/v1/flunders".to_owned();
    for (path, methods) in [
        (everywhere, "POST PUT PATCH DELETE HEAD OPTIONS"),
        (BASE.to_owned(), "PUT PATCH HEAD OPTIONS"),
        (of("a"), "POST HEAD OPTIONS"),
        (format!("{}/status", of("a")), "POST DELETE HEAD OPTIONS"),
        (format!("{}/scale", of("a")), "POST DELETE HEAD OPTIONS"),
        ("/apis/wardle.example.com/v1".into(), "POST PUT PATCH DELETE OPTIONS"),
        ("/version".into(), "POST PUT PATCH DELETE OPTIONS"),
    ] {
        for method in methods.split(' ') {
            let answer = server.send(method.parse().unwrap(), &path, &[], "").await;
            assert_eq!(answer.code, 405, "{method} {path}: {:?}", answer.bytes);
        }
    }
}

/// A right within one namespace is none to another namespace itself.
#[test]
fn a_namespace_is_not_reached_through_another() {
    let definition = Definition { namespaced: false, plural: "namespaces", ..flunder::DEFINITION };
    for (path, reached) in [
        ("/api/v1/namespaces", true),
        ("/api/v1/namespaces/a", true),
        ("/api/v1/namespaces/a/status", true),
        ("/api/v1/namespaces/a/namespaces/b", false),
        ("/api/v1/namespaces/a/namespaces", false),
    ] {
        let info = RequestInfo::parse(&Method::GET, &path.parse().unwrap()).unwrap();
        assert_eq!(is_unscoped(&info, &definition), reached, "{path}");
    }
}

#[test]
fn what_lives_in_no_namespace_has_none() {
    let definition = Definition { namespaced: false, ..flunder::DEFINITION };
    let text = br#"{"metadata":{"name":"a","namespace":"x"}}"#;
    let (mut object, _) = (flunder::DEFINITION.versions[0].decode_json)(text).unwrap();
    settle_namespace(&definition, object.as_mut(), "").unwrap();
    assert_eq!(object.meta().namespace, "");
}

#[tokio::test]
async fn what_a_read_carries_along_is_not_what_a_write_needs() {
    let server = Server::start().await;
    let request = Request::builder().uri(BASE).body(RequestBody::from(Bytes::new())).unwrap();
    let size = size_of_val(&server.client.send(request));
    assert!(size < 5 << 10, "{size} bytes");
}
