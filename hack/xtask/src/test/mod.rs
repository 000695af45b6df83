//! `xtask test`: every suite, one line each, and the sum in the last line.

mod count;
pub(crate) mod results;
mod runner;
mod suites;

use std::time::Instant;

use count::Count;
use runner::Run;
use suites::{SUITES, Suite, Work};

use crate::source;

/// Runs the suites named, or all of them; true when nothing failed.
pub(crate) fn run(names: &[String]) -> Result<bool, String> {
    if names.first().is_some_and(|name| name == "--list") {
        SUITES.iter().for_each(|suite| println!("{:<20} {}", suite.name, suite.what));
        return Ok(true);
    }
    if let Some(unknown) = names.iter().find(|name| SUITES.iter().all(|suite| suite.name != *name)) {
        return Err(format!("there is no suite {unknown}; see hack/test --list"));
    }
    let chosen: Vec<&Suite> = SUITES
        .iter()
        .filter(|suite| names.is_empty() || names.iter().any(|name| name == suite.name))
        .collect();
    let source = match std::env::var("DATABASES_SOURCE") {
        Ok(source) => source,
        Err(_) => source::fingerprint()?,
    };
    let binaries =
        if chosen.iter().any(|suite| suite.needs_binaries()) { runner::build()? } else { Vec::new() };
    let mut total = Count::default();
    let mut lines = Vec::new();
    for run in runs(&chosen, !names.is_empty()) {
        let (began, name) = (Instant::now(), &run.name);
        let (log, count) = runner::run(&run, &binaries, &source)?;
        let result = if count.failed == 0 { "ok" } else { "FAILED" };
        let line = format!("{name:<20} {result:<7} {count:<40} {:>7.1} s", began.elapsed().as_secs_f64());
        println!("{line}");
        lines.push(line);
        if count.failed > 0 && !runner::is_verbose() {
            println!("--- {} ---", log.path.display());
            println!("{}", log.tail());
        }
        log.said().for_each(|line| println!("{:<20} {line}", ""));
        total += count;
    }
    if runner::is_verbose() {
        // Each stands above what its tests printed, and far from the end.
        lines.iter().for_each(|line| println!("{line}"));
    }
    println!("{total}");
    Ok(total.failed == 0)
}

/// What is run: each suite, and those that start a control plane once more with the oldest that
/// `KUBERNETES_OLDEST_BIN` names.
fn runs<'a>(chosen: &[&'a Suite], is_named: bool) -> Vec<Run<'a>> {
    let oldest = std::env::var_os("KUBERNETES_OLDEST_BIN");
    let mut runs = Vec::new();
    for &suite in chosen {
        runs.push(Run { suite, is_named, name: suite.name.to_owned(), kubernetes: None });
        if matches!(suite.work, Work::Cluster) && oldest.is_some() {
            let name = format!("{}-oldest", suite.name);
            runs.push(Run { suite, is_named, name, kubernetes: oldest.clone() });
        }
    }
    runs
}
