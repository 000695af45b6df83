//! A closed loop: so many workers, each with one operation in flight, until the time or the work is over.

use crate::error::Error;
use crate::sample::Sample;
use hdrhistogram::Histogram;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// When it ends: whatever comes first.
#[derive(Clone, Copy, Debug)]
pub struct Until {
    /// After so long.
    pub period: Duration,
    /// After so many operations.
    pub operations: u64,
}

/// Runs `operation` with the worker's number and a number of its own, over and over.
pub async fn closed_loop<F, R>(concurrency: usize, until: Until, operation: F) -> Result<Sample, Error>
where
    F: Fn(usize, u64) -> R + Send + Sync + 'static,
    R: Future<Output = Result<(), Error>> + Send,
{
    let (operation, numbers) = (Arc::new(operation), Arc::new(AtomicU64::new(0)));
    let begin = Instant::now();
    let end = begin + until.period;
    let worker = |worker: usize| {
        let (operation, numbers) = (operation.clone(), numbers.clone());
        tokio::spawn(async move {
            let mut times = histogram();
            while Instant::now() < end {
                let (begin, number) = (Instant::now(), numbers.fetch_add(1, Ordering::Relaxed));
                if number >= until.operations {
                    break;
                }
                operation(worker, number).await?;
                times.saturating_record(u64::try_from(begin.elapsed().as_micros()).unwrap_or(u64::MAX));
            }
            Ok::<_, Error>(times)
        })
    };
    let workers: Vec<_> = (0..concurrency).map(worker).collect();
    let mut times = histogram();
    for worker in workers {
        let theirs = worker.await.map_err(|error| Error::Wrong(error.to_string()))??;
        times.add(theirs).map_err(|error| Error::Wrong(error.to_string()))?;
    }
    let percentile = |part| Duration::from_micros(times.value_at_quantile(part));
    Ok(Sample {
        operations: times.len(),
        wall: begin.elapsed(),
        p50: percentile(0.5),
        p99: percentile(0.99),
        ..Sample::default()
    })
}

/// From a microsecond to a minute, to a thousandth.
fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, 60_000_000, 3).expect("the bounds are in order")
}
