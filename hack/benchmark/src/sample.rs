//! What one cell measured, and the ratios of many.

use crate::peer::Peer;
use crate::workload::Workload;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// One workload on one peer in one round.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Sample {
    /// How many operations were finished.
    pub operations: u64,
    /// How long it took.
    pub wall: Duration,
    /// CPU of the process that is measured.
    pub cpu: Duration,
    /// CPU of the kube-apiserver in front of it.
    pub front: Duration,
    /// CPU of etcd behind it.
    pub etcd: Duration,
    /// Half of the operations took no longer.
    pub p50: Duration,
    /// All but one in a hundred took no longer.
    pub p99: Duration,
}

impl Sample {
    /// CPU of the measured process per operation, in microseconds.
    pub fn cost(&self) -> f64 {
        per(self.cpu, self.operations)
    }

    /// CPU of the kube-apiserver in front of it per operation, in microseconds.
    pub fn front_cost(&self) -> f64 {
        per(self.front, self.operations)
    }

    /// CPU of both per operation, in microseconds.
    pub fn whole_cost(&self) -> f64 {
        per(self.cpu + self.front, self.operations)
    }

    /// CPU of etcd per operation, in microseconds.
    pub fn etcd_cost(&self) -> f64 {
        per(self.etcd, self.operations)
    }

    /// Operations per second.
    pub fn rate(&self) -> f64 {
        self.operations as f64 / self.wall.as_secs_f64().max(f64::MIN_POSITIVE)
    }
}

fn per(time: Duration, operations: u64) -> f64 {
    time.as_secs_f64() * 1e6 / operations.max(1) as f64
}

/// All samples, in the order of the rounds.
#[derive(Default)]
pub struct Results(BTreeMap<(Workload, Peer), Vec<Sample>>);

impl Results {
    /// Adds one.
    pub fn add(&mut self, workload: Workload, peer: Peer, sample: Sample) {
        self.0.entry((workload, peer)).or_default().push(sample);
    }

    /// Those of one workload and peer.
    pub fn of(&self, workload: Workload, peer: Peer) -> &[Sample] {
        self.0.get(&(workload, peer)).map_or(&[], Vec::as_slice)
    }

    /// One value of every round, in their order.
    pub fn values(&self, workload: Workload, peer: Peer, value: impl Fn(&Sample) -> f64) -> Vec<f64> {
        self.of(workload, peer).iter().map(value).collect()
    }
}

/// The middle of some values, and the ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// The value in the middle.
    pub median: f64,
    /// The least.
    pub least: f64,
    /// The greatest.
    pub greatest: f64,
}

impl Spread {
    /// Of at least one value.
    pub fn of(mut values: Vec<f64>) -> Option<Spread> {
        values.sort_by(f64::total_cmp);
        let (least, greatest) = (*values.first()?, *values.last()?);
        let upper = values.len() / 2;
        let lower = (values.len() - 1) / 2;
        Some(Spread { median: f64::midpoint(values[lower], values[upper]), least, greatest })
    }

    /// Of the ratios of each round.
    pub fn of_ratios(ours: &[f64], limits: &[f64]) -> Option<Spread> {
        let ratios = ours.iter().zip(limits).filter(|(_, limit)| **limit > 0.0);
        Spread::of(ratios.map(|(ours, limit)| ours / limit).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_of_the_rounds_own_ratios() {
        let spread = Spread::of_ratios(&[10.0, 40.0, 30.0], &[10.0, 20.0, 10.0]);
        assert_eq!(spread, Some(Spread { median: 2.0, least: 1.0, greatest: 3.0 }));
        assert_eq!(Spread::of(vec![4.0, 1.0]).map(|spread| spread.median), Some(2.5));
        assert_eq!(Spread::of(Vec::new()), None);
    }
}
