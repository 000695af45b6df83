//! All objects of one kind in the host cluster, told anew whenever one of them changes.

use super::{Cluster, chain};
use futures_util::StreamExt;
use kube::Resource;
use kube::api::Api;
use kube::runtime::reflector::{Lookup, reflector, store};
use kube::runtime::watcher::Event;
use kube::runtime::{WatchStreamExt, watcher};
use serde::de::DeserializeOwned;
use std::fmt::Debug;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// So many events are looked at before anybody is told.
const MOST_AT_ONCE: usize = 1024;

impl Cluster {
    /// Tells `changed` of all objects of a kind, in every namespace: once they are known, and after changes, until
    /// `ended`. What is told together is told once. While the cluster cannot be reached the last word stands.
    pub async fn follow_all<K>(&self, ended: CancellationToken, changed: impl Fn(Vec<Arc<K>>))
    where
        K: Resource<DynamicType = ()>
            + Lookup<DynamicType = ()>
            + Clone
            + Debug
            + DeserializeOwned
            + Send
            + Sync
            + 'static,
    {
        let (known, writer) = store::<K>();
        let events = watcher(Api::all(self.client.clone()), watcher::Config::default()).default_backoff();
        let mut events = reflector(writer, events).ready_chunks(MOST_AT_ONCE).boxed();
        let mut complete = false;
        loop {
            let events = tokio::select! {
                () = ended.cancelled() => return,
                events = events.next() => events,
            };
            let Some(events) = events else { return };
            let mut is_news = false;
            for event in events {
                match event {
                    Ok(Event::Init | Event::InitApply(_)) => {}
                    Ok(Event::InitDone) => (complete, is_news) = (true, true),
                    Ok(Event::Apply(_) | Event::Delete(_)) => is_news = true,
                    Err(error) => {
                        tracing::warn!(error = chain(&error), kind = %<K as Lookup>::kind(&()), "cannot follow objects of the cluster; trying again");
                    }
                }
            }
            if complete && is_news {
                changed(known.state());
            }
        }
    }
}
