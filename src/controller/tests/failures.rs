//! What a backend cannot do, step by step: the object says why, and goes on once it can.

use super::*;

fn failure(code: Code) -> Error {
    Error::retried(code, "the disk is full")
}

#[tokio::test(start_paused = true)]
async fn whichever_step_fails_the_object_says_why_and_goes_on() {
    let (server, fake) = Server::with_fake().await;
    class(&server, json!({"defaults": {"deletionPolicy": "Delete"}})).await;
    let codes = [Code::FailedPrecondition, Code::ResourceExhausted, Code::Unavailable];
    let steps = [Step::Reference, Step::Record, Step::Make, Step::Start, Step::Fill];
    for (step, code) in steps.into_iter().zip(codes.into_iter().cycle()) {
        fake.fail_at(step, Some(failure(code)));
        let uid = created(&server, json!({})).await;
        says(&server, A, "Programmed", "False", "BackendUnavailable", "the disk is full").await;
        // Who has everything but a user serves already.
        let expected = if step == Step::Fill { ("True", "Available") } else { ("False", "Failing") };
        server.condition(A, "Ready", expected.0, expected.1).await;
        fake.fail_at(step, None);
        server.condition(A, "Ready", "True", "Available").await;
        server.condition(A, "Programmed", "True", "Programmed").await;
        is_deleted(&server, &fake, &uid).await;
    }
}

#[tokio::test(start_paused = true)]
async fn whichever_step_of_a_removal_fails_the_object_stays_and_says_why() {
    let (server, fake) = Server::with_fake().await;
    class(&server, json!({"defaults": {"deletionPolicy": "Delete"}})).await;
    for step in [Step::End, Step::Remove] {
        let uid = ready(&server, json!({})).await;
        fake.fail_at(step, Some(failure(Code::Unavailable)));
        assert_eq!(server.delete(A, json!({})).await, 200);
        let why = "the database cannot be removed yet: the disk is full";
        says(&server, A, "Ready", "False", "Terminating", why).await;
        assert!(fake.has_data(&uid));
        assert_eq!(server.get(BINDING).await.0, 200, "what opens the data stays as long as that");
        fake.fail_at(step, None);
        server.gone(A).await;
        assert!(!fake.has_data(&uid));
        assert_eq!(server.get(BINDING).await.0, 404);
    }
}

#[tokio::test(start_paused = true)]
async fn a_deletion_that_cannot_go_on_can_be_told_to_keep_the_data() {
    let (server, fake) = Server::with_fake().await;
    class(&server, json!({"defaults": {"deletionPolicy": "Delete"}})).await;
    let uid = ready(&server, json!({})).await;
    fake.fail_at(Step::Remove, Some(failure(Code::Unavailable)));
    assert_eq!(server.delete(A, json!({})).await, 200);
    let why = "the database cannot be removed yet: the disk is full";
    says(&server, A, "Ready", "False", "Terminating", why).await;
    let policy = |policy: &str| json!({"spec": {"deletionPolicy": policy}});
    let (code, _, answer) = server.merge(A, policy("Forbid")).await;
    assert_eq!(code, 422, "{answer}");
    let (code, _, answer) = server.merge(A, policy("Retain")).await;
    assert_eq!((code, &answer["spec"]["deletionPolicy"]), (200, &"Retain".into()), "{answer}");
    assert_eq!(server.merge(A, policy("Delete")).await.0, 422);
    // A call that was under way may still be the old one; the one after that is not.
    fake.asked();
    let mut ends = 0;
    let asked_anew = async || {
        ends += fake.asked().iter().filter(|step| *step == "End a").count();
        (ends >= 2).then_some(())
    };
    server.until("the backend is asked anew", asked_anew).await;
    fake.fail_at(Step::Remove, None);
    server.gone(A).await;
    assert!(fake.has_data(&uid) && fake.is_up(&uid).is_none());
    assert_eq!(server.get(BINDING).await.0, 200);
}

#[tokio::test(start_paused = true)]
async fn what_is_rejected_waits_for_a_change_and_what_is_unavailable_is_asked_again() {
    let (server, fake) = Server::with_fake().await;
    class(&server, json!({})).await;
    let asked_in_ten_seconds = async || {
        fake.asked();
        ten_seconds(&server).await;
        fake.asked().iter().filter(|step| *step == "Record a").count()
    };
    fake.fail_at(Step::Record, Some(Error::rejected("InvalidParameters", "there is no such parameter")));
    created(&server, json!({})).await;
    says(&server, A, "Accepted", "False", "InvalidParameters", "there is no such parameter").await;
    ten_seconds(&server).await;
    assert_eq!(asked_in_ten_seconds().await, 0);
    fake.fail_at(Step::Record, Some(failure(Code::Unavailable)));
    server.merge(A, json!({"spec": {"network": {"port": 5433}}})).await;
    server.condition(A, "Programmed", "False", "BackendUnavailable").await;
    assert!(asked_in_ten_seconds().await > 1);
    fake.fail_at(Step::Record, None);
    server.condition(A, "Ready", "True", "Available").await;
    server.condition(A, "Accepted", "True", "Accepted").await;
}

#[tokio::test(start_paused = true)]
async fn a_backend_that_is_started_anew_makes_no_database_unready() {
    let (server, fake) = Server::with_fake().await;
    class(&server, json!({})).await;
    let uid = ready(&server, json!({})).await;
    for step in [Step::Introduce, Step::Observe, Step::Record] {
        fake.fail_at(step, Some(failure(Code::Unavailable)));
    }
    server.merge(A, json!({"spec": {"network": {"port": 5433}}})).await;
    server.condition(A, "Programmed", "False", "BackendUnavailable").await;
    server.condition(A, "Ready", "True", "Available").await;
    for step in [Step::Introduce, Step::Observe, Step::Record] {
        fake.fail_at(step, None);
    }
    server.condition(A, "Programmed", "True", "Programmed").await;
    let (_, events) = server.get("/api/v1/namespaces/demo/events").await;
    assert!(!events.to_string().contains("NotReady"), "{events}");
    is_deleted(&server, &fake, &uid).await;
}

#[tokio::test(start_paused = true)]
async fn who_cannot_look_cares_all_the_same() {
    let (server, fake) = Server::with_fake().await;
    class(&server, json!({})).await;
    fake.fail_at(Step::Observe, Some(failure(Code::Unavailable)));
    let uid = ready(&server, json!({})).await;
    fake.crash(&uid);
    server.until("it is up again", async || (fake.is_up(&uid) == Some(true)).then_some(())).await;
    ten_seconds(&server).await;
    fake.fail_at(Step::Start, Some(failure(Code::Unavailable)));
    fake.crash(&uid);
    says(&server, A, "Programmed", "False", "BackendUnavailable", "the disk is full").await;
    server.condition(A, "Ready", "True", "Available").await;
    fake.fail_at(Step::Start, None);
    server.condition(A, "Programmed", "True", "Programmed").await;
    server.condition(A, "Ready", "True", "Available").await;
    is_deleted(&server, &fake, &uid).await;
}

#[tokio::test(start_paused = true)]
async fn an_object_that_never_got_a_place_can_be_deleted() {
    let (server, fake) = Server::with_fake().await;
    class(&server, json!({})).await;
    fake.fail_at(Step::Reference, Some(failure(Code::Unavailable)));
    let uid = created(&server, json!({})).await;
    server.condition(A, "Programmed", "False", "BackendUnavailable").await;
    let (_, object) = server.get(A).await;
    assert_eq!(object["status"]["backendRef"], Value::Null);
    is_deleted(&server, &fake, &uid).await;
    assert!(!fake.has_data(&uid), "nothing is made before it is known where");
}
