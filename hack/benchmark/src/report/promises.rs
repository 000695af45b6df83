//! What is promised against the field's own libraries, and what stands in the way where it is not kept.

use crate::peer::Peer;
use crate::sample::{Results, Sample, Spread};
use crate::workload::Workload;

/// A figure of somebody.
type Figure = (Peer, fn(&Sample) -> f64);

/// A ratio of our figure and somebody else's, and how large or small it is to be.
pub(super) struct Promise {
    /// Which one.
    pub(super) name: &'static str,
    /// What is divided by what.
    pub(super) of: &'static str,
    workload: Workload,
    ours: Figure,
    theirs: Figure,
    shape: Shape,
    /// How much.
    pub(super) target: f64,
    /// Whose figures, added, would stand in the place of ours if it did nothing but the least there is to do.
    limits: &'static [Figure],
    /// What takes the rest, where the target is not reached.
    pub(super) reason: &'static str,
}

#[derive(Clone, Copy)]
enum Shape {
    /// Theirs by ours, at least so much; half of it on the way.
    Less,
    /// Ours by theirs, at least so much; half of it on the way.
    More,
    /// Ours by theirs, at most so much; twice as much on the way.
    Most,
}

impl Promise {
    /// The ratio in each round.
    pub(super) fn measured(&self, results: &Results) -> Option<Spread> {
        self.ratio(results, &[self.ours])
    }

    /// The ratio in each round if ours did the least there is to do.
    pub(super) fn limit(&self, results: &Results) -> Option<Spread> {
        self.ratio(results, self.limits)
    }

    fn ratio(&self, results: &Results, ours: &[Figure]) -> Option<Spread> {
        let values = |(peer, value): Figure| results.values(self.workload, peer, value);
        let each: Vec<_> = ours.iter().copied().map(values).collect();
        let rounds = each.iter().map(Vec::len).min()?;
        let ours: Vec<f64> = (0..rounds).map(|round| each.iter().map(|values| values[round]).sum()).collect();
        let theirs = values(self.theirs);
        match self.shape {
            Shape::Less => Spread::of_ratios(&theirs, &ours),
            Shape::More | Shape::Most => Spread::of_ratios(&ours, &theirs),
        }
    }

    /// How many times over a ratio reaches the target.
    pub(super) fn reached(&self, ratio: f64) -> f64 {
        match self.shape {
            Shape::Less | Shape::More => ratio / self.target,
            Shape::Most => self.target / ratio,
        }
    }

    /// What the first milestone asks for.
    pub(super) fn half(&self) -> f64 {
        match self.shape {
            Shape::Less | Shape::More => self.target / 2.0,
            Shape::Most => self.target * 2.0,
        }
    }

    /// At least, or at most.
    pub(super) fn sign(&self) -> char {
        match self.shape {
            Shape::Less | Shape::More => '≥',
            Shape::Most => '≤',
        }
    }
}

const GET: &str = "beside HTTP and TLS there are the reading of etcd's revision that requests share, identity, rights and the headers";
const CREATE: &str = "beside HTTP, TLS and etcd's client there are decoding, defaults, validation, managed fields and the own watch event";
const APPLY: &str = "beside HTTP, TLS and etcd's client there are reading of the configuration, merging by the fields' owners, validation, managed fields and the own watch event";
const CREATE_RATE: &str =
    "etcd and the client take their share of the same cores for every object, whoever is in between";
const LIST: &str = "what is left is HTTP and TLS";
const WATCH: &str = "what is left is HTTP and TLS of each watcher";
const ONE_BY_ONE: &str = "through the proxy requests come one by one, so that few share the reading of etcd's revision, and all of that is done on the same cores";
const PROXIED: &str = "kube-apiserver, etcd and the client take their share of the same cores for every request, whoever is behind";

/// The promises, in the order of their numbers.
pub(super) const PROMISES: &[Promise] = &[
    less("T1 get", SAMPLE, Workload::Get, Peer::Sample, 13.0, GET),
    less("T1 get", CUSTOM, Workload::Get, Peer::Custom, 28.0, GET),
    Promise { limits: CREATING, ..less("T3 create", SAMPLE, Workload::Create, Peer::Sample, 10.0, CREATE) },
    more("T3 create", "rate, ours / sample-apiserver", Peer::Sample, 5.0),
    Promise { limits: CREATING, ..less("T3 create", CUSTOM, Workload::Create, Peer::Custom, 20.0, CREATE) },
    more("T3 create", "rate, ours / custom resource", Peer::Custom, 9.0),
    Promise { limits: CREATING, ..less("T5 apply", SAMPLE, Workload::Apply, Peer::Sample, 10.0, APPLY) },
    Promise { limits: CREATING, ..less("T5 apply", CUSTOM, Workload::Apply, Peer::Custom, 18.0, APPLY) },
    less("T6 list", SAMPLE, Workload::List, Peer::Sample, 4.0, LIST),
    less("T6 list", CUSTOM, Workload::List, Peer::Custom, 20.0, LIST),
    less("T9 watch", SAMPLE, Workload::Watch1000, Peer::Sample, 4.0, WATCH),
    less("T9 watch", CUSTOM, Workload::Watch1000, Peer::Custom, 4.4, WATCH),
    Promise {
        name: "T18 get, proxied",
        of: "rate, ours / raw hyper",
        workload: Workload::Get,
        ours: (Peer::ProxiedOurs, Sample::rate),
        theirs: (Peer::ProxiedRaw, Sample::rate),
        shape: Shape::More,
        target: 0.9,
        limits: &[(Peer::ProxiedRaw, Sample::rate)],
        reason: ONE_BY_ONE,
    },
    Promise {
        name: "T18 get, proxied",
        of: "rate, ours / sample-apiserver",
        workload: Workload::Get,
        ours: (Peer::ProxiedOurs, Sample::rate),
        theirs: (Peer::ProxiedSample, Sample::rate),
        shape: Shape::More,
        target: 2.2,
        limits: &[(Peer::ProxiedRaw, Sample::rate)],
        reason: PROXIED,
    },
    Promise {
        name: "T19 watch, proxied",
        of: "CPU of both, ours / the proxy alone",
        workload: Workload::Watch1000,
        ours: (Peer::ProxiedOurs, Sample::whole_cost),
        theirs: (Peer::ProxiedRaw, Sample::front_cost),
        shape: Shape::Most,
        target: 65.0 / 50.0,
        limits: &[(Peer::ProxiedRaw, Sample::whole_cost)],
        reason: WATCH,
    },
    Promise {
        name: "T19 watch, proxied",
        of: "CPU of both, sample-apiserver / ours",
        workload: Workload::Watch1000,
        ours: (Peer::ProxiedOurs, Sample::whole_cost),
        theirs: (Peer::ProxiedSample, Sample::whole_cost),
        shape: Shape::Less,
        target: 1.5,
        limits: &[(Peer::ProxiedRaw, Sample::whole_cost)],
        reason: WATCH,
    },
];

const SAMPLE: &str = "CPU, sample-apiserver / ours";
const CUSTOM: &str = "CPU, custom resource / ours";
/// HTTP and TLS.
const SERVING: &[Figure] = &[(Peer::RawHyper, Sample::cost)];
/// HTTP, TLS and etcd's client.
const CREATING: &[Figure] = &[(Peer::RawHyper, Sample::cost), (Peer::RawEtcd, Sample::cost)];

/// So many times less CPU than somebody, directly.
const fn less(
    name: &'static str,
    of: &'static str,
    workload: Workload,
    peer: Peer,
    target: f64,
    reason: &'static str,
) -> Promise {
    let (ours, theirs): (Figure, Figure) = ((Peer::Ours, Sample::cost), (peer, Sample::cost));
    Promise { name, of, workload, ours, theirs, shape: Shape::Less, target, limits: SERVING, reason }
}

/// So many times more creations a second than somebody, directly.
const fn more(name: &'static str, of: &'static str, peer: Peer, target: f64) -> Promise {
    let (ours, theirs): (Figure, Figure) = ((Peer::Ours, Sample::rate), (peer, Sample::rate));
    let (workload, shape, limits) = (Workload::Create, Shape::More, &[]);
    Promise { name, of, workload, ours, theirs, shape, target, limits, reason: CREATE_RATE }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn cost(micros: u64) -> Sample {
        Sample { operations: 1, cpu: Duration::from_micros(micros), ..Sample::default() }
    }

    #[test]
    fn a_promise_knows_what_is_out_of_reach() {
        let promise = less("get", SAMPLE, Workload::Get, Peer::Sample, 13.0, GET);
        let mut results = Results::default();
        for (peer, micros) in [(Peer::Ours, 20), (Peer::Sample, 100), (Peer::RawHyper, 10)] {
            results.add(Workload::Get, peer, cost(micros));
        }
        let median = |spread: Option<Spread>| spread.map(|spread| spread.median);
        assert_eq!(median(promise.measured(&results)), Some(5.0));
        assert_eq!(median(promise.limit(&results)), Some(10.0));
        assert!(promise.reached(10.0) < 1.0 && promise.reached(13.0) >= 1.0);
    }

    #[test]
    fn without_its_limits_nothing_is_known_of_the_reach() {
        let promise = more("create", "rate", Peer::Sample, 5.0);
        assert_eq!(promise.limit(&Results::default()), None);
        assert_eq!(promise.measured(&Results::default()), None);
    }
}
