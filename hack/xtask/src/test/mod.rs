//! `xtask test`: every suite, one line each, and the sum in the last line.

mod count;
mod runner;
mod suites;

use std::time::Instant;

use count::Count;
use suites::{SUITES, Suite};

/// Runs the suites named, or all of them; true when nothing failed.
pub(crate) fn run(names: &[String]) -> Result<bool, String> {
    if names.first().is_some_and(|name| name == "--list") {
        SUITES.iter().for_each(|suite| println!("{:<13} {}", suite.name, suite.what));
        return Ok(true);
    }
    if let Some(unknown) = names.iter().find(|name| SUITES.iter().all(|suite| suite.name != *name)) {
        return Err(format!("there is no suite {unknown}; see hack/test --list"));
    }
    let chosen: Vec<&Suite> = SUITES
        .iter()
        .filter(|suite| names.is_empty() || names.iter().any(|name| name == suite.name))
        .collect();
    let binaries =
        if chosen.iter().any(|suite| suite.needs_binaries()) { runner::build()? } else { Vec::new() };
    let mut total = Count::default();
    for suite in chosen {
        let began = Instant::now();
        let (log, count) = runner::run(suite, &binaries)?;
        let result = if count.failed == 0 { "ok" } else { "FAILED" };
        println!("{:<13} {result:<7} {count:<40} {:>7.1} s", suite.name, began.elapsed().as_secs_f64());
        if count.failed > 0 && !runner::is_verbose() {
            println!("--- {} ---", log.path.display());
            println!("{}", log.tail());
        }
        log.skipped().for_each(|line| println!("{:<13} {line}", ""));
        total += count;
    }
    println!("{total}");
    Ok(total.failed == 0)
}
