//! Get, list, forms.

use super::*;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

async fn names(server: &Server, path: &str) -> Vec<String> {
    let list = server.get(path).await.json();
    let items = list["items"].as_array().unwrap_or_else(|| panic!("{list}")).clone();
    items.iter().map(|item| item["metadata"]["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn an_empty_list_has_items_and_a_version() {
    let server = Server::start().await;
    let list = server.get(BASE).await.json();
    assert_eq!((&list["kind"], &list["items"]), (&"FlunderList".into(), &json!([])));
    assert!(list["metadata"]["resourceVersion"].is_string());
}

#[tokio::test]
async fn lists_are_selected_and_ordered() {
    let server = Server::start().await;
    for name in ["b", "a", "c"] {
        let mut object = flunder(name);
        object["metadata"]["labels"] = json!({"name": name});
        server.post(BASE, &object).await;
    }
    assert_eq!(names(&server, BASE).await, ["a", "b", "c"]);
    assert_eq!(names(&server, &format!("{BASE}?labelSelector=name%20in%20(a,c)")).await, ["a", "c"]);
    assert_eq!(names(&server, &format!("{BASE}?fieldSelector=spec.reference%3Db")).await, ["b"]);
    assert_eq!(server.get(&format!("{BASE}?fieldSelector=spec.no%3Db")).await.code, 400);
    assert_eq!(server.get(&format!("{BASE}?labelSelector=a%20b")).await.code, 400);
    assert_eq!(server.get(&format!("{BASE}?limit=x")).await.code, 400);
    let items = server.get(BASE).await.json()["items"].clone();
    assert_eq!((items[0].get("kind"), items[0].get("apiVersion")), (None, None));
}

/// With a limit, a resource version says the state that all pages are of.
#[tokio::test]
async fn a_list_of_one_name_has_no_pages_and_is_of_the_newest_state() {
    let server = Server::start().await;
    let first = server.create("a").await["metadata"]["resourceVersion"].as_str().unwrap().to_owned();
    server.create("b").await;
    let of_b = format!("{BASE}?fieldSelector=metadata.name%3Db&limit=1&resourceVersion={first}");
    assert_eq!(names(&server, &of_b).await, ["b"]);
    assert_eq!(names(&server, &format!("{of_b}&resourceVersionMatch=Exact")).await, [""; 0]);
    assert_eq!(names(&server, &format!("{BASE}?limit=2&resourceVersion={first}")).await, ["a"]);
}

#[tokio::test]
async fn pages_are_of_one_state() {
    let server = Server::start().await;
    for index in 0..7 {
        server.create(&format!("f{index}")).await;
    }
    let first = server.get(&format!("{BASE}?limit=3")).await.json();
    assert_eq!(first["metadata"]["remainingItemCount"], 4);
    server.create("f00").await;
    let mut seen = first["items"].as_array().unwrap().len();
    let mut token = first["metadata"]["continue"].as_str().unwrap().to_owned();
    while !token.is_empty() {
        let page = server.get(&format!("{BASE}?limit=3&continue={token}")).await.json();
        assert_eq!(page["metadata"]["resourceVersion"], first["metadata"]["resourceVersion"]);
        seen += page["items"].as_array().unwrap().len();
        token = page["metadata"]["continue"].as_str().unwrap_or_default().to_owned();
    }
    assert_eq!(seen, 7);
    assert_eq!(server.get(&format!("{BASE}?continue=nonsense")).await.code, 400);
}

#[tokio::test]
async fn the_state_at_a_version_is_kept() {
    let server = Server::start().await;
    let old = server.create("a").await["metadata"]["resourceVersion"].as_str().unwrap().to_owned();
    server.create("b").await;
    let exact = format!("{BASE}?resourceVersion={old}&resourceVersionMatch=Exact");
    assert_eq!(names(&server, &exact).await, ["a"]);
    assert_eq!(names(&server, &format!("{BASE}?resourceVersion={old}")).await, ["a", "b"]);
    assert_eq!(names(&server, &format!("{BASE}?resourceVersion=0&limit=1")).await, ["a", "b"]);
    for wrong in [
        "resourceVersionMatch=Exact",
        "resourceVersion=0&resourceVersionMatch=Exact",
        "sendInitialEvents=true",
    ] {
        assert_eq!(server.get(&format!("{BASE}?{wrong}")).await.code, 422, "{wrong}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_future_is_not_listed() {
    let server = Server::start().await;
    let answer = server.get(&format!("{BASE}?resourceVersion=1000")).await;
    assert_eq!(answer.code, 504);
    assert_eq!(answer.json()["details"]["causes"][0]["reason"], "ResourceVersionTooLarge");
    assert_eq!(answer.headers["retry-after"], "1");
}

#[tokio::test]
async fn forms_of_one_object() {
    let server = Server::start().await;
    server.create("a").await;
    let accept =
        async |path: &str, accept: &str| server.send(Method::GET, path, &[("accept", accept)], "").await;
    let table = accept(BASE, "application/json;as=Table;v=v1;g=meta.k8s.io").await.json();
    assert_eq!((&table["kind"], &table["rows"][0]["cells"][0]), (&"Table".into(), &"a".into()));
    assert_eq!(table["rows"][0]["object"]["kind"], "PartialObjectMetadata");
    let partial =
        accept(BASE, "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io").await.json();
    assert_eq!(partial["kind"], "PartialObjectMetadataList");
    assert_eq!(partial["items"][0].get("spec"), None);
    let yaml = accept(&of("a"), "application/yaml").await;
    assert_eq!(yaml.headers["content-type"], "application/yaml");
    assert!(std::str::from_utf8(&yaml.bytes).unwrap().contains("kind: Flunder"));
    let protobuf = accept(&of("a"), "application/vnd.kubernetes.protobuf").await;
    assert_eq!(&protobuf.bytes[..4], b"k8s\0");
    let list = accept(BASE, "application/vnd.kubernetes.protobuf").await;
    let envelope = apimachinery::wire::protobuf::decode(&list.bytes).unwrap();
    assert_eq!(envelope.type_meta.kind, "FlunderList");
    assert_eq!(accept(BASE, "application/cbor").await.code, 406);
    let unknown = format!("{BASE}?includeObject=x");
    assert_eq!(accept(&unknown, "application/json;as=Table;v=v1;g=meta.k8s.io").await.code, 400);
    assert_eq!(server.get(&unknown).await.code, 200, "only a table has rows");
    assert!(
        server.get(&format!("{}?pretty=1", of("a"))).await.bytes.starts_with(b"{\n  \"kind\": \"Flunder\",")
    );
}

#[tokio::test]
async fn protobuf_is_read_as_it_is_written() {
    let server = Server::start().await;
    server.create("a").await;
    let media = "application/vnd.kubernetes.protobuf";
    let object = server.send(Method::GET, &of("a"), &[("accept", media)], "").await;
    let same = server.send(Method::PUT, &of("a"), &[("content-type", media)], object.bytes.clone()).await;
    assert_eq!(same.code, 200, "{:?}", same.bytes);
    assert_eq!(same.json(), server.get(&of("a")).await.json());
    let bad = server.send(Method::PUT, &of("a"), &[("content-type", media)], "xxxxxxxx").await;
    assert_eq!(bad.code, 400);
}

#[tokio::test]
async fn head_is_not_a_method_of_resources() {
    let server = Server::start().await;
    server.create("a").await;
    for path in [BASE.to_owned(), of("a"), format!("{}/status", of("a"))] {
        assert_eq!(server.send(Method::HEAD, &path, &[], "").await.code, 405, "{path}");
    }
}

#[tokio::test]
async fn what_is_not_there_is_said_so() {
    let server = Server::start().await;
    let unknown = server.get("/apis/wardle.example.com/v1/namespaces/ns/things").await;
    assert_eq!(unknown.json()["message"], "the server could not find the requested resource");
    assert_eq!(server.get("/apis/wardle.example.com/v9/flunders").await.code, 404);
    assert_eq!(server.get("/nothing").await.bytes, "404 page not found\n");
    assert_eq!(server.get("/apis/wardle.example.com/v1").await.json()["resources"][0]["name"], "flunders");
    assert_eq!(server.get("/readyz").await.bytes, "ok");
    assert_eq!(server.registry.stores().len(), 1);
}

#[tokio::test]
async fn a_token_that_is_not_ours_is_called_invalid() {
    let server = Server::start().await;
    for token in ["x", "e30", "eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MSwic3RhcnQiOiIuLi94In0"] {
        let answer = server.get(&format!("{BASE}?limit=1&continue={token}")).await;
        let message = answer.json()["message"].to_string();
        assert_eq!(answer.code, 400, "{message}");
        assert!(message.contains("invalid continue token: "), "{message}");
    }
}

#[tokio::test]
async fn a_token_goes_on_behind_a_slash_and_nowhere_outside_its_list() {
    let server = Server::start().await;
    for name in ["a", "b"] {
        server.post(BASE, &flunder(name)).await;
    }
    let at = async |start: &str| {
        let token = json!({"v": "meta.k8s.io/v1", "rv": -1, "start": start}).to_string();
        server.get(&format!("{BASE}?continue={}", URL_SAFE_NO_PAD.encode(token))).await
    };
    for start in ["b", "/b"] {
        let list = at(start).await.json();
        assert_eq!(list["items"][0]["metadata"]["name"], "b", "from {start}");
    }
    for start in ["", "b/", "b//c", "//b", "../x", "/../x", "./b"] {
        assert_eq!(at(start).await.code, 400, "from {start:?}");
    }
}

#[tokio::test]
async fn a_list_of_one_name_is_that_object_and_what_else_is_asked_of_it() {
    let server = Server::start().await;
    for (namespace, name) in [("ns", "a"), ("ns", "aa"), ("other", "a")] {
        let path = format!("/apis/wardle.example.com/v1/namespaces/{namespace}/flunders");
        server.post(&path, &flunder(name)).await;
    }
    let one = format!("{BASE}?fieldSelector=metadata.name%3Da");
    assert_eq!(names(&server, &one).await, ["a"]);
    assert_eq!(names(&server, &format!("{one}&limit=1")).await, ["a"]);
    assert_eq!(names(&server, &format!("{one},spec.reference%3Dx")).await.len(), 0);
    assert_eq!(names(&server, &format!("{one},metadata.name%3Daa")).await.len(), 0);
    assert_eq!(names(&server, &format!("{BASE}?fieldSelector=metadata.name%3Db")).await.len(), 0);
    let everywhere = "/apis/wardle.example.com/v1/flunders?fieldSelector=metadata.name%3Da";
    assert_eq!(names(&server, everywhere).await, ["a", "a"]);
    assert_eq!(names(&server, &format!("{everywhere},metadata.namespace%3Dother")).await, ["a"]);
    assert!(server.get(&one).await.json()["metadata"]["resourceVersion"].is_string());
}

#[tokio::test]
async fn errors_are_a_status_and_never_another_form_of_it() {
    let server = Server::start().await;
    let partial = "as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
    let protobuf = "application/vnd.kubernetes.protobuf";
    for (accept, answered) in [
        (format!("{protobuf};{partial},application/json;{partial},application/json"), "application/json"),
        (format!("{protobuf};{partial}"), "application/json"),
        (format!("{protobuf},application/json"), protobuf),
        ("application/yaml".into(), "application/yaml"),
    ] {
        let answer = server.send(Method::GET, &of("absent"), &[("accept", &accept)], "").await;
        assert_eq!((answer.code.as_u16(), answer.headers["content-type"].to_str().unwrap()), (404, answered));
    }
}

#[tokio::test]
async fn exports_are_gone_and_unknown_parameters_mean_nothing() {
    let server = Server::start().await;
    server.create("a").await;
    assert_eq!(server.get(&format!("{}?export=true", of("a"))).await.code, 400);
    for taken in ["export=false&nothing=1", "export=0", "export="] {
        assert_eq!(server.get(&format!("{}?{taken}", of("a"))).await.code, 200, "{taken}");
    }
}

#[tokio::test]
async fn a_match_that_is_unknown_is_told_what_there_is() {
    let server = Server::start().await;
    let answer = server.get(&format!("{BASE}?resourceVersion=1&resourceVersionMatch=Roughly")).await;
    let message = answer.json()["message"].to_string();
    assert!(message.contains(r#"supported values: \"Exact\", \"NotOlderThan\", \"\""#), "{message}");
}

#[tokio::test]
async fn descriptions_of_the_api_are_compressed_for_who_takes_that() {
    let server = Server::start().await;
    for path in ["/openapi/v2", "/openapi/v3/apis/wardle.example.com/v1"] {
        let plain = server.get(path).await;
        assert!(!plain.headers.contains_key("content-encoding"), "{path}");
        let gzip = server.send(Method::GET, path, &[("accept-encoding", "gzip")], "").await;
        assert_eq!(
            (&gzip.headers["content-encoding"], &gzip.headers["etag"]),
            (&"gzip".parse().unwrap(), &plain.headers["etag"])
        );
        let mut text = Vec::new();
        std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&gzip.bytes[..]), &mut text).unwrap();
        assert_eq!(text, plain.bytes, "{path}");
        let known = [("accept-encoding", "gzip"), ("if-none-match", plain.headers["etag"].to_str().unwrap())];
        let same = server.send(Method::GET, path, &known, "").await;
        assert_eq!((same.code.as_u16(), same.bytes.len()), (304, 0), "{path}");
        assert!(!same.headers.contains_key("content-encoding"), "{path}");
    }
}

#[tokio::test]
async fn a_revision_with_a_sign_and_an_empty_number_are_none() {
    let server = Server::start().await;
    for query in ["resourceVersion=%2B1", "limit=", "timeoutSeconds="] {
        assert_eq!(server.get(&format!("{BASE}?{query}")).await.code, 400, "{query}");
    }
}
