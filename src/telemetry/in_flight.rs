//! How many requests are worked on and how many wait for that, by kind; and how many run for long. Names and labels are those of
//! an API server. A metric is the very count that decides, so that neither can say what the other does not.

use std::sync::atomic::Ordering;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::requests::{RequestLabels, TargetLabels};

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct KindLabels {
    request_kind: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct LongRunningLabels {
    verb: String,
    #[prometheus(flatten)]
    target: TargetLabels,
}

/// The metrics of places for requests. A clone is the same metrics.
#[derive(Clone, Debug, Default)]
pub struct InFlightMetrics {
    working: Family<KindLabels, Gauge>,
    waiting: Family<KindLabels, Gauge>,
    long_running: Family<LongRunningLabels, Gauge>,
}

impl InFlightMetrics {
    pub(super) fn register(&self, registry: &mut Registry) {
        let help = "Requests that are worked on";
        registry.register("apiserver_current_inflight_requests", help, self.working.clone());
        let help = "Requests that wait until they are worked on";
        registry.register("apiserver_current_inqueue_requests", help, self.waiting.clone());
        let help = "Requests that run for long, as watches do, by what they asked for";
        registry.register("apiserver_longrunning_requests", help, self.long_running.clone());
    }

    /// Counts a request that runs for long. What it asked for is served, so that clients cannot make up labels.
    pub fn long_running(&self, labels: &RequestLabels<'_>) -> LongRunning {
        let labels = LongRunningLabels { verb: labels.verb.to_owned(), target: TargetLabels::of(labels) };
        let gauge = self.long_running.get_or_create(&labels).clone();
        gauge.inc();
        LongRunning(gauge)
    }

    /// How many requests of a kind (`readOnly` or `mutating`) are worked on, and how many wait.
    pub fn counts(&self, request_kind: &'static str) -> (Count, Count) {
        let labels = KindLabels { request_kind };
        let count = |family: &Family<KindLabels, Gauge>| Count(family.get_or_create(&labels).clone());
        (count(&self.working), count(&self.waiting))
    }
}

/// A request that runs for long; it is counted until this is dropped.
#[derive(Debug)]
pub struct LongRunning(Gauge);

impl Drop for LongRunning {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// A count that is a metric as well. A clone is the same count. Each step is seen by all threads in one order.
#[derive(Clone, Debug, Default)]
pub struct Count(Gauge);

impl Count {
    /// How many there are.
    pub fn get(&self) -> usize {
        self.0.inner().load(Ordering::SeqCst) as usize
    }

    /// One more, if there are fewer than `limit`; whether there were.
    pub fn add_below(&self, limit: usize) -> bool {
        let more = |count| ((count as usize) < limit).then_some(count + 1);
        self.0.inner().fetch_update(Ordering::SeqCst, Ordering::SeqCst, more).is_ok()
    }

    /// One less.
    pub fn subtract(&self) {
        self.0.inner().fetch_sub(1, Ordering::SeqCst);
    }

    /// So many.
    pub fn set(&self, count: usize) {
        self.0.inner().store(count as i64, Ordering::SeqCst);
    }
}
