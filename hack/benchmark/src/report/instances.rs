//! A thousand instances: what each costs.

use super::verdict;
use crate::instances::{ALL, COUNT, Facts, Work};
use std::fmt::Write;

/// CPU until it is ready, in milliseconds.
const CPU: f64 = 5.0;
/// Writes of this server until it is ready, without events.
const WRITES: f64 = 3.0;
/// Of a core, at rest.
const IDLE: f64 = 0.01;
/// Bytes of memory.
const MEMORY: f64 = 20_000.0;

/// The section.
pub(super) fn write(out: &mut String, facts: &Facts) {
    let each = COUNT as f64;
    let cpu = facts.ready.cpu.as_secs_f64() * 1e3 / each;
    // One write of each was its creation. The few that tell their class how many use it are no instance's.
    let own = facts.ready.writes.saturating_sub(facts.events + COUNT) as f64 / each;
    let own = (own * 10.0).round() / 10.0;
    let events = facts.events as f64 / each;
    let _ = writeln!(
        out,
        "## Instances\n\n{COUNT} databases over redb, answered by a backend that does nothing, in a process of its own, which \
         announces nothing. CPU is the server's, with that of the creations. Writes are those that \
         the server makes of objects and Secrets, which is where a database's state is; events, which tell of it and may be \
         lost, were {events:.1} each. Memory is what {COUNT} more took.\n\n| target | measured | target | half | |\n|---|---|---|---|---|"
    );
    let mut row = |name: &str, measured: String, target: String, half: String, reached: f64| {
        let _ = writeln!(out, "| {name} | {measured} | {target} | {half} | {} |", verdict(reached));
    };
    row(
        "T20 CPU until ready",
        format!("{cpu:.2} ms"),
        format!("{CPU} ms"),
        format!("{} ms", CPU * 2.0),
        CPU / cpu,
    );
    row(
        "T20 writes until ready",
        format!("{own:.1}"),
        format!("{WRITES}"),
        format!("{}", WRITES * 2.0),
        WRITES / own,
    );
    let percent = |part: f64| format!("{:.1} %", part * 100.0);
    row("T20 CPU at rest", percent(facts.idle), percent(IDLE), percent(IDLE * 2.0), IDLE / facts.idle);
    let kilobytes = |bytes: f64| format!("{:.1} kB", bytes / 1e3);
    row(
        "T20 memory",
        kilobytes(facts.memory),
        kilobytes(MEMORY),
        kilobytes(MEMORY * 2.0),
        MEMORY / facts.memory,
    );
    out.push_str("\n| what happens | CPU | CPU each | time | writes |\n|---|---|---|---|---|\n");
    let works = [
        ("all are created, until the server rests", COUNT, facts.ready),
        ("the class's defaults change", COUNT, facts.class),
        ("the server starts with twice as many", ALL, facts.start),
    ];
    for (what, count, Work { cpu, wall, writes }) in works {
        let (cpu, wall) = (cpu.as_secs_f64(), wall.as_secs_f64());
        let each = cpu * 1e3 / count as f64;
        let _ = writeln!(out, "| {what} | {cpu:.2} s | {each:.2} ms | {wall:.1} s | {writes} |");
    }
    let _ = writeln!(out, "\nAt rest, in a minute: {} writes.\n", facts.idle_writes);
}
