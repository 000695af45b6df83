//! What must not be written: unfinished business, ignored tests, tests that sleep.

use super::Outcome;
use crate::tree::{self, File};

/// Split in two, so that this file does not find itself.
const WORDS: &[(&str, &str)] = &[
    ("TO", "DO"),
    ("FIX", "ME"),
    ("XX", "X"),
    ("/wo", "rk/"),
    ("#[ign", "ore"),
    ("```ign", "ore"),
    ("todo", "!("),
    ("unimpl", "emented!("),
    ("Co-Auth", "ored-By"),
];

pub(super) fn check() -> Result<Outcome, String> {
    let files = tree::files()?;
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| is_ours(file)) {
        for (number, line) in file.text.lines().enumerate() {
            let found = WORDS.iter().map(|(head, tail)| format!("{head}{tail}")).find(|word| has(line, word));
            if let Some(word) = found {
                findings.push(format!("{}:{}: {word}", file.path, number + 1));
            }
        }
        findings.extend(sleeping(file));
    }
    Ok(Outcome::from_findings(findings))
}

/// A word of letters stands alone; anything else counts wherever it is.
fn has(line: &str, word: &str) -> bool {
    let is_word = |character: char| character.is_ascii_alphanumeric() || character == '_';
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back().is_some_and(is_word);
        let after = line[at + word.len()..].chars().next().is_some_and(is_word);
        !word.chars().all(char::is_alphabetic) || !(before || after)
    })
}

fn is_ours(file: &File) -> bool {
    let written_by_others = ["LICENSE", "Cargo.lock"];
    !written_by_others.contains(&file.path.as_str()) && !file.is("sum") && !file.is_generated()
}

/// Within how many lines of a sleep the deadline it polls until must be named.
const REACH: usize = 15;

/// Tests wait on a condition until a deadline; a sleep without one is a guess.
fn sleeping(file: &File) -> Vec<String> {
    if !file.is("rs") {
        return Vec::new();
    }
    let is_test_file = file.path.contains("/tests/") || file.path.ends_with("tests.rs");
    let start = if is_test_file { Some(0) } else { file.text.find("#[cfg(test)]") };
    let first = start.map_or(usize::MAX, |start| file.text[..start].lines().count());
    let lines: Vec<&str> = file.text.lines().collect();
    let polls = |at: usize| {
        let around = at.saturating_sub(REACH)..lines.len().min(at + REACH);
        lines[around].iter().any(|line| line.to_lowercase().contains("deadline"))
    };
    let guesses = (first.min(lines.len())..lines.len())
        .filter(|at| lines[*at].contains(concat!("sle", "ep(")) && !polls(*at));
    guesses.map(|at| format!("{}:{}: a test that sleeps", file.path, at + 1)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stand_alone_and_fragments_do_not() {
        let word = ["TO", "DO"].concat();
        assert!(has(&format!("// {word}: later"), &word));
        assert!(!has(&format!("MAS{word}N"), &word));
        assert!(has("cd /a/b/c", "/b/"));
    }
}
