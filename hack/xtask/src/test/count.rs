//! How many tests passed, failed and were skipped, read from what they print.

use std::fmt;
use std::ops::AddAssign;

/// Tests by how they went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Count {
    /// Ran and held.
    pub(super) passed: usize,
    /// Ran and did not hold, or died.
    pub(super) failed: usize,
    /// Could not run: something they need is absent.
    pub(super) skipped: usize,
}

impl Count {
    /// Reads the output of one test binary; one that printed no result has died.
    ///
    /// A test that lacks what it needs prints `SKIPPED: why` and returns, so the harness takes it
    /// for passed; here it is not.
    pub(super) fn of_tests(output: &str) -> Self {
        let results: Vec<&str> =
            output.lines().filter_map(|line| line.trim().strip_prefix("test result: ")).collect();
        if results.is_empty() {
            return Self { failed: 1, ..Self::default() };
        }
        let sum = |word: &str| results.iter().map(|line| before(line, word)).sum::<usize>();
        let skipped = skipped_lines(output).count();
        Self {
            passed: sum(" passed").saturating_sub(skipped),
            failed: sum(" failed"),
            skipped: skipped + sum(" ignored"),
        }
    }

    /// Reads the last line of `xtask verify`.
    pub(super) fn of_verify(output: &str) -> Self {
        match output.lines().rev().find_map(|line| line.strip_prefix("verify: ")) {
            None => Self { failed: 1, ..Self::default() },
            Some(line) => Self {
                passed: before(line, " passed"),
                failed: before(line, " failed"),
                skipped: before(line, " skipped"),
            },
        }
    }
}

/// The lines in which something says that it could not run.
pub(super) fn skipped_lines(output: &str) -> impl Iterator<Item = &str> {
    output.lines().filter(|line| line.starts_with("SKIPPED: "))
}

/// The lines in which a test says what it measured, for the summary.
pub(super) fn measured_lines(output: &str) -> impl Iterator<Item = &str> {
    output.lines().filter(|line| line.starts_with("MEASURED: "))
}

/// The number that stands before `word`.
fn before(line: &str, word: &str) -> usize {
    let number = line.split(word).next().and_then(|head| head.rsplit(' ').next());
    number.and_then(|number| number.parse().ok()).unwrap_or_default()
}

impl AddAssign for Count {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_summed_and_a_skipped_test_has_not_passed() {
        let output = "SKIPPED: no etcd\n\
            test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.1s\n\
            test result: FAILED. 10 passed; 2 failed; 1 ignored; 0 measured; 0 filtered out; finished in 1s\n";
        assert_eq!(Count::of_tests(output), Count { passed: 12, failed: 2, skipped: 2 });
    }

    #[test]
    fn silence_is_failure() {
        assert_eq!(Count::of_tests("thread main panicked").failed, 1);
        assert_eq!(Count::of_verify("").failed, 1);
    }

    #[test]
    fn the_summary_has_its_form() {
        let count = Count::of_verify("ok format\nverify: 9 passed, 0 failed, 1 skipped\n");
        assert_eq!(count.to_string(), "9 passed, 0 failed, 1 skipped");
    }
}
