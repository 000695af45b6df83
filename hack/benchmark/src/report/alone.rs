//! The server without a cluster: every figure beside its limit, and every target with whether it was met.

use super::{microseconds, spread, verdict};
use crate::alone::Facts;
use crate::peer::Peer;
use crate::sample::{Results, Sample, Spread};
use crate::setting::Setting;
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
    target("T5 apply", Workload::Apply, Peer::Etcd, 230.0 / 69.0, &[Peer::RawHyper, Peer::RawEtcd]),
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

/// The section.
pub(super) fn write(out: &mut String, facts: &Facts, results: &Results) {
    out.push_str("## Alone\n\n");
    let _ = writeln!(
        out,
        "The server without a cluster, over redb and over etcd; {} bytes an object as served. CPU is that of the serving \
         process, of the client for \"raw etcd client\".\n",
        facts.object_size
    );
    targets(out, facts, results);
    figures(out, results);
    if !facts.etcd {
        out.push_str("Not measured: etcd, and everything over it; `BENCH_ETCD` names no program.\n\n");
    }
}

fn targets(out: &mut String, facts: &Facts, results: &Results) {
    out.push_str("### Targets\n\nA ratio is this server's figure over the limit's in the same round: median (least to greatest). Half is twice the target.\n\n");
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
            verdict(target.ratio / ratio.median),
        );
    }
    for peer in [Peer::Redb, Peer::Etcd] {
        let used = results.values(Workload::Start, peer, |sample| sample.cpu.as_secs_f64() * 1e3);
        let Some(used) = Spread::of(used) else { continue };
        let ((name, most), who) = (START_CPU, peer.title());
        let Spread { median, least, greatest } = used;
        let verdict = verdict(most / median);
        let _ = writeln!(
            out,
            "| {name} | {who} | {median:.0} ms ({least:.0} to {greatest:.0}) | {most} ms | {} ms | {verdict} |",
            most * 2.0
        );
    }
    for ((name, most), bytes) in RESIDENT.iter().zip(facts.resident) {
        let size = bytes as f64 / 1e6;
        let _ = writeln!(
            out,
            "| {name} | ours, redb | {size:.0} MB | {most} MB | {} MB | {} |",
            most * 2.0,
            verdict(most / size)
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

fn figures(out: &mut String, results: &Results) {
    out.push_str("### Figures\n\n");
    out.push_str("| workload | who | CPU per operation | ratio to raw hyper | etcd's CPU | operations/s | p50 | p99 |\n");
    out.push_str("|---|---|---|---|---|---|---|---|\n");
    for workload in ALL {
        for peer in workload.peers().iter().filter(|peer| peer.setting() == Setting::Alone) {
            row(out, results, *workload, *peer);
        }
    }
    out.push('\n');
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
