//! What classes say of their backend's offer.

use super::*;

const SETTINGS: &str = "/api/v1/namespaces/demo/configmaps";

fn reference(kind: &str, name: &str) -> Value {
    json!({"parametersRef": {"kind": kind, "name": name, "namespace": "demo"}})
}

async fn features(server: &Server, class: &str) -> Vec<String> {
    let (_, class) = server.get(&format!("{CLASSES}/{class}")).await;
    let features = class["status"]["supportedFeatures"].as_array().cloned().unwrap_or_default();
    features.iter().map(|feature| feature["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(start_paused = true)]
async fn two_classes_of_one_controller_offer_what_their_parameters_say() {
    let (server, _fake) = Server::with_fake().await;
    let settings = json!({"metadata": {"name": "gold"}, "data": {"features": "PostgreSQLReplicas"}});
    assert_eq!(server.post(SETTINGS, settings).await.0, 201);
    named_class(&server, "gold", reference("ConfigMap", "gold")).await;
    class(&server, json!({})).await;
    for name in ["gold", "ours"] {
        server.condition(&format!("{CLASSES}/{name}"), "Accepted", "True", "Accepted").await;
    }
    let replicas = "PostgreSQLReplicas".to_owned();
    assert!(features(&server, "gold").await.contains(&replicas));
    assert!(!features(&server, "ours").await.contains(&replicas));
    let two = |class: &str| database("two", json!({"className": class, "instances": 2}));
    assert_eq!(server.post(IN_DEMO, two("ours")).await.0, 422);
    assert_eq!(server.post(IN_DEMO, two("gold")).await.0, 201);
}

#[tokio::test(start_paused = true)]
async fn a_class_whose_parameters_are_missing_or_of_another_kind_says_so() {
    let (server, _fake) = Server::with_fake().await;
    class(&server, reference("Secret", "gold")).await;
    let gold = format!("{CLASSES}/gold");
    let missing = "there is no ConfigMap demo/gold, which spec.parametersRef names";
    let other = "spec.parametersRef names a Secret; the controller of this class takes ConfigMap";
    says(&server, OURS, "Accepted", "False", "InvalidParameters", other).await;
    let mut object = json!({"metadata": {"name": "gold"}, "spec": {"controllerName": CONTROLLER_NAME}});
    merge(&mut object["spec"], &reference("ConfigMap", "gold"));
    let (code, headers, _) = server.post(CLASSES, object).await;
    assert!(code == 201 && headers["warning"].to_str().is_ok_and(|warning| warning.contains(missing)));
    says(&server, &gold, "Accepted", "False", "InvalidParameters", missing).await;
    created(&server, json!({})).await;
    server.condition(A, "Accepted", "False", "ClassNotAccepted").await;
    assert_eq!(server.post(SETTINGS, json!({"metadata": {"name": "gold"}})).await.0, 201);
    server.condition(&gold, "Accepted", "True", "Accepted").await;
}

#[tokio::test(start_paused = true)]
async fn parameters_that_come_or_change_are_looked_at_at_once_by_the_class_and_by_its_objects() {
    let (server, fake) = Server::with_fake().await;
    let gold = format!("{CLASSES}/gold");
    named_class(&server, "gold", reference("ConfigMap", "gold")).await;
    server.condition(&gold, "Accepted", "False", "InvalidParameters").await;
    let began = tokio::time::Instant::now();
    assert_eq!(server.post(SETTINGS, json!({"metadata": {"name": "gold"}})).await.0, 201);
    server.condition(&gold, "Accepted", "True", "Accepted").await;
    let uid = ready(&server, json!({"className": "gold"})).await;
    ten_seconds(&server).await;
    fake.asked();
    let of_a_class = json!({"data": {"size": "small"}});
    assert_eq!(server.merge(&format!("{SETTINGS}/gold"), of_a_class).await.0, 200);
    let looked = async || fake.asked().contains(&"Record a".to_owned()).then_some(());
    server.until("its object is looked at", looked).await;
    assert!(began.elapsed() < std::time::Duration::from_secs(20), "by the news, not by the next look");
    assert_eq!(server.delete(&format!("{SETTINGS}/gold"), json!({})).await, 200);
    server.condition(&gold, "Accepted", "False", "InvalidParameters").await;
    assert!(began.elapsed() < std::time::Duration::from_secs(20), "by the news, not by the next look");
    is_deleted(&server, &fake, &uid).await;
}

#[tokio::test(start_paused = true)]
async fn an_offer_that_shrinks_is_known_at_once_and_keeps_who_is_there() {
    let (server, fake) = Server::with_fake().await;
    class(&server, json!({})).await;
    named_class(&server, "other", json!({})).await;
    let uid = ready(&server, json!({"users": [{"name": "etl"}]})).await;
    let users = "PostgreSQLUsers".to_owned();
    let began = tokio::time::Instant::now();
    fake.offers("ours", Offer { features: vec!["PostgreSQL".into()], ..Offer::default() });
    server
        .until("less is offered", async || (features(&server, "ours").await.len() == 1).then_some(()))
        .await;
    assert!(began.elapsed() < std::time::Duration::from_secs(1), "by the news, not by the next look");
    assert!(features(&server, "other").await.contains(&users), "the other class is offered what it was");
    let more = json!({"spec": {"users": [{"name": "etl"}, {"name": "bi"}]}});
    assert_eq!(server.merge(A, more).await.0, 422);
    fake.crash(&uid);
    server.until("it is up again", async || (fake.is_up(&uid) == Some(true)).then_some(())).await;
    server.condition(A, "Ready", "True", "Available").await;
    is_deleted(&server, &fake, &uid).await;
}

#[tokio::test(start_paused = true)]
async fn a_class_that_the_backend_refuses_takes_no_new_objects() {
    let (server, fake) = Server::with_fake().await;
    let refused = Some(Refusal::new("Unsupported", "this machine has no room"));
    fake.offers("ours", Offer { refused, ..Offer::default() });
    class(&server, json!({})).await;
    says(&server, OURS, "Accepted", "False", "Unsupported", "this machine has no room").await;
    created(&server, json!({})).await;
    let message = server.condition(A, "Accepted", "False", "ClassNotAccepted").await;
    assert!(message.contains("this machine has no room"), "{message}");
    fake.offers("ours", Offer::default());
    server.condition(A, "Ready", "True", "Available").await;
    fake.fail_at(Step::Offer, Some(Error::rejected("InvalidParameters", "the settings are wrong")));
    fake.offers("ours", Offer::default());
    says(&server, OURS, "Accepted", "False", "InvalidParameters", "the settings are wrong").await;
}

#[tokio::test(start_paused = true)]
async fn a_class_keeps_what_it_was_offered_while_its_backend_does_not_answer() {
    let (server, fake) = Server::with_fake().await;
    class(&server, json!({})).await;
    server.condition(OURS, "Accepted", "True", "Accepted").await;
    let before = features(&server, "ours").await;
    fake.fail_at(Step::Offer, Some(Error::retried(Code::Unavailable, "no answer")));
    named_class(&server, "late", json!({})).await;
    let late = format!("{CLASSES}/late");
    says(&server, &late, "Accepted", "Unknown", "BackendUnavailable", "no answer").await;
    ready(&server, json!({})).await;
    server.condition(OURS, "InUse", "True", "InUse").await;
    server.condition(OURS, "Accepted", "True", "Accepted").await;
    assert_eq!(features(&server, "ours").await, before);
    fake.fail_at(Step::Offer, None);
    server.condition(&late, "Accepted", "True", "Accepted").await;
}

#[tokio::test(start_paused = true)]
async fn defaults_that_change_are_for_those_that_wait_and_disturb_nobody_who_has_theirs() {
    let (server, fake) = Server::with_fake().await;
    class(&server, json!({})).await;
    let uid = ready(&server, json!({})).await;
    let (_, before) = server.get(A).await;
    ten_seconds(&server).await;
    fake.asked();
    let changed = json!({"spec": {"defaults": {"deletionPolicy": "Delete"}, "description": "for tests"}});
    assert_eq!(server.merge(OURS, changed).await.0, 200);
    ten_seconds(&server).await;
    let asked = fake.asked();
    assert!(asked.iter().all(|step| !step.ends_with(" a")), "{asked:?}");
    assert_eq!(server.get(A).await.1, before);
    server.post(IN_DEMO, database("b", json!({"className": "ours"}))).await;
    let b = format!("{IN_DEMO}/b");
    server.condition(&b, "Ready", "True", "Available").await;
    assert_eq!(server.get(&b).await.1["spec"]["deletionPolicy"], "Delete");
    is_deleted(&server, &fake, &uid).await;
}
