//! What the objects of a program say on its bad days, and that nobody else's notice.

use super::server::Does;
use super::*;
use crate::backend::BackupPhase;
use crate::standard::tests::{CLASSES, IN_DEMO, Server as Standard, database};
use serde_json::{Value, json};

const OTHERS: &str = "other.example.com/postgresql";
const A: &str = "/apis/databases.standard.k8s.io/v1/namespaces/demo/postgresqls/a";

async fn class(standard: &Standard, name: &str, controller: &str) {
    let class = json!({"metadata": {"name": name}, "spec": {"controllerName": controller}});
    assert_eq!(standard.post(CLASSES, class).await.0, 201);
    standard.condition(&format!("{CLASSES}/{name}"), "Accepted", "True", "Accepted").await;
}

async fn events(standard: &Standard, reason: &str) -> Vec<Value> {
    let (_, events) = standard.get("/api/v1/namespaces/demo/events").await;
    let all = events["items"].as_array().cloned().unwrap_or_default();
    all.into_iter().filter(|event| event["reason"] == reason).collect()
}

/// A program with a ready object has a bad day, of which the object says this, and is well again. None is one that is gone.
async fn day(bad: Option<fn(&mut Manner)>, says: &str) {
    let (fake, mut program) = (Fake::new(), Server::new());
    program.start(&fake, Manner::good(&fake));
    let standard = Standard::with(vec![remote(&program), Fake::named(OTHERS)]).await;
    class(&standard, "ours", CONTROLLER_NAME).await;
    class(&standard, "others", OTHERS).await;
    let (_, _, object) = standard.post(IN_DEMO, database("a", json!({"className": "ours"}))).await;
    let uid = object["metadata"]["uid"].as_str().expect("a uid").to_owned();
    standard.condition(A, "Ready", "True", "Available").await;
    fake.write(&uid, "row");

    program.stop().await;
    if let Some(bad) = bad {
        let mut manner = Manner::good(&fake);
        bad(&mut manner);
        program.start(&fake, manner);
    }
    standard.merge(A, json!({"spec": {"network": {"port": 5433}}})).await;
    let told = async || {
        let message = standard.condition(A, "Programmed", "False", "BackendUnavailable").await;
        message.contains(says).then_some(())
    };
    standard.until(&format!("the object says {says:?}"), told).await;
    standard.condition(A, "Ready", "True", "Available").await;
    standard.condition(&format!("{CLASSES}/ours"), "Accepted", "True", "Accepted").await;
    standard.post(IN_DEMO, database("b", json!({"className": "others"}))).await;
    standard.condition(&format!("{IN_DEMO}/b"), "Ready", "True", "Available").await;
    assert_eq!(events(&standard, "NotReady").await.len(), 0, "{says}");
    let told = events(&standard, "BackendUnavailable").await;
    assert_eq!((told.len(), &told[0]["type"]), (1, &"Warning".into()), "{told:?}");

    program.asked();
    let began = tokio::time::Instant::now();
    let over = async || (began.elapsed().as_secs() >= 20).then_some(());
    standard.until("twenty seconds are over", over).await;
    let asked = program.asked();
    assert!(asked <= 200, "{says}: {asked} calls in twenty seconds");

    if bad.is_some() {
        program.stop().await;
    }
    program.start(&fake, Manner::good(&fake));
    standard.condition(A, "Programmed", "True", "Programmed").await;
    standard.condition(A, "Ready", "True", "Available").await;
    assert!(fake.reads(&uid, "row"), "{says}: nothing is lost");
    assert_eq!(standard.delete(A, json!({})).await, 200);
    standard.gone(A).await;
}

#[tokio::test(start_paused = true)]
async fn objects_of_a_program_that_is_gone() {
    day(None, "cannot be used").await;
}

#[tokio::test(start_paused = true)]
async fn objects_of_a_program_that_dies_in_every_call() {
    day(Some(|manner| manner.does = Does::Die), "cannot be used").await;
}

#[tokio::test(start_paused = true)]
async fn objects_of_a_program_that_hangs() {
    day(Some(|manner| manner.does = Does::Hang), "did not answer").await;
}

#[tokio::test(start_paused = true)]
async fn objects_of_a_program_that_does_not_do_its_work() {
    day(Some(|manner| manner.does = Does::Nothing), "did not answer Ensure in 30s").await;
}

#[tokio::test(start_paused = true)]
async fn objects_of_a_program_that_talks_nonsense() {
    day(Some(|manner| manner.does = Does::Nonsense), "no message of the protocol").await;
}

#[tokio::test(start_paused = true)]
async fn objects_of_a_program_that_lacks_their_kind() {
    day(Some(|manner| manner.does = Does::Lack), "does not implement what it was asked").await;
}

#[tokio::test(start_paused = true)]
async fn objects_of_a_program_that_came_back_under_another_name() {
    let another = |manner: &mut Manner| manner.info.name = "another.example.com/postgresql".into();
    day(Some(another), "it is \"another.example.com/postgresql\"").await;
}

#[tokio::test(start_paused = true)]
async fn objects_of_a_program_that_came_back_with_another_protocol() {
    let later = |manner: &mut Manner| manner.info.protocol_versions = vec!["v2".into()];
    day(Some(later), "it speaks \"v2\" and this server v1").await;
}

#[tokio::test(start_paused = true)]
async fn a_backup_is_made_before_an_object_of_a_program_is_deleted() {
    let fake = Fake::new();
    let program = Server::started(&fake);
    let standard = Standard::with(vec![remote(&program)]).await;
    class(&standard, "ours", CONTROLLER_NAME).await;
    let object = database("a", json!({"className": "ours", "deletionPolicy": "Snapshot"}));
    let (code, _, object) = standard.post(IN_DEMO, object).await;
    assert_eq!(code, 201, "{object}");
    let uid = object["metadata"]["uid"].as_str().expect("a uid");
    standard.condition(A, "Ready", "True", "Available").await;
    fake.write(uid, "row");
    fake.backups_are(BackupPhase::Failed, "the bucket is full");
    assert_eq!(standard.delete(A, json!({})).await, 200);
    let message = standard.condition(A, "BackedUp", "False", "BackupFailed").await;
    assert!(
        message.starts_with("Backup demo/a-final (fake.example.com) failed: the bucket is full"),
        "{message}"
    );
    fake.backups_are(BackupPhase::Succeeded, "");
    standard.gone(A).await;
    assert!(fake.is_backed_up(uid, "row"));
    assert_eq!(events(&standard, "BackupSucceeded").await.len(), 1);
}
