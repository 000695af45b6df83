//! Configurations that are applied.

use super::*;
use crate::pipeline::{Authorizer, Decision, RequestInfo, Verb};

pub(super) const APPLY: &[(&str, &str)] = &[("content-type", "application/apply-patch+yaml")];

fn configuration(spec: &Value) -> Value {
    json!({"apiVersion": "wardle.example.com/v1", "kind": "Flunder", "metadata": {"name": "a"}, "spec": spec})
}

/// Applies a configuration to a path below the object, as that manager.
async fn applied(server: &Server, below: &str, manager: &str, configuration: &Value) -> Answer {
    let mark = if below.contains('?') { '&' } else { '?' };
    let path = format!("{}{below}{mark}fieldManager={manager}", of("a"));
    server.send(Method::PATCH, &path, APPLY, configuration.to_string()).await
}

/// Each entry as manager, operation and fields.
pub(super) fn owners(object: &Value) -> Vec<String> {
    let entries = object["metadata"]["managedFields"].as_array().cloned().unwrap_or_default();
    let text = |entry: &Value| {
        let subresource = entry["subresource"].as_str().map(|name| format!(" {name}")).unwrap_or_default();
        let word = |name: &str| entry[name].as_str().unwrap_or_default().to_owned();
        format!("{} {}{subresource} {}", word("manager"), word("operation"), entry["fieldsV1"])
    };
    entries.iter().map(text).collect()
}

#[tokio::test]
async fn what_is_not_there_is_made_and_the_same_again_changes_nothing() {
    let server = Server::start().await;
    let wanted = configuration(&json!({"count": 3}));
    let dry = applied(&server, "?dryRun=All", "me", &wanted).await;
    assert_eq!(dry.code, 201);
    assert_eq!(server.get(&of("a")).await.code, 404);
    let made = applied(&server, "", "me", &wanted).await;
    assert_eq!(made.code, 201, "{:?}", made.bytes);
    let made = made.json();
    assert_eq!((&made["spec"]["count"], &made["metadata"]["name"]), (&3.into(), &"a".into()));
    assert_eq!(owners(&made), [r#"me Apply {"f:spec":{"f:count":{}}}"#]);
    let again = applied(&server, "", "me", &wanted).await;
    assert_eq!((again.code.as_u16(), again.json()), (200, made));
}

#[tokio::test]
async fn a_body_may_be_yaml() {
    let server = Server::start().await;
    let text = "apiVersion: wardle.example.com/v1\nkind: Flunder\nmetadata: {name: a}\nspec:\n  count: 3\n  count: 4\n";
    let path = format!("{}?fieldManager=me", of("a"));
    let answer = server.send(Method::PATCH, &path, APPLY, text).await;
    assert_eq!((answer.code.as_u16(), &answer.json()["spec"]["count"]), (201, &4.into()));
    assert!(answer.headers["warning"].to_str().unwrap().contains("count"), "{:?}", answer.headers);
    let strict = format!("{path}&fieldValidation=Strict");
    let refused = server.send(Method::PATCH, &strict, APPLY, text).await;
    assert_eq!(refused.code, 400);
    assert!(refused.json()["message"].as_str().unwrap().starts_with("error strict decoding patch: "));
}

#[tokio::test]
async fn what_another_owns_is_a_conflict_unless_it_is_taken() {
    let server = Server::start().await;
    applied(&server, "", "one", &configuration(&json!({"count": 3, "reference": "x"}))).await;
    let wanted = configuration(&json!({"count": 4}));
    let conflict = applied(&server, "", "two", &wanted).await;
    assert_eq!(conflict.code, 409);
    let status = conflict.json();
    assert_eq!(status["message"], r#"Apply failed with 1 conflict: conflict with "one": .spec.count"#);
    let cause =
        json!({"reason": "FieldManagerConflict", "message": "conflict with \"one\"", "field": ".spec.count"});
    assert_eq!(status["details"], json!({"causes": [cause]}));
    assert_eq!(server.get(&of("a")).await.json()["spec"]["count"], 3);
    let forced = applied(&server, "?force=true", "two", &wanted).await;
    assert_eq!(forced.code, 200, "{:?}", forced.bytes);
    let one = r#"one Apply {"f:spec":{"f:reference":{}}}"#;
    assert_eq!(owners(&forced.json()), [one, r#"two Apply {"f:spec":{"f:count":{}}}"#]);
    // Who says the same owns it, too.
    let shared = applied(&server, "", "one", &configuration(&json!({"count": 4, "reference": "x"}))).await;
    assert_eq!(shared.code, 200);
    assert_eq!(owners(&shared.json())[0], r#"one Apply {"f:spec":{"f:count":{},"f:reference":{}}}"#);
}

#[tokio::test]
async fn what_is_applied_no_more_goes_unless_another_owns_it() {
    let server = Server::start().await;
    applied(&server, "", "one", &configuration(&json!({"count": 3, "reference": "x"}))).await;
    applied(&server, "", "two", &configuration(&json!({"reference": "x"}))).await;
    let left = applied(&server, "", "one", &configuration(&json!({}))).await.json();
    assert_eq!(left["spec"], json!({"reference": "x"}));
    let left = applied(&server, "", "two", &configuration(&json!({}))).await.json();
    assert_eq!(left["spec"], json!({}));
}

#[tokio::test]
async fn who_updates_takes_without_asking_and_owns_what_was_there_before_the_first_apply() {
    let server = Server::start().await;
    applied(&server, "", "one", &configuration(&json!({"count": 3}))).await;
    let merged = server.merge(&format!("{}?fieldManager=two", of("a")), &json!({"spec": {"count": 5}})).await;
    assert_eq!(owners(&merged.json()), [r#"two Update {"f:spec":{"f:count":{}}}"#]);
    let conflict = applied(&server, "", "one", &configuration(&json!({"count": 3}))).await.json();
    let words =
        "Apply failed with 1 conflict: conflict with \"two\" using wardle.example.com/v1: .spec.count";
    assert_eq!(conflict["message"], words);
    server.merge(&of("a"), &json!({"metadata": {"managedFields": [{}]}})).await;
    let first = applied(&server, "?force=true", "one", &configuration(&json!({"count": 3}))).await.json();
    assert_eq!(owners(&first)[0], r#"one Apply {"f:spec":{"f:count":{}}}"#);
}

#[tokio::test]
async fn a_status_is_applied_for_itself() {
    let server = Server::start().await;
    let mut wanted = configuration(&json!({"count": 9}));
    wanted["status"] = json!({"phase": "Done"});
    assert_eq!(applied(&server, "/status", "me", &wanted).await.code, 404);
    server.create("a").await;
    let made = applied(&server, "/status", "me", &wanted).await.json();
    assert_eq!((&made["status"]["phase"], &made["spec"]["count"]), (&"Done".into(), &1.into()));
    assert_eq!(owners(&made)[0], r#"me Apply status {"f:status":{"f:phase":{}}}"#);
    let main = applied(&server, "?force=true", "me", &wanted).await.json();
    assert!(owners(&main).contains(&r#"me Apply {"f:spec":{"f:count":{}}}"#.to_owned()), "{main}");
    assert_eq!(main["spec"]["count"], 9);
}

#[tokio::test]
async fn what_cannot_be_applied_says_why() {
    let server = Server::start().await;
    let with = |field: &str, value: Value| {
        let mut made = configuration(&json!({}));
        made["metadata"][field] = value;
        made
    };
    let spec = |field: &str| configuration(&json!({field: "x"}));
    let nameless = "the name of the object (a based on URL) was undeterminable: name must be provided";
    let typed = "failed to create typed patch object (/a; wardle.example.com/v1, Kind=Flunder): ";
    for (below, configuration, code, words) in [
        (
            "?fieldManager=",
            configuration(&json!({})),
            422,
            "fieldManager: Required value: is required for apply patch".to_owned(),
        ),
        ("", json!({}), 400, "invalid object type: /, Kind=".to_owned()),
        ("", json!([]), 400, "error decoding patch: ".to_owned()),
        ("", with("managedFields", json!([])), 400, "metadata.managedFields must be nil".to_owned()),
        (
            "",
            with("name", json!("b")),
            400,
            "the name of the object (b) does not match the name on the URL (a)".to_owned(),
        ),
        ("", with("name", json!("")), 400, nameless.to_owned()),
        ("", with("name", Value::Null), 400, nameless.to_owned()),
        (
            "",
            with("uid", json!("u")),
            409,
            "uid mismatch: the provided object specified uid u, and no existing object was found".to_owned(),
        ),
        ("", spec("other"), 500, format!("{typed}.spec.other: field not declared in schema")),
    ] {
        let path = if below.is_empty() { "?fieldManager=me" } else { below };
        let answer =
            server.send(Method::PATCH, &format!("{}{path}", of("a")), APPLY, configuration.to_string()).await;
        let message = answer.json()["message"].as_str().unwrap_or_default().to_owned();
        assert!(
            answer.code == code && message.contains(&words),
            "{configuration}: {} {message}",
            answer.code
        );
    }
    let merged = server.merge(&format!("{}?force=true", of("a")), &json!({})).await;
    assert_eq!(merged.code, 422);
}

#[tokio::test]
async fn an_object_that_is_there_keeps_a_name_that_is_left_out_and_a_new_one_needs_it() {
    let server = Server::start().await;
    let mut nameless = configuration(&json!({"count": 3}));
    nameless["metadata"] = json!({});
    assert_eq!(applied(&server, "", "me", &nameless).await.code, 400);
    server.create("a").await;
    let answer = applied(&server, "?force=true", "me", &nameless).await;
    assert_eq!((answer.code.as_u16(), &answer.json()["metadata"]["name"]), (200, &"a".into()));
    nameless["metadata"]["name"] = "".into();
    assert_eq!(applied(&server, "", "me", &nameless).await.code, 400);
}

#[tokio::test]
async fn of_what_is_not_there_no_version_is_asked_for() {
    let server = Server::start().await;
    let mut old = configuration(&json!({"count": 3}));
    old["metadata"]["resourceVersion"] = "7".into();
    let made = applied(&server, "", "me", &old).await;
    assert_eq!(made.code, 201, "{:?}", made.bytes);
    assert_eq!(applied(&server, "", "me", &old).await.code, 409, "it is there now, in another version");
}

#[tokio::test]
async fn an_apply_gives_an_object_no_other_uid() {
    let server = Server::start().await;
    server.create("a").await;
    let mut other = configuration(&json!({}));
    other["metadata"]["uid"] = json!("u");
    for more in ["", "&dryRun=All"] {
        let path = format!("{}?fieldManager=me{more}", of("a"));
        let answer = server.send(Method::PATCH, &path, APPLY, other.to_string()).await;
        let message = answer.json()["message"].as_str().unwrap_or_default().to_owned();
        assert_eq!(answer.code, 422, "{message}");
        assert!(message.contains("metadata.uid: Invalid value: \"u\": field is immutable"), "{message}");
    }
}

/// May do everything but create.
struct Keeper;

impl Authorizer for Keeper {
    async fn authorize(&self, _: &UserInfo, info: &RequestInfo) -> Decision {
        match info.verb() {
            Verb::Create => Decision::Deny("no new ones".into()),
            _ => Decision::Allow(String::new()),
        }
    }
}

#[tokio::test]
async fn who_may_not_create_makes_nothing_by_applying() {
    let server = Server::start_with(Arc::new(Keeper)).await;
    let refused = applied(&server, "", "me", &configuration(&json!({}))).await;
    let message = "flunders.wardle.example.com \"a\" is forbidden: User \"tester\" cannot create resource \
                   \"flunders\" in API group \"wardle.example.com\" in the namespace \"ns\": no new ones";
    assert_eq!((refused.code.as_u16(), &refused.json()["message"]), (403, &message.into()));
    server.create("a").await;
    assert_eq!(applied(&server, "?force=true", "me", &configuration(&json!({"count": 2}))).await.code, 200);
}

#[tokio::test]
async fn of_many_who_apply_at_once_one_makes_it_and_all_own_it() {
    let server = Server::start().await;
    let wanted = configuration(&json!({"count": 3}));
    let managers: Vec<String> = (0..8).map(|index| format!("m{index}")).collect();
    let applies = managers.iter().map(|manager| applied(&server, "", manager, &wanted));
    let answers = futures_util::future::join_all(applies).await;
    let mut codes: Vec<u16> = answers.iter().map(|answer| answer.code.as_u16()).collect();
    codes.sort_unstable();
    assert_eq!(codes, [200, 200, 200, 200, 200, 200, 200, 201]);
    assert_eq!(owners(&server.get(&of("a")).await.json()).len(), managers.len());
}
