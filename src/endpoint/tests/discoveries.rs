//! What the server says of itself: groups, versions, resources, health.

use super::*;

const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
const VERSION: &str = "/apis/wardle.example.com/v1";

async fn accepted(server: &Server, path: &str, accept: &str) -> Answer {
    server.send(Method::GET, path, &[("accept", accept)], "").await
}

#[tokio::test]
async fn every_list_is_there_with_a_slash_and_without() {
    let server = Server::start().await;
    for (path, kind) in
        [("/apis", "APIGroupList"), ("/apis/wardle.example.com", "APIGroup"), (VERSION, "APIResourceList")]
    {
        for path in [path.to_owned(), format!("{path}/")] {
            let answer = server.get(&path).await;
            let list = answer.json();
            assert_eq!((&list["kind"], &list["apiVersion"]), (&kind.into(), &"v1".into()), "{path}");
            assert_eq!(answer.headers["content-type"], "application/json");
        }
    }
    assert_eq!(server.get(&format!("{BASE}/")).await.json()["kind"], "FlunderList");
    let group = server.get("/apis/wardle.example.com").await.json();
    let version = json!({"groupVersion": "wardle.example.com/v1", "version": "v1"});
    assert_eq!((&group["preferredVersion"], &group["versions"]), (&version, &json!([version])));
}

#[tokio::test]
async fn the_list_of_resources_has_every_form() {
    let server = Server::start().await;
    let yaml = accepted(&server, VERSION, "application/yaml").await;
    assert_eq!(
        (yaml.code.as_u16(), yaml.headers["content-type"].to_str().unwrap()),
        (200, "application/yaml")
    );
    assert!(String::from_utf8_lossy(&yaml.bytes).contains("kind: APIResourceList\n"), "{:?}", yaml.bytes);
    let message = accepted(&server, VERSION, "application/vnd.kubernetes.protobuf").await;
    let envelope = apimachinery::wire::protobuf::decode(&message.bytes).unwrap();
    assert_eq!(
        (envelope.type_meta.kind.as_str(), envelope.type_meta.api_version.as_str()),
        ("APIResourceList", "v1")
    );
}

#[tokio::test]
async fn the_aggregated_list_says_its_type_and_is_asked_for_only_where_it_is_named() {
    let server = Server::start().await;
    for accept in [
        AGGREGATED.to_owned(),
        format!("{AGGREGATED};profile=nopeer"),
        format!(
            "{AGGREGATED},application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json"
        ),
    ] {
        let answer = accepted(&server, "/apis", &accept).await;
        assert_eq!(answer.headers["content-type"], AGGREGATED, "{accept}");
        let list = answer.json();
        assert_eq!(
            (&list["kind"], &list["apiVersion"]),
            (&"APIGroupDiscoveryList".into(), &"apidiscovery.k8s.io/v2".into())
        );
        assert_eq!((&list["metadata"], list["items"].as_array().map(Vec::len)), (&json!({}), Some(1)));
        let tag = answer.headers["etag"].to_str().unwrap().to_owned();
        assert!(answer.headers["vary"].to_str().unwrap().contains("Accept"));
        assert_eq!(answer.headers["cache-control"], "public");
        let known = [("accept", &*accept), ("if-none-match", &*tag)];
        let same = server.send(Method::GET, "/apis", &known, "").await;
        assert_eq!((same.code.as_u16(), same.bytes.len()), (304, 0));
        let other = [("accept", &*accept), ("if-none-match", "\"0\"")];
        assert_eq!(server.send(Method::GET, "/apis", &other, "").await.code, 200);
    }
    let message = AGGREGATED.replace("json", "vnd.kubernetes.protobuf");
    let answer = accepted(&server, "/apis", &format!("{message},application/json")).await;
    assert_eq!(answer.headers["content-type"], message);
    let envelope = apimachinery::wire::protobuf::decode(&answer.bytes).unwrap();
    assert_eq!(envelope.type_meta.kind, "APIGroupDiscoveryList");
    for accept in [
        "application/json",
        "*/*",
        "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json",
        &format!("application/json, {AGGREGATED}"),
    ] {
        let answer = accepted(&server, "/apis", accept).await;
        assert_eq!(
            (&answer.json()["kind"], &answer.headers["content-type"]),
            (&"APIGroupList".into(), &"application/json".parse().unwrap()),
            "{accept}"
        );
    }
}

#[tokio::test]
async fn what_is_not_there_and_what_is_not_taken_are_told_apart() {
    let server = Server::start().await;
    let absent = server.get(&format!("{VERSION}/nothing")).await;
    let status = absent.json();
    assert_eq!(
        (absent.code.as_u16(), &status["reason"], &status["details"]),
        (404, &"NotFound".into(), &json!({}))
    );
    assert_eq!(status["message"], "the server could not find the requested resource");
    let method = server.send(Method::PUT, BASE, &[], "{}").await;
    let status = method.json();
    assert_eq!((method.code.as_u16(), &status["reason"]), (405, &"MethodNotAllowed".into()));
    assert_eq!(status["message"], "the server does not allow this method on the requested resource");
    let outside = server.get("/nothing").await;
    assert!(outside.headers["content-type"].to_str().unwrap().starts_with("text/plain"));
}

#[tokio::test]
async fn health_is_plain_text_that_nobody_keeps() {
    let server = Server::start().await;
    for path in ["/livez", "/readyz", "/healthz"] {
        let answer = server.get(path).await;
        assert_eq!((answer.code.as_u16(), &*answer.bytes), (200, &b"ok"[..]));
        for (header, value) in [
            ("x-content-type-options", "nosniff"),
            ("cache-control", "no-cache, private"),
            ("content-type", "text/plain; charset=utf-8"),
        ] {
            assert_eq!(answer.headers[header], value, "{path}");
        }
        let verbose = server.get(&format!("{path}?verbose")).await.bytes;
        assert_eq!(verbose, format!("[+]ping ok\n{} check passed\n", &path[1..]));
        let unknown = server.get(&format!("{path}?verbose&exclude=x")).await.bytes;
        let warning = "warn: some health checks cannot be excluded: no matches for \"x\"\n";
        assert_eq!(unknown, format!("[+]ping ok\n{warning}{} check passed\n", &path[1..]));
    }
}
