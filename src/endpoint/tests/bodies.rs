//! What bodies may be, and the forms that answers have.

use super::watches::Watch;
use super::*;
use apimachinery::wire::protobuf;
use std::io::Write;

const PROTOBUF: &str = "application/vnd.kubernetes.protobuf";

fn message(answer: &Answer) -> String {
    answer.json()["message"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn what_cannot_be_answered_says_what_can() {
    let server = Server::start().await;
    let start = "only the following media types are accepted";
    let types = "application/json, application/yaml, application/vnd.kubernetes.protobuf";
    let streams = "application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch";
    let partial = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io";
    let converted = format!("{start} when converting to PartialObjectMetadataList: {types}");
    for (path, accept, expected) in [
        (BASE.to_owned(), "text/html", format!("{start}: {types}")),
        (BASE.to_owned(), partial, converted),
        (format!("{BASE}?watch=true"), "text/html", format!("{start}: {streams}")),
    ] {
        let answer = server.send(Method::GET, &path, &[("accept", accept)], "").await;
        assert_eq!((answer.code.as_u16(), message(&answer)), (406, expected));
        assert_eq!(answer.json()["reason"], "NotAcceptable");
        assert_eq!(answer.headers["content-type"], "application/json");
    }
    // YAML is no stream, but that is said in it.
    let yaml = [("accept", "application/yaml")];
    let answer = server.send(Method::GET, &format!("{BASE}?watch=true"), &yaml, "").await;
    assert_eq!(
        (answer.code.as_u16(), &answer.headers["content-type"]),
        (406, &"application/yaml".parse().unwrap())
    );
    assert!(String::from_utf8_lossy(&answer.bytes).contains(streams));
}

#[tokio::test]
async fn a_body_of_an_unknown_type_is_told_what_there_is() {
    let server = Server::start().await;
    let object = server.create("a").await.to_string();
    let expected = "the body of the request was in an unknown format - accepted media types include: \
                    application/json, application/yaml, application/vnd.kubernetes.protobuf";
    for (method, path, body) in [
        (Method::POST, BASE, &object),
        (Method::PUT, &of("a"), &object),
        (Method::DELETE, &of("a"), &"{}".into()),
    ] {
        for media in ["text/plain", ";;;", "; charset=utf-8", "application/json; charset"] {
            let answer = server.send(method.clone(), path, &[("content-type", media)], body.clone()).await;
            assert_eq!((answer.code.as_u16(), &*message(&answer)), (415, expected), "{media}");
            assert_eq!(answer.json()["reason"], "UnsupportedMediaType");
        }
    }
    let json = [("content-type", "application/json; charset=utf-8")];
    assert_eq!(server.send(Method::POST, BASE, &json, flunder("b").to_string()).await.code, 201);
}

#[tokio::test]
async fn people_get_indented_answers() {
    let server = Server::start().await;
    server.create("a").await;
    for (query, agent, accept, is_pretty) in [
        ("", "kubectl/v1", "", false),
        ("", "curl/8.5", "", true),
        ("", "Wget/1.21", "", true),
        ("", "Mozilla/5.0 (X11)", "", true),
        ("", "Mozilla/4.0", "", false),
        ("", "kubectl/v1", "application/json;pretty=1", true),
        ("?pretty=", "curl/8.5", "", true),
        ("?pretty=1", "kubectl/v1", "", true),
        ("?pretty=t", "kubectl/v1", "", true),
        ("?pretty=True", "kubectl/v1", "", true),
        ("?pretty=yes", "curl/8.5", "", false),
        ("?pretty=0", "curl/8.5", "application/json;pretty=1", false),
    ] {
        let headers = [("user-agent", agent), ("accept", accept)];
        let answer = server.send(Method::GET, &format!("{}{query}", of("a")), &headers, "").await;
        let start: &[u8] = if is_pretty { b"{\n  \"kind\"" } else { b"{\"kind\"" };
        assert!(answer.bytes.starts_with(start), "{query} {agent} {accept}: {:?}", answer.bytes);
        assert!(is_pretty || answer.bytes.ends_with(b"}\n"), "{:?}", answer.bytes);
    }
}

#[tokio::test]
async fn a_compressed_body_is_not_read_and_a_watch_not_compressed() {
    let server = Server::start().await;
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(flunder("a").to_string().as_bytes()).unwrap();
    let headers = [("content-type", "application/json"), ("content-encoding", "gzip")];
    let refused = server.send(Method::POST, BASE, &headers, gzip.finish().unwrap()).await;
    assert_eq!(refused.code, 400, "{:?}", refused.bytes);
    assert_eq!(server.get(&of("a")).await.code, 404);
    let watch = Request::get(format!("{BASE}?watch=true")).header("accept-encoding", "gzip");
    let watch = server.client.send(watch.body(RequestBody::empty()).unwrap()).await;
    assert!(watch.status() == 200 && !watch.headers().contains_key("content-encoding"));
}

#[tokio::test]
async fn what_is_zero_is_left_out_and_what_is_html_escaped() {
    let server = Server::start().await;
    let body = r#"{"metadata":{"name":"a","labels":{},"annotations":null,"finalizers":[],"generateName":""},
        "spec":{"reference":"","count":0}}"#;
    let answer = server.send(Method::POST, BASE, &[], body).await;
    let object = answer.json();
    assert_eq!((&object["spec"], answer.code.as_u16()), (&json!({}), 201));
    for field in ["labels", "annotations", "finalizers", "generateName", "selfLink", "ownerReferences"] {
        assert_eq!(object["metadata"].get(field), None, "{field}");
    }
    let mut odd = flunder("b");
    odd["spec"]["reference"] = "<&>".into();
    odd["metadata"]["labels"] = json!({"z": "1", "a": "2"});
    let text = server.post(BASE, &odd).await.bytes;
    let text = std::str::from_utf8(&text).unwrap();
    assert!(
        text.starts_with(r#"{"kind":"Flunder","apiVersion":"wardle.example.com/v1","metadata":{"#),
        "{text}"
    );
    assert!(text.contains(r#""labels":{"a":"2","z":"1"}"#) && text.contains(r"\u003c\u0026\u003e"), "{text}");
}

#[tokio::test]
async fn strict_validation_says_everything_at_once_and_warnings_one_by_one() {
    let server = Server::start().await;
    server.create("there").await;
    let body = |name: &str| {
        format!(
            r#"{{"metadata":{{"name":"{name}"}},"spec":{{"foo":1,"count":1,"count":2,"bar":[{{"x":1}}]}}}}"#
        )
    };
    let problems =
        [r#"unknown field "spec.foo""#, r#"duplicate field "spec.count""#, r#"unknown field "spec.bar""#];
    let version = server.get(&of("there")).await.json()["metadata"]["resourceVersion"].clone();
    let there = body("there").replacen('{', &format!(r#"{{"metadata":{{"resourceVersion":{version}}},"#), 1);
    for (method, path, body) in [(Method::POST, BASE, body("a")), (Method::PUT, &of("there"), there)] {
        let strict = format!("{path}?fieldValidation=Strict");
        let refused = server.send(method.clone(), &strict, &[], body.clone()).await;
        let words = message(&refused);
        assert_eq!(
            (refused.code.as_u16(), &refused.json()["reason"]),
            (400, &"BadRequest".into()),
            "{words}"
        );
        assert!(
            words.contains("strict decoding error: ") && words.ends_with(r#"unknown field "spec.bar""#),
            "{words}"
        );
        assert!(words.contains(&problems[..2].join(", ")), "{words}");
        for query in ["", "fieldValidation=Warn"] {
            let path = format!("{path}?dryRun=All&{query}");
            let warned = server.send(method.clone(), &path, &[], body.clone()).await;
            let warnings: Vec<&str> =
                warned.headers.get_all("warning").iter().map(|text| text.to_str().unwrap()).collect();
            for problem in problems {
                let warning = format!("299 - \"{}\"", problem.replace('"', "\\\""));
                assert!(warnings.contains(&&*warning), "{warnings:?}");
            }
        }
        let path = format!("{path}?dryRun=All&fieldValidation=Ignore");
        let ignored = server.send(method, &path, &[], body).await;
        assert!(ignored.code.is_success() && !ignored.headers.contains_key("warning"), "{:?}", ignored.bytes);
    }
    let unknown = server.post(&format!("{BASE}?fieldValidation=Sometimes"), &flunder("a")).await;
    assert_eq!(unknown.code, 422);
    assert!(message(&unknown).contains("fieldValidation: Unsupported value: \"Sometimes\""));
}

#[tokio::test]
async fn protobuf_stands_in_its_envelope() {
    let server = Server::start().await;
    server.create("a").await;
    for (path, kind, api_version) in
        [(of("a"), "Flunder", "wardle.example.com/v1"), (of("none"), "Status", "v1")]
    {
        let answer = server.send(Method::GET, &path, &[("accept", PROTOBUF)], "").await;
        let envelope = protobuf::decode(&answer.bytes).unwrap();
        let found = (envelope.type_meta.kind.as_str(), envelope.type_meta.api_version.as_str());
        assert_eq!(found, (kind, api_version));
        assert_eq!(answer.headers["content-type"], PROTOBUF);
    }
    let bare = server.send(Method::POST, BASE, &[("content-type", PROTOBUF)], "xxxxxxxx").await;
    let expected = "provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]";
    assert_eq!(bare.code, 400);
    assert!(message(&bare).contains(expected), "{:?}", bare.bytes);
}

#[tokio::test]
async fn a_watch_in_protobuf_is_frames_with_an_enveloped_object() {
    let server = Server::start().await;
    server.create("a").await;
    for accept in [PROTOBUF.to_owned(), format!("{PROTOBUF};stream=watch")] {
        let request = Request::get(format!("{BASE}?watch=true")).header("accept", accept);
        let mut response = server.client.send(request.body(RequestBody::empty()).unwrap()).await;
        assert_eq!(response.headers()["content-type"], format!("{PROTOBUF};stream=watch"));
        let frame = response.body_mut().frame().await.unwrap().unwrap().into_data().unwrap();
        let (length, event) = frame.split_at(4);
        assert_eq!(u32::from_be_bytes(length.try_into().unwrap()) as usize, event.len());
        // The type is the event's first field, and the object, in its envelope, stands in its second.
        assert!(event.starts_with(b"\x0a\x05ADDED\x12"), "{event:?}");
        let start = event.windows(4).position(|bytes| bytes == b"k8s\0").unwrap();
        assert_eq!(protobuf::decode(&event[start..]).unwrap().type_meta.kind, "Flunder");
    }
    let json = Request::get(format!("{BASE}?watch=true")).header("accept", "application/json;stream=watch");
    let json = server.client.send(json.body(RequestBody::empty()).unwrap()).await;
    assert_eq!(json.headers()["content-type"], "application/json");
    Watch::shown(&server, "", "application/json").await.expect("ADDED", "a").await;
}

#[tokio::test]
async fn numbers_in_the_query_are_numbers() {
    let server = Server::start().await;
    for query in ["limit=abc", "timeoutSeconds=x", "watch=true&timeoutSeconds=x"] {
        let answer = server.get(&format!("{BASE}?{query}")).await;
        assert_eq!((answer.code.as_u16(), &answer.json()["reason"]), (400, &"BadRequest".into()), "{query}");
    }
    assert_eq!(server.get(&format!("{BASE}?limit=1&unheardOf=1")).await.code, 200);
}

#[tokio::test]
async fn no_write_takes_more_than_three_megabytes() {
    let server = Server::start().await;
    let object = server.create("a").await;
    let long = "x".repeat(3 << 20);
    let mut large = object.clone();
    large["spec"]["reference"] = long.clone().into();
    let patch = json!({"spec": {"reference": long}}).to_string();
    for (method, media, body) in [
        (Method::PUT, "application/json", large.to_string()),
        (Method::PATCH, "application/merge-patch+json", patch),
        (Method::DELETE, "application/json", json!({"kind": long}).to_string()),
    ] {
        let answer = server.send(method, &of("a"), &[("content-type", media)], body).await;
        let expected = (413, "Request entity too large: limit is 3145728".to_owned());
        assert_eq!((answer.code.as_u16(), message(&answer)), expected);
    }
    assert_eq!(server.get(&of("a")).await.json(), object);
}
