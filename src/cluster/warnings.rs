//! Warnings that are recorded as events about objects of one kind, by whoever looks after those.

use super::correlate::Recent;
use super::{Cluster, Resource, chain};
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use k8s_openapi::api::core::v1::Event as Recorded;
use k8s_openapi::jiff::Timestamp;
use kube::api::Api;
use kube::runtime::watcher::Event;
use kube::runtime::{WatchStreamExt, watcher};
use std::future::ready;

/// A warning that is repeated is told again after so many seconds.
const AGAIN: i64 = 300;

/// A warning about an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warned {
    /// The object's namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its uid.
    pub uid: String,
    /// Why, in a word.
    pub reason: String,
    /// The same for a person.
    pub message: String,
}

impl Cluster {
    /// The warnings about objects of a kind, in every namespace, from now on: each once, and one that is repeated again after a
    /// while.
    pub fn follow_warnings(&self, resource: &Resource) -> BoxStream<'static, Warned> {
        let api: Api<Recorded> = Api::all(self.client.clone());
        let Resource { group, kind, .. } = *resource;
        let config = watcher::Config::default().fields(&format!("type=Warning,involvedObject.kind={kind}"));
        let mut told = Told { since: Timestamp::now().as_second(), last: Recent::default() };
        let mut complained = false;
        let warnings = watcher(api, config).default_backoff().filter_map(move |event| {
            ready(match event {
                Ok(Event::Apply(event) | Event::InitApply(event)) => told.news(event, group),
                Ok(_) => None,
                Err(error) => {
                    // It tells nothing else; a right that is missing is told so, and once.
                    if !std::mem::replace(&mut complained, true) {
                        let error = chain(&error);
                        tracing::warn!(error, kind, "cannot follow the cluster's events; trying again");
                    }
                    None
                }
            })
        });
        warnings.boxed()
    }
}

/// What was told.
struct Told {
    /// What was before, in seconds, is nobody's news.
    since: i64,
    /// When events that were told had happened, by their uids.
    last: Recent<i64>,
}

impl Told {
    /// The warning of an event about an object of this group, where it is to be told.
    fn news(&mut self, event: Recorded, group: &str) -> Option<Warned> {
        let (object, happened) = (&event.involved_object, happened(&event));
        // Some recorders say no version, and no two the same.
        let api_version = object.api_version.as_deref().unwrap_or_default();
        let is_ours = api_version.is_empty() || api_version.split_once('/').map_or("", |(of, _)| of) == group;
        if !is_ours || !self.is_news(event.metadata.uid.as_deref().unwrap_or_default(), happened) {
            return None;
        }
        let object = event.involved_object;
        Some(Warned {
            namespace: object.namespace.or(event.metadata.namespace).unwrap_or_default(),
            name: object.name.unwrap_or_default(),
            uid: object.uid.unwrap_or_default(),
            reason: event.reason.unwrap_or_default(),
            message: event.message.unwrap_or_default(),
        })
    }

    fn is_news(&mut self, event: &str, happened: i64) -> bool {
        if happened < self.since {
            return false;
        }
        let last = self.last.entry(event);
        let is_news = happened.saturating_sub(*last) >= AGAIN;
        if is_news {
            *last = happened;
        }
        is_news
    }
}

/// When an event happened last, in seconds.
fn happened(event: &Recorded) -> i64 {
    let series = event.series.as_ref().and_then(|series| series.last_observed_time.as_ref());
    let said = series.or(event.event_time.as_ref()).map(|time| time.0);
    let times = [&event.last_timestamp, &event.first_timestamp, &event.metadata.creation_timestamp];
    let times = times.into_iter().flatten().map(|time| time.0).chain(said);
    times.map(|time| time.as_second()).max().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn event(uid: &str, group: &str, second: i64) -> Recorded {
        let time = Timestamp::from_second(second).expect("a time").to_string();
        serde_json::from_value(json!({
            "metadata": {"uid": uid, "namespace": "demo"},
            "involvedObject": {"apiVersion": format!("{group}/v1"), "kind": "postgresql", "name": "shop", "uid": "u"},
            "type": "Warning", "reason": "Create", "message": "no room", "lastTimestamp": time,
        }))
        .expect("an event")
    }

    #[test]
    fn a_warning_is_told_once_and_again_only_where_it_lasts() {
        let mut told = Told { since: 1000, last: Recent::default() };
        let mut tell = |uid: &str, second| told.news(event(uid, "acid.zalan.do", second), "acid.zalan.do");
        assert_eq!(tell("old", 999), None, "it was before");
        let first = tell("a", 1000).expect("it is news");
        assert_eq!((&*first.namespace, &*first.name, &*first.reason), ("demo", "shop", "Create"));
        assert!(tell("a", 1000).is_none(), "the same, listed again");
        assert!(tell("a", 1000 + AGAIN - 1).is_none(), "its count is raised");
        assert!(tell("b", 1001).is_some(), "another one");
        assert!(tell("a", 1000 + AGAIN).is_some(), "it lasts");
        assert!(tell("old", 1002).is_some(), "it happened again");
        assert!(told.news(event("c", "example.com", 1003), "acid.zalan.do").is_none(), "of another's kind");
    }
}
