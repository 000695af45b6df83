//! The rooms that serve any API name none: the standard's own names stay where its kinds are at home.

use super::Outcome;
use crate::tree::{self, File};

/// Rooms without a name of the standard.
const ROOMS: &[&str] = &[
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
/// What the standard's names have in common.
const NAMES: &[&str] = &["database", "postgres"];
/// Names of crates, and the kinds of a cluster that a server without one has; they say nothing about the standard.
const OTHERS: &[&str] = &["databases_storage", "databases_apiserver", "databases_api::core"];

pub(super) fn check() -> Result<Outcome, String> {
    let files = tree::files()?;
    let generic = files.iter().filter(|file| file.is("rs") && is_generic(&file.path));
    Ok(Outcome::from_findings(generic.flat_map(named).collect()))
}

fn is_generic(path: &str) -> bool {
    let is_test = path.contains("/tests/") || path.ends_with("tests.rs");
    !is_test && ROOMS.iter().any(|room| path.starts_with(room))
}

/// The lines of a file, but for its tests, that name the standard.
fn named(file: &File) -> Vec<String> {
    let product = file.text.split("#[cfg(test)]").next().unwrap_or_default();
    let names = |line: &str| {
        let line = OTHERS.iter().fold(line.to_lowercase(), |line, other| line.replace(other, ""));
        NAMES.iter().any(|name| line.contains(name))
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
        assert_eq!(named(&file), ["src/serve/a.rs:2: const CLASS: &str = \"DatabaseClass\";"]);
        assert!(is_generic("src/serve/a.rs") && !is_generic("src/endpoint/tests/mod.rs"));
    }
}
