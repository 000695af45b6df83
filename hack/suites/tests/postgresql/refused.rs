//! What the class of this machine cannot do is refused when it is typed, by what the class says of itself.

use super::prepared;
use hyper::Method;
use hyper::body::Bytes;
use quickstart::client::Client;
use serde_json::{Value, json};
use suites::instance::{NAMESPACE, class, postgresql};

const CLASSES: &str = "/apis/databases.standard.k8s.io/v1/databaseclasses";

async fn written(client: &Client, method: Method, path: &str, body: &Value) -> (u16, Value) {
    let content = if method == Method::PATCH { "application/merge-patch+json" } else { "application/json" };
    let answer =
        client.request(method, path, content, Bytes::from(body.to_string())).await.expect("an answer");
    (answer.status.as_u16(), answer.json())
}

/// Each fault of a write that is refused, by its field.
fn faults(answer: &Value) -> Vec<(&str, &str)> {
    let causes = answer["details"]["causes"].as_array().into_iter().flatten();
    causes.filter_map(|cause| Some((cause["field"].as_str()?, cause["message"].as_str()?))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_this_machine_cannot_give_a_server_is_refused_when_it_is_typed() {
    let Some((_sandbox, client)) = prepared().await else { return };
    let local = client.read(&format!("{CLASSES}/local")).await.expect("the class");
    let offered = &local["status"]["resources"];
    let has_limits = offered[0]["noLimits"].as_str().is_none();
    assert_eq!((&offered[0]["name"], &offered[1]["name"]), (&"cpu".into(), &"memory".into()), "{local}");
    assert!(local["status"]["storageCapacity"].as_str().is_some(), "{local}");
    let one = |part: &str, name: &str, amount: &str| json!({"resources": {part: {name: amount}}});
    let adopts = json!({"adoptRef": {"kind": "ConfigMap", "name": "x"}});
    let limited = |words: &'static str| if has_limits { words } else { "cannot hold limits" };
    let path = format!("/apis/databases.standard.k8s.io/v1/namespaces/{NAMESPACE}/postgresqls");
    for (spec, field, words) in [
        (one("limits", "cpu", "1m"), "spec.resources.limits[cpu]", limited("does with less than 50m")),
        (
            one("limits", "memory", "64Mi"),
            "spec.resources.limits[memory]",
            limited("does with less than 256Mi"),
        ),
        (one("requests", "cpu", "100k"), "spec.resources.requests[cpu]", "has no machine with more than"),
        (
            one("requests", "memory", "1Ei"),
            "spec.resources.requests[memory]",
            "has no machine with more than",
        ),
        (one("requests", "hugepages-2Mi", "4Mi"), "spec.resources.requests[hugepages-2Mi]", "leave it out"),
        (
            one("requests", "gpu", "1"),
            "spec.resources.requests[gpu]",
            "supported values: \"cpu\", \"memory\"",
        ),
        (adopts, "spec.adoptRef.kind", "takes no ConfigMap here, but Secret"),
    ] {
        let (code, answer) = written(&client, Method::POST, &path, &postgresql("no", &spec)).await;
        let faults = faults(&answer);
        assert!(
            code == 422 && faults.len() == 1 && faults[0].0 == field && faults[0].1.contains(words),
            "{spec}: {answer}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_class_decides_nothing_that_no_object_can_have_and_is_named_where_it_decides_too_much() {
    let Some((_sandbox, client)) = prepared().await else { return };
    let mut bad = class();
    bad["metadata"]["name"] = "bad".into();
    bad["spec"]["defaultFor"] = Value::Null;
    bad["spec"]["defaults"] =
        json!({"storage": {"size": "-1Gi"}, "resources": {"limits": {"cpu": "0.0501"}}});
    let (code, answer) = written(&client, Method::POST, CLASSES, &bad).await;
    let fields: Vec<&str> = faults(&answer).iter().map(|(field, _)| *field).collect();
    assert_eq!(
        (code, fields),
        (422, vec!["spec.defaults.storage.size", "spec.defaults.resources.limits[cpu]"])
    );
    bad["spec"]["defaults"] = json!({"storage": {"size": "1Gi"}, "resources": {"requests": {"cpu": "100k"}}});
    assert_eq!(written(&client, Method::POST, CLASSES, &bad).await.0, 201);
    let ready = suites::instance::READY;
    let accepted = format!("{CLASSES}/bad");
    quickstart::wait::condition(&client, &accepted, "Accepted", ready, |_| {}).await.expect("it is accepted");
    let path = format!("/apis/databases.standard.k8s.io/v1/namespaces/{NAMESPACE}/postgresqls");
    let object = postgresql("no", &json!({"className": "bad"}));
    let (code, answer) = written(&client, Method::POST, &path, &object).await;
    let told = "this is the default of class \"bad\": set spec.resources here, or change the class";
    assert!(code == 422 && faults(&answer)[0].1.ends_with(told), "{answer}");
}
