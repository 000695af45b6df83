//! One cell: how long it lasts, and what there is to work on.

use crate::load::Until;
use crate::options::Options;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// What every cell has in common.
pub struct Cell {
    /// How long it lasts.
    pub period: Duration,
    /// How many objects are read.
    pub objects: u64,
    /// How many a cell creates at most; where every cell begins with an empty store, that need not be bounded.
    pub creations: u64,
    numbers: AtomicU64,
}

impl Cell {
    /// As the options say.
    pub fn new(options: &Options, creations: u64) -> Self {
        let period = Duration::from_secs_f64(options.seconds);
        Cell { period, objects: options.objects, creations, numbers: AtomicU64::new(0) }
    }

    /// A number nobody had before.
    pub fn number(&self) -> u64 {
        self.numbers.fetch_add(1, Ordering::Relaxed)
    }

    /// So many numbers that nobody had before; the first of them.
    pub fn numbers(&self, count: u64) -> u64 {
        self.numbers.fetch_add(count, Ordering::Relaxed)
    }

    /// When the time is over.
    pub fn until(&self) -> Until {
        Until { period: self.period, operations: u64::MAX }
    }
}
