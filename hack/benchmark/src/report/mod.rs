//! The report, as Markdown: what was measured where, and which targets are met.

mod alone;
mod cluster;
mod instances;
mod promises;

use crate::options::Options;
use crate::sample::{Results, Spread};
use crate::workload::ALL;
use std::fmt::Write;

/// What the settings say besides their figures; nothing where nothing was chosen.
pub struct Facts {
    /// The server without a cluster.
    pub alone: Option<crate::alone::Facts>,
    /// The control plane.
    pub cluster: Option<crate::cluster::Facts>,
    /// A thousand instances.
    pub instances: Option<crate::instances::Facts>,
}

/// The whole report.
pub fn write(options: &Options, facts: &Facts, results: &Results) -> String {
    let mut out = String::from("# Benchmark\n\n");
    let (rounds, seconds, objects) = (options.rounds, options.seconds, options.objects);
    let _ = writeln!(
        out,
        "Made by `hack/bench`: {rounds} rounds of {seconds} s a cell, {objects} objects; client, servers and etcd on the \
         same {} cores. CPU is user and system time of a process; every figure is the median of the rounds. Absolute \
         times say most of the machine: compare ratios.\n",
        std::thread::available_parallelism().map_or(0, usize::from),
    );
    if let Some(facts) = &facts.alone {
        alone::write(&mut out, facts, results);
    }
    if let Some(facts) = &facts.cluster {
        cluster::write(&mut out, facts, results);
    }
    if let Some(facts) = &facts.instances {
        instances::write(&mut out, facts);
    }
    out.push_str("## Operations\n\n");
    for workload in ALL {
        let _ = writeln!(out, "- {}: {}", workload.title(), workload.operation());
    }
    out
}

/// What is said of a target that was reached so many times over.
fn verdict(reached: f64) -> &'static str {
    match reached {
        reached if reached >= 1.0 => "met",
        reached if reached >= 0.5 => "half met",
        _ => "**missed**",
    }
}

fn spread(spread: Spread) -> String {
    format!("{:.2} ({:.2} to {:.2})", spread.median, spread.least, spread.greatest)
}

fn microseconds(value: f64) -> String {
    match value {
        value if value >= 10_000.0 => format!("{:.1} ms", value / 1000.0),
        value if value >= 100.0 => format!("{value:.0} µs"),
        value => format!("{value:.1} µs"),
    }
}
