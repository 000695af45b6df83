//! Objects that went before what they had was ended, and databases whose objects are nowhere.

use super::bad_days::told;
use super::*;

const FORCED: &str = "what was taken off by force";

fn unavailable() -> Option<Error> {
    Some(Error::retried(Code::Unavailable, "not yet"))
}

/// Deletes the object, and takes off what holds it before the backend gets to remove what it has.
async fn forced(server: &Server, fake: &Fake, finalizers: Value) {
    fake.fail_at(Step::End, unavailable());
    assert_eq!(server.delete(A, json!({})).await, 200);
    let (code, _, answer) = server.merge(A, json!({"metadata": {"finalizers": finalizers}})).await;
    assert_eq!(code, 200, "{answer}");
}

#[tokio::test(start_paused = true)]
async fn what_was_being_made_for_an_object_that_is_let_go_by_force_goes_as_its_policy_says() {
    let (server, fake) = Server::with_fake().await;
    class(&server, json!({})).await;
    fake.fail_at(Step::Start, unavailable());
    let uid = created(&server, json!({"deletionPolicy": "Delete"})).await;
    server.until("it is made", async || fake.has_data(&uid).then_some(())).await;
    forced(&server, &fake, json!(null)).await;
    server.gone(A).await;
    assert!(fake.has_data(&uid), "nobody had ended it");
    fake.fail_at(Step::Start, None);
    let other = created(&server, json!({"deletionPolicy": "Delete"})).await;
    server.condition(A, "Ready", "True", "Available").await;
    fake.fail_at(Step::End, None);
    server.until(FORCED, async || (!fake.has_data(&uid)).then_some(())).await;
    assert_eq!(fake.is_up(&other), Some(true), "a new one of the name has nothing to do with it");
    fake.asked();
    is_deleted(&server, &fake, &other).await;
    ten_seconds(&server).await;
    let ends = fake.asked().iter().filter(|step| *step == "End a").count();
    assert_eq!(ends, 1, "what was ended is not ended again when it goes");
}

#[tokio::test(start_paused = true)]
async fn what_was_to_be_kept_of_an_object_that_is_let_go_by_force_is_kept_and_stopped() {
    let (server, fake) = Server::with_fake().await;
    class(&server, json!({})).await;
    let uid = ready(&server, json!({"deletionPolicy": "Retain"})).await;
    forced(&server, &fake, json!(null)).await;
    server.gone(A).await;
    assert_eq!(fake.is_up(&uid), Some(true), "nobody had ended it");
    fake.fail_at(Step::End, None);
    server.until(FORCED, async || fake.is_up(&uid).is_none().then_some(())).await;
    server.until("that is told", async || (told(&server, "a", "Retained").await == 1).then_some(())).await;
    assert!(fake.has_data(&uid));
    let (code, secret) = server.get(BINDING).await;
    let labels = &secret["metadata"]["labels"];
    assert!(code == 200 && labels["databases.standard.k8s.io/instance-uid"].is_null(), "it is nobody's");
}

#[tokio::test(start_paused = true)]
async fn what_was_to_be_backed_up_first_and_is_let_go_by_force_is_kept() {
    let (server, fake) = Server::with_fake().await;
    class(&server, json!({})).await;
    let uid = ready(&server, json!({"deletionPolicy": "Snapshot"})).await;
    fake.fail_at(Step::BackUp, unavailable());
    forced(&server, &fake, json!(null)).await;
    server.gone(A).await;
    fake.fail_at(Step::End, None);
    server.until(FORCED, async || fake.is_up(&uid).is_none().then_some(())).await;
    assert!(fake.has_data(&uid));
}

#[tokio::test(start_paused = true)]
async fn what_others_still_hold_is_ended_where_our_finalizer_was_taken_off_by_force() {
    let (server, fake) = Server::with_fake().await;
    class(&server, json!({})).await;
    let uid = ready(&server, json!({"deletionPolicy": "Delete"})).await;
    let both = json!(["example.com/hold", "databases.standard.k8s.io/backend"]);
    server.merge(A, json!({"metadata": {"finalizers": both}})).await;
    forced(&server, &fake, json!(["example.com/hold"])).await;
    fake.fail_at(Step::End, None);
    server.until(FORCED, async || (!fake.has_data(&uid)).then_some(())).await;
    let (code, object) = server.get(A).await;
    assert_eq!((code, &object["metadata"]["finalizers"]), (200, &json!(["example.com/hold"])));
    server.gone(BINDING).await;
    server.merge(A, json!({"metadata": {"finalizers": null}})).await;
    server.gone(A).await;
}

/// A database of another server's store; that server is gone.
async fn lost(other: Server, fake: &Fake) -> String {
    class(&other, json!({})).await;
    let uid = ready(&other, json!({"deletionPolicy": "Delete"})).await;
    assert_eq!(fake.is_up(&uid), Some(true));
    uid
}

/// An object comes and goes without having been held by anybody: what has no object is then looked for.
async fn looked_for(server: &Server) {
    passed_by(server, IN_DEMO).await;
}

async fn passed_by(server: &Server, objects: &str) {
    let path = format!("{objects}/passer-by");
    assert_eq!(server.post(objects, database("passer-by", json!({}))).await.0, 201);
    assert_eq!(server.delete(&path, json!({})).await, 200);
    server.gone(&path).await;
}

#[tokio::test(start_paused = true)]
async fn a_database_without_an_object_is_stopped_and_kept_and_that_is_told_once() {
    let fake = Fake::new();
    let server = Server::with(vec![fake.clone()]).await;
    let uid = lost(Server::with(vec![fake.clone()]).await, &fake).await;
    looked_for(&server).await;
    server.until("it is stopped", async || fake.is_up(&uid).is_none().then_some(())).await;
    assert!(fake.has_data(&uid), "whatever its policy was");
    server.until("that is told", async || (told(&server, "lost", "Orphaned").await == 1).then_some(())).await;
    class(&server, json!({})).await;
    let other = ready(&server, json!({})).await;
    looked_for(&server).await;
    ten_seconds(&server).await;
    assert_eq!((fake.is_up(&other), told(&server, "lost", "Orphaned").await), (Some(true), 1));
}

#[tokio::test(start_paused = true)]
async fn nothing_is_taken_for_lost_while_objects_cannot_be_read() {
    let fake = Fake::new();
    let server = Server::with(vec![fake.clone()]).await;
    server.spoil("/databases.standard.k8s.io/postgresqls/demo/broken").await;
    let uid = lost(Server::with(vec![fake.clone()]).await, &fake).await;
    looked_for(&server).await;
    ten_seconds(&server).await;
    assert_eq!(fake.is_up(&uid), Some(true), "it may be the one that cannot be read");
    let unsafely = json!({"ignoreStoreReadErrorWithClusterBreakingPotential": true});
    assert_eq!(server.delete(&format!("{IN_DEMO}/broken"), unsafely).await, 200);
    looked_for(&server).await;
    server.until("it is stopped", async || fake.is_up(&uid).is_none().then_some(())).await;
    assert!(fake.has_data(&uid));
}

#[tokio::test(start_paused = true)]
async fn what_was_in_a_namespace_that_is_gone_is_told_of_that() {
    let fake = Fake::new();
    let server = Server::with(vec![fake.clone()]).await;
    let uid = lost(Server::with(vec![fake.clone()]).await, &fake).await;
    let namespaces = "/api/v1/namespaces";
    assert_eq!(server.post(namespaces, json!({"metadata": {"name": "elsewhere"}})).await.0, 201);
    assert_eq!(server.delete(&format!("{namespaces}/demo"), json!({})).await, 200);
    server.gone(&format!("{namespaces}/demo")).await;
    passed_by(&server, &IN_DEMO.replace("demo", "elsewhere")).await;
    let event = server
        .until("it is told", async || {
            let (_, events) = server.get(&format!("{namespaces}/default/events")).await;
            let mut events = events["items"].as_array()?.iter();
            events.find(|event| event["reason"] == "Orphaned").cloned()
        })
        .await;
    let about = &event["involvedObject"];
    assert_eq!((&about["kind"], &about["name"]), (&"Namespace".into(), &"demo".into()), "{event}");
    let message = event["message"].as_str().unwrap_or_default();
    assert!(message.contains("PostgreSQL demo/lost") && message.contains(&uid), "{message}");
}

/// A Secret with the login that the fake's databases have.
async fn secret(server: &Server, name: &str, more: Value) {
    let mut secret = json!({
        "metadata": {"name": name, "labels": {"databases.standard.k8s.io/instance": "a"}},
        "type": "servicebinding.io/postgresql",
        "stringData": {"username": "app", "password": "secret"},
    });
    merge(&mut secret["metadata"], &more);
    let (code, _, answer) = server.post("/api/v1/namespaces/demo/secrets", secret).await;
    assert_eq!(code, 201, "{answer}");
}

#[tokio::test(start_paused = true)]
async fn a_secret_of_an_object_that_went_unseen_may_be_deleted_and_its_message_says_how() {
    let (server, fake) = Server::with_fake().await;
    class(&server, json!({})).await;
    secret(&server, "a-binding", json!({"labels": {"databases.standard.k8s.io/instance-uid": "unseen"}}))
        .await;
    let uid = created(&server, json!({})).await;
    let message = server.condition(A, "Ready", "False", "SecretConflict").await;
    for part in
        ["a (uid unseen), and no object has that uid any more", "kubectl delete secret -n demo a-binding"]
    {
        assert!(message.contains(part), "{message}");
    }
    assert_eq!(server.delete(BINDING, json!({})).await, 200);
    server.condition(A, "Ready", "True", "Available").await;
    is_deleted(&server, &fake, &uid).await;
}

#[tokio::test(start_paused = true)]
async fn the_secret_by_which_data_is_taken_up_stays_and_goes_with_that_from_then_on() {
    let (server, fake) = Server::with_fake().await;
    class(&server, json!({})).await;
    let (old, annotations) = ("/api/v1/namespaces/demo/secrets/old-binding", "annotations");
    let released = json!({"databases.standard.k8s.io/released-from": "PostgreSQL old (uid 1)"});
    secret(&server, "old-binding", json!({annotations: released})).await;
    let adopt = json!({"kind": "Secret", "name": "old-binding"});
    let mut whose = "PostgreSQL old (uid 1)".to_owned();
    for policy in ["Retain", "Delete"] {
        let uid = ready(&server, json!({"adoptRef": adopt, "deletionPolicy": policy})).await;
        let (_, secret) = server.get(old).await;
        let label = &secret["metadata"]["labels"]["databases.standard.k8s.io/instance-uid"];
        let taken_up = json!({"databases.standard.k8s.io/taken-up-from": whose});
        assert_eq!((label, &secret["metadata"][annotations]), (&uid.as_str().into(), &taken_up));
        is_deleted(&server, &fake, &uid).await;
        let (_, secret) = server.get(old).await;
        if policy == "Retain" {
            whose = format!("PostgreSQL a (uid {uid})");
            assert_eq!(
                secret["metadata"][annotations],
                json!({"databases.standard.k8s.io/released-from": whose})
            );
        }
    }
    server.gone(old).await;
    server.gone(BINDING).await;
}

/// A user of the data may be wanted only later; his Secret then opens nothing that somebody else could take up.
#[tokio::test(start_paused = true)]
async fn secrets_that_were_kept_with_the_data_become_its_own_when_they_are_needed() {
    let (server, fake) = Server::with_fake().await;
    class(&server, json!({})).await;
    let released = |whose: &str| json!({"annotations": {"databases.standard.k8s.io/released-from": whose}});
    for (name, whose) in
        [("old-binding", "old (uid 1)"), ("a-user-etl", "old (uid 1)"), ("a-user-other", "other (uid 3)")]
    {
        secret(&server, name, released(&format!("PostgreSQL {whose}"))).await;
    }
    let adopt = json!({"kind": "Secret", "name": "old-binding"});
    let uid = ready(&server, json!({"adoptRef": adopt, "deletionPolicy": "Delete"})).await;
    let wish = |user: &str| json!({"spec": {"users": [{"name": user}]}});
    assert_eq!(server.merge(A, wish("etl")).await.0, 200);
    let own = async || {
        let (_, secret) = server.get("/api/v1/namespaces/demo/secrets/a-user-etl").await;
        let label = &secret["metadata"]["labels"]["databases.standard.k8s.io/instance-uid"];
        (*label == uid && secret["data"]["username"] == "ZXRs").then_some(())
    };
    server.until("it is the object's", own).await;
    server.condition(A, "Ready", "True", "Available").await;
    assert_eq!(server.merge(A, wish("other")).await.0, 200);
    let message = server.condition(A, "Ready", "False", "SecretConflict").await;
    assert!(message.contains("delete that Secret") && !message.contains("delete this object"), "{message}");
    is_deleted(&server, &fake, &uid).await;
}
