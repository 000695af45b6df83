//! All objects of one kind in the host cluster, told anew whenever one of them changes.

use super::{Cluster, Error, chain};
use futures_util::StreamExt;
use kube::Resource;
use kube::api::Api;
use kube::core::object::{NotUsed, Object};
use kube::core::{ApiResource, GroupVersionKind};
use kube::runtime::WatchStreamExt;
use kube::runtime::reflector::{Lookup, reflector, store::Writer};
use kube::runtime::watcher::{self, Event, watcher};
use serde::de::DeserializeOwned;
use std::fmt::Debug;
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// So many events are looked at before anybody is told.
const MOST_AT_ONCE: usize = 1024;
/// How often a cluster is asked whether it serves by now what it did not serve.
pub(super) const ASK_AGAIN: Duration = Duration::from_secs(60);
/// When a question that was not answered is put again.
pub(super) const RETRY: Duration = Duration::from_secs(1);

/// An object of which its metadata and its spec count, whichever of its versions it is of.
pub type Specified<S> = Object<S, NotUsed>;

/// A kind that not every cluster serves, and not every one in the same version.
#[derive(Clone, Copy, Debug)]
pub struct Offered {
    /// Its group.
    pub group: &'static str,
    /// Its versions, the best first. What follows it reads them alike.
    pub versions: &'static [&'static str],
    /// Its name.
    pub kind: &'static str,
    /// The name of the resource.
    pub plural: &'static str,
}

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
        let api = Api::all(self.client.clone());
        self.follow((), api, watcher::Config::default(), &ended, &changed, false).await;
    }

    /// The same of a kind that the cluster may not serve: then there are none, until it does.
    pub async fn follow_offered<S>(
        &self,
        offered: Offered,
        ended: CancellationToken,
        changed: impl Fn(Vec<Arc<Specified<S>>>),
    ) where
        S: Clone + Debug + DeserializeOwned + Send + Sync + 'static,
    {
        while !ended.is_cancelled() {
            let pause = match self.best(offered).await {
                Ok(Some(resource)) => {
                    let api = Api::all_with(self.client.clone(), &resource);
                    self.follow(resource, api, watcher::Config::default(), &ended, &changed, true).await;
                    continue;
                }
                Ok(None) => {
                    changed(Vec::new());
                    ASK_AGAIN
                }
                Err(error) => {
                    let (error, kind) = (chain(&error), offered.kind);
                    tracing::warn!(error, kind, "cannot ask whether the cluster serves it; trying again");
                    RETRY
                }
            };
            tokio::select! {
                () = ended.cancelled() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// The best version that the cluster serves.
    async fn best(&self, offered: Offered) -> Result<Option<ApiResource>, Error> {
        let Offered { group, versions, kind, plural } = offered;
        for version in versions {
            if self.served(group, version).await?.iter().any(|name| name == plural) {
                let kind = GroupVersionKind::gvk(group, version, kind);
                return Ok(Some(ApiResource::from_gvk_with_plural(&kind, plural)));
            }
        }
        Ok(None)
    }

    /// Follows until `ended`, or until the resource is not served any longer where that may be.
    pub(super) async fn follow<K>(
        &self,
        resource: <K as Resource>::DynamicType,
        api: Api<K>,
        config: watcher::Config,
        ended: &CancellationToken,
        changed: &impl Fn(Vec<Arc<K>>),
        may_go: bool,
    ) where
        K: Resource + Lookup<DynamicType = <K as Resource>::DynamicType>,
        K: Clone + Debug + DeserializeOwned + Send + Sync + 'static,
        <K as Resource>::DynamicType: Clone + Debug + Eq + Hash + Send + Sync + 'static,
    {
        let kind = <K as Lookup>::kind(&resource).into_owned();
        let writer = Writer::new(resource);
        let (known, events) = (writer.as_reader(), watcher(api, config).default_backoff());
        let mut events = reflector(writer, events).ready_chunks(MOST_AT_ONCE).boxed();
        let mut complete = false;
        loop {
            let events = tokio::select! {
                // What has ended asks for nothing.
                biased;
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
                    Err(error) if may_go && is_gone(&error) => return,
                    Err(error) => {
                        tracing::warn!(
                            error = chain(&error),
                            kind,
                            "cannot follow objects of the cluster; trying again"
                        );
                    }
                }
            }
            if complete && is_news {
                changed(known.state());
            }
        }
    }
}

/// Whether there is no such resource.
fn is_gone(error: &watcher::Error) -> bool {
    let status = match error {
        watcher::Error::InitialListFailed(kube::Error::Api(status))
        | watcher::Error::WatchStartFailed(kube::Error::Api(status)) => status,
        _ => return false,
    };
    status.code == 404
}
