//! What an expression may cost: so many turns of its loops, and so much text and so many items that it reads and makes.
//! An expression that costs more fails, as Kubernetes' own do, so that no policy can hold the server.

use super::value::{Outcome, fault};
use std::cell::Cell;

/// What is said of an expression that costs more.
pub(crate) const EXCEEDED: &str = "operation cancelled: actual cost limit exceeded";
/// A turn of a loop costs one, and as much costs the making of ten bytes or items, and the reading of twenty.
const MOST: usize = 500_000;
const MADE_PER_UNIT: usize = 10;
const READ_PER_UNIT: usize = 20;

/// What has been spent.
#[derive(Debug, Default)]
pub(crate) struct Budget(Cell<usize>);

impl Budget {
    pub(crate) fn is_exceeded(&self) -> bool {
        self.0.get() > MOST
    }

    pub(crate) fn charge(&self, units: usize) -> Outcome<()> {
        self.0.set(self.0.get().saturating_add(units));
        if self.is_exceeded() { Err(fault(EXCEEDED)) } else { Ok(()) }
    }

    /// For so many bytes or items that are made.
    pub(crate) fn make(&self, size: usize) -> Outcome<()> {
        self.charge(size / MADE_PER_UNIT)
    }

    /// For so many bytes or items that are read.
    pub(crate) fn scan(&self, size: usize) -> Outcome<()> {
        self.charge(size / READ_PER_UNIT)
    }
}
