//! What comes before what.

use super::*;

#[tokio::test(start_paused = true)]
async fn everything_that_holds_a_database_is_written_before_the_backend_begins() {
    let (server, fake) = Server::with_fake().await;
    class(&server, json!({})).await;
    fake.fail_at(Step::Record, Some(Error::retried(Code::Unavailable, "not yet")));
    let uid = created(&server, json!({})).await;
    server.condition(A, "Programmed", "False", "BackendUnavailable").await;
    let (_, object) = server.get(A).await;
    let reference = &object["status"]["backendRef"];
    assert_eq!((&reference["group"], &reference["name"]), (&"fake.example.com".into(), &uid.into()));
    assert_eq!(object["metadata"]["finalizers"], json!(["databases.standard.k8s.io/backend"]));
    let (_, class) = server.get(OURS).await;
    assert_eq!(class["metadata"]["finalizers"], json!(["databases.standard.k8s.io/class-in-use"]));
}

#[tokio::test(start_paused = true)]
async fn what_holds_a_database_stays_where_it_is_written_without() {
    let (server, fake) = Server::with_fake().await;
    class(&server, json!({"defaults": {"deletionPolicy": "Delete"}})).await;
    fake.fail_at(Step::Record, Some(Error::retried(Code::Unavailable, "not yet")));
    let uid = created(&server, json!({})).await;
    server.condition(A, "Programmed", "False", "BackendUnavailable").await;
    let ours = "databases.standard.k8s.io/backend";
    for (written, then) in [
        (json!(null), json!([ours])),
        (json!(["example.com/hold"]), json!([ours, "example.com/hold"])),
        (json!([]), json!([ours])),
    ] {
        server.merge(A, json!({"metadata": {"finalizers": written}})).await;
        assert_eq!(server.get(A).await.1["metadata"]["finalizers"], then);
    }
    server.merge(OURS, json!({"metadata": {"finalizers": null}})).await;
    assert!(!server.get(OURS).await.1["metadata"]["finalizers"].is_null());
    fake.fail_at(Step::Record, None);
    server.condition(A, "Ready", "True", "Available").await;
    is_deleted(&server, &fake, &uid).await;
    assert!(!fake.has_data(&uid), "nothing is left behind");
}

#[tokio::test(start_paused = true)]
async fn a_database_is_made_step_by_step_and_ends_in_turn() {
    let (server, fake) = Server::with_fake().await;
    class(&server, json!({"defaults": {"deletionPolicy": "Delete"}})).await;
    server.condition(OURS, "Accepted", "True", "Accepted").await;
    fake.asked();
    ready(&server, json!({})).await;
    let mut steps = fake.asked();
    steps.retain(|step| !step.starts_with("Observe") && !step.starts_with("Offer"));
    steps.dedup();
    assert_eq!(steps[..5], ["Reference a", "Record a", "Make a", "Start a", "Fill a"], "{steps:?}");
    assert_eq!(server.delete(A, json!({})).await, 200);
    server.gone(A).await;
    let steps = fake.asked();
    let ends = steps.iter().position(|step| step == "End a").unwrap();
    assert_eq!(steps[ends..], ["End a", "Remove a"], "nothing is asked of what goes");
}

#[tokio::test(start_paused = true)]
async fn who_is_ready_has_its_secret() {
    let (server, _fake) = Server::with_fake().await;
    class(&server, json!({})).await;
    ready(&server, json!({"users": [{"name": "etl"}]})).await;
    let (_, object) = server.get(A).await;
    assert_eq!(object["status"]["binding"]["name"], "a-binding");
    for secret in [BINDING, "/api/v1/namespaces/demo/secrets/a-user-etl"] {
        assert_eq!(server.get(secret).await.0, 200, "{secret}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_retained_stays_with_its_secret() {
    let (server, fake) = Server::with_fake().await;
    class(&server, json!({})).await;
    let uid = ready(&server, json!({"deletionPolicy": "Retain"})).await;
    is_deleted(&server, &fake, &uid).await;
    assert!(fake.has_data(&uid));
    assert_eq!(server.get(BINDING).await.0, 200);
    let (_, events) = server.get("/api/v1/namespaces/demo/events").await;
    let mut events = events["items"].as_array().into_iter().flatten();
    let retained = events.find(|event| event["reason"] == "Retained").expect("it is told");
    let message = retained["message"].as_str().unwrap_or_default();
    assert!(message.contains("with Secret a-binding; a new object of the name waits"), "{message}");
    created(&server, json!({})).await;
    server.condition(A, "Ready", "False", "SecretConflict").await;
}

#[tokio::test(start_paused = true)]
async fn a_status_that_somebody_else_wrote_is_put_right_at_once_and_once() {
    let (server, fake) = Server::with_fake().await;
    class(&server, json!({})).await;
    let uid = ready(&server, json!({})).await;
    ten_seconds(&server).await;
    for (path, kind, reason) in [(A, "Ready", "Available"), (OURS, "Accepted", "Accepted")] {
        let (_, mut object) = server.get(path).await;
        object["status"] = json!({});
        let began = tokio::time::Instant::now();
        let status = format!("{path}/status");
        let (code, _, answer) =
            server.send(http::Method::PUT, &status, "application/json", object.to_string()).await;
        assert_eq!(code, 200, "{answer}");
        server.condition(path, kind, "True", reason).await;
        assert!(began.elapsed().as_secs() < 2, "{path}: by the event, not by the next look");
    }
    ten_seconds(&server).await;
    let revision = server.revision().await;
    ten_seconds(&server).await;
    assert_eq!(server.revision().await, revision, "nobody writes for having written");
    is_deleted(&server, &fake, &uid).await;
}

#[tokio::test(start_paused = true)]
async fn news_of_one_object_is_looked_at_at_once_and_of_no_other() {
    let (server, fake) = Server::with_fake().await;
    class(&server, json!({})).await;
    let uid = ready(&server, json!({})).await;
    server.post(IN_DEMO, database("b", json!({"className": "ours"}))).await;
    server.condition(&format!("{IN_DEMO}/b"), "Ready", "True", "Available").await;
    ten_seconds(&server).await;
    fake.asked();
    let began = tokio::time::Instant::now();
    fake.crash(&uid);
    server.until("it is up again", async || (fake.is_up(&uid) == Some(true)).then_some(())).await;
    assert!(began.elapsed() < std::time::Duration::from_secs(1), "by the news, not by the next look");
    let steps = fake.asked();
    assert!(!steps.contains(&"Record b".to_owned()), "{steps:?}");
}

#[tokio::test(start_paused = true)]
async fn a_database_that_is_there_at_once_costs_two_writes_of_its_object_and_one_look() {
    let (server, fake) = Server::with_fake().await;
    class(&server, json!({})).await;
    server.condition(OURS, "Accepted", "True", "Accepted").await;
    // The first user of a class is written to it.
    ready(&server, json!({})).await;
    ten_seconds(&server).await;
    let path = format!("{IN_DEMO}/b");
    let begin = server.revision().await;
    fake.asked();
    assert_eq!(server.post(IN_DEMO, database("b", json!({"className": "ours"}))).await.0, 201);
    server.condition(&path, "Ready", "True", "Available").await;
    ten_seconds(&server).await;
    let (created, place, status) = (1, 1, 1);
    let (secret, events, users_of_class) = (1, 2, 1);
    let writes = server.revision().await - begin;
    assert_eq!(writes, created + place + status + secret + events + users_of_class);
    let asked = fake.asked();
    assert_eq!(asked.iter().filter(|step| *step == "Record b").count(), 1, "{asked:?}");
    let (_, object) = server.get(&path).await;
    let managers = object["metadata"]["managedFields"].as_array().unwrap();
    let subresources: Vec<_> =
        managers.iter().map(|entry| (&entry["manager"], &entry["subresource"])).collect();
    let controller = Value::from("postgresql-controller");
    assert!(subresources.contains(&(&controller, &Value::Null)), "{subresources:?}");
    assert!(subresources.contains(&(&controller, &"status".into())), "{subresources:?}");
}

#[tokio::test(start_paused = true)]
async fn a_place_that_cannot_be_told_yet_is_written_when_it_can() {
    let (server, fake) = Server::with_fake().await;
    class(&server, json!({})).await;
    fake.fail_at(Step::Reference, Some(Error::retried(Code::Unavailable, "not yet")));
    let uid = created(&server, json!({})).await;
    server.condition(A, "Programmed", "False", "BackendUnavailable").await;
    let (_, object) = server.get(A).await;
    assert_eq!(object["metadata"]["finalizers"], json!(["databases.standard.k8s.io/backend"]));
    assert_eq!(object["status"]["backendRef"], Value::Null);
    fake.fail_at(Step::Reference, None);
    server.condition(A, "Ready", "True", "Available").await;
    assert_eq!(server.get(A).await.1["status"]["backendRef"]["name"], uid.as_str());
    is_deleted(&server, &fake, &uid).await;
}
