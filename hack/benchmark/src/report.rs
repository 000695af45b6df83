//! The report: every figure beside its limit, and every target with whether it was met.

use crate::lab::Lab;
use crate::options::Options;
use crate::peer::{ABSENT, Peer};
use crate::sample::{Results, Sample, Spread};
use crate::workload::{ALL, Workload};
use std::fmt::Write;

/// What is promised: a ratio to the limit. The first milestone is twice the ratio.
struct Target {
    name: &'static str,
    workload: Workload,
    peer: Peer,
    /// The ratio of this server's figure to the limit's.
    ratio: f64,
    value: fn(&Sample) -> f64,
    /// Whose figures, added, are the limit.
    limits: &'static [Peer],
}

/// The promises that are ratios.
const TARGETS: &[Target] = &[
    target("T1 get", Workload::Get, Peer::Redb, 40.0 / 23.0, &[Peer::RawHyper]),
    target("T1 get", Workload::Get, Peer::Etcd, 40.0 / 23.0, &[Peer::RawHyper]),
    target("T3 create", Workload::Create, Peer::Etcd, 150.0 / 69.0, &[Peer::RawHyper, Peer::RawEtcd]),
    target("T6 list", Workload::List, Peer::Redb, 60.0 / 39.0, &[Peer::RawHyper]),
    target("T6 list", Workload::List, Peer::Etcd, 60.0 / 39.0, &[Peer::RawHyper]),
    target("T9 watch", Workload::Watch1000, Peer::Redb, 12.0 / 9.5, &[Peer::RawHyper]),
    target("T9 watch", Workload::Watch1000, Peer::Etcd, 12.0 / 9.5, &[Peer::RawHyper]),
    Target {
        name: "T13 start, wall",
        workload: Workload::Start,
        peer: Peer::Etcd,
        ratio: 250.0 / 157.0,
        value: |sample| sample.wall.as_secs_f64(),
        limits: &[Peer::RawEtcd],
    },
];

/// The promise that is a time: CPU from the start until ready, in milliseconds.
const START_CPU: (&str, f64) = ("T13 start, CPU", 300.0);

/// The promises that are sizes, in MB: idle, and with 10,000 objects.
const RESIDENT: [(&str, f64); 2] = [("T12 memory, idle", 15.0), ("T12 memory, all objects", 60.0)];

const fn target(
    name: &'static str,
    workload: Workload,
    peer: Peer,
    ratio: f64,
    limits: &'static [Peer],
) -> Target {
    Target { name, workload, peer, ratio, value: Sample::cost, limits }
}

/// The whole report, as Markdown.
pub fn write(options: &Options, lab: &Lab, results: &Results) -> String {
    let mut out = String::from("# Benchmark\n\n");
    let (rounds, seconds, objects) = (options.rounds, options.seconds, options.objects);
    let _ = writeln!(
        out,
        "Made by `hack/bench`: {rounds} rounds of {seconds} s a cell, {objects} objects of {} bytes as served, client, server \
         and etcd on the same {} cores. CPU is that of the serving process (of the client for \"raw etcd client\"), user and \
         system; every figure is the median of the rounds. Absolute times say most of the machine: compare ratios.\n",
        lab.object_size,
        std::thread::available_parallelism().map_or(0, usize::from),
    );
    targets(&mut out, lab, results);
    figures(&mut out, results);
    absent(&mut out, lab);
    out
}

fn targets(out: &mut String, lab: &Lab, results: &Results) {
    out.push_str("## Targets\n\nA ratio is this server's figure over the limit's in the same round: median (least to greatest). Half is twice the target.\n\n");
    out.push_str("| target | server | figure / limit | target | half | |\n|---|---|---|---|---|---|\n");
    for target in TARGETS {
        let ours = results.values(target.workload, target.peer, target.value);
        let Some(ratio) = Spread::of_ratios(&ours, &limits(results, target)) else { continue };
        let _ = writeln!(
            out,
            "| {} | {} | {} | {:.2} | {:.2} | {} |",
            target.name,
            target.peer.title(),
            spread(ratio),
            target.ratio,
            target.ratio * 2.0,
            verdict(ratio.median, target.ratio),
        );
    }
    for peer in [Peer::Redb, Peer::Etcd] {
        let used = results.values(Workload::Start, peer, |sample| sample.cpu.as_secs_f64() * 1e3);
        let Some(used) = Spread::of(used) else { continue };
        let ((name, most), who) = (START_CPU, peer.title());
        let Spread { median, least, greatest } = used;
        let verdict = verdict(median, most);
        let _ = writeln!(
            out,
            "| {name} | {who} | {median:.0} ms ({least:.0} to {greatest:.0}) | {most} ms | {} ms | {verdict} |",
            most * 2.0
        );
    }
    for ((name, most), bytes) in RESIDENT.iter().zip(lab.resident) {
        let size = bytes as f64 / 1e6;
        let _ = writeln!(
            out,
            "| {name} | ours, redb | {size:.0} MB | {most} MB | {} MB | {} |",
            most * 2.0,
            verdict(size, *most)
        );
    }
    out.push('\n');
}

/// The limits of each round, added up.
fn limits(results: &Results, target: &Target) -> Vec<f64> {
    let each: Vec<_> =
        target.limits.iter().map(|peer| results.values(target.workload, *peer, target.value)).collect();
    let rounds = each.iter().map(Vec::len).min().unwrap_or_default();
    (0..rounds).map(|round| each.iter().map(|values| values[round]).sum()).collect()
}

fn verdict(figure: f64, target: f64) -> &'static str {
    if figure <= target {
        "met"
    } else if figure <= target * 2.0 {
        "half met"
    } else {
        "**missed**"
    }
}

fn figures(out: &mut String, results: &Results) {
    out.push_str("## Figures\n\n");
    out.push_str("| workload | who | CPU per operation | ratio to raw hyper | etcd's CPU | operations/s | p50 | p99 |\n");
    out.push_str("|---|---|---|---|---|---|---|---|\n");
    for workload in ALL {
        for peer in workload.peers() {
            row(out, results, *workload, *peer);
        }
    }
    out.push_str("\nOperations: ");
    let operations: Vec<_> =
        ALL.iter().map(|workload| format!("{} = {}", workload.title(), workload.operation())).collect();
    let _ = writeln!(out, "{}.\n", operations.join("; "));
}

fn row(out: &mut String, results: &Results, workload: Workload, peer: Peer) {
    let of = |value: fn(&Sample) -> f64| Spread::of(results.values(workload, peer, value));
    let Some(cost) = of(Sample::cost) else { return };
    let limits = results.values(workload, Peer::RawHyper, Sample::cost);
    let ratio = Spread::of_ratios(&results.values(workload, peer, Sample::cost), &limits);
    let ratio = ratio.filter(|_| matches!(peer, Peer::Redb | Peer::Etcd)).map_or("–".to_owned(), spread);
    let etcd = of(Sample::etcd_cost).filter(|cost| cost.median > 0.0);
    let time = |value: fn(&Sample) -> f64| {
        of(value).filter(|time| time.median > 0.0).map_or("–".to_owned(), |time| microseconds(time.median))
    };
    let _ = writeln!(
        out,
        "| {} | {} | {} | {ratio} | {} | {:.0} | {} | {} |",
        workload.title(),
        peer.title(),
        microseconds(cost.median),
        etcd.map_or("–".to_owned(), |cost| microseconds(cost.median)),
        of(Sample::rate).map_or(0.0, |rate| rate.median),
        time(|sample| sample.p50.as_secs_f64() * 1e6),
        time(|sample| sample.p99.as_secs_f64() * 1e6),
    );
}

fn absent(out: &mut String, lab: &Lab) {
    out.push_str("## Not measured\n\n");
    if !lab.has(Peer::RawEtcd) {
        out.push_str("- etcd, and everything over it: `BENCH_ETCD` names no program.\n");
    }
    for (variable, what) in ABSENT {
        let _ = writeln!(out, "- {what} (`{variable}`): the harness does not drive it yet.");
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
