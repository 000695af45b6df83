//! What kube-rs writes: objects with types and without, their status, their scale, their end.

use std::cell::RefCell;
use std::convert::Infallible;
use std::sync::Arc;

use kube::api::{
    Api, DeleteParams, DynamicObject, ListParams, ObjectMeta, Patch, PatchParams, PostParams, Preconditions,
};
use kube::runtime::controller::Action;
use kube::runtime::finalizer::{Event, finalizer};
use kube::runtime::wait::{await_condition, conditions};
use kube::{Error, ResourceExt};
use serde_json::{Value, json};
use suites::wait::DEADLINE;
use tokio::time::timeout;

use crate::rust::{OBJECTS, PAGE, client};
use crate::rust_types::{PostgreSQL, PostgreSQLSpec, PostgreSQLStatus, Storage};
use crate::target::Target;

const FINALIZER: &str = "example.com/kept";

/// A refusal must be exactly this.
fn refused<T: std::fmt::Debug>(result: kube::Result<T>, code: u16, reason: &str) {
    match result {
        Err(Error::Api(status)) => {
            assert_eq!((status.code, status.reason.as_str()), (code, reason), "{status:?}");
            assert!(!status.message.is_empty() && status.details.is_some(), "{status:?}");
        }
        other => panic!("not refused with {code} {reason}: {other:?}"),
    }
}

fn names(items: &[impl ResourceExt]) -> Vec<String> {
    items.iter().map(ResourceExt::name_any).collect()
}

/// Pages, selectors, metadata alone.
pub(crate) async fn listed(target: &Target, api: &Api<DynamicObject>) {
    target.create_many("n", OBJECTS).await;
    let (mut seen, mut params) = (Vec::new(), ListParams::default().limit(PAGE));
    loop {
        let page = api.list(&params).await.expect("a page");
        assert!(page.items.len() <= PAGE as usize);
        seen.extend(names(&page.items));
        let Some(token) = page.metadata.continue_.filter(|token| !token.is_empty()) else { break };
        params = params.continue_token(&token);
    }
    let whole = api.list(&ListParams::default()).await.expect("a list");
    assert_eq!((seen.len(), seen), (OBJECTS, names(&whole.items)));
    target.holds("kube-rs: pages make the whole");
    target.merge("n0001", json!({"metadata": {"labels": {"tier": "gold"}}})).await;
    for params in
        [ListParams::default().labels("tier in (gold)"), ListParams::default().fields("metadata.name=n0001")]
    {
        let found = api.list(&params).await.expect("a list");
        assert_eq!(names(&found.items), ["n0001"], "{params:?}");
    }
    target.holds("kube-rs: labels and fields select");
    let metadata = api.list_metadata(&ListParams::default()).await.expect("a list");
    assert_eq!(names(&metadata.items), names(&whole.items));
    target.holds("kube-rs: metadata are listed alone");
    api.delete_collection(&DeleteParams::default(), &ListParams::default()).await.expect("it is deleted");
    assert!(api.list(&ListParams::default()).await.expect("a list").items.is_empty());
    target.holds("kube-rs: a collection is deleted");
}

/// Create, patch, replace, and what a stale client hears.
pub(crate) async fn written(target: &Target, api: &Api<DynamicObject>) {
    let post = PostParams::default();
    let object: DynamicObject = serde_json::from_value(target.object("mine")).expect("an object");
    let created = api.create(&post, &object).await.expect("it is created");
    refused(api.create(&post, &object).await, 409, "AlreadyExists");
    let change: Value = serde_json::from_str(target.kind.change).expect("a change");
    let patch = PatchParams::default();
    let changed = api.patch("mine", &patch, &Patch::Merge(&change)).await.expect("it is patched");
    assert_ne!(created.resource_version(), changed.resource_version());
    let same = api.patch("mine", &patch, &Patch::Merge(&change)).await.expect("it is patched");
    assert_eq!(changed.resource_version(), same.resource_version());
    target.holds("kube-rs: a merge patch makes a newer object, and the same one none");
    refused(api.replace("mine", &post, &created).await, 409, "Conflict");
    let mut newest = same;
    newest.labels_mut().insert("replaced".to_owned(), "yes".to_owned());
    let replaced = api.replace("mine", &post, &newest).await.expect("it is replaced");
    assert_eq!(replaced.labels()["replaced"], "yes");
    target.holds("kube-rs: the newest is replaced, a stale one is not");
    let mut wrong = object.clone();
    wrong.metadata.name = Some("wrong".to_owned());
    wrong.labels_mut().insert("no key".to_owned(), "x".to_owned());
    refused(api.create(&post, &wrong).await, 422, "Invalid");
    refused(api.get("none").await, 404, "NotFound");
    assert!(api.get_opt("none").await.expect("an answer").is_none());
    let dry = PostParams { dry_run: true, ..post };
    api.create(
        &dry,
        &DynamicObject { metadata: ObjectMeta { name: Some("dry".to_owned()), ..object.metadata }, ..object },
    )
    .await
    .expect("it would be created");
    assert!(api.get_opt("dry").await.expect("an answer").is_none());
    target.holds("kube-rs: refusals are typed, and a dry run keeps nothing");
}

/// Deletion with preconditions, and with a finalizer of `kube::runtime::finalizer`.
pub(crate) async fn deleted(target: &Target, api: &Api<DynamicObject>) {
    let read = async || Arc::new(api.get("mine").await.expect("it is there"));
    let first = read().await;
    let other = Preconditions { uid: Some("other".to_owned()), ..Preconditions::default() };
    refused(api.delete("mine", &DeleteParams::default().preconditions(other)).await, 409, "Conflict");
    target.holds("kube-rs: a deletion with another's uid is refused");

    let seen = RefCell::new(Vec::new());
    let told = async |event: Event<DynamicObject>| {
        seen.borrow_mut().push(if matches!(event, Event::Apply(_)) { "apply" } else { "cleanup" });
        Ok::<_, Infallible>(Action::await_change())
    };
    finalizer(api, FINALIZER, first, &told).await.expect("a finalizer is added");
    let kept = read().await;
    assert_eq!(kept.finalizers(), [FINALIZER]);
    finalizer(api, FINALIZER, kept, &told).await.expect("it is there");
    target.holds("kube-rs: a finalizer is added by a JSON patch that tests for none");
    let answer = api.delete("mine", &DeleteParams::default()).await.expect("an answer");
    let deleting = answer.left().expect("it is still there");
    assert!(deleting.metadata.deletion_timestamp.is_some(), "{deleting:?}");
    let uid = deleting.uid().expect("a uid");
    let gone = tokio::spawn({
        let (api, uid) = (api.clone(), uid.clone());
        async move { await_condition(api, "mine", conditions::is_deleted(&uid)).await.map(drop) }
    });
    finalizer(api, FINALIZER, Arc::new(deleting), &told).await.expect("the finalizer is removed");
    assert_eq!(*seen.borrow(), ["apply", "cleanup"]);
    timeout(DEADLINE, gone).await.expect("in time").expect("no panic").expect("it is watched");
    assert!(api.get_opt("mine").await.expect("an answer").is_none());
    target.holds("kube-rs: it is gone when the finalizer is, and its watch says so");
}

/// Status, patched and replaced.
pub(crate) async fn status(target: &Target, api: &Api<DynamicObject>) {
    target.create("stated").await;
    let patch = json!({"spec": {"className": "other"}, "status": {"observedGeneration": 7}});
    let patched = api.patch_status("stated", &PatchParams::default(), &Patch::Merge(patch)).await;
    let patched = patched.expect("its status is patched");
    assert_eq!(patched.data["status"]["observedGeneration"], 7);
    assert_eq!(patched.data["spec"]["className"], "nobody", "a status patch takes no spec");
    target.holds("kube-rs: a status is patched, and nothing else");
    let mut newest = api.get_status("stated").await.expect("its status");
    newest.data["status"]["observedGeneration"] = json!(8);
    let replaced =
        api.replace_status("stated", &PostParams::default(), &newest).await.expect("it is replaced");
    assert_eq!(replaced.data["status"]["observedGeneration"], 8);
    refused(api.replace_status("stated", &PostParams::default(), &newest).await, 409, "Conflict");
    target.holds("kube-rs: a status is replaced, and a stale one is not");
}

/// Scale, read, patched and replaced.
pub(crate) async fn scale(target: &Target, api: &Api<DynamicObject>) {
    target.create("scaled").await;
    let replicas =
        async || api.get_scale("scaled").await.expect("its scale").spec.and_then(|spec| spec.replicas);
    assert_eq!(replicas().await, Some(1));
    let zero = Patch::Merge(json!({"spec": {"replicas": 0}}));
    api.patch_scale("scaled", &PatchParams::default(), &zero).await.expect("it is scaled");
    assert_eq!(replicas().await.unwrap_or_default(), 0);
    target.holds("kube-rs: it is scaled to zero by a patch");
    let mut asked = api.get_scale("scaled").await.expect("its scale");
    asked.spec.get_or_insert_default().replicas = Some(1);
    api.replace_scale("scaled", &PostParams::default(), &asked).await.expect("it is scaled");
    assert_eq!(replicas().await, Some(1));
    refused(api.replace_scale("scaled", &PostParams::default(), &asked).await, 409, "Conflict");
    target.holds("kube-rs: and back by a replacement, which a stale one is not");
}

/// An operator's own types: what it does not know of is kept.
pub(crate) async fn typed(target: &Target) {
    let api: Api<PostgreSQL> = Api::namespaced(client(target).await, &target.namespace);
    let object = PostgreSQL {
        api_version: target.kind.api_version(),
        kind: target.kind.kind.to_owned(),
        metadata: ObjectMeta { name: Some("typed".to_owned()), ..ObjectMeta::default() },
        spec: PostgreSQLSpec {
            class_name: "nobody".to_owned(),
            storage: Storage { size: "1Gi".to_owned() },
            instances: Some(2),
        },
        status: None,
    };
    let mut created = api.create(&PostParams::default(), &object).await.expect("it is created");
    assert_eq!((created.spec.instances, created.spec.storage.size.as_str()), (Some(2), "1Gi"));
    created.status =
        Some(PostgreSQLStatus { observed_generation: Some(1), ..created.status.unwrap_or_default() });
    let stated = api.replace_status("typed", &PostParams::default(), &created).await.expect("its status");
    assert_eq!(stated.status.and_then(|status| status.observed_generation), Some(1));
    let read = api.get("typed").await.expect("it is there");
    assert_eq!(read.metadata.generation, Some(1), "a status is no change");
    target.holds("kube-rs: types of one's own are created, stated and read");
}
