//! What the results of its tests make of an item, and how many there are of each.

use std::fmt;

use super::table::{Item, Note};
use crate::test::results::{How, Results};

/// What can be said of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Pass,
    Fail,
    Missing,
    NotRun,
    NotOurs,
}

const ALL: [Verdict; 5] = [Verdict::Pass, Verdict::Fail, Verdict::Missing, Verdict::NotRun, Verdict::NotOurs];

impl Verdict {
    pub(super) fn of(item: &Item, results: &Results) -> Self {
        let went: Vec<Option<How>> = item.tests.iter().map(|test| results.how(test)).collect();
        match &item.note {
            _ if went.contains(&Some(How::Failed)) => Self::Fail,
            Some(Note::NotOurs(_)) => Self::NotOurs,
            Some(Note::Missing(_)) => Self::Missing,
            _ if went.is_empty() => Self::Missing,
            _ if went.iter().all(|how| *how == Some(How::Passed)) => Self::Pass,
            _ => Self::NotRun,
        }
    }

    /// Whether nothing is left to be done.
    pub(super) fn is_settled(self) -> bool {
        matches!(self, Self::Pass | Self::NotOurs)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Missing => "missing",
            Self::NotRun => "not run",
            Self::NotOurs => "not ours",
        })
    }
}

/// How many items there are of each verdict.
#[derive(Default)]
pub(super) struct Tally {
    verdicts: Vec<Verdict>,
}

impl Tally {
    pub(super) fn add(&mut self, verdict: Verdict) {
        self.verdicts.push(verdict);
    }

    pub(super) fn is_settled(&self) -> bool {
        self.verdicts.iter().all(|verdict| verdict.is_settled())
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} items:", self.verdicts.len())?;
        for (index, verdict) in ALL.iter().enumerate() {
            let count = self.verdicts.iter().filter(|found| *found == verdict).count();
            write!(f, "{} {count} {verdict}", if index == 0 { "" } else { "," })?;
        }
        Ok(())
    }
}
