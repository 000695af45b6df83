//! What the audit log says of requests for objects.

use super::*;
use crate::pipeline::audit::testing::Recorded;
use crate::telemetry::Stored;

async fn start(recorded: &Recorded) -> Server {
    Server::treating(recorded.options()).await
}

const PATCH: [(&str, &str); 1] = [("content-type", "application/merge-patch+json")];

/// Every verb, with what is right and what is refused.
async fn every_verb(server: &Server) {
    server.create("a").await;
    server.post(BASE, &flunder("a")).await;
    server.post(BASE, &json!({"spec": 1})).await;
    server.get(&of("a")).await;
    let table = [("accept", "application/json;as=Table;v=v1;g=meta.k8s.io")];
    server.send(Method::GET, BASE, &table, "").await;
    server.send(Method::GET, BASE, &[("accept", "application/vnd.kubernetes.protobuf")], "").await;
    let mut object = server.get(&of("a")).await.json();
    object["spec"]["count"] = 2.into();
    server.put(&of("a"), &object).await;
    server.send(Method::PATCH, &of("a"), &PATCH, "{\n  \"spec\": {\"reference\": \"a  \\\" b\"}\n}").await;
    let apply = [("content-type", "application/apply-patch+yaml")];
    let configuration = "apiVersion: wardle.example.com/v1\nkind: Flunder\nmetadata: {name: b}\n";
    server.send(Method::PATCH, &format!("{}?fieldManager=m", of("b")), &apply, configuration).await;
    server.send(Method::GET, &format!("{BASE}?watch=true&timeoutSeconds=1&resourceVersion=0"), &[], "").await;
    let options = json!({"propagationPolicy": "Background"});
    server.send(Method::DELETE, &of("a"), &[], options.to_string()).await;
    server.send(Method::DELETE, &format!("{BASE}?labelSelector=x"), &[], "").await;
    let stranger = server.pipeline.as_user(UserInfo::new("stranger", [""; 0]));
    let refused = Request::get(of("b")).body(RequestBody::empty()).unwrap();
    stranger.send(refused).await;
}

#[tokio::test(start_paused = true)]
async fn every_verb_is_recorded_with_its_objects() {
    let recorded = Recorded::by("- {level: RequestResponse, omitStages: [RequestReceived]}");
    every_verb(&start(&recorded).await).await;
    recorded.check("src/endpoint/tests/audit.golden");
}

#[tokio::test(start_paused = true)]
async fn objects_are_recorded_at_the_levels_that_have_them_alone() {
    for (level, requests, responses) in
        [("Metadata", false, false), ("Request", true, false), ("RequestResponse", true, true)]
    {
        let recorded = Recorded::by(&format!("- {{level: {level}, omitManagedFields: true}}"));
        every_verb(&start(&recorded).await).await;
        let events = recorded.events();
        assert_eq!(events.contains(r#""requestObject":"#), requests, "{level}");
        assert_eq!(events.contains(r#""responseObject":"#), responses, "{level}");
        assert_eq!(events.contains(r#""reference""#), requests, "{level}");
        assert!(events.contains(r#""name":"a","uid":"UID","#), "who says its uid is known by it");
        assert!(!events.contains("managedFields"), "{level}");
    }
}

#[tokio::test]
async fn what_is_too_large_goes_without_its_objects() {
    use crate::pipeline::audit::{Mode, Rotation, Target};
    let folder = tempfile::tempdir().unwrap();
    let target = Target::File(folder.path().join("log"), Rotation { megabytes: 0, days: 0, files: 0 });
    let rules = "- {level: RequestResponse, omitStages: [RequestReceived]}";
    let recorded = Recorded::at(folder, target, Mode::Blocking, rules, Some(1024));
    let server = start(&recorded).await;
    let large = json!({"metadata": {"name": "large"}, "spec": {"reference": "a".repeat(2000)}});
    assert_eq!(server.post(BASE, &large).await.code, 201);
    server.create("a").await;
    server.get(&format!("{BASE}?labelSelector={}", "x".repeat(1024))).await;
    let events = recorded.events();
    assert_eq!(events.lines().count(), 2, "{events}");
    assert_eq!(events.matches(r#""audit.k8s.io/truncated":"true""#).count(), 2, "{events}");
    assert!(!events.contains("Object\":"), "{events}");
    assert!(
        recorded.metrics.text(&Stored::default()).unwrap().contains("error_total{plugin=\"truncate\"} 1\n")
    );
}
