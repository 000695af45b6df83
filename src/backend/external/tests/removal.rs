//! Removals that are asked for where nothing is to be found.

use super::*;
use apimachinery::meta::{ConditionStatus, set_condition};

#[tokio::test]
async fn a_deletion_waits_for_the_class_to_name_the_server_again() {
    let Some(host) = Host::start(TlsMode::Disabled).await else { return };
    let backend = ExternalPostgreSQL::default();
    let mut request = request(host.steward(), object("1"));
    let unnamed = |request: &Request<PostgreSQL>| {
        let class = Class { name: "shared".into(), ..Class::default() };
        Request { class: Some(class), ..request.clone() }
    };
    backend.remove(&unnamed(&request), Disposal::Delete).await.expect("nothing was made");
    up(&backend, &mut request).await;
    let seen = backend.ensure(&unnamed(&request)).await.unwrap();
    let pending = seen.pending.unwrap();
    assert!(seen.phase == Phase::Available && pending.contains("names no server any more"), "{pending}");
    let stuck = backend.remove(&unnamed(&request), Disposal::Delete).await.unwrap_err();
    for part in
        ["\"shared\" names no server any more", "spec.parametersRef", "set spec.deletionPolicy to Retain"]
    {
        assert!(stuck.code == Code::FailedPrecondition && stuck.message.contains(part), "{stuck:?}");
    }
    backend.remove(&unnamed(&request), Disposal::Retain).await.unwrap();
    backend.remove(&request, Disposal::Delete).await.unwrap();
    assert_eq!(host.value(ROLES).await, "0");
}

/// What the controller writes to an object whose removal was begun.
fn terminating(request: &mut Request<PostgreSQL>, message: &str) {
    let conditions = &mut request.object.status.instance.conditions;
    set_condition(conditions, "Ready", ConditionStatus::False, "Terminating", message, 1);
}

#[tokio::test]
async fn a_deletion_does_not_end_at_a_server_that_never_had_the_databases() {
    let Some(host) = Host::start(TlsMode::Disabled).await else { return };
    let Some(other) = Host::start(TlsMode::Disabled).await else { return };
    let mut made = request(host.steward(), object("1"));
    let before = ExternalPostgreSQL::default();
    up(&before, &mut made).await;
    let mut astray = request(other.steward(), made.object.clone());
    let stuck = before.remove(&astray, Disposal::Delete).await.unwrap_err();
    let place = format!("nothing of this object is on PostgreSQL at 127.0.0.1:{}", other.port);
    for part in [&*place, "let Secret db/server name", "set spec.deletionPolicy to Retain"] {
        assert!(stuck.code == Code::FailedPrecondition && stuck.message.contains(part), "{stuck:?}");
    }
    terminating(&mut astray, "the database cannot be removed yet: it cannot be reached");
    before.remove(&astray, Disposal::Delete).await.expect_err("it saw the removal begin");
    terminating(&mut astray, &format!("the database cannot be removed yet: {}", stuck.message));
    let after = ExternalPostgreSQL::default();
    after.remove(&astray, Disposal::Delete).await.expect_err("the object says what the last attempt found");
    after.remove(&astray, Disposal::Retain).await.unwrap();
    terminating(&mut made, &stuck.message);
    before.remove(&made, Disposal::Delete).await.unwrap();
    assert_eq!(host.value(ROLES).await, "0");
}

#[tokio::test]
async fn a_deletion_that_was_cut_off_before_its_answer_ends() {
    let Some(host) = Host::start(TlsMode::Disabled).await else { return };
    let backend = ExternalPostgreSQL::default();
    let mut request = request(host.steward(), object("1"));
    up(&backend, &mut request).await;
    backend.remove(&request, Disposal::Delete).await.unwrap();
    terminating(&mut request, "the database is being removed");
    for process in [backend, ExternalPostgreSQL::default()] {
        process.remove(&request, Disposal::Delete).await.unwrap();
    }
}
