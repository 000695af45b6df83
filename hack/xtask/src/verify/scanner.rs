//! Which modules of its own crate a source file names.
//!
//! A scanner, not a parser: comments and string literals are blanked, then `crate::NAME`,
//! `crate::{A, B::C}` and chains of `super::` that climb to the crate are read.

use std::collections::BTreeSet;

/// Top-level names of the crate that `text` mentions; `depth` is the file's distance from the crate root.
pub(super) fn mentions(text: &str, depth: usize) -> BTreeSet<String> {
    let code = blank(text);
    let mut found = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        if !ends_with_word(&code[..at]) {
            names(&code[at + "crate::".len()..], &mut found);
        }
    }
    let climb = "super::".repeat(depth);
    for (at, _) in code.match_indices(&climb) {
        let before = &code[..at];
        if depth > 0 && !ends_with_word(before) && !before.ends_with("::") {
            names(&code[at + climb.len()..], &mut found);
        }
    }
    found
}

fn ends_with_word(text: &str) -> bool {
    text.chars()
        .next_back()
        .is_some_and(|character| character.is_alphanumeric() || character == '_' || character == '$')
}

/// The name, or the first names of a braced group, at the start of `text`.
fn names(text: &str, found: &mut BTreeSet<String>) {
    let Some(group) = text.strip_prefix('{') else {
        found.insert(word(text));
        return;
    };
    let (mut level, mut expects) = (0, true);
    for (at, character) in group.char_indices() {
        match character {
            '{' => level += 1,
            '}' if level == 0 => return,
            '}' => level -= 1,
            ',' if level == 0 => expects = true,
            _ if level == 0 && expects && !character.is_whitespace() => {
                found.insert(word(&group[at..]));
                expects = false;
            }
            _ => {}
        }
    }
}

fn word(text: &str) -> String {
    text.chars().take_while(|character| character.is_alphanumeric() || *character == '_').collect()
}

/// Replaces line comments and string literals with spaces.
fn blank(text: &str) -> String {
    text.lines().map(blank_line).collect::<Vec<_>>().join("\n")
}

fn blank_line(line: &str) -> String {
    let mut code = String::with_capacity(line.len());
    let mut characters = line.chars().peekable();
    let mut quoted = false;
    while let Some(character) = characters.next() {
        match character {
            '\\' if quoted => drop(characters.next()),
            '"' => quoted = !quoted,
            '/' if !quoted && characters.peek() == Some(&'/') => break,
            _ if !quoted => code.push(character),
            _ => {}
        }
    }
    code
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, depth: usize, expected: &[&str]) {
        let found: Vec<String> = mentions(text, depth).into_iter().collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn paths_groups_and_climbs_are_found() {
        check("use crate::backend::Local;", 2, &["backend"]);
        check("use crate::{registry::{Store, meta}, serve};", 2, &["registry", "serve"]);
        check("use super::super::storage::Key;", 2, &["storage"]);
        check("use super::storage::Key;", 2, &[]);
        check("pub(crate) fn f(x: crate::cluster::Client) {}", 1, &["cluster"]);
    }

    #[test]
    fn comments_strings_and_macros_are_not_mentions() {
        check("// crate::backend::Local", 1, &[]);
        check("let x = \"crate::backend\";", 1, &[]);
        check("$crate::backend::f()", 1, &[]);
    }
}
