//! The control plane: this server beside sample-apiserver and a custom resource, directly and proxied.

use super::promises::{PROMISES, Promise};
use super::{microseconds, spread, verdict};
use crate::cluster::Facts;
use crate::peer::Peer;
use crate::sample::{Results, Sample, Spread};
use crate::setting::Setting;
use crate::workload::{ALL, Workload};
use std::fmt::Write;

/// The section.
pub(super) fn write(out: &mut String, facts: &Facts, results: &Results) {
    out.push_str("## Control plane\n\n");
    let (version, sizes, resident) = match facts {
        Facts::Measured { version, sizes, resident } => (version, sizes, resident),
        Facts::Skipped(why) => {
            let _ = writeln!(out, "SKIPPED: nothing was measured in a control plane: {why}.\n");
            return;
        }
    };
    let [ours, flunder, custom] = sizes;
    let _ = writeln!(
        out,
        "This server and sample-apiserver behind a kube-apiserver {version}, each with the flags of a usual installation; \
         no controllers of Kubernetes; one etcd for all, which does not wait for the disk. Directly and proxied alike, the \
         client shows a certificate of `system:masters`. An object as served has {ours} bytes (ours), {flunder} (Flunder), \
         {custom} (custom resource, with a structural schema). \"raw hyper, proxied\" is what kube-apiserver costs by \
         itself.\n"
    );
    targets(out, results);
    figures(out, results);
    let [ours, sample, front] = resident.map(|bytes| bytes as f64 / 1e6);
    let _ = writeln!(
        out,
        "Resident memory after the last round: ours {ours:.0} MB, sample-apiserver {sample:.0} MB, kube-apiserver \
         {front:.0} MB.\n"
    );
}

fn targets(out: &mut String, results: &Results) {
    out.push_str("### Targets\n\nRatios of the figures of the same round: median (least to greatest). Half is half of the advantage, or twice the overhead. Within reach is what would be measured if raw hyper, and for a create raw hyper and the bare client of etcd, stood in our place.\n\n");
    out.push_str(
        "| target | ratio | measured | target | half | within reach | |\n|---|---|---|---|---|---|---|\n",
    );
    let mut reasons = String::new();
    for promise in PROMISES {
        let Some(ratio) = promise.measured(results) else { continue };
        let (limit, verdict) = (promise.limit(results), verdict(promise.reached(ratio.median)));
        let reach = limit.map_or("–".to_owned(), |limit| format!("{:.2}", limit.median));
        let (name, of) = (promise.name, promise.of);
        let (sign, target, half) = (promise.sign(), promise.target, promise.half());
        let _ = writeln!(
            out,
            "| {name} | {of} | {} | {sign} {target:.1} | {half:.2} | {reach} | {verdict} |",
            spread(ratio)
        );
        if verdict != "met" {
            reason(&mut reasons, promise, limit);
        }
    }
    let _ = writeln!(out, "\n{reasons}");
}

/// Why a target is not met.
fn reason(out: &mut String, promise: &Promise, limit: Option<Spread>) {
    let limit = limit.filter(|limit| promise.reached(limit.median) < 1.0);
    let out_of_reach = limit.map_or(String::new(), |limit| {
        format!("out of reach here, raw hyper in our place would have {:.2}; ", limit.median)
    });
    let _ = writeln!(out, "- {}, {}: {out_of_reach}{}.", promise.name, promise.of, promise.reason);
}

fn figures(out: &mut String, results: &Results) {
    out.push_str("### Figures\n\nCPU per operation: of the server itself, of the kube-apiserver in front of it, of both, and of etcd. A custom resource is served by kube-apiserver itself.\n\n");
    out.push_str("| workload | who | server | in front | both | etcd | operations/s | p50 | p99 |\n");
    out.push_str("|---|---|---|---|---|---|---|---|---|\n");
    for workload in ALL {
        for peer in workload.peers().iter().filter(|peer| peer.setting() == Setting::ControlPlane) {
            row(out, results, *workload, *peer);
        }
    }
    out.push('\n');
}

fn row(out: &mut String, results: &Results, workload: Workload, peer: Peer) {
    let of = |value: fn(&Sample) -> f64| Spread::of(results.values(workload, peer, value));
    let Some(rate) = of(Sample::rate) else { return };
    let time = |value: fn(&Sample) -> f64| {
        let time = of(value).filter(|time| time.median > 0.0);
        time.map_or("–".to_owned(), |time| microseconds(time.median))
    };
    let _ = writeln!(
        out,
        "| {} | {} | {} | {} | {} | {} | {:.0} | {} | {} |",
        workload.title(),
        peer.title(),
        time(Sample::cost),
        time(Sample::front_cost),
        time(Sample::whole_cost),
        time(Sample::etcd_cost),
        rate.median,
        time(|sample| sample.p50.as_secs_f64() * 1e6),
        time(|sample| sample.p99.as_secs_f64() * 1e6),
    );
}
