//! What came of each line for each target, as a table.
//!
//! A line has a row of its own, and below it one for each thing that it saw to hold.

use std::collections::BTreeMap;
use std::fmt::{Display, Formatter, Result};

/// What came of one line for one target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Passed,
    Failed(String),
    /// The target has nothing the line is about.
    NotApplicable,
}

/// A line's number, and what it or one of its checks is about.
type Row = (&'static str, String);

/// The outcomes of a run.
#[derive(Default)]
pub(crate) struct Report {
    targets: Vec<String>,
    rows: Vec<Row>,
    /// By row and target.
    outcomes: BTreeMap<(Row, String), Outcome>,
}

impl Report {
    pub(crate) fn set(&mut self, (number, what): (&'static str, &str), target: &str, outcome: Outcome) {
        let row = (number, what.to_owned());
        if !self.rows.contains(&row) {
            self.rows.insert(self.place_after(number), row.clone());
        }
        if !self.targets.iter().any(|known| known == target) {
            self.targets.push(target.to_owned());
        }
        self.outcomes.insert((row, target.to_owned()), outcome);
    }

    /// Behind the last row of the same line.
    fn place_after(&self, number: &str) -> usize {
        self.rows.iter().rposition(|row| row.0 == number).map_or(self.rows.len(), |last| last + 1)
    }

    /// Every line that failed, with its reason.
    pub(crate) fn failures(&self) -> Vec<String> {
        let failed = |(((number, what), target), outcome): (&(Row, String), &Outcome)| match outcome {
            Outcome::Failed(why) => Some(format!("{number} {what}: {target}: {why}")),
            _ => None,
        };
        self.outcomes.iter().filter_map(failed).collect()
    }

    fn cell(&self, row: &Row, target: &str) -> &'static str {
        match self.outcomes.get(&(row.clone(), target.to_owned())) {
            Some(Outcome::Passed) => "passed",
            Some(Outcome::Failed(_)) => "FAILED",
            Some(Outcome::NotApplicable) | None => "–",
        }
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        writeln!(f, "| line | what | {} |", self.targets.join(" | "))?;
        writeln!(f, "|---|---|{}", "---|".repeat(self.targets.len()))?;
        for row in &self.rows {
            let cells: Vec<&str> = self.targets.iter().map(|target| self.cell(row, target)).collect();
            writeln!(f, "| {} | {} | {} |", row.0, row.1, cells.join(" | "))?;
        }
        Ok(())
    }
}

#[test]
fn the_table_has_a_row_for_each_line() {
    let mut report = Report::default();
    report.set(("4", "create"), "directly", Outcome::Passed);
    report.set(("7", "apply"), "directly", Outcome::Passed);
    report.set(("4", "create"), "aggregated", Outcome::Failed("500".to_owned()));
    let table = report.to_string();
    assert!(table.contains("| 4 | create | passed | FAILED |\n| 7 | apply | passed | – |"), "{table}");
    assert_eq!(report.failures(), ["4 create: aggregated: 500"]);
}

#[test]
fn what_a_line_saw_stands_below_it() {
    let mut report = Report::default();
    report.set(("4", "create"), "directly", Outcome::Passed);
    report.set(("7", "apply"), "directly", Outcome::Passed);
    report.set(("4", "twice is refused"), "directly", Outcome::Passed);
    let table = report.to_string();
    assert!(table.contains("| 4 | create | passed |\n| 4 | twice is refused | passed |\n| 7 |"), "{table}");
}
