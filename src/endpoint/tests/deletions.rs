//! Options of deletions, and what follows from them.

use super::watches::{Watch, version};
use super::*;
use apimachinery::meta::{DeleteOptions, PropagationPolicy};
use apimachinery::wire::{Object, TypeMeta, protobuf};

async fn delete(server: &Server, path: &str, options: &Value) -> Answer {
    server.send(Method::DELETE, path, &[], options.to_string()).await
}

/// An object with these finalizers.
async fn held(server: &Server, name: &str, finalizers: Value) -> Value {
    let mut object = flunder(name);
    object["metadata"]["finalizers"] = finalizers;
    let answer = server.post(BASE, &object).await;
    assert_eq!(answer.code, 201, "{:?}", answer.bytes);
    answer.json()
}

#[tokio::test]
async fn options_come_in_every_form() {
    let server = Server::start().await;
    let options =
        DeleteOptions { propagation_policy: Some(PropagationPolicy::Foreground), ..DeleteOptions::default() };
    let mut message = Vec::new();
    options.encode_fields(&mut message);
    let type_meta = TypeMeta { kind: "DeleteOptions".into(), api_version: "v1".into() };
    let message = protobuf::encode(&type_meta, &message);
    let own = json!({"kind": "DeleteOptions", "apiVersion": "wardle.example.com/v1", "propagationPolicy": "Foreground"});
    for (media, body) in [
        (
            "application/yaml",
            b"kind: DeleteOptions\napiVersion: v1\npropagationPolicy: Foreground\n".to_vec(),
        ),
        ("application/vnd.kubernetes.protobuf", message),
        ("application/json", own.to_string().into_bytes()),
    ] {
        let name = media.rsplit(['/', '.']).next().unwrap();
        server.create(name).await;
        let answer = server.send(Method::DELETE, &of(name), &[("content-type", media)], body).await;
        assert_eq!(answer.code, 200, "{media}: {:?}", answer.bytes);
        assert_eq!(answer.json()["metadata"]["finalizers"], json!(["foregroundDeletion"]), "{media}");
    }
}

#[tokio::test]
async fn options_that_cannot_be_are_refused_as_what_they_are() {
    let server = Server::start().await;
    server.create("a").await;
    for (options, words) in [
        (json!({"propagationPolicy": "Sideways"}), "propagationPolicy: Unsupported value: \"Sideways\""),
        (
            json!({"propagationPolicy": "Orphan", "orphanDependents": true}),
            "orphanDependents and deletionPropagation cannot be both set",
        ),
        (json!({"dryRun": ["Some"]}), "dryRun: Unsupported value: "),
    ] {
        for path in [of("a"), BASE.to_owned()] {
            let answer = delete(&server, &path, &options).await;
            let status = answer.json();
            assert_eq!(answer.code, 422, "{status}");
            let details = &status["details"];
            assert_eq!(
                (&details["kind"], &details["group"]),
                (&"DeleteOptions".into(), &"meta.k8s.io".into())
            );
            assert!(status["message"].as_str().unwrap().contains(words), "{status}");
        }
    }
    assert_eq!(server.get(&of("a")).await.code, 200);
}

#[tokio::test]
async fn preconditions_name_the_kind() {
    let server = Server::start().await;
    let object = server.create("a").await;
    let uid = object["metadata"]["uid"].as_str().unwrap();
    let start = "Operation cannot be fulfilled on Flunder.wardle.example.com \"a\": ";
    for (preconditions, words) in [
        (
            json!({"uid": "other"}),
            format!(
                "the UID in the precondition (other) does not match the UID in record ({uid}). The object might have \
                 been deleted and then recreated"
            ),
        ),
        (
            json!({"uid": uid, "resourceVersion": "1"}),
            "the ResourceVersion in the precondition (1) does not match".into(),
        ),
    ] {
        let answer = delete(&server, &of("a"), &json!({"preconditions": preconditions})).await;
        let status = answer.json();
        assert_eq!((answer.code.as_u16(), &status["reason"]), (409, &"Conflict".into()));
        assert!(status["message"].as_str().unwrap().starts_with(&format!("{start}{words}")), "{status}");
    }
    let right =
        json!({"preconditions": {"uid": uid, "resourceVersion": object["metadata"]["resourceVersion"]}});
    assert_eq!(delete(&server, &of("a"), &right).await.code, 200);
}

#[tokio::test]
async fn the_policy_decides_about_the_collectors_finalizers() {
    let server = Server::start().await;
    let mine = "example.com/one";
    for (number, (before, options, after)) in [
        (json!([mine]), json!({"propagationPolicy": "Orphan"}), json!([mine, "orphan"])),
        (json!([mine]), json!({"orphanDependents": true}), json!([mine, "orphan"])),
        (json!([mine]), json!({"propagationPolicy": "Foreground"}), json!([mine, "foregroundDeletion"])),
        (
            json!([mine, "orphan"]),
            json!({"propagationPolicy": "Foreground"}),
            json!([mine, "foregroundDeletion"]),
        ),
        (json!([mine, "orphan"]), json!({"propagationPolicy": "Background"}), json!([mine])),
        (json!(["foregroundDeletion", mine]), json!({"orphanDependents": false}), json!([mine])),
        (json!([mine, "orphan"]), json!({}), json!([mine, "orphan"])),
        (json!([mine]), json!({}), json!([mine])),
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("a{number}");
        held(&server, &name, before).await;
        let answer = delete(&server, &of(&name), &options).await;
        assert_eq!(answer.json()["metadata"]["finalizers"], after, "{options}");
        // Only who says no to orphans in just these words is told that it is accepted and not done.
        let code = if options["orphanDependents"] == false { 202 } else { 200 };
        assert_eq!(answer.code, code, "{options}");
    }
    held(&server, "last", json!(["orphan"])).await;
    assert_eq!(
        delete(&server, &of("last"), &json!({"orphanDependents": false})).await.json()["kind"],
        "Status"
    );
    assert_eq!(server.get(&of("last")).await.code, 404);
}

#[tokio::test]
async fn a_deletion_that_waits_is_a_change_and_a_second_one_begins_nothing_anew() {
    let server = Server::start().await;
    let object = held(&server, "a", json!(["example.com/one"])).await;
    let mut watch = Watch::open(&server, &format!("resourceVersion={}", version(&object))).await;
    let going = delete(&server, &of("a"), &json!({"gracePeriodSeconds": 30})).await.json();
    let seen = watch.expect("MODIFIED", "a").await;
    assert_eq!(seen, going);
    assert_eq!(going["metadata"]["deletionGracePeriodSeconds"], 0, "nothing waits for time here");
    let again = delete(&server, &of("a"), &json!({"propagationPolicy": "Orphan"})).await.json();
    assert_eq!(again["metadata"]["finalizers"], json!(["example.com/one", "orphan"]));
    for field in ["deletionTimestamp", "generation", "uid"] {
        assert_eq!(again["metadata"][field], going["metadata"][field], "{field}");
    }
}

#[tokio::test]
async fn a_period_of_grace_is_of_no_account() {
    let server = Server::start().await;
    for seconds in [0, 30, -5] {
        server.create("a").await;
        let answer = delete(&server, &of("a"), &json!({"gracePeriodSeconds": seconds})).await;
        assert_eq!((answer.code.as_u16(), &answer.json()["status"]), (200, &"Success".into()), "{seconds}");
        assert_eq!(server.get(&of("a")).await.code, 404, "{seconds}");
    }
    server.create("a").await;
    let query = server.send(Method::DELETE, &format!("{}?gracePeriodSeconds=5", of("a")), &[], "").await;
    assert_eq!(query.json()["status"], "Success");
    assert_eq!(
        server.send(Method::DELETE, &format!("{}?gracePeriodSeconds=x", of("a")), &[], "").await.code,
        400
    );
}

#[tokio::test]
async fn a_collection_goes_as_its_objects_would() {
    let server = Server::start().await;
    for name in ["a", "b", "c"] {
        server.create(name).await;
    }
    held(&server, "held", json!(["example.com/one"])).await;
    let count = async || server.get(BASE).await.json()["items"].as_array().unwrap().len();
    let dry = delete(&server, BASE, &json!({"dryRun": ["All"]})).await.json();
    assert_eq!(
        (&dry["kind"], dry["items"].as_array().map(Vec::len), count().await),
        (&"FlunderList".into(), Some(4), 4)
    );
    let page = server.send(Method::DELETE, &format!("{BASE}?limit=1"), &[], "").await.json();
    assert_eq!((page["items"].as_array().map(Vec::len), count().await), (Some(1), 3));
    let refused = server.send(Method::DELETE, &format!("{BASE}?propagationPolicy=Sideways"), &[], "").await;
    assert_eq!((refused.code.as_u16(), count().await), (422, 3));
    let rest = delete(&server, BASE, &json!({})).await.json();
    assert_eq!((rest["items"].as_array().map(Vec::len), count().await), (Some(3), 1));
    let left = server.get(&of("held")).await.json();
    assert!(left["metadata"]["deletionTimestamp"].is_string(), "{left}");
}

#[tokio::test]
async fn a_collection_goes_in_order_until_one_cannot() {
    let server = Server::start().await;
    for name in ["a", "b", "c"] {
        server.create(name).await;
    }
    let second = server.get(&of("b")).await.json()["metadata"]["uid"].clone();
    let refused = delete(&server, BASE, &json!({"preconditions": {"uid": second}})).await;
    assert_eq!((refused.code.as_u16(), server.get(&of("b")).await.code.as_u16()), (409, 200));
    let now = server.get(BASE).await.json();
    let mut watch = Watch::open(&server, &format!("resourceVersion={}", version(&now))).await;
    delete(&server, BASE, &json!({})).await;
    for name in ["a", "b", "c"] {
        watch.expect("DELETED", name).await;
    }
}
