//! What is accepted can be read back: by every media type and version, alone, in lists and in watches, by this process
//! and by the next.

mod applied;
mod bodies;
mod older;
mod probe;
mod versions;

use super::{Answer, Server, StatusCode};
use crate::pipeline::RequestBody;
use apimachinery::kind::{Hub, Version};
use apimachinery::wire::{protobuf, yaml};
use bodies::{envelope, managers, messages, nested, specs};
use bytes::Bytes;
use http::{Method, Request};
use http_body_util::BodyExt;
use proptest::prelude::*;
use prost::encoding::{decode_key, decode_varint};
use serde_json::{Value, json};

const PROTOBUF: &str = "application/vnd.kubernetes.protobuf";
const TABLE: &str = "application/json;as=Table;v=v1;g=meta.k8s.io";

fn base(version: &str) -> String {
    format!("/apis/probe.example.com/{version}/namespaces/ns/probes")
}

fn of_a(version: &str) -> String {
    format!("{}/a", base(version))
}

async fn server() -> Server {
    Server::over(&[&probe::DEFINITION], Server::memory().await).await
}

async fn accept(server: &Server, path: &str, media: &str) -> Answer {
    let answer = server.send(Method::GET, path, &[("accept", media)], "").await;
    assert_eq!(answer.code, 200, "GET {path} as {media}: {:?}", answer.bytes);
    answer
}

/// The first event of a watch: all that comes until a whole one is there.
async fn first_event(server: &Server, path: &str, media: &str, whole: impl Fn(&[u8]) -> bool) -> Vec<u8> {
    let request = Request::get(format!("{path}?watch=true")).header("accept", media);
    let response = server.client.send(request.body(RequestBody::empty()).unwrap()).await;
    assert_eq!(response.status(), 200, "{path}");
    let (mut body, mut bytes) = (response.into_body(), Vec::new());
    while !whole(&bytes) {
        let frame = body.frame().await.expect("an event comes").unwrap();
        bytes.extend_from_slice(&frame.into_data().unwrap());
    }
    bytes
}

async fn json_event(server: &Server, path: &str, media: &str) -> Value {
    let bytes = first_event(server, path, media, |bytes| bytes.contains(&b'\n')).await;
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap();
    serde_json::from_slice(line).unwrap_or_else(|error| panic!("{error}: {line:?}"))
}

/// The bytes of the length-delimited field of that number.
fn field(mut message: &[u8], wanted: u32) -> Option<&[u8]> {
    while !message.is_empty() {
        let (number, _) = decode_key(&mut message).unwrap();
        let length = decode_varint(&mut message).unwrap() as usize;
        let (body, rest) = message.split_at(length);
        if number == wanted {
            return Some(body);
        }
        message = rest;
    }
    None
}

/// What a message holds, as the JSON of the same version shows it.
fn tree_of(version: &Version, message: &[u8]) -> Value {
    let object: Box<dyn Hub> = (version.decode_protobuf)(message).unwrap();
    let mut tree = (version.to_tree)(&*object);
    tree["kind"] = "Probe".into();
    tree["apiVersion"] = format!("probe.example.com/{}", version.name).into();
    tree
}

/// A tree whose numbers are compared by what they say: `1.0` is `1` in YAML.
fn plain(tree: Value) -> Value {
    match tree {
        Value::Number(number) => json!(number.as_f64()),
        Value::Array(items) => items.into_iter().map(plain).collect(),
        Value::Object(map) => map.into_iter().map(|(name, value)| (name, plain(value))).collect(),
        other => other,
    }
}

/// Reads the object everywhere, and gives its JSON.
async fn check_version(server: &Server, version: &Version) -> Value {
    let (list, object) = (base(version.name), of_a(version.name));
    let shown = accept(server, &object, "application/json").await.json();
    let text = accept(server, &object, "application/yaml").await;
    let (tree, problems) = yaml::decode(&text.bytes).unwrap();
    assert_eq!((plain(tree), problems), (plain(shown.clone()), Vec::new()), "{:?}", text.bytes);
    let bytes = accept(server, &object, PROTOBUF).await.bytes;
    assert_eq!(tree_of(version, protobuf::decode(&bytes).unwrap().raw), shown);

    let mut item = shown.clone();
    item.as_object_mut().unwrap().retain(|name, _| name != "kind" && name != "apiVersion");
    assert_eq!(accept(server, &list, "application/json").await.json()["items"], json!([item]));
    let text = accept(server, &list, "application/yaml").await;
    assert_eq!(plain(yaml::decode(&text.bytes).unwrap().0)["items"], plain(json!([item])));
    let bytes = accept(server, &list, PROTOBUF).await.bytes;
    let message = field(protobuf::decode(&bytes).unwrap().raw, 2).expect("an item");
    assert_eq!(tree_of(version, message), shown);
    let table = accept(server, &format!("{list}?includeObject=Object"), TABLE).await.json();
    assert_eq!(table["rows"][0]["object"], shown);

    let event = json_event(server, &list, "application/json").await;
    assert_eq!((&event["type"], &event["object"]), (&"ADDED".into(), &shown));
    json_event(server, &list, TABLE).await;
    let frame = |bytes: &[u8]| {
        let (length, rest) = bytes.split_first_chunk::<4>()?;
        rest.get(..u32::from_be_bytes(*length) as usize).map(<[u8]>::to_vec)
    };
    let bytes = first_event(server, &list, PROTOBUF, |bytes| frame(bytes).is_some()).await;
    let event = frame(&bytes).unwrap();
    let object = field(field(&event, 2).expect("an object"), 1).expect("its bytes");
    assert_eq!(tree_of(version, protobuf::decode(object).unwrap().raw), shown);
    shown
}

/// An answer that accepts is followed by reading it everywhere; any other is the client's fault.
async fn check(server: Server, answer: Answer) -> bool {
    if !matches!(answer.code, StatusCode::OK | StatusCode::CREATED) {
        let code = answer.code.as_u16();
        assert!([400, 413, 422].contains(&code), "{code}: {:?}", answer.bytes);
        return false;
    }
    let next = Server::over(&[&probe::DEFINITION], server.storage.clone()).await;
    for version in probe::DEFINITION.versions {
        let shown = check_version(&server, version).await;
        assert_eq!(check_version(&next, version).await, shown);
        // What was shown is taken again.
        let same = next.put(&of_a(version.name), &shown).await;
        assert_eq!((same.code, &same.json()["spec"]), (StatusCode::OK, &shown["spec"]));
    }
    let gone = server.send(Method::DELETE, &of_a("v1"), &[], "").await;
    assert_eq!(gone.code, 200, "{:?}", gone.bytes);
    true
}

async fn create(server: &Server, media: &str, body: impl Into<Bytes>) -> Answer {
    server.send(Method::POST, &base("v1"), &[("content-type", media)], body).await
}

async fn patch(server: &Server, media: &str, body: impl Into<Bytes>) -> Answer {
    let object =
        r#"{"metadata":{"name":"a"},"spec":{"extra":{"k":[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]}}}"#;
    let created = create(server, "application/json", object).await;
    assert_eq!(created.code, 201);
    server.send(Method::PATCH, &of_a("v2"), &[("content-type", media)], body).await
}

/// Runs one case in a runtime of its own.
fn run<T>(case: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(case)
}

fn object(spec: &str) -> String {
    format!(r#"{{"metadata":{{"name":"a"}},"spec":{spec}}}"#)
}

#[tokio::test]
async fn what_no_reader_takes_is_refused_when_it_comes_in() {
    let deep = |levels| format!("{{\"extra\":{}}}", nested(levels, 0));
    for spec in [
        r#"{"when":"0000-01-01T00:00:00+00:01"}"#,
        r#"{"when":"9999-12-31T23:59:59-00:01"}"#,
        r#"{"stamp":"0000-01-01T00:00:00.000000+00:01"}"#,
        r#"{"ratio":1e400}"#,
        r#"{"extra":1e400}"#,
        &deep(90),
        &deep(300),
    ] {
        for media in ["application/json", "application/yaml"] {
            // In YAML it is a text.
            if media == "application/json" || !spec.contains("1e400") {
                let answer = create(&server().await, media, object(spec)).await;
                assert_eq!(answer.code, 400, "{media} {spec:.60}: {:?}", answer.bytes);
            }
        }
        let answer =
            patch(&server().await, "application/merge-patch+json", format!("{{\"spec\":{spec}}}")).await;
        assert!([400, 422].contains(&answer.code.as_u16()), "{spec:.60}: {:?}", answer.bytes);
    }
    let block: String = (0..123).map(|level| format!("{}k:\n", " ".repeat(level + 4))).collect();
    let yaml = format!("metadata:\n  name: a\nspec:\n  extra:\n{block}");
    assert_eq!(create(&server().await, "application/yaml", yaml).await.code, 400);
}

#[tokio::test]
async fn a_patch_does_not_nest_an_object_deeper_than_a_body_may_be() {
    let copies = vec![json!({"op": "copy", "from": "/spec/extra", "path": "/spec/extra/k"}); 200];
    let answer =
        patch(&server().await, "application/json-patch+json", Value::Array(copies).to_string()).await;
    let message = answer.json()["message"].to_string();
    assert!(answer.code == 422 && message.contains("nested deeper than 127 levels"), "{message}");
    let path = |level: usize| format!("/spec/extra{}", "/k".repeat(level));
    let adds: Vec<Value> =
        (1..300).map(|level| json!({"op": "add", "path": path(level), "value": {"k": {}}})).collect();
    let answer = patch(&server().await, "application/json-patch+json", Value::Array(adds).to_string()).await;
    assert_eq!(answer.code, 422);
}

#[tokio::test]
async fn halves_of_characters_become_the_replacement_in_bodies_and_patches_alike() {
    for word in [&br#"\ud800"#[..], b"\xff"] {
        let body = [br#"{"metadata":{"name":"a"},"spec":{"word":""#, word, br#""}}"#].concat();
        let created = create(&server().await, "application/json", body).await;
        assert_eq!(created.json()["spec"]["word"], "\u{fffd}", "{:?}", created.bytes);
        let merge = [br#"{"spec":{"word":""#, word, br#""}}"#].concat();
        let merged = patch(&server().await, "application/merge-patch+json", merge).await;
        assert_eq!(merged.json()["spec"]["word"], "\u{fffd}", "{:?}", merged.bytes);
        let add = [br#"[{"op":"add","path":"/spec/word","value":""#, word, br#""}]"#].concat();
        let added = patch(&server().await, "application/json-patch+json", add).await;
        assert_eq!(added.json()["spec"]["word"], "\u{fffd}", "{:?}", added.bytes);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn what_is_accepted_as_text_can_be_read_back(spec in specs(), media in 0usize..2) {
        let media = ["application/json", "application/yaml"][media];
        run(async {
            let server = server().await;
            let answer = create(&server, media, object(&spec)).await;
            check(server, answer).await
        });
    }

    #[test]
    fn what_is_accepted_as_protobuf_can_be_read_back(spec in messages()) {
        run(async {
            let server = server().await;
            let answer = create(&server, PROTOBUF, envelope("a", "", &spec)).await;
            check(server, answer).await
        });
    }

    #[test]
    fn what_is_accepted_in_patches_can_be_read_back(spec in specs(), copies in 0usize..8, merge in any::<bool>()) {
        run(async {
            let server = server().await;
            let answer = if merge {
                patch(&server, "application/merge-patch+json", format!("{{\"spec\":{spec}}}")).await
            } else {
                let copy = r#",{"op":"copy","from":"/spec/extra","path":"/spec/extra/k"}"#.repeat(copies);
                let operations = format!(r#"[{{"op":"add","path":"/spec","value":{spec}}}{copy}]"#);
                patch(&server, "application/json-patch+json", operations).await
            };
            check(server, answer).await
        });
    }

    #[test]
    fn what_is_accepted_of_managers_can_be_read_back(manager in managers()) {
        run(async {
            let server = server().await;
            let body = format!(r#"{{"metadata":{{"managedFields":[{manager}]}}}}"#);
            let answer = patch(&server, "application/merge-patch+json", body).await;
            check(server, answer).await
        });
    }
}
