//! How each test went, a line each: `passed TARGET PATH`, with the name of the sources that it ran on in the first line.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

/// How a test went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    Passed,
    Failed,
    /// It could not run, or is ignored.
    Skipped,
}

impl How {
    const ALL: [Self; 3] = [Self::Passed, Self::Failed, Self::Skipped];

    fn word(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }

    /// What holds of a test that went in two ways: with this Kubernetes and with that.
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Failed, _) | (_, Self::Failed) => Self::Failed,
            (Self::Passed, _) | (_, Self::Passed) => Self::Passed,
            _ => Self::Skipped,
        }
    }
}

impl fmt::Display for How {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// Tests, by `TARGET PATH`.
#[derive(Default)]
pub(crate) struct Results {
    tests: BTreeMap<String, How>,
}

impl Results {
    /// All that ran on these sources.
    pub(crate) fn of(source: &str) -> Result<Self, String> {
        let folder = super::runner::log_folder()?;
        let failed = |error: std::io::Error| format!("{}: {error}", folder.display());
        let mut all = Self::default();
        for entry in std::fs::read_dir(&folder).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            if path.extension().is_some_and(|extension| extension == "results") {
                all.read(&std::fs::read_to_string(&path).map_err(failed)?, source);
            }
        }
        Ok(all)
    }

    fn read(&mut self, text: &str, source: &str) {
        let mut lines = text.lines();
        if lines.next() != Some(source) {
            return;
        }
        for line in lines {
            let Some((word, test)) = line.split_once(' ') else { continue };
            if let Some(how) = How::ALL.into_iter().find(|how| how.word() == word) {
                self.add(test.to_owned(), how);
            }
        }
    }

    fn add(&mut self, test: String, how: How) {
        let before = self.tests.get(&test).copied();
        self.tests.insert(test, before.map_or(how, |before| before.and(how)));
    }

    /// How a test went, if it ran.
    pub(crate) fn how(&self, test: &str) -> Option<How> {
        self.tests.get(test).copied()
    }

    /// Adds what one test binary printed.
    pub(super) fn add_output(&mut self, target: &str, output: &str) {
        let mut found: Vec<(String, How)> = Vec::new();
        let mut printing: Option<String> = None;
        let (mut is_running, mut is_one_skipped) = (true, false);
        let mut header = Vec::new();
        for line in output.lines() {
            if matches!(line, "successes:" | "failures:") {
                (is_running, printing) = (false, None);
            } else if let Some(name) =
                line.strip_prefix("---- ").and_then(|rest| rest.strip_suffix(" stdout ----"))
            {
                printing = Some(name.to_owned());
            } else if line.starts_with("SKIPPED: ") {
                let of_test = |(name, _): &&mut (String, How)| Some(name) == printing.as_ref();
                match found.iter_mut().find(of_test) {
                    Some((_, how)) => *how = How::Skipped,
                    None => is_one_skipped = true,
                }
            } else if let Some((name, how)) = outcome(line).filter(|_| is_running) {
                found.push((name, how));
            } else if let Some(cells) = line.strip_prefix("| ").and_then(|rest| rest.strip_suffix(" |")) {
                let cells: Vec<&str> = cells.split(" | ").collect();
                if cells.first() == Some(&"line") {
                    header = cells;
                } else if let Some(how) = row(&header, &cells) {
                    self.add_line(target, cells[0], cells[1], how);
                }
            }
        }
        for (name, how) in found {
            // One of them was skipped, and did not say which it is.
            let how = if is_one_skipped && how == How::Passed { How::Skipped } else { how };
            self.add(format!("{target} {name}"), how);
        }
    }

    /// Adds a row of the table of lines; the first of a number is the line itself.
    fn add_line(&mut self, target: &str, number: &str, what: &str, how: How) {
        let line = format!("{target} line {number}");
        if !self.tests.contains_key(&line) {
            self.add(line.clone(), how);
        }
        self.add(format!("{line}: {what}"), how);
    }

    /// Writes them down.
    pub(super) fn write(&self, path: &Path, source: &str) -> Result<(), String> {
        let lines: String = self.tests.iter().map(|(test, how)| format!("{how} {test}\n")).collect();
        std::fs::write(path, format!("{source}\n{lines}"))
            .map_err(|error| format!("cannot write {}: {error}", path.display()))
    }
}

/// Where those of a run are kept.
pub(super) fn path(name: &str) -> Result<PathBuf, String> {
    Ok(super::runner::log_folder()?.join(format!("{name}.results")))
}

/// `test NAME ... ok`.
fn outcome(line: &str) -> Option<(String, How)> {
    let (name, result) = line.strip_prefix("test ")?.rsplit_once(" ... ")?;
    let how = match result {
        "ok" => How::Passed,
        "FAILED" => How::Failed,
        _ if result.starts_with("ignored") => How::Skipped,
        _ => return None,
    };
    Some((name.trim_end_matches(" - should panic").to_owned(), how))
}

/// How a row of the table of lines went. It has passed when it failed for nobody and passed for one of our servers;
/// upstream's own is there to show that the line is right.
fn row(header: &[&str], cells: &[&str]) -> Option<How> {
    let outcomes: Vec<(&&str, &&str)> = header.iter().zip(cells).skip(2).collect();
    if outcomes.is_empty() || !outcomes.iter().all(|(_, cell)| matches!(**cell, "passed" | "FAILED" | "–"))
    {
        return None;
    }
    let is_any = |word: &str, is_counted: fn(&(&&str, &&str)) -> bool| {
        outcomes.iter().any(|outcome| *outcome.1 == word && is_counted(outcome))
    };
    Some(match (is_any("FAILED", |_| true), is_any("passed", |(name, _)| !name.starts_with("sample "))) {
        (true, _) => How::Failed,
        (false, true) => How::Passed,
        (false, false) => How::Skipped,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = "
running 4 tests
test a::holds ... ok
test a::lacks ... ok
test a::breaks ... FAILED
test a::panics - should panic ... ok

successes:

---- a::lacks stdout ----
SKIPPED: no etcd
test a::another ... ok
| line | what | sample direct | ours direct |
|---|---|---|---|
| 4 | create | passed | passed |
| 4 | twice is refused | passed | – |
| 5 | update | FAILED | passed |

successes:
    a::holds
";

    #[test]
    fn every_test_and_every_line_has_its_result() {
        let mut results = Results::default();
        results.add_output("e2e", OUTPUT);
        let how = |test: &str| results.how(&format!("e2e {test}"));
        assert_eq!(how("a::holds"), Some(How::Passed));
        assert_eq!(how("a::lacks"), Some(How::Skipped));
        assert_eq!(how("a::breaks"), Some(How::Failed));
        assert_eq!(how("a::panics"), Some(How::Passed));
        assert_eq!(how("a::another"), None, "a test printed it");
        assert_eq!(how("line 4"), Some(How::Passed));
        assert_eq!(how("line 4: twice is refused"), Some(How::Skipped), "not for ours");
        assert_eq!(how("line 5: update"), Some(How::Failed));
    }

    #[test]
    fn who_is_skipped_and_does_not_say_so_stands_for_all() {
        let mut results = Results::default();
        results.add_output("e2e", "test a ... ok\nSKIPPED: no etcd\n");
        assert_eq!(results.how("e2e a"), Some(How::Skipped));
    }

    #[test]
    fn what_ran_on_other_sources_does_not_count() {
        let mut results = Results::default();
        results.read("old\npassed e2e a\n", "new");
        assert_eq!(results.how("e2e a"), None);
        results.read("new\npassed e2e a\n", "new");
        results.read("new\nfailed e2e a\n", "new");
        assert_eq!(results.how("e2e a"), Some(How::Failed), "with one Kubernetes, not with the other");
    }
}
