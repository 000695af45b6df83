//! Bad days where controllers and backends meet: each is told by a condition and once by an event, is tried again ever later, loses
//! nothing, and is nobody else's.

use super::*;
use crate::standard::tests::Mood;

const EVENTS: &str = "/api/v1/namespaces/demo/events";
const OTHERS: &str = "other.example.com/postgresql";

/// How often events of a reason were recorded for an object.
pub(super) async fn told(server: &Server, name: &str, reason: &str) -> i64 {
    let (_, events) = server.get(EVENTS).await;
    let of = |event: &&Value| event["involvedObject"]["name"] == name && event["reason"] == reason;
    let events = events["items"].as_array().into_iter().flatten().filter(of);
    events.map(|event| event["count"].as_i64().unwrap_or(1)).sum()
}

/// How often a backend comes to a step in ten seconds.
async fn in_ten_seconds(server: &Server, fake: &Fake, step: &str) -> usize {
    fake.asked();
    ten_seconds(server).await;
    fake.asked().iter().filter(|asked| *asked == step).count()
}

fn unavailable() -> Option<Error> {
    Some(Error::retried(Code::Unavailable, "the disk is full"))
}

#[tokio::test(start_paused = true)]
async fn what_is_said_in_other_words_each_time_is_not_asked_more_often() {
    let (server, fake) = Server::with_fake().await;
    class(&server, json!({})).await;
    fake.lie(Some(Lie::Babble));
    let uid = ready(&server, json!({})).await;
    ten_seconds(&server).await;
    assert!(in_ten_seconds(&server, &fake, "Record a").await <= 1);
    fake.fail_at(Step::Record, unavailable());
    server.merge(A, json!({"spec": {"network": {"port": 5433}}})).await;
    server.condition(A, "Programmed", "False", "BackendUnavailable").await;
    let tried = in_ten_seconds(&server, &fake, "Record a").await;
    assert!((1..=7).contains(&tried), "{tried}");
    assert_eq!(told(&server, "a", "BackendUnavailable").await, 1);
    fake.fail_at(Step::Record, None);
    server.condition(A, "Programmed", "True", "Programmed").await;
    fake.fail_at(Step::Offer, unavailable());
    named_class(&server, "late", json!({})).await;
    server.condition(&format!("{CLASSES}/late"), "Accepted", "Unknown", "BackendUnavailable").await;
    let asked = in_ten_seconds(&server, &fake, "Offer late").await;
    assert!((1..=7).contains(&asked), "{asked}");
    is_deleted(&server, &fake, &uid).await;
}

#[tokio::test(start_paused = true)]
async fn what_is_rejected_is_told_once_and_concerns_no_other_class() {
    let (fake, other) = (Fake::new(), Fake::named(OTHERS));
    let server = Server::with(vec![fake.clone(), other]).await;
    class(&server, json!({})).await;
    named_class(&server, "others", json!({"controllerName": OTHERS})).await;
    fake.fail_at(Step::Record, Some(Error::rejected("InvalidParameters", "there is no such parameter")));
    let uid = created(&server, json!({})).await;
    server.condition(A, "Accepted", "False", "InvalidParameters").await;
    server.condition(A, "Stalled", "True", "InvalidParameters").await;
    server.post(IN_DEMO, database("b", json!({"className": "others"}))).await;
    server.condition(&format!("{IN_DEMO}/b"), "Ready", "True", "Available").await;
    ten_seconds(&server).await;
    assert_eq!(told(&server, "a", "InvalidParameters").await, 1);
    is_deleted(&server, &fake, &uid).await;
}

#[tokio::test(start_paused = true)]
async fn a_backend_that_never_answers_holds_up_nobody_elses_objects() {
    let (fake, other) = (Fake::new(), Fake::named(OTHERS));
    let server = Server::with(vec![fake.clone(), other]).await;
    class(&server, json!({})).await;
    named_class(&server, "others", json!({"controllerName": OTHERS})).await;
    server.condition(OURS, "Accepted", "True", "Accepted").await;
    fake.hang_at(Some(Step::Record));
    let names: Vec<String> = (0..20).map(|at| format!("hung-{at:02}")).collect();
    for name in &names {
        assert_eq!(server.post(IN_DEMO, database(name, json!({"className": "ours"}))).await.0, 201);
    }
    let began = tokio::time::Instant::now();
    server.post(IN_DEMO, database("b", json!({"className": "others"}))).await;
    server.condition(&format!("{IN_DEMO}/b"), "Ready", "True", "Available").await;
    assert!(began.elapsed().as_secs() < 5, "{:?}", began.elapsed());
    ten_seconds(&server).await;
    let mut begun = fake.asked();
    begun.retain(|step| step.starts_with("Record"));
    assert_eq!(begun.len(), 8, "no more than that hang: {begun:?}");
    let hangs = |name: &&String| begun.contains(&format!("Record {name}"));
    let says = async |name: &String, text: &str| {
        let path = format!("{IN_DEMO}/{name}");
        let message = server.condition(&path, "Programmed", "False", "BackendUnavailable").await;
        assert!(message.contains(text), "{name}: {message}");
    };
    for name in names.iter().filter(|name| !hangs(name)) {
        says(name, "has not answered 8 others for 10s").await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_secret_that_is_deleted_or_edited_is_put_right_at_once() {
    let (server, fake) = Server::with_fake().await;
    class(&server, json!({})).await;
    let uid = ready(&server, json!({})).await;
    ten_seconds(&server).await;
    let (_, before) = server.get(BINDING).await;
    let began = tokio::time::Instant::now();
    let is_as_before = async || {
        let (_, now) = server.get(BINDING).await;
        before["data"].as_object()?.iter().all(|(key, value)| now["data"][key] == *value).then_some(())
    };
    assert_eq!(server.delete(BINDING, json!({})).await, 200);
    server.until("the Secret is there again", is_as_before).await;
    let edited = json!({"stringData": {"host": "elsewhere", "team": "docs"}, "data": {"uri": null}});
    assert_eq!(server.merge(BINDING, edited).await.0, 200);
    server.until("the Secret is as it was", is_as_before).await;
    assert!(began.elapsed().as_secs() < 5, "by the event, not by the next look");
    assert_eq!(server.get(BINDING).await.1["data"]["team"], "ZG9jcw==", "a person's own key stays");
    let key = json!({"data": {"uri": null}});
    assert_eq!(server.merge(BINDING, key).await.0, 200);
    server.until("the key is there again", is_as_before).await;
    assert!(began.elapsed().as_secs() < 5, "nobody owns what was only taken away");
    server.condition(A, "Ready", "True", "Available").await;
    assert_eq!(told(&server, "a", "NotReady").await, 0);
    assert!(in_ten_seconds(&server, &fake, "Record a").await <= 1);
    is_deleted(&server, &fake, &uid).await;
}

#[tokio::test(start_paused = true)]
async fn a_secret_that_only_lost_its_labels_is_given_them_back() {
    let (server, fake) = Server::with_fake().await;
    gives_labels_back(&server, &fake).await;
}

#[tokio::test(start_paused = true)]
async fn so_is_one_that_alone_has_the_password() {
    let (server, fake) = Server::with_fake().await;
    fake.forgets_logins();
    gives_labels_back(&server, &fake).await;
}

async fn gives_labels_back(server: &Server, fake: &Fake) {
    class(server, json!({})).await;
    let uid = ready(server, json!({"deletionPolicy": "Delete"})).await;
    let (_, before) = server.get(BINDING).await;
    assert_eq!(server.merge(BINDING, json!({"metadata": {"labels": null}})).await.0, 200);
    let is_as_before = async || {
        let (_, now) = server.get(BINDING).await;
        let same = |part: &str| now[part] == before[part];
        (same("data") && now["metadata"]["labels"] == before["metadata"]["labels"]).then_some(())
    };
    server.until("it has its labels again", is_as_before).await;
    server.condition(A, "Ready", "True", "Available").await;
    assert_eq!(told(server, "a", "SecretConflict").await, 0);
    is_deleted(server, fake, &uid).await;
    server.gone(BINDING).await;
}

#[tokio::test(start_paused = true)]
async fn a_secret_that_somebody_takes_is_left_to_him_and_told() {
    let (server, fake) = Server::with_fake().await;
    class(&server, json!({})).await;
    let uid = ready(&server, json!({})).await;
    let (_, before) = server.get(BINDING).await;
    let taken = json!({"metadata": {"labels": null}, "stringData": {"host": "his"}});
    assert_eq!(server.merge(BINDING, taken).await.0, 200);
    let message = server.condition(A, "Ready", "False", "SecretConflict").await;
    assert!(message.contains("delete it, or give this object another name"), "{message}");
    assert!(message.contains(&format!("instance-uid={uid}")), "who knows whose it is can say so: {message}");
    server.condition(A, "Stalled", "True", "SecretConflict").await;
    assert!(in_ten_seconds(&server, &fake, "Record a").await <= 3);
    assert_eq!(told(&server, "a", "SecretConflict").await, 1);
    assert_eq!(server.get(BINDING).await.1["data"]["host"], "aGlz", "what is his is not changed");
    assert_eq!(fake.is_up(&uid), Some(true));
    assert_eq!(server.delete(BINDING, json!({})).await, 200);
    server.condition(A, "Ready", "True", "Available").await;
    assert_eq!(server.get(BINDING).await.1["data"], before["data"]);
    is_deleted(&server, &fake, &uid).await;
}

#[tokio::test(start_paused = true)]
async fn without_the_right_to_secrets_objects_say_so_and_what_serves_stays_ready() {
    let (server, fake) = Server::with_fake().await;
    class(&server, json!({"defaults": {"deletionPolicy": "Delete"}})).await;
    server.host.be(Mood::Forbids);
    let uid = created(&server, json!({})).await;
    let message = server.condition(A, "Ready", "False", "Failing").await;
    assert!(message.contains("forbidden") && message.contains("secrets"), "{message}");
    server.condition(A, "Programmed", "False", "ClusterUnavailable").await;
    assert!(in_ten_seconds(&server, &fake, "Record a").await <= 7);
    assert_eq!(told(&server, "a", "NotReady").await, 1);
    server.host.be(Mood::Good);
    server.condition(A, "Ready", "True", "Available").await;

    server.host.be(Mood::Forbids);
    server.merge(BINDING, json!({"stringData": {"host": "elsewhere"}})).await;
    server.condition(A, "Programmed", "False", "ClusterUnavailable").await;
    server.condition(A, "Ready", "True", "Available").await;
    assert_eq!(told(&server, "a", "ClusterUnavailable").await, 1);

    assert_eq!(server.delete(A, json!({})).await, 200);
    let refused = async || {
        let why = server.condition(A, "Ready", "False", "Terminating").await;
        (why.starts_with("the database cannot be removed yet") && why.contains("forbidden")).then_some(())
    };
    server.until("the object says what holds it", refused).await;
    ten_seconds(&server).await;
    assert_eq!(told(&server, "a", "NotRemoved").await, 1);
    server.host.be(Mood::Good);
    server.gone(A).await;
    assert_eq!(server.get(BINDING).await.0, 404);
    assert!(!fake.has_data(&uid));
}

#[tokio::test(start_paused = true)]
async fn a_cluster_that_never_answers_is_told_and_asked_again() {
    let (server, fake) = Server::with_fake().await;
    class(&server, json!({})).await;
    server.host.be(Mood::Hangs);
    let uid = created(&server, json!({})).await;
    let message = server.condition(A, "Programmed", "False", "ClusterUnavailable").await;
    assert!(message.contains("did not answer within 30s"), "{message}");
    server.host.be(Mood::Good);
    server.condition(A, "Ready", "True", "Available").await;
    is_deleted(&server, &fake, &uid).await;
}
