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

impl Cluster {
    /// Tells `changed` of all objects of a kind, in every namespace: once they are known, and after each change, until
    /// `ended`. While the cluster cannot be reached the last word stands.
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
        let mut events = reflector(writer, events).boxed();
        let mut complete = false;
        loop {
            let event = tokio::select! {
                () = ended.cancelled() => return,
                event = events.next() => event,
            };
            match event {
                None => return,
                Some(Ok(Event::Init | Event::InitApply(_))) => {}
                Some(Ok(Event::InitDone)) => {
                    complete = true;
                    changed(known.state());
                }
                Some(Ok(Event::Apply(_) | Event::Delete(_))) if !complete => {}
                Some(Ok(Event::Apply(_) | Event::Delete(_))) => changed(known.state()),
                Some(Err(error)) => {
                    tracing::warn!(error = chain(&error), kind = %<K as Lookup>::kind(&()), "cannot follow objects of the cluster; trying again");
                }
            }
        }
    }
}
