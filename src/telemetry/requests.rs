//! The metrics of requests: how many, and how long they took.
//!
//! A request finds its counters in a map that is never changed, only replaced: no lock, no allocation. A combination
//! of labels that was never seen makes a new map.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

use super::histogram::DurationHistogram;
use super::in_flight::InFlightMetrics;

/// Which server answers, where dashboards tell API servers from their aggregators.
const COMPONENT: &str = "apiserver";
/// How many combinations of labels are told apart; the rest are counted together.
const MOST_COMBINATIONS: usize = 4096;

/// What a request is counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RequestLabels<'a> {
    /// The verb, as `GET` or `LIST`.
    pub verb: &'a str,
    /// `All` where nothing is to be written, `invalid`, or empty.
    pub dry_run: &'a str,
    /// The API group.
    pub group: &'a str,
    /// The version of the group.
    pub version: &'a str,
    /// The plural resource.
    pub resource: &'a str,
    /// The subresource.
    pub subresource: &'a str,
    /// `resource`, `namespace`, `cluster`, or empty.
    pub scope: &'a str,
}

impl<'a> RequestLabels<'a> {
    /// Labels without a resource.
    pub fn of_verb(verb: &'a str) -> Self {
        Self { verb, dry_run: "", group: "", version: "", resource: "", subresource: "", scope: "" }
    }
}

/// What a request is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct TargetLabels {
    group: String,
    version: String,
    resource: String,
    subresource: String,
    scope: String,
    component: &'static str,
}

impl TargetLabels {
    pub(super) fn of(labels: &RequestLabels<'_>) -> Self {
        let RequestLabels { verb: _, dry_run: _, group, version, resource, subresource, scope } = *labels;
        let [group, version, resource, subresource, scope] =
            [group, version, resource, subresource, scope].map(str::to_owned);
        Self { group, version, resource, subresource, scope, component: COMPONENT }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ResourceLabels {
    verb: String,
    dry_run: String,
    #[prometheus(flatten)]
    target: TargetLabels,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CodeLabels {
    #[prometheus(flatten)]
    asked: ResourceLabels,
    code: u16,
}

/// The metrics of requests. A clone is the same metrics.
#[derive(Clone, Debug, Default)]
pub struct RequestMetrics(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    hasher: RandomState,
    known: ArcSwap<HashMap<u64, Known>>,
    growing: Mutex<()>,
    total: Family<CodeLabels, Counter>,
    durations: Family<ResourceLabels, DurationHistogram>,
    in_flight: InFlightMetrics,
}

#[derive(Clone, Debug)]
struct Known {
    labels: CodeLabels,
    total: Counter,
    duration: DurationHistogram,
}

impl RequestMetrics {
    pub(super) fn register(&self, registry: &mut Registry) {
        let (total, durations) = (self.0.total.clone(), self.0.durations.clone());
        registry.register(
            "apiserver_request",
            "Requests by what they asked for and how they were answered",
            total,
        );
        let help = "How long requests took until their response began, in seconds";
        registry.register("apiserver_request_duration_seconds", help, durations);
        self.0.in_flight.register(registry);
    }

    /// Counts a request that was answered with `code` after `elapsed`.
    pub fn observe(&self, labels: RequestLabels<'_>, code: u16, elapsed: Duration) {
        let key = self.0.hasher.hash_one((labels, code));
        let known = self.0.known.load();
        match known.get(&key) {
            Some(known) if known.labels.are(&labels, code) => known.count(elapsed),
            _ => self.learn(key, labels, code).count(elapsed),
        }
    }

    /// The metrics of how many are worked on.
    pub fn in_flight(&self) -> &InFlightMetrics {
        &self.0.in_flight
    }

    fn learn(&self, key: u64, labels: RequestLabels<'_>, code: u16) -> Known {
        let growing = self.0.growing.lock().unwrap_or_else(PoisonError::into_inner);
        let known = self.0.known.load();
        if let Some(known) = known.get(&key).filter(|known| known.labels.are(&labels, code)) {
            return known.clone();
        }
        if known.len() >= MOST_COMBINATIONS {
            return self.make(RequestLabels::of_verb("other"), code);
        }
        let fresh = self.make(labels, code);
        let mut larger = HashMap::clone(&known);
        larger.insert(key, fresh.clone());
        self.0.known.store(Arc::new(larger));
        drop(growing);
        fresh
    }

    fn make(&self, labels: RequestLabels<'_>, code: u16) -> Known {
        let (verb, dry_run) = (labels.verb.to_owned(), labels.dry_run.to_owned());
        let asked = ResourceLabels { verb, dry_run, target: TargetLabels::of(&labels) };
        let duration = self.0.durations.get_or_create(&asked).clone();
        let labels = CodeLabels { asked, code };
        let total = self.0.total.get_or_create(&labels).clone();
        Known { labels, total, duration }
    }
}

impl Known {
    fn count(&self, elapsed: Duration) {
        self.total.inc();
        self.duration.observe(elapsed);
    }
}

impl CodeLabels {
    fn are(&self, other: &RequestLabels<'_>, code: u16) -> bool {
        let Self { asked: ResourceLabels { verb, dry_run, target }, code: own } = self;
        let TargetLabels { group, version, resource, subresource, scope, component: _ } = target;
        *own == code
            && *other == (RequestLabels { verb, dry_run, group, version, resource, subresource, scope })
    }
}
