//! How a namespace goes, where no cluster has a controller for it.

use super::*;
use crate::admission::{Admission, Attributes, Operation};
use crate::registry::{CreateOptions, DeleteRequest, Registry, Store};
use apimachinery::kind::Hub;
use apimachinery::status::ApiError;
use async_trait::async_trait;
use core_v1::{Namespace, Secret};
use databases_storage::encryption::Transformer;
use databases_storage::engine;
use http::Method;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

const OTHER: &str = "/api/v1/namespaces/other";

/// The conditions of a namespace that goes, in their order.
const KINDS: [&str; 5] = [
    "NamespaceDeletionDiscoveryFailure",
    "NamespaceDeletionGroupVersionParsingFailure",
    "NamespaceDeletionContentFailure",
    "NamespaceContentRemaining",
    "NamespaceFinalizersRemaining",
];

async fn put(server: &Server, part: &str, object: &Value) -> (u16, Value) {
    let path = format!("{OTHER}/{part}");
    let (code, _, answer) = server.send(Method::PUT, &path, "application/json", object.to_string()).await;
    (code, answer)
}

#[tokio::test(start_paused = true)]
async fn a_namespace_goes_when_everybody_has_finalized_it() {
    let server = Server::start().await;
    let finalizers = json!({"finalizers": ["example.com/x"]});
    server.post("/api/v1/namespaces", json!({"metadata": {"name": "other"}, "spec": finalizers})).await;
    assert_eq!(server.get(OTHER).await.1["spec"]["finalizers"], json!(["example.com/x", "kubernetes"]));
    assert_eq!(server.delete(OTHER, json!({})).await, 200);
    let own =
        async || (server.get(OTHER).await.1["spec"]["finalizers"] == json!(["example.com/x"])).then_some(());
    server.until("its own finalizer is off", own).await;

    let mut left = server.get(OTHER).await.1;
    left["spec"] = json!({});
    let (code, answer) = put(&server, "status", &left).await;
    assert_eq!(
        (code, &answer["spec"]["finalizers"]),
        (200, &json!(["example.com/x"])),
        "a status is no finalization"
    );
    left["metadata"]["resourceVersion"] = "".into();
    left["spec"] = json!({"finalizers": ["plain"]});
    let (code, answer) = put(&server, "finalize", &left).await;
    assert_eq!((code, &answer["details"]["causes"][0]["field"]), (422, &json!("spec.finalizers[0]")));
    left["spec"] = json!({});
    assert_eq!(put(&server, "finalize", &left).await.0, 200);
    server.gone(OTHER).await;
}

#[tokio::test(start_paused = true)]
async fn the_first_deletion_of_a_namespace_decides_about_its_dependents() {
    let server = Server::start().await;
    let finalizers = json!({"finalizers": ["example.com/x"]});
    server.post("/api/v1/namespaces", json!({"metadata": {"name": "other"}, "spec": finalizers})).await;
    let delete = async |options: Value| {
        let (_, _, answer) =
            server.send(Method::DELETE, OTHER, "application/json", options.to_string()).await;
        answer["metadata"]["finalizers"].clone()
    };
    assert_eq!(delete(json!({"orphanDependents": false})).await, json!(["foregroundDeletion"]));
    let later = delete(json!({"propagationPolicy": "Orphan"})).await;
    assert!(!later.to_string().contains("orphan"), "{later}");
}

/// What holds it then is somebody else's, and its conditions are not to say that its content does.
#[tokio::test(start_paused = true)]
async fn a_namespace_that_others_hold_says_that_nothing_is_left_in_it() {
    let server = Server::start().await;
    let held = json!({"name": "other", "finalizers": ["example.com/x"]});
    server.post("/api/v1/namespaces", json!({"metadata": held})).await;
    let content = json!({"metadata": {"name": "c", "finalizers": ["example.com/y"]}});
    server.post(&format!("{OTHER}/configmaps"), content).await;
    assert_eq!(server.delete(OTHER, json!({})).await, 200);
    let conditions = async || {
        let namespace = server.get(OTHER).await.1;
        let said = namespace["status"]["conditions"].as_array().cloned().unwrap_or_default();
        said.into_iter().map(|one| (one["type"].clone(), one["status"].clone())).collect::<Vec<_>>()
    };
    let waits = |statuses: [&'static str; 5]| {
        let expected = KINDS.iter().zip(statuses).map(|(kind, status)| (json!(kind), json!(status)));
        expected.collect::<Vec<_>>()
    };
    let all = waits(["False", "False", "False", "True", "True"]);
    server.until("it says what is left", async || (conditions().await == all).then_some(())).await;
    server.merge(&format!("{OTHER}/configmaps/c"), json!({"metadata": {"finalizers": null}})).await;
    let finalized = async || {
        let namespace = server.get(OTHER).await.1;
        namespace["spec"]["finalizers"].is_null().then_some(())
    };
    server.until("its own finalizer is off", finalized).await;
    assert_eq!(conditions().await, waits(["False"; 5]));
    // Who deletes it now is told that nothing else is waited for.
    let (_, _, again) = server.send(Method::DELETE, OTHER, "application/json", "{}".to_owned()).await;
    assert_eq!(again["metadata"]["deletionGracePeriodSeconds"], 0, "{again}");
    server.merge(OTHER, json!({"metadata": {"finalizers": null}})).await;
    server.gone(OTHER).await;
}

/// Lets in whoever wants to make a Secret, and holds it then.
#[derive(Default)]
struct Held {
    is_in: Notify,
    goes_on: Notify,
}

#[async_trait]
impl Admission for Held {
    async fn validate(
        &self,
        attributes: &Attributes<'_>,
        _: &dyn Hub,
        _: Option<&dyn Hub>,
    ) -> Result<(), ApiError> {
        if attributes.definition.plural == "secrets" && attributes.operation == Operation::Create {
            self.is_in.notify_one();
            self.goes_on.notified().await;
        }
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn who_was_let_in_before_a_namespace_goes_leaves_nothing_in_it() {
    let storage = engine::open(engine::Config::Memory(engine::memory::Config)).await.unwrap();
    let held = Arc::<Held>::default();
    let admission: Arc<dyn Admission> = held.clone();
    let registry = Registry::open(core_v1::definitions(), &storage, &|_| Transformer::default(), &admission);
    let [namespaces, secrets] =
        ["namespaces", "secrets"].map(|plural| registry.store("", plural).unwrap().clone());
    let ended = CancellationToken::new();
    let _end = ended.clone().drop_guard();
    tokio::spawn(super::super::namespace::run(registry.clone(), ended));

    let mut namespace = Namespace::default();
    namespace.metadata.name = "n".into();
    namespaces.create("", Box::new(namespace), CreateOptions::default()).await.unwrap();
    let mut secret = Secret::default();
    secret.metadata.name = "s".into();
    let written = secrets.clone();
    let written =
        tokio::spawn(async move { written.create("n", Box::new(secret), CreateOptions::default()).await });
    held.is_in.notified().await;
    namespaces.delete("", "n", &DeleteRequest::default()).await.unwrap();
    assert!(!is_gone(&namespaces, "n").await, "somebody is let in who has not written yet");
    held.goes_on.notify_one();
    written.await.unwrap().expect("it was let in");
    assert!(is_gone(&namespaces, "n").await);
    assert_eq!(secrets.latest().await.unwrap().range(&secrets.prefix("n"), None).count(), 0);
}

/// Whether it is gone within ten seconds.
async fn is_gone(store: &Store, name: &str) -> bool {
    for _ in 0..1000 {
        if store.find(&store.latest().await.unwrap(), "", name).is_err() {
            return true;
        }
        tokio::time::advance(Duration::from_millis(10)).await;
    }
    false
}

#[tokio::test(start_paused = true)]
async fn namespaces_are_not_deleted_all_at_once() {
    let server = Server::start().await;
    assert_eq!(server.delete("/api/v1/namespaces", json!({})).await, 405);
    assert_eq!(server.get(&format!("{OTHER}/finalize")).await.0, 405);
}
