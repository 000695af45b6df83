//! A histogram that is observed without a lock.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use prometheus_client::encoding::{EncodeMetric, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::{MetricType, TypedMetric};

/// The upper bounds that dashboards of request durations expect, in seconds.
const BOUNDS: [f64; 23] = [
    0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0, 1.25, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 15.0,
    20.0, 30.0, 45.0, 60.0,
];

/// Durations, counted by upper bound. A clone is the same histogram.
#[derive(Clone, Debug)]
pub(super) struct Histogram<const N: usize>(Arc<Inner<N>>);

/// Durations of requests.
pub(super) type DurationHistogram = Histogram<{ BOUNDS.len() }>;

#[derive(Debug)]
struct Inner<const N: usize> {
    bounds: &'static [f64; N],
    counts: [AtomicU64; N],
    above: AtomicU64,
    nanoseconds: AtomicU64,
}

impl Default for DurationHistogram {
    fn default() -> Self {
        Self::new(&BOUNDS)
    }
}

impl<const N: usize> Histogram<N> {
    pub(super) fn new(bounds: &'static [f64; N]) -> Self {
        let counts = std::array::from_fn(|_| AtomicU64::new(0));
        Self(Arc::new(Inner { bounds, counts, above: AtomicU64::new(0), nanoseconds: AtomicU64::new(0) }))
    }

    pub(super) fn observe(&self, duration: Duration) {
        let seconds = duration.as_secs_f64();
        let bucket = self.0.bounds.partition_point(|bound| *bound < seconds);
        self.0.counts.get(bucket).unwrap_or(&self.0.above).fetch_add(1, Ordering::Relaxed);
        self.0.nanoseconds.fetch_add(duration.as_nanos() as u64, Ordering::Relaxed);
    }
}

impl<const N: usize> EncodeMetric for Histogram<N> {
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> Result<(), fmt::Error> {
        let bounds = self.0.bounds.iter().copied().chain([f64::INFINITY]);
        let counts = self.0.counts.iter().chain([&self.0.above]).map(|count| count.load(Ordering::Relaxed));
        let buckets: Vec<_> = bounds.zip(counts).collect();
        let count = buckets.iter().map(|(_, count)| count).sum();
        let sum = Duration::from_nanos(self.0.nanoseconds.load(Ordering::Relaxed)).as_secs_f64();
        encoder.encode_histogram::<NoLabelSet>(sum, count, &buckets, None)
    }

    fn metric_type(&self) -> MetricType {
        Self::TYPE
    }
}

impl<const N: usize> TypedMetric for Histogram<N> {
    const TYPE: MetricType = MetricType::Histogram;
}
