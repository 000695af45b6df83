//! The walls between the rooms: who may import whom.
//!
//! ```text
//! main → standard → conformance → cluster
//!        standard → server → { serve, pipeline → cluster,
//!                   endpoint → registry → { admission → backend → cluster, storage },
//!                   controller → { registry, backend } }
//! ```
//!
//! Everything may use the machinery and telemetry; the machinery and the storage are blind to each other.

use std::collections::BTreeSet;

use super::{Outcome, scanner};
use crate::tree::{self, File};

/// A room of `src/`, and the rooms it may name.
const TABLE: &[(&str, &[&str])] = &[
    ("main", &["standard", "server"]),
    ("standard", &["server", "registry", "admission", "backend", "controller", "conformance"]),
    ("server", &["serve", "pipeline", "endpoint", "registry", "admission", "cluster", "controller"]),
    ("serve", &[]),
    // What a connection knows of its peer is read where a request is authenticated.
    ("pipeline", &["cluster", "serve"]),
    ("endpoint", &["registry", "pipeline", "admission"]),
    ("registry", &["admission", "backend"]),
    ("admission", &["backend", "cluster"]),
    ("backend", &["cluster"]),
    ("cluster", &[]),
    // A client: what it finds out may come from no room of the server.
    ("conformance", &["cluster"]),
    ("controller", &["registry", "backend", "cluster"]),
    ("telemetry", &[]),
];

/// A crate, and the crates its manifest must not name.
const BLIND: &[(&str, &[&str])] = &[
    ("api/machinery", &["databases-api", "databases-storage", "databases-apiserver", "hyper", "tokio"]),
    ("api/core", &["databases-api", "databases-storage", "databases-apiserver", "hyper", "tokio"]),
    ("api", &["databases-storage", "databases-apiserver"]),
    ("storage", &["apimachinery", "databases-api", "databases-apiserver", "hyper"]),
];

pub(super) fn check() -> Result<Outcome, String> {
    let files = tree::files()?;
    let mut findings: Vec<String> = files.iter().flat_map(walls).collect();
    findings.extend(files.iter().flat_map(blindness));
    Ok(Outcome::from_findings(findings))
}

/// The room a file of `src/` belongs to, and its distance from the crate root.
fn room(path: &str) -> Option<(String, usize)> {
    let inside = path.strip_prefix("src/")?.strip_suffix(".rs")?;
    let parts: Vec<&str> = inside.split('/').filter(|part| *part != "mod").collect();
    Some((parts.first()?.to_string(), parts.len()))
}

/// A test may set up whatever it needs; the walls are the product's.
fn is_test(path: &str) -> bool {
    path.contains("/tests/") || path.ends_with("tests.rs") || path.ends_with("testing.rs")
}

fn walls(file: &File) -> Vec<String> {
    let Some((own, depth)) = room(&file.path) else { return Vec::new() };
    if own == "lib" || is_test(&file.path) {
        return Vec::new();
    }
    let Some((_, allowed)) = TABLE.iter().find(|(name, _)| *name == own) else {
        return vec![format!("{}: room {own} is not in the import table", file.path)];
    };
    let rooms: BTreeSet<&str> = TABLE.iter().map(|(name, _)| *name).collect();
    let may = |name: &str| name == own || name == "telemetry" || allowed.contains(&name);
    scanner::mentions(&file.text, depth)
        .into_iter()
        .filter(|name| rooms.contains(name.as_str()) && !may(name))
        .map(|name| format!("{}: {own} must not import {name}", file.path))
        .collect()
}

fn blindness(file: &File) -> Vec<String> {
    let Some(folder) = file.path.strip_suffix("/Cargo.toml") else { return Vec::new() };
    let Some((_, hidden)) = BLIND.iter().find(|(name, _)| *name == folder) else { return Vec::new() };
    let product = file.text.split("[dev-dependencies]").next().unwrap_or_default();
    let depends = |name: &str| product.lines().any(|line| line.split(['.', ' ', '=']).next() == Some(name));
    hidden
        .iter()
        .filter(|name| depends(name))
        .map(|name| format!("{}: must not depend on {name}", file.path))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> File {
        File { path: path.to_owned(), text: text.to_owned() }
    }

    #[test]
    fn a_wall_is_seen_from_both_sides() {
        let text = "use crate::controller::Loop;";
        assert_eq!(walls(&file("src/backend/local/mod.rs", text)).len(), 1);
        assert_eq!(walls(&file("src/server.rs", text)).len(), 0);
    }

    #[test]
    fn a_new_room_must_be_put_into_the_table() {
        assert_eq!(
            walls(&file("src/cellar/mod.rs", "")),
            ["src/cellar/mod.rs: room cellar is not in the import table"]
        );
    }

    #[test]
    fn the_storage_is_blind_to_the_machinery_except_in_its_tests() {
        let manifest = "[dependencies]\napimachinery.workspace = true\n";
        assert_eq!(blindness(&file("storage/Cargo.toml", manifest)).len(), 1);
        let tests = "[dependencies]\n[dev-dependencies]\napimachinery.workspace = true\n";
        assert_eq!(blindness(&file("storage/Cargo.toml", tests)).len(), 0);
    }
}
