//! Comments refer to what Kubernetes does by a rule's number, as in (V-30): each stands in the list of rules.

use super::Outcome;
use crate::tree::{self, File};
use std::collections::BTreeSet;

const LIST: &str = "api/machinery/RULES.md";

pub(super) fn check() -> Result<Outcome, String> {
    let files = tree::files()?;
    let list = files.iter().find(|file| file.path == LIST).ok_or_else(|| format!("{LIST} is absent"))?;
    let known: BTreeSet<&str> = list.text.lines().filter_map(defined).collect();
    let rust = files.iter().filter(|file| file.is("rs") && !file.is_generated());
    Ok(Outcome::from_findings(rust.flat_map(|file| unknown(file, &known)).collect()))
}

/// The rule that a line of the list is about.
fn defined(line: &str) -> Option<&str> {
    let (rule, _) = line.strip_prefix("- ")?.split_once(": ")?;
    is_rule(rule).then_some(rule)
}

/// What comments of a file refer to and the list does not have.
fn unknown(file: &File, known: &BTreeSet<&str>) -> Vec<String> {
    let mut findings = Vec::new();
    for (number, line) in file.text.lines().enumerate() {
        let Some((_, comment)) = line.split_once("//") else { continue };
        let missing = references(comment).filter(|rule| !known.contains(rule));
        findings.extend(missing.map(|rule| format!("{}:{}: {rule} is not in {LIST}", file.path, number + 1)));
        if comment.contains('\u{a7}') {
            findings.push(format!("{}:{}: a section of a document that is not here", file.path, number + 1));
        }
    }
    findings
}

/// The words of a comment that are rules; of a range its first and its last.
fn references(comment: &str) -> impl Iterator<Item = &str> {
    comment
        .split(|character: char| !character.is_ascii_alphanumeric() && character != '-')
        .filter(|word| is_rule(word))
}

/// One or two capitals, a hyphen, a digit and a digit or capital.
fn is_rule(word: &str) -> bool {
    let Some((area, number)) = word.split_once('-') else { return false };
    let is_area = (1..=2).contains(&area.len()) && area.bytes().all(|byte| byte.is_ascii_uppercase());
    let number = number.as_bytes();
    is_area
        && number.len() == 2
        && number[0].is_ascii_digit()
        && (number[1].is_ascii_digit() || number[1].is_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_that_is_not_listed_is_found_and_words_like_it_are_not() {
        let known = BTreeSet::from(["V-30", "V-36"]);
        let absent = ["Q", "-99"].concat();
        let text = format!("//! An update (V-30…V-36).\nlet a = b; // as ({absent}) says, in UTF-8\n");
        let file = File { path: "a.rs".to_owned(), text };
        assert_eq!(unknown(&file, &known), [format!("a.rs:2: {absent} is not in {LIST}")]);
        assert_eq!(defined("- V-4A: an event's object"), Some("V-4A"));
    }
}
