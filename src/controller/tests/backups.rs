//! A deletion that makes a backup first: it ends with the backup, and with nothing lost before.

use super::bad_days::told;
use super::*;
use crate::backend::Engine;

const SNAPSHOT: &str = "Snapshot";
/// Where the fake's backup is, as conditions and events say it.
const PLACE: &str = "Backup demo/a-final (fake.example.com)";
const WITHOUT: &str =
    "to end the deletion without a backup, set spec.deletionPolicy to Delete, or to Retain to keep the data";

fn policy(policy: &str) -> Value {
    json!({"deletionPolicy": policy})
}

fn without_backups() -> Offer {
    let (kind, flavor) = ("PostgreSQL".to_owned(), "PostgreSQL".to_owned());
    let engines = vec![Engine { kind, flavor, versions: vec!["17".into()] }];
    Offer { engines, ..Offer::default() }
}

/// An object with a row that is deleted, and whose backups become that; its uid.
async fn deleted(server: &Server, fake: &Fake, phase: BackupPhase, message: &str) -> String {
    let uid = ready(server, policy(SNAPSHOT)).await;
    fake.write(&uid, "row");
    fake.backups_are(phase, message);
    assert_eq!(server.delete(A, json!({})).await, 200);
    uid
}

#[tokio::test(start_paused = true)]
async fn a_deletion_waits_for_its_backup_and_says_where_that_is() {
    let (server, fake) = Server::with_fake().await;
    class(&server, json!({})).await;
    let uid = deleted(&server, &fake, BackupPhase::Running, "half of it is there").await;
    let why = format!("{PLACE} is being made: half of it is there");
    says(&server, A, "BackedUp", "False", "BackupRunning", &why).await;
    let why = format!("the database is being removed once it is backed up: {why}");
    says(&server, A, "Ready", "False", "Terminating", &why).await;
    ten_seconds(&server).await;
    assert_eq!(fake.is_up(&uid), Some(true), "nothing of it is ended before");
    assert_eq!(server.get(BINDING).await.0, 200);
    assert_eq!(told(&server, "a", "BackupRunning").await, 1);
    fake.asked();
    fake.backups_are(BackupPhase::Succeeded, "");
    server.gone(A).await;
    assert!(!fake.has_data(&uid) && fake.is_backed_up(&uid, "row"));
    assert_eq!(server.get(BINDING).await.0, 404);
    let (_, events) = server.get("/api/v1/namespaces/demo/events").await;
    let is_it = |event: &&Value| event["reason"] == "BackupSucceeded";
    let last = events["items"].as_array().unwrap().iter().find(is_it).expect("it is told");
    assert_eq!(last["message"], format!("the backup is {PLACE}"));
    let mut steps = fake.asked();
    steps.retain(|step| !step.starts_with("Offer"));
    assert_eq!(steps[steps.len() - 3..], ["BackUp a", "End a", "Remove a"], "{steps:?}");
}

#[tokio::test(start_paused = true)]
async fn a_backup_that_fails_is_told_and_tried_again() {
    let (server, fake) = Server::with_fake().await;
    class(&server, json!({})).await;
    let uid = deleted(&server, &fake, BackupPhase::Failed, "the bucket is full").await;
    let why = format!("{PLACE} failed: the bucket is full; {WITHOUT}");
    says(&server, A, "BackedUp", "False", "BackupFailed", &why).await;
    ten_seconds(&server).await;
    assert_eq!(told(&server, "a", "BackupFailed").await, 1);
    assert_eq!(fake.is_up(&uid), Some(true));
    fake.backups_are(BackupPhase::Running, "");
    says(&server, A, "BackedUp", "False", "BackupRunning", &format!("{PLACE} is being made")).await;
    fake.backups_are(BackupPhase::Succeeded, "");
    server.gone(A).await;
    assert!(!fake.has_data(&uid) && fake.is_backed_up(&uid, "row"));
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_for_a_backup_may_go_on_without() {
    let (server, fake) = Server::with_fake().await;
    class(&server, json!({})).await;
    for (phase, wanted) in [(BackupPhase::Running, "Delete"), (BackupPhase::Failed, "Retain")] {
        let uid = deleted(&server, &fake, phase, "it never ends").await;
        let said = async || {
            let (_, object) = server.get(A).await;
            object["status"].to_string().contains("it never ends").then_some(())
        };
        server.until("the backup is told of", said).await;
        let (code, _, answer) = server.merge(A, json!({"spec": policy("Forbid")})).await;
        assert_eq!(code, 422, "{answer}");
        // What goes cannot be gone before it was looked at once more.
        fake.fail_at(Step::End, Some(Error::retried(Code::Unavailable, "the disk is full")));
        let (code, _, answer) = server.merge(A, json!({"spec": policy(wanted)})).await;
        assert_eq!(code, 200, "{answer}");
        let why = "the database cannot be removed yet: the disk is full";
        says(&server, A, "Ready", "False", "Terminating", why).await;
        let (_, object) = server.get(A).await;
        let conditions = object["status"]["conditions"].as_array().unwrap();
        assert!(conditions.iter().all(|condition| condition["type"] != "BackedUp"), "{object}");
        fake.fail_at(Step::End, None);
        server.gone(A).await;
        let kept = wanted == "Retain";
        assert_eq!(fake.has_data(&uid), kept);
        assert_eq!(server.get(BINDING).await.0, if kept { 200 } else { 404 });
        assert!(!fake.is_backed_up(&uid, "row"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_backup_that_was_made_is_not_asked_for_again() {
    let (server, fake) = Server::with_fake().await;
    class(&server, json!({})).await;
    for step in [Step::End, Step::Remove] {
        fake.fail_at(step, Some(Error::retried(Code::Unavailable, "the disk is full")));
        let uid = deleted(&server, &fake, BackupPhase::Succeeded, "").await;
        let why = "the database cannot be removed yet: the disk is full";
        says(&server, A, "Ready", "False", "Terminating", why).await;
        says(&server, A, "BackedUp", "True", "BackupSucceeded", &format!("the backup is {PLACE}")).await;
        fake.asked();
        fake.fail_at(Step::BackUp, Some(Error::retried(Code::Unavailable, "somebody took it away")));
        ten_seconds(&server).await;
        let steps = fake.asked();
        assert!(!steps.is_empty() && !steps.contains(&"BackUp a".to_owned()), "{steps:?}");
        fake.fail_at(step, None);
        server.gone(A).await;
        fake.fail_at(Step::BackUp, None);
        assert!(!fake.has_data(&uid) && fake.is_backed_up(&uid, "row"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_backend_that_dies_over_a_backup_goes_on_with_it() {
    let (server, fake) = Server::with_fake().await;
    class(&server, json!({})).await;
    fake.hang_at(Some(Step::BackUp));
    let uid = deleted(&server, &fake, BackupPhase::Succeeded, "").await;
    let why = format!(
        "the database cannot be removed yet: the backend \"{CONTROLLER_NAME}\" did not answer BackUp in 180s; {WITHOUT}"
    );
    says(&server, A, "Ready", "False", "Terminating", &why).await;
    fake.hang_at(None);
    fake.fail_at(Step::BackUp, Some(Error::retried(Code::Unavailable, "it is not there")));
    let why = format!("the database cannot be removed yet: it is not there; {WITHOUT}");
    says(&server, A, "Ready", "False", "Terminating", &why).await;
    assert_eq!(fake.is_up(&uid), Some(true));
    fake.fail_at(Step::BackUp, None);
    server.gone(A).await;
    assert!(!fake.has_data(&uid) && fake.is_backed_up(&uid, "row"));
}

#[tokio::test(start_paused = true)]
async fn a_backup_that_is_nowhere_is_not_believed() {
    let (server, fake) = Server::with_fake().await;
    class(&server, json!({})).await;
    fake.lie(Some(Lie::BackedUp));
    let uid = deleted(&server, &fake, BackupPhase::Succeeded, "").await;
    let message = server.condition(A, "BackedUp", "False", "BackupFailed").await;
    assert!(message.contains("says that it made a backup, but not where that is"), "{message}");
    assert_eq!(fake.is_up(&uid), Some(true));
    fake.lie(None);
    server.gone(A).await;
    assert!(fake.is_backed_up(&uid, "row"));
}

#[tokio::test(start_paused = true)]
async fn of_what_was_never_made_there_is_no_backup() {
    let (server, fake) = Server::with_fake().await;
    class(&server, json!({})).await;
    fake.fail_at(Step::Make, Some(Error::retried(Code::Unavailable, "the disk is full")));
    let uid = created(&server, policy(SNAPSHOT)).await;
    server.condition(A, "Programmed", "False", "BackendUnavailable").await;
    is_deleted(&server, &fake, &uid).await;
    assert_eq!(told(&server, "a", "BackupSucceeded").await, 0);
}

#[tokio::test(start_paused = true)]
async fn a_class_that_only_warns_of_what_it_does_not_do_keeps_the_data() {
    let (server, fake) = Server::with_fake().await;
    fake.offers("ours", without_backups());
    class(&server, json!({"unsupportedFieldPolicy": "Warn"})).await;
    server.condition(OURS, "Accepted", "True", "Accepted").await;
    let uid = ready(&server, policy(SNAPSHOT)).await;
    fake.asked();
    is_deleted(&server, &fake, &uid).await;
    assert!(fake.has_data(&uid));
    assert!(!fake.asked().contains(&"BackUp a".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_class_that_makes_no_backups_refuses_the_policy_when_it_is_typed() {
    let (server, fake) = Server::with_fake().await;
    fake.offers("ours", without_backups());
    class(&server, json!({})).await;
    server.condition(OURS, "Accepted", "True", "Accepted").await;
    let object = database("a", json!({"className": "ours", "deletionPolicy": SNAPSHOT}));
    let (code, _, answer) = server.post(IN_DEMO, object).await;
    assert_eq!(code, 422, "{answer}");
    assert!(answer["message"].as_str().unwrap().contains("PostgreSQLDeletionSnapshot"), "{answer}");
}
