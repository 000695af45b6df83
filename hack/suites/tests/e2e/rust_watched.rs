//! What kube-rs tells of changes: `watcher` and `reflector`, by lists and by initial events.

use futures_util::StreamExt;
use kube::ResourceExt;
use kube::api::Api;
use kube::runtime::WatchStreamExt;
use kube::runtime::reflector::{ObjectRef, Store, store::Writer};
use kube::runtime::watcher::{Config, Event, InitialListStrategy, watcher};
use serde_json::json;
use suites::wait::{DEADLINE, until};
use tokio::time::timeout;

use crate::rust::{OBJECTS, PAGE, Seen, Told, initial, next};
use crate::target::Target;

/// Both ways to learn what there is.
pub(crate) fn strategies() -> [(&'static str, Config); 2] {
    let of =
        |initial_list_strategy| Config { initial_list_strategy, page_size: Some(PAGE), ..Config::default() };
    [
        ("lists", of(InitialListStrategy::ListWatch)),
        ("initial events", of(InitialListStrategy::StreamingList)),
    ]
}

/// A watcher and a reflector of objects in one form.
pub(crate) async fn told<K: Seen>(target: &Target, form: &str, api: Api<K>, kind: K::DynamicType) {
    for (by, config) in strategies() {
        watches(target, &api, config.clone()).await;
        target.holds(format!("kube-rs: a {form} watcher tells what there is and what happens, by {by}"));
        reflects(target, &api, &kind, config).await;
        target.holds(format!("kube-rs: a {form} reflector holds what there is, by {by}"));
    }
}

/// What there is, then what happens, each at the version that was written.
async fn watches<K: Seen>(target: &Target, api: &Api<K>, config: Config) {
    let mut told: Told<'_, K> = Box::pin(watcher(api.clone(), config));
    let names: Vec<String> = (0..OBJECTS).map(|number| format!("n{number:04}")).collect();
    assert_eq!(initial(&mut told).await, names);
    let created = target.create("late").await;
    let change = serde_json::from_str(target.kind.change).expect("a change");
    let changed = target.merge("late", change).await;
    for written in [created, changed] {
        let event = next(&mut told).await;
        let Event::Apply(seen) = event else { panic!("{event:?}") };
        assert_eq!(seen.name_any(), "late");
        assert_eq!(seen.uid().as_deref(), written["metadata"]["uid"].as_str());
        assert_eq!(seen.resource_version().as_deref(), written["metadata"]["resourceVersion"].as_str());
    }
    target.delete("late", json!({})).await.expect(200);
    assert!(matches!(next(&mut told).await, Event::Delete(gone) if gone.name_any() == "late"));
}

/// The store follows.
async fn reflects<K: Seen>(target: &Target, api: &Api<K>, kind: &K::DynamicType, config: Config) {
    let writer = Writer::new(kind.clone());
    let store: Store<K> = writer.as_reader();
    let events = watcher(api.clone(), config).default_backoff().reflect(writer).touched_objects();
    let running = tokio::spawn(events.for_each(async |event| drop(event.expect("an event"))));
    timeout(DEADLINE, store.wait_until_ready()).await.expect("in time").expect("the store fills");
    assert_eq!(store.len(), OBJECTS);
    let reference = ObjectRef::<K>::new_with("kept", kind.clone()).within(&target.namespace);
    target.create("kept").await;
    until("the store has it", async || store.get(&reference)).await;
    let merged = target.merge("kept", json!({"metadata": {"labels": {"changed": "yes"}}})).await;
    let version = merged["metadata"]["resourceVersion"].as_str();
    until("the store has what it became", async || {
        store.get(&reference).filter(|kept| kept.resource_version().as_deref() == version)
    })
    .await;
    target.delete("kept", json!({})).await.expect(200);
    until("the store has it no more", async || store.get(&reference).is_none().then_some(())).await;
    assert_eq!(store.len(), OBJECTS);
    running.abort();
}
