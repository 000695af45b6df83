//! Which PostgreSQL there is, by the `PostgresVersion`s of the cluster, and which PgBouncer, by its `PgBouncerVersion`s.

use super::{POOLER_VERSIONS, VERSIONS};
use crate::backend::operator::{Installed, at};
use crate::cluster::Resource;
use serde_json::Value;
use std::cmp::Reverse;

/// Distributions that are PostgreSQL and nothing beside it.
const PLAIN: [&str; 4] = ["", "Official", "PostgreSQL", "KubeDB"];

/// Those of a kind.
fn all<'a>(installed: &'a Installed, kind: &'static Resource) -> impl Iterator<Item = &'a Value> {
    installed.catalog.iter().filter(|known| at(known, "kind") == kind.kind)
}

/// Whether something may be made in a version yet.
fn is_current(known: &Value) -> bool {
    let spec = &known["spec"];
    spec["deprecated"] != true && spec["endOfLife"] != true && !at(spec, "version").is_empty()
}

fn usable(installed: &Installed) -> impl Iterator<Item = &Value> {
    let is_plain = |known: &&Value| PLAIN.contains(&at(known, "spec.distribution"));
    all(installed, &VERSIONS).filter(|known| is_current(known)).filter(is_plain)
}

/// The name of the newest PgBouncer.
pub(super) fn pooler(installed: &Installed) -> Option<&str> {
    let current = all(installed, &POOLER_VERSIONS).filter(|known| is_current(known));
    let named = current.map(|known| (at(known, "spec.version"), at(known, "metadata.name")));
    named.max_by_key(|(version, name)| (numbers(version), Reverse(*name))).map(|(_, name)| name)
}

/// A version as numbers, so that the tenth is after the ninth.
fn numbers(version: &str) -> Vec<u32> {
    version.split('.').map(|part| part.parse().unwrap_or_default()).collect()
}

/// The versions that objects may name, the newest first.
pub(super) fn offered(installed: &Installed) -> Vec<String> {
    let mut found: Vec<String> =
        usable(installed).map(|known| at(known, "spec.version").to_owned()).collect();
    found.sort_by_key(|version| Reverse(numbers(version)));
    found.dedup();
    found
}

/// Whether a version is one that is asked for by it, or by the beginning of it.
pub(super) fn fits(version: &str, wanted: &str) -> bool {
    wanted.is_empty()
        || version.strip_prefix(wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// The name of the newest one that fits; of the distribution and the base that run already, where something does.
pub(super) fn choose(installed: &Installed, wanted: &str, running: &str) -> Option<String> {
    let runs = named(installed, running).map(|known| &known["spec"]);
    let alike = |known: &&Value| {
        runs.is_none_or(|runs| {
            at(runs, "distribution") == at(known, "spec.distribution")
                && at(runs, "db.baseOS") == at(known, "spec.db.baseOS")
        })
    };
    let fitting = usable(installed).filter(|known| fits(at(known, "spec.version"), wanted)).filter(alike);
    let name = |known: &Value| at(known, "metadata.name").to_owned();
    let best = fitting.max_by_key(|known| {
        let is_official = at(known, "spec.distribution") == "Official";
        (numbers(at(known, "spec.version")), is_official, Reverse(name(known).len()), Reverse(name(known)))
    });
    best.map(name)
}

/// The version behind a name; where its object is gone, what its name begins with.
pub(super) fn version_of(installed: &Installed, name: &str) -> String {
    if let Some(known) = named(installed, name) {
        return at(known, "spec.version").to_owned();
    }
    let end = name.find(|character: char| !character.is_ascii_digit() && character != '.');
    name[..end.unwrap_or(name.len())].trim_end_matches('.').to_owned()
}

fn named<'a>(installed: &'a Installed, name: &str) -> Option<&'a Value> {
    all(installed, &VERSIONS).find(|known| at(known, "metadata.name") == name)
}
