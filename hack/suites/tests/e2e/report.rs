//! What came of each line for each target, as a table.

use std::collections::BTreeMap;
use std::fmt::{Display, Formatter, Result};

/// What came of one line for one target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Passed,
    Failed(String),
    /// It does not hold yet, and waits for an issue of its own.
    Due,
    /// The target has nothing the line is about.
    NotApplicable,
}

/// The outcomes of a run.
#[derive(Default)]
pub(crate) struct Report {
    targets: Vec<String>,
    lines: Vec<(&'static str, &'static str)>,
    outcomes: BTreeMap<(usize, usize), Outcome>,
}

impl Report {
    pub(crate) fn set(&mut self, line: (&'static str, &'static str), target: &str, outcome: Outcome) {
        let row = place(&mut self.lines, &line);
        let column = place(&mut self.targets, &target.to_owned());
        self.outcomes.insert((row, column), outcome);
    }

    /// Every line that failed, with its reason.
    pub(crate) fn failures(&self) -> Vec<String> {
        let failed = |((row, column), outcome): (&(usize, usize), &Outcome)| match outcome {
            Outcome::Failed(why) => Some(format!(
                "{} {}: {}: {why}",
                self.lines[*row].0, self.lines[*row].1, self.targets[*column]
            )),
            _ => None,
        };
        self.outcomes.iter().filter_map(failed).collect()
    }
}

/// The place of a value, which is added when it is new.
fn place<T: Clone + PartialEq>(list: &mut Vec<T>, value: &T) -> usize {
    list.iter().position(|known| known == value).unwrap_or_else(|| {
        list.push(value.clone());
        list.len() - 1
    })
}

impl Display for Report {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        writeln!(f, "| line | what | {} |", self.targets.join(" | "))?;
        writeln!(f, "|---|---|{}", "---|".repeat(self.targets.len()))?;
        for (row, (number, what)) in self.lines.iter().enumerate() {
            let cell = |column| match self.outcomes.get(&(row, column)) {
                Some(Outcome::Passed) => "passed",
                Some(Outcome::Failed(_)) => "FAILED",
                Some(Outcome::Due) => "due",
                Some(Outcome::NotApplicable) | None => "–",
            };
            let cells: Vec<&str> = (0..self.targets.len()).map(cell).collect();
            writeln!(f, "| {number} | {what} | {} |", cells.join(" | "))?;
        }
        Ok(())
    }
}

#[test]
fn the_table_has_a_row_for_each_line() {
    let mut report = Report::default();
    report.set(("4", "create"), "directly", Outcome::Passed);
    report.set(("7", "apply"), "directly", Outcome::Due);
    report.set(("4", "create"), "aggregated", Outcome::Failed("500".to_owned()));
    let table = report.to_string();
    assert!(table.contains("| 4 | create | passed | FAILED |\n| 7 | apply | due | – |"), "{table}");
    assert_eq!(report.failures(), ["4 create: aggregated: 500"]);
}
