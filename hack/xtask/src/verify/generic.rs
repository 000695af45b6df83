//! The rooms that serve any API name none, and those that control any kind of databases name no kind.

use super::Outcome;
use crate::tree::{self, File};

/// What the standard's names have in common.
const STANDARD: &[&str] = &["database", "postgres"];
/// What the names of kinds of databases have in common.
const KINDS: &[&str] = &["postgres"];
/// Rooms, and what they do not name.
const ROOMS: &[(&[&str], &[&str])] = &[(ANY_API, STANDARD), (ANY_KIND, KINDS)];
/// Rooms of any API.
const ANY_API: &[&str] = &[
    "src/serve/",
    "src/pipeline/",
    "src/endpoint/",
    "src/registry/",
    "src/cluster/",
    "src/telemetry/",
    "src/server/",
    "src/admission/extension/",
    "src/admission/namespace",
    "src/admission/origin",
];
/// Rooms of any kind of databases.
const ANY_KIND: &[&str] =
    &["src/controller/", "src/admission/", "api/src/defaulting.rs", "api/src/allowance.rs"];
/// Names of crates; they say nothing about the standard.
const OTHERS: &[&str] = &["databases_storage", "databases_apiserver"];

pub(super) fn check() -> Result<Outcome, String> {
    let files = tree::files()?;
    let sources = files.iter().filter(|file| file.is("rs"));
    Ok(Outcome::from_findings(sources.flat_map(|file| named(file, forbidden(&file.path))).collect()))
}

/// The names that a file may not have.
fn forbidden(path: &str) -> &'static [&'static str] {
    let is_test = path.contains("/tests/") || path.ends_with("tests.rs");
    let mut rooms = ROOMS.iter().filter(|_| !is_test);
    let found = rooms.find(|(rooms, _)| rooms.iter().any(|room| path.starts_with(room)));
    found.map_or(&[], |(_, names)| names)
}

/// The lines of a file, but for its tests, that have one of these names.
fn named(file: &File, forbidden: &[&str]) -> Vec<String> {
    let product = file.text.split("#[cfg(test)]").next().unwrap_or_default();
    let names = |line: &str| {
        let line = OTHERS.iter().fold(line.to_lowercase(), |line, other| line.replace(other, ""));
        forbidden.iter().any(|name| line.contains(name))
    };
    let lines = product.lines().enumerate().filter(|(_, line)| names(line));
    lines.map(|(number, line)| format!("{}:{}: {}", file.path, number + 1, line.trim())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_and_those_of_crates_and_tests_are_not() {
        let text = "use databases_storage::Storage;\nconst CLASS: &str = \"DatabaseClass\";\n#[cfg(test)]\nmod tests {\n    const KIND: &str = \"PostgreSQL\";\n}\n";
        let file = File { path: "src/serve/a.rs".to_owned(), text: text.to_owned() };
        assert_eq!(named(&file, STANDARD), ["src/serve/a.rs:2: const CLASS: &str = \"DatabaseClass\";"]);
        assert!(named(&file, KINDS).is_empty());
        assert_eq!(forbidden("src/serve/a.rs"), STANDARD);
        assert_eq!(forbidden("src/controller/a.rs"), KINDS);
        assert!(
            forbidden("src/endpoint/tests/mod.rs").is_empty() && forbidden("src/standard/mod.rs").is_empty()
        );
    }
}
