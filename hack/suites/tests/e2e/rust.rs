//! Line 15e: kube-rs, by its dynamic objects and by types of one's own.

use std::collections::BTreeSet;
use std::pin::pin;
use std::time::Duration;

use futures_util::{Stream, StreamExt};
use kube::api::{Api, DeleteParams, DynamicObject, ListParams, Patch, PatchParams, PostParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::core::{ApiResource, GroupVersionKind};
use kube::runtime::watcher::{self, Event};
use kube::runtime::{WatchStreamExt, reflector};
use kube::{Client, Config, ResourceExt, discovery};
use serde_json::{Value, json};
use suites::wait::DEADLINE;
use tokio::time::timeout;

use crate::target::Target;

const OBJECTS: usize = 7;

async fn client(target: &Target) -> Client {
    let file = Kubeconfig::read_from(&target.kubeconfig).expect("a kubeconfig");
    let config = Config::from_custom_kubeconfig(file, &KubeConfigOptions::default()).await.expect("a config");
    Client::try_from(config).expect("a client")
}

async fn next<T>(events: &mut (impl Stream<Item = Result<T, watcher::Error>> + Unpin)) -> T {
    let event = timeout(DEADLINE, events.next()).await.expect("an event in time");
    event.expect("the stream goes on").expect("an event")
}

pub(crate) async fn kube_rs(target: &Target) {
    let client = client(target).await;
    let kind = GroupVersionKind::gvk(target.kind.group, target.kind.version, target.kind.kind);
    let (resource, _) = discovery::pinned_kind(&client, &kind).await.expect("the kind is discovered");
    assert_eq!(resource.plural, target.kind.plural);
    let api: Api<DynamicObject> = Api::namespaced_with(client, &target.namespace, &resource);
    target.create_many("n", OBJECTS).await;
    let names = everything(&api).await;
    for strategy in [watcher::InitialListStrategy::ListWatch, watcher::InitialListStrategy::StreamingList] {
        let config =
            watcher::Config { initial_list_strategy: strategy, page_size: Some(3), ..Default::default() };
        watched(target, &api, config.clone(), &names).await;
        reflected(target, &api, &resource, config).await;
    }
    written(target, &api).await;
}

/// All names, by pages.
async fn everything(api: &Api<DynamicObject>) -> BTreeSet<String> {
    let (mut names, mut token) = (BTreeSet::new(), None::<String>);
    loop {
        let mut params = ListParams::default().limit(3);
        params.continue_token = token;
        let page = api.list(&params).await.expect("a page");
        names.extend(page.items.iter().map(ResourceExt::name_any));
        token = page.metadata.continue_.filter(|token| !token.is_empty());
        if token.is_none() {
            break;
        }
    }
    assert_eq!(names.len(), OBJECTS);
    names
}

/// A watcher gives what there is, then what happens.
async fn watched(
    target: &Target,
    api: &Api<DynamicObject>,
    config: watcher::Config,
    names: &BTreeSet<String>,
) {
    let mut events = pin!(watcher::watcher(api.clone(), config));
    assert!(matches!(next(&mut events).await, Event::Init));
    let mut seen = BTreeSet::new();
    loop {
        match next(&mut events).await {
            Event::InitApply(object) => assert!(seen.insert(object.name_any())),
            Event::InitDone => break,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(&seen, names);
    target.create("late").await;
    assert!(matches!(next(&mut events).await, Event::Apply(object) if object.name_any() == "late"));
    target.delete("late", json!({})).await.expect(200);
    assert!(matches!(next(&mut events).await, Event::Delete(object) if object.name_any() == "late"));
}

/// A reflector's store holds what there is.
async fn reflected(
    target: &Target,
    api: &Api<DynamicObject>,
    resource: &ApiResource,
    config: watcher::Config,
) {
    let writer = reflector::store::Writer::new(resource.clone());
    let store = writer.as_reader();
    let events = watcher::watcher(api.clone(), config).default_backoff().reflect(writer).applied_objects();
    let running = tokio::spawn(events.for_each(async |event| _ = event.expect("an event")));
    timeout(DEADLINE, store.wait_until_ready()).await.expect("in time").expect("the store fills");
    assert_eq!(store.len(), OBJECTS);
    target.create("kept").await;
    suites::wait::until("the store has it", async || (store.len() == OBJECTS + 1).then_some(())).await;
    target.delete("kept", json!({})).await.expect(200);
    suites::wait::until("the store has it no more", async || (store.len() == OBJECTS).then_some(())).await;
    running.abort();
}

/// Create, patch, replace, status and delete, and what a stale client hears.
async fn written(target: &Target, api: &Api<DynamicObject>) {
    let object: DynamicObject = serde_json::from_value(target.object("mine")).expect("an object");
    let created = api.create(&PostParams::default(), &object).await.expect("it is created");
    let change: Value = serde_json::from_str(target.kind.change).expect("a change");
    let changed =
        api.patch("mine", &PatchParams::default(), &Patch::Merge(change)).await.expect("it is patched");
    assert_ne!(created.resource_version(), changed.resource_version());
    let stale = api.replace("mine", &PostParams::default(), &created).await.expect_err("it is stale");
    assert!(
        matches!(&stale, kube::Error::Api(status) if status.code == 409 && status.reason == "Conflict"),
        "{stale}"
    );
    if target.kind.has_status {
        let status = json!({"status": {"observedGeneration": 7}});
        let params = PatchParams::default();
        let patched =
            api.patch_status("mine", &params, &Patch::Merge(status)).await.expect("its status is patched");
        assert_eq!(patched.data["status"]["observedGeneration"], 7);
    }
    api.delete("mine", &DeleteParams::default()).await.expect("it is deleted");
    let limit = Duration::from_secs(10);
    let gone = timeout(limit, api.get_opt("mine")).await.expect("an answer").expect("no error");
    assert!(gone.is_none());
}
