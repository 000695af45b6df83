//! Who keeps a database, and for how long: classes that go, come late or change hands, wishes that are refused.

use super::*;

async fn is_up_again(server: &Server, fake: &Fake, uid: &str) {
    fake.crash(uid);
    server.until("the database is up again", async || (fake.is_up(uid) == Some(true)).then_some(())).await;
    server.condition(A, "Ready", "True", "Available").await;
}

/// Deletes the class although it is used, as somebody does who is in a hurry.
async fn force_class_away(server: &Server) {
    assert_eq!(server.delete(OURS, json!({})).await, 200);
    let (code, _, answer) = server.merge(OURS, json!({"metadata": {"finalizers": null}})).await;
    assert_eq!(code, 200, "{answer}");
    server.gone(OURS).await;
}

#[tokio::test(start_paused = true)]
async fn an_object_whose_class_is_gone_is_kept_running_and_can_be_deleted() {
    let (server, fake) = Server::with_fake().await;
    class(&server, json!({})).await;
    let uid = ready(&server, json!({})).await;
    force_class_away(&server).await;
    let message = server.condition(A, "Accepted", "False", "ClassNotFound").await;
    assert!(message.contains("there is no DatabaseClass \"ours\""), "{message}");
    is_up_again(&server, &fake, &uid).await;
    server.merge(A, json!({"spec": {"state": "Stopped"}})).await;
    server.condition(A, "Stopped", "True", "Stopped").await;
    assert_eq!(fake.is_up(&uid), Some(false));
    is_deleted(&server, &fake, &uid).await;
}

#[tokio::test(start_paused = true)]
async fn a_class_that_came_back_takes_its_objects_again() {
    let (server, fake) = Server::with_fake().await;
    class(&server, json!({})).await;
    let uid = ready(&server, json!({})).await;
    force_class_away(&server).await;
    server.condition(A, "Accepted", "False", "ClassNotFound").await;
    class(&server, json!({})).await;
    server.condition(A, "Accepted", "True", "Accepted").await;
    server.until("the class is held", async || is_held(&server).await.then_some(())).await;
    is_deleted(&server, &fake, &uid).await;
}

#[tokio::test(start_paused = true)]
async fn a_class_that_came_back_as_somebody_elses_does_not_take_its_objects_along() {
    let (server, fake) = Server::with_fake().await;
    class(&server, json!({})).await;
    let uid = ready(&server, json!({})).await;
    force_class_away(&server).await;
    class(&server, json!({"controllerName": "example.com/x"})).await;
    let message = server.condition(A, "Accepted", "False", "Conflict").await;
    assert!(message.contains("is of \"example.com/x\" now"), "{message}");
    is_up_again(&server, &fake, &uid).await;
    is_deleted(&server, &fake, &uid).await;
}

async fn is_held(server: &Server) -> bool {
    let (_, class) = server.get(OURS).await;
    class["metadata"]["finalizers"] == json!(["databases.standard.k8s.io/class-in-use"])
}

#[tokio::test(start_paused = true)]
async fn a_class_in_use_says_how_many_use_it_and_goes_after_its_users() {
    let (server, fake) = Server::with_fake().await;
    class(&server, json!({"defaultFor": ["PostgreSQL"]})).await;
    let uid = ready(&server, json!({})).await;
    assert!(is_held(&server).await, "the class is held before its first object runs");
    assert_eq!(server.delete(OURS, json!({})).await, 200);
    let named = "1 object uses this class; the class goes when they are gone";
    server
        .until("the class says how many use it", async || {
            (server.condition(OURS, "InUse", "True", "InUse").await == named).then_some(())
        })
        .await;
    let (code, _, answer) = server.post(IN_DEMO, database("b", json!({"className": "ours"}))).await;
    assert_eq!((code, &answer["details"]["causes"][0]["field"]), (422, &"spec.className".into()), "{answer}");
    let (_, _, classless) = server.post(IN_DEMO, database("c", json!({}))).await;
    assert_eq!(classless["spec"]["className"], Value::Null, "a class that goes is nobody's default");
    is_up_again(&server, &fake, &uid).await;
    is_deleted(&server, &fake, &uid).await;
    server.gone(OURS).await;
}

#[tokio::test(start_paused = true)]
async fn a_class_that_nobody_uses_goes_at_once() {
    let (server, fake) = Server::with_fake().await;
    class(&server, json!({})).await;
    let uid = ready(&server, json!({})).await;
    is_deleted(&server, &fake, &uid).await;
    server.until("the class is free", async || (!is_held(&server).await).then_some(())).await;
    assert_eq!(server.delete(OURS, json!({})).await, 200);
    assert_eq!(server.get(OURS).await.0, 404);
}

#[tokio::test(start_paused = true)]
async fn a_class_that_comes_late_takes_up_who_waits_for_it() {
    let (server, _) = Server::with_fake().await;
    server.post(IN_DEMO, database("a", json!({"className": "ours"}))).await;
    server.post(IN_DEMO, database("b", json!({}))).await;
    let b = format!("{IN_DEMO}/b");
    server.condition(A, "Accepted", "False", "ClassNotFound").await;
    server.condition(&b, "Accepted", "Unknown", "Pending").await;
    class(&server, json!({"defaultFor": ["PostgreSQL"], "defaults": {"deletionPolicy": "Delete"}})).await;
    for path in [A, &b] {
        server.condition(path, "Ready", "True", "Available").await;
        let (_, object) = server.get(path).await;
        assert_eq!(
            (&object["spec"]["className"], &object["spec"]["version"]),
            (&"ours".into(), &"17".into())
        );
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_said_of_a_class_that_is_not_there_goes_when_it_comes_as_somebody_elses() {
    let (server, _) = Server::with_fake().await;
    let (code, _, answer) = server.post(IN_DEMO, database("a", json!({"className": "ours"}))).await;
    assert_eq!(code, 201, "{answer}");
    for _ in 0..2 {
        server.condition(A, "Accepted", "False", "ClassNotFound").await;
        class(&server, json!({"controllerName": "example.com/x"})).await;
        for kind in ["Accepted", "Ready"] {
            let message = server.condition(A, kind, "Unknown", "Pending").await;
            assert_eq!(message, "waiting for the controller of DatabaseClass \"ours\"");
        }
        force_class_away(&server).await;
    }
    class(&server, json!({"controllerName": "example.com/x"})).await;
    server.condition(A, "Accepted", "Unknown", "Pending").await;
    let said = json!({"conditions": [{"type": "Accepted", "status": "False", "reason": "Full", "message": "no room",
        "lastTransitionTime": "2027-01-15T08:00:00Z"}]});
    server.merge(&format!("{A}/status"), json!({"status": said})).await;
    server.merge(A, json!({"metadata": {"labels": {"changed": "yes"}}})).await;
    ten_seconds(&server).await;
    assert_eq!(server.condition(A, "Accepted", "False", "Full").await, "no room");
}

#[tokio::test(start_paused = true)]
async fn a_class_that_comes_late_judges_whom_it_takes_up() {
    let (server, fake) = Server::with_fake().await;
    let spec = json!({"className": "ours", "pooling": {"mode": "Session"}});
    let (_, _, object) = server.post(IN_DEMO, database("a", spec)).await;
    class(&server, json!({})).await;
    let message = server.condition(A, "Accepted", "False", "Conflict").await;
    assert!(message.contains("PostgreSQLConnectionPooling"), "{message}");
    assert_eq!(fake.is_up(object["metadata"]["uid"].as_str().unwrap()), None);
    server.merge(A, json!({"spec": {"pooling": null}})).await;
    server.condition(A, "Ready", "True", "Available").await;
}

#[tokio::test(start_paused = true)]
async fn what_was_accepted_is_brought_up_while_a_wish_is_refused() {
    let (server, fake) = Server::with_fake().await;
    class(&server, json!({})).await;
    let uid = ready(&server, json!({})).await;
    let refused = |value: Value| json!({"annotations": {"fake.example.com/refused": value}});
    let wish = json!({"metadata": refused("yes".into()), "spec": {"network": {"port": 6543}}});
    assert_eq!(server.merge(A, wish).await.0, 200);
    for (kind, reason) in [("Accepted", "InvalidParameters"), ("Programmed", "BackendRejected")] {
        let message = server.condition(A, kind, "False", reason).await;
        assert_eq!(message, "the wish is refused");
    }
    is_up_again(&server, &fake, &uid).await;
    server.condition(A, "Accepted", "False", "InvalidParameters").await;
    let (_, object) = server.get(A).await;
    assert_eq!(object["status"]["endpoints"][0]["port"], 5432, "what runs, not what was refused");
    let (_, secret) = server.get("/api/v1/namespaces/demo/secrets/a-binding").await;
    assert_eq!(secret["data"]["port"], "NTQzMg==");
    server.merge(A, json!({"spec": {"state": "Stopped"}})).await;
    server.condition(A, "Stopped", "True", "Stopped").await;
    let taken_back = json!({"metadata": refused(Value::Null), "spec": {"state": "Running"}});
    server.merge(A, taken_back).await;
    server.condition(A, "Accepted", "True", "Accepted").await;
    server.condition(A, "Programmed", "True", "Programmed").await;
    let (_, object) = server.get(A).await;
    assert_eq!(object["status"]["endpoints"][0]["port"], 6543);
    assert_eq!(object["status"]["selector"], "example.com/of=fake", "the pods are the backend's");
    is_deleted(&server, &fake, &uid).await;
}

#[tokio::test(start_paused = true)]
async fn an_object_that_lingers_does_not_say_that_its_database_is_there() {
    let (server, fake) = Server::with_fake().await;
    class(&server, json!({})).await;
    let uid = ready(&server, json!({})).await;
    server
        .merge(
            A,
            json!({"metadata": {"finalizers": ["example.com/hold", "databases.standard.k8s.io/backend"]}}),
        )
        .await;
    assert_eq!(server.delete(A, json!({})).await, 200);
    server.condition(A, "Ready", "False", "Terminating").await;
    server.until("the database is gone", async || fake.is_up(&uid).is_none().then_some(())).await;
    let (_, object) = server.get(A).await;
    assert_eq!(object["status"]["endpoints"], Value::Null, "{object}");
    let held = "the database is let go, and its data is kept; this object stays until whoever put its finalizers there takes \
        them off: example.com/hold";
    server
        .until("it says who holds it", async || {
            (server.condition(A, "Ready", "False", "Terminating").await == held).then_some(())
        })
        .await;
    says(&server, A, "Programmed", "False", "Deleted", held).await;
    says(&server, A, "Accepted", "False", "Deleted", held).await;
    server.merge(A, json!({"metadata": {"finalizers": null}})).await;
    server.gone(A).await;
}

#[tokio::test(start_paused = true)]
async fn a_removal_that_fails_says_why_and_is_tried_again() {
    let (server, fake) = Server::with_fake().await;
    class(&server, json!({})).await;
    let uid = ready(&server, json!({})).await;
    fake.fail(Some("the disk is gone"));
    assert_eq!(server.delete(A, json!({})).await, 200);
    let why = "the database cannot be removed yet: the disk is gone";
    server
        .until("it says why", async || {
            (server.condition(A, "Ready", "False", "Terminating").await == why).then_some(())
        })
        .await;
    says(&server, A, "Programmed", "False", "Terminating", why).await;
    fake.fail(None);
    server.gone(A).await;
    assert_eq!(fake.is_up(&uid), None);
}

#[tokio::test(start_paused = true)]
async fn the_secret_of_a_user_who_is_removed_again_goes_and_a_name_that_is_free_is_taken_at_once() {
    let (server, _fake) = Server::with_fake().await;
    class(&server, json!({})).await;
    let secrets = "/api/v1/namespaces/demo/secrets";
    let (foreign, users) = (format!("{secrets}/a-binding"), format!("{secrets}/a-user-etl"));
    let (code, _, answer) = server.post(secrets, json!({"metadata": {"name": "a-binding"}})).await;
    assert_eq!(code, 201, "{answer}");
    let spec = json!({"className": "ours", "users": [{"name": "etl"}]});
    let (code, _, answer) = server.post(IN_DEMO, database("a", spec)).await;
    assert_eq!(code, 201, "{answer}");
    server.condition(A, "Ready", "False", "SecretConflict").await;
    server.until("the user has a Secret", async || (server.get(&users).await.0 == 200).then_some(())).await;
    server.merge(A, json!({"spec": {"users": null}})).await;
    server.gone(&users).await;
    server.condition(A, "Ready", "False", "SecretConflict").await;
    let freed = tokio::time::Instant::now();
    assert_eq!(server.delete(&foreign, json!({})).await, 200);
    server.condition(A, "Ready", "True", "Available").await;
    // The clock of this test stands still while there is something to do.
    assert!(freed.elapsed() < std::time::Duration::from_secs(1), "by the event, not by the next look");
}

#[tokio::test(start_paused = true)]
async fn who_writes_another_backend_into_the_status_is_told_so_and_how_to_mend_it() {
    let (server, fake) = Server::with_fake().await;
    class(&server, json!({})).await;
    let uid = ready(&server, json!({})).await;
    let status = format!("{A}/status");
    let write = async |reference: Value| {
        assert_eq!(server.merge(&status, json!({"status": {"backendRef": reference}})).await.0, 200);
    };
    write(json!({"group": "typo"})).await;
    let message = server.condition(A, "Accepted", "False", "Conflict").await;
    assert!(message.contains("status.backendRef") && message.contains("kubectl patch"), "{message}");
    assert_eq!(server.delete(A, json!({})).await, 200);
    assert_eq!(server.get(A).await.0, 200, "what it has is known to nobody");
    write(Value::Null).await;
    server.gone(A).await;
    assert_eq!(fake.is_up(&uid), None);
}

#[tokio::test(start_paused = true)]
async fn a_database_that_serves_is_ready_while_its_backend_cannot_care_for_it() {
    let (server, fake) = Server::with_fake().await;
    class(&server, json!({})).await;
    let uid = ready(&server, json!({})).await;
    fake.fail(Some("the disk is full"));
    server.merge(A, json!({"spec": {"network": {"port": 5433}}})).await;
    server.condition(A, "Programmed", "False", "BackendUnavailable").await;
    server.condition(A, "Ready", "True", "Available").await;
    fake.crash(&uid);
    let message = server.condition(A, "Ready", "False", "Failing").await;
    assert!(message.contains("the disk is full"), "{message}");
    fake.fail(None);
    server.condition(A, "Programmed", "True", "Programmed").await;
    server.condition(A, "Ready", "True", "Available").await;
}

#[tokio::test(start_paused = true)]
async fn a_look_at_an_object_in_good_order_asks_the_cluster_nothing_that_is_known() {
    let (server, fake) = Server::with_fake().await;
    class(&server, json!({})).await;
    ready(&server, json!({"users": [{"name": "etl"}]})).await;
    ten_seconds(&server).await;
    fake.asked();
    server.host.asked();
    let (begin, mut asked) = (server.revision().await, Vec::new());
    let of = |asked: &[String], step: &str| asked.iter().filter(|asked| *asked == step).count();
    let looked = async || {
        asked.extend(fake.asked());
        (of(&asked, "Fill a") == 5).then_some(())
    };
    server.until("it was looked at five times", looked).await;
    assert_eq!((of(&asked, "Observe a"), of(&asked, "Record a")), (5, 5), "each look sees and cares");
    ten_seconds(&server).await;
    assert_eq!(server.host.asked(), 0, "its Secrets are held here, and their changes are heard");
    assert_eq!(server.revision().await, begin, "and nothing is written");
}
