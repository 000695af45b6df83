//! No source file grows past what one can read in a sitting.

use super::Outcome;
use crate::tree;

const LINES: usize = 350;

pub(super) fn check() -> Result<Outcome, String> {
    let findings = tree::files()?
        .iter()
        .filter(|file| (file.is("rs") || file.is("go")) && !file.is_generated())
        .map(|file| (&file.path, file.text.lines().count()))
        .filter(|(_, lines)| *lines > LINES)
        .map(|(path, lines)| format!("{path} has {lines} lines; split it ({LINES} at most)"))
        .collect();
    Ok(Outcome::from_findings(findings))
}
