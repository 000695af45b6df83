//! The controllers over the fake backend, behind the whole way of a request: states, orders, failures, lies. No PostgreSQL.
//!
//! Their clock stands still while there is something to do.

mod backups;
mod bad_days;
mod care;
mod classes;
mod collected;
mod copies;
mod departed;
mod failures;
mod foresight;
mod lies;
mod namespaces;
mod order;
mod parameters;
mod references;
mod warnings;

use crate::backend::fake::{CONTROLLER_NAME, Fake, Lie, Step};
use crate::backend::{BackupPhase, Code, Error, Observed, Offer, Phase, Reference, Refusal};
use crate::standard::tests::{CLASSES, IN_DEMO, Server, database};
use apimachinery::json_patch::merge;
use serde_json::{Value, json};

const A: &str = "/apis/databases.standard.k8s.io/v1/namespaces/demo/postgresqls/a";
const OURS: &str = "/apis/databases.standard.k8s.io/v1/databaseclasses/ours";
const BINDING: &str = "/api/v1/namespaces/demo/secrets/a-binding";

/// A class of the fake backend.
async fn class(server: &Server, more: Value) {
    named_class(server, "ours", more).await;
}

async fn named_class(server: &Server, name: &str, more: Value) {
    let mut object = json!({"metadata": {"name": name}, "spec": {"controllerName": CONTROLLER_NAME}});
    merge(&mut object["spec"], &more);
    let (code, _, answer) = server.post(CLASSES, object).await;
    assert_eq!(code, 201, "{answer}");
}

/// An object of the class; its uid.
async fn created(server: &Server, spec: Value) -> String {
    let mut object = database("a", json!({"className": "ours"}));
    merge(&mut object["spec"], &spec);
    let (code, _, answer) = server.post(IN_DEMO, object).await;
    assert_eq!(code, 201, "{answer}");
    answer["metadata"]["uid"].as_str().unwrap().to_owned()
}

/// An object that is ready; its uid.
async fn ready(server: &Server, spec: Value) -> String {
    let uid = created(server, spec).await;
    server.condition(A, "Ready", "True", "Available").await;
    uid
}

async fn is_deleted(server: &Server, fake: &Fake, uid: &str) {
    assert_eq!(server.delete(A, json!({})).await, 200);
    server.gone(A).await;
    assert_eq!(fake.is_up(uid), None, "the backend has nothing of it any more");
}

/// Lets ten seconds go by: what changed just now is then looked at, and the next regular look is not due yet.
async fn ten_seconds(server: &Server) {
    let began = tokio::time::Instant::now();
    let over = async || (began.elapsed().as_secs() >= 10).then_some(());
    server.until("ten seconds are over", over).await;
}

/// Waits until a condition says this.
async fn says(server: &Server, path: &str, kind: &str, status: &str, reason: &str, message: &str) {
    let said = async || (server.condition(path, kind, status, reason).await == message).then_some(());
    server.until(&format!("{kind} says {message:?}"), said).await;
}
