//! One test after the other.

use super::checks::Test;
use super::class::{Class, KIND};
use super::suite::Suite;
use std::time::{Duration, Instant};

/// What became of a test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Result {
    Pass,
    /// Why.
    Fail(String),
    /// The class does not claim what it needs.
    NotClaimed,
    /// It was not asked for.
    Skipped,
}

impl Result {
    /// Its name in a report.
    pub(super) fn as_str(&self) -> &'static str {
        match self {
            Result::Pass => "pass",
            Result::Fail(_) => "fail",
            Result::NotClaimed => "notClaimed",
            Result::Skipped => "skipped",
        }
    }
}

/// A test, and what became of it.
pub(super) struct Outcome {
    pub(super) test: &'static Test,
    pub(super) result: Result,
    pub(super) took: Duration,
}

impl Test {
    /// The feature that it is about; the kind's name where every class must do it.
    pub(super) fn feature(&self) -> String {
        format!("{KIND}{}", self.features.last().copied().unwrap_or_default())
    }

    /// Whether a class must pass it.
    pub(super) fn is_claimed_by(&self, class: &Class) -> bool {
        self.features.iter().all(|feature| class.claims(feature))
    }
}

/// Runs the tests that are asked for and claimed, and tells of each as soon as it is done.
pub(super) async fn run(
    suite: &Suite,
    tests: &'static [Test],
    is_asked: impl Fn(&Test) -> bool,
    mut tell: impl FnMut(&Outcome),
) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    for test in tests {
        let began = Instant::now();
        let result = match (is_asked(test), test.is_claimed_by(&suite.class)) {
            (false, _) => Result::Skipped,
            (true, false) => Result::NotClaimed,
            (true, true) => {
                let verdict = (test.run)(suite).await;
                suite.tidy().await;
                verdict.map_or_else(|failure| Result::Fail(failure.to_string()), |()| Result::Pass)
            }
        };
        let outcome = Outcome { test, result, took: began.elapsed() };
        tell(&outcome);
        outcomes.push(outcome);
    }
    outcomes
}
