//! `xtask verify`: the rules of the tree that the compiler does not know.

mod commands;
mod generic;
mod imports;
mod rules;
mod scanner;
mod sizes;
mod words;

/// What a check found.
pub(crate) enum Outcome {
    /// Nothing to say.
    Passed,
    /// What is wrong, one finding a line.
    Failed(Vec<String>),
    /// It could not be made, and why.
    Skipped(String),
}

impl Outcome {
    /// Passed when there are no findings.
    fn from_findings(findings: Vec<String>) -> Self {
        if findings.is_empty() { Self::Passed } else { Self::Failed(findings) }
    }
}

struct Check {
    name: &'static str,
    run: fn() -> Result<Outcome, String>,
}

/// The cheap ones first.
const CHECKS: &[Check] = &[
    Check { name: "imports", run: imports::check },
    Check { name: "generic", run: generic::check },
    Check { name: "sizes", run: sizes::check },
    Check { name: "words", run: words::check },
    Check { name: "rules", run: rules::check },
    Check { name: "scripts", run: commands::scripts },
    Check { name: "shellcheck", run: commands::shellcheck },
    Check { name: "format", run: commands::format },
    Check { name: "lock", run: commands::lock },
    Check { name: "one-tls", run: commands::one_tls },
    Check { name: "deny", run: commands::deny },
    Check { name: "without-etcd", run: commands::without_etcd },
    Check { name: "lints", run: commands::lints },
];

/// Runs the checks named, or all of them; true when none failed.
pub(crate) fn run(names: &[String]) -> Result<bool, String> {
    if let Some(unknown) = names.iter().find(|name| CHECKS.iter().all(|check| check.name != *name)) {
        let known: Vec<_> = CHECKS.iter().map(|check| check.name).collect();
        return Err(format!("there is no check {unknown}; there are: {}", known.join(", ")));
    }
    let (mut passed, mut failed, mut skipped) = (0, 0, 0);
    for check in CHECKS.iter().filter(|check| names.is_empty() || names.iter().any(|name| name == check.name))
    {
        match (check.run)() {
            Ok(Outcome::Passed) => {
                passed += 1;
                println!("ok       {}", check.name);
            }
            Ok(Outcome::Skipped(why)) => {
                skipped += 1;
                println!("SKIPPED: {}: {why}", check.name);
            }
            Ok(Outcome::Failed(findings)) => {
                failed += 1;
                println!("FAILED   {}\n{}", check.name, findings.join("\n"));
            }
            Err(error) => {
                failed += 1;
                println!("FAILED   {}\n{error}", check.name);
            }
        }
    }
    println!("verify: {passed} passed, {failed} failed, {skipped} skipped");
    Ok(failed == 0)
}
