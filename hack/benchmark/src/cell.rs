//! One cell: how long it lasts, and what there is to work on.

use crate::load::Until;
use crate::options::Options;
use std::sync::Arc;
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
    /// Numbers nobody had before.
    pub numbers: Numbers,
}

/// Numbers that are given out once; clones share them.
#[derive(Clone, Default)]
pub struct Numbers(Arc<AtomicU64>);

impl Numbers {
    /// One that nobody had before.
    pub fn next(&self) -> u64 {
        self.0.fetch_add(1, Ordering::Relaxed)
    }
}

impl Cell {
    /// As the options say.
    pub fn new(options: &Options, creations: u64) -> Self {
        let period = Duration::from_secs_f64(options.seconds);
        Cell { period, objects: options.objects, creations, numbers: Numbers::default() }
    }

    /// When the time is over.
    pub fn until(&self) -> Until {
        Until { period: self.period, operations: u64::MAX }
    }
}
