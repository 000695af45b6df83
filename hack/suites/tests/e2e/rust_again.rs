//! Watches of kube-rs that end: one that is over goes on, and one that slept too long begins again.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::StreamExt;
use futures_util::future::join;
use hyper::{Request, Uri};
use kube::ResourceExt;
use kube::api::{Api, DynamicObject};
use kube::client::{Body, ClientBuilder};
use kube::core::ApiResource;
use kube::runtime::WatchStreamExt;
use kube::runtime::reflector::store::Writer;
use kube::runtime::watcher::{Error, Event, watcher};
use serde_json::{Value, json};
use suites::wait::{DEADLINE, until};
use tokio::time::timeout;
use tower::util::MapRequestLayer;

use crate::rust::{OBJECTS, Told, config, discovered, initial, next};
use crate::rust_watched::strategies;
use crate::target::Target;

/// How many seconds the server lets a watch last, so that it is soon opened again.
const LASTS: u32 = 2;

/// A client whose watches are counted, and changed by `change` before they are sent.
struct Watched {
    api: Api<DynamicObject>,
    kind: ApiResource,
    opened: Arc<AtomicUsize>,
}

impl Watched {
    async fn of(target: &Target, change: fn(&Uri, usize) -> Option<Uri>) -> Self {
        let opened = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&opened);
        let layer = MapRequestLayer::new(move |mut request: Request<Body>| {
            if request.uri().query().is_some_and(|query| query.contains("watch=true")) {
                let before = counter.fetch_add(1, Ordering::SeqCst);
                if let Some(uri) = change(request.uri(), before) {
                    *request.uri_mut() = uri;
                }
            }
            request
        });
        let builder = ClientBuilder::try_from(config(target).await).expect("a client");
        let client = builder.with_layer(&layer).build();
        let kind = discovered(target, &client).await;
        Self { api: Api::namespaced_with(client, &target.namespace, &kind), kind, opened }
    }

    fn count(&self) -> usize {
        self.opened.load(Ordering::SeqCst)
    }
}

/// The same watch from the first revision there ever was, unless it asks for initial events.
fn from_long_ago(uri: &Uri) -> Option<Uri> {
    let text = uri.to_string();
    let (path, query) = text.split_once('?')?;
    let is_old = |pair: &&str| pair.starts_with("resourceVersion=");
    let rest: Vec<&str> = query.split('&').filter(|pair| !is_old(pair)).collect();
    let goes_on = !query.contains("sendInitialEvents=true");
    goes_on.then(|| format!("{path}?{}&resourceVersion=1", rest.join("&")).parse().expect("a URI"))
}

fn is_same(seen: &DynamicObject, written: &Value) -> bool {
    seen.resource_version().as_deref() == written["metadata"]["resourceVersion"].as_str()
}

/// A watch that the server ends in good order goes on where it was: nothing is lost, nothing comes twice.
pub(crate) async fn goes_on(target: &Target) {
    for (by, config) in strategies() {
        let client = Watched::of(target, |_, _| None).await;
        let mut told: Told<'_, DynamicObject> = Box::pin(watcher(client.api.clone(), config.timeout(LASTS)));
        assert_eq!(initial(&mut told).await.len(), OBJECTS);
        let before = client.count();
        let created = async {
            until("the watch is opened again", async || (client.count() > before).then_some(())).await;
            target.create("late").await
        };
        let (event, created) = join(next(&mut told), created).await;
        assert!(matches!(&event, Event::Apply(seen) if is_same(seen, &created)), "{event:?}");
        target.delete("late", json!({})).await.expect(200);
        assert!(matches!(next(&mut told).await, Event::Delete(gone) if gone.name_any() == "late"));
        target.holds(format!("kube-rs: a watch that ended goes on where it was, by {by}"));
    }
}

/// Who slept too long is told so, begins again, and has the whole.
pub(crate) async fn lists_again(target: &Target) {
    for (number, (by, config)) in strategies().into_iter().enumerate() {
        // The first watch that goes on comes after the list, or after the one with the initial events.
        let change = [
            |uri: &Uri, before| if before == 0 { from_long_ago(uri) } else { None },
            |uri: &Uri, before| if before == 1 { from_long_ago(uri) } else { None },
        ][number];
        let client = Watched::of(target, change).await;
        let writer = Writer::new(client.kind.clone());
        let store = writer.as_reader();
        let events = watcher(client.api.clone(), config.timeout(LASTS)).reflect(writer);
        let mut told: Told<'_, DynamicObject> = Box::pin(events);
        let names = initial(&mut told).await;
        assert_eq!(names.len(), OBJECTS);
        let event = timeout(DEADLINE, told.next()).await.expect("in time").expect("the stream goes on");
        let Err(Error::WatchError(status)) = event else { panic!("{event:?}") };
        assert_eq!((status.code, status.reason.as_str()), (410, "Expired"), "{status:?}");
        target.holds(format!("kube-rs: a watch from long ago ends with 410, by {by}"));
        assert_eq!(initial(&mut told).await, names);
        let late = target.create("late").await;
        let event = next(&mut told).await;
        assert!(matches!(&event, Event::Apply(seen) if is_same(seen, &late)), "{event:?}");
        assert_eq!(store.len(), OBJECTS + 1);
        target.delete("late", json!({})).await.expect(200);
        assert!(matches!(next(&mut told).await, Event::Delete(_)));
        target.holds(format!("kube-rs: and the watcher has the whole again, by {by}"));
    }
}
