//! The table of `api/README.md`, written from the reports of `api/conformance`; `UPDATE_GOLDEN=1` writes it anew.

use crate::conformance::portability::MANIFESTS;
use apimachinery::wire::yaml;
use databases_api::features;
use databases_api::postgresql::{DEFINITION, FACTS};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

const BEGIN: &str = "<!-- written from api/conformance -->\n";
const END: &str = "<!-- to here -->\n";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> Value {
    let text = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    yaml::decode(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display())).0
}

/// What the report of a class says.
struct Report {
    class: String,
    controller: String,
    engine: String,
    core: String,
    features: BTreeSet<String>,
    /// Results by feature: one of a feature with several tests is that of all of them.
    results: BTreeMap<String, String>,
    /// Fields that are refused, by manifests that were tried.
    refused: BTreeMap<String, BTreeSet<String>>,
    binding: Option<Binding>,
}

/// What applications find.
struct Binding {
    secret: String,
    kind: String,
    keys: BTreeSet<String>,
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn texts(value: &Value) -> Option<BTreeSet<String>> {
    Some(value.as_array()?.iter().map(text).collect())
}

fn refused(manifest: &Value) -> Option<(String, BTreeSet<String>)> {
    Some((text(&manifest["manifest"]), texts(&manifest["refused"])?))
}

impl Report {
    fn of(document: &Value) -> Report {
        let profile = &document["profiles"][0];
        let count = |name: &str| profile["core"]["statistics"][name].as_i64().unwrap_or_default();
        let features = profile["extended"]["supportedFeatures"].as_array().into_iter().flatten().map(text);
        let mut results: BTreeMap<String, String> = BTreeMap::new();
        for test in document["tests"].as_array().into_iter().flatten() {
            let (feature, result) = (text(&test["feature"]), text(&test["result"]));
            let all = results.entry(feature).or_insert_with(|| result.clone());
            if result == "fail" {
                *all = result;
            }
        }
        Report {
            class: text(&document["implementation"]["class"]),
            controller: text(&document["implementation"]["controllerName"]),
            engine: text(&document["engine"]["version"]),
            core: format!("{} of {}", count("passed"), count("passed") + count("failed") + count("skipped")),
            features: features.collect(),
            results,
            refused: document["portability"]["manifests"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(refused)
                .collect(),
            binding: document["portability"].get("binding").map(|binding| Binding {
                secret: text(&binding["secret"]),
                kind: text(&binding["type"]),
                keys: texts(&binding["keys"]).unwrap_or_default(),
            }),
        }
    }

    fn cell(&self, feature: &str) -> &'static str {
        match self.results.get(feature).map(String::as_str) {
            Some("pass") => "yes",
            Some("fail") => "fails",
            _ if self.features.contains(feature) => "untested",
            _ => "–",
        }
    }
}

fn reports() -> Vec<Report> {
    let folder = std::fs::read_dir(root().join("api/conformance")).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = folder.map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    paths.sort();
    paths.iter().map(|path| Report::of(&read(path))).collect()
}

fn line(first: &str, cells: impl Iterator<Item = String>) -> String {
    let cells: Vec<String> = cells.collect();
    format!("| {first} | {} |\n", cells.join(" | "))
}

fn table(reports: &[Report]) -> String {
    let kind = DEFINITION.kind;
    let known = features::known(&FACTS).into_iter().map(|feature| format!("{kind}{feature}"));
    let mut rows: BTreeSet<String> = known.collect();
    rows.extend(reports.iter().flat_map(|report| report.features.iter().cloned()));
    let mut text = line("class", reports.iter().map(|report| format!("`{}`", report.class)));
    text += &format!("|---|{}\n", "---|".repeat(reports.len()));
    text += &line("answered by", reports.iter().map(|report| format!("`{}`", report.controller)));
    text += &line(kind, reports.iter().map(|report| report.engine.clone()));
    text += &line("Core tests passed", reports.iter().map(|report| report.core.clone()));
    for feature in rows {
        text += &line(&feature, reports.iter().map(|report| report.cell(&feature).to_owned()));
    }
    text
}

/// How many lines of a manifest that one class takes another one refuses, and the class's name where the manifest has one.
/// None where it was not measured.
fn of_manifest(from: &Report, to: &Report, path: &str, text: &str) -> Option<usize> {
    let (taken, refused) = (from.refused.get(path)?, to.refused.get(path)?);
    let (manifest, _) = yaml::decode(text.as_bytes()).expect("an example is YAML");
    let names_class = manifest.pointer("/spec/className").is_some();
    Some(refused.difference(taken).count() + usize::from(names_class))
}

/// How many lines have to change of an application that uses everything that one class's Secret has: its name, its type, keys.
fn of_application(from: &Report, to: &Report) -> Option<usize> {
    let (here, there) = (from.binding.as_ref()?, to.binding.as_ref()?);
    let renamed = usize::from(here.secret != there.secret) + usize::from(here.kind != there.kind);
    Some(here.keys.difference(&there.keys).count() + renamed)
}

fn pairs(reports: &[Report]) -> impl Iterator<Item = (&Report, &Report)> {
    let others = |one: &Report| reports.iter().filter(|other| other.class != one.class).collect::<Vec<_>>();
    reports.iter().flat_map(move |one| others(one).into_iter().map(move |other| (one, other)))
}

fn lines_to_change(reports: &[Report]) -> String {
    let cell = |count: Option<usize>| count.map_or_else(|| "unknown".to_owned(), |count| count.to_string());
    let heads = MANIFESTS.iter().map(|(path, _)| format!("`{path}`"));
    let mut text = line("from → to", heads.chain(["an application".to_owned()]));
    text += &format!("|---|{}\n", "---|".repeat(MANIFESTS.len() + 1));
    for (from, to) in pairs(reports) {
        let counts = MANIFESTS.iter().map(|(path, manifest)| of_manifest(from, to, path, manifest));
        let counts = counts.chain([of_application(from, to)]);
        text += &line(&format!("`{}` → `{}`", from.class, to.class), counts.map(cell));
    }
    text
}

#[test]
fn the_table_of_classes_is_current() {
    let reports = reports();
    assert!(!reports.is_empty(), "api/conformance has reports");
    let wanted = format!("{BEGIN}\n{}\n{}\n{END}", table(&reports), lines_to_change(&reports));
    let path = root().join("api/README.md");
    let readme = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = readme.split_once(BEGIN).expect("api/README.md has a place for the table");
    let (_, after) = rest.split_once(END).expect("the place for the table has an end");
    let current = format!("{before}{wanted}{after}");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        return std::fs::write(path, current).unwrap();
    }
    assert!(
        readme == current,
        "the table of api/README.md is not current: run this test with UPDATE_GOLDEN=1"
    );
}

#[test]
fn what_all_an_application_needs_to_say_moves_without_a_change() {
    let reports = reports();
    assert!(reports.len() > 1, "there are classes to move between");
    for (from, to) in pairs(&reports) {
        let (path, manifest) = MANIFESTS[0];
        assert_eq!(of_manifest(from, to, path, manifest), Some(0), "{} to {}", from.class, to.class);
        let renamed = |report: &Report| {
            report.binding.as_ref().map(|binding| (binding.secret.clone(), binding.kind.clone()))
        };
        assert_eq!(renamed(from), renamed(to), "{} to {}", from.class, to.class);
    }
}

#[test]
fn what_the_other_class_refuses_and_keys_that_its_secret_has_not_are_lines_to_change() {
    let report = |refused: &[&str], keys: &[&str]| {
        let binding =
            json!({"secret": "<name>-binding", "type": "servicebinding.io/postgresql", "keys": keys});
        let manifests = json!([{"manifest": "one.yaml", "refused": refused}, {"manifest": "two.yaml"}]);
        Report::of(&json!({"portability": {"binding": binding, "manifests": manifests}}))
    };
    let (plain, named) =
        ("{spec: {state: Stopped}}", "{spec: {className: one, state: Stopped, instances: 2}}");
    let all = report(&[], &["host", "certificates"]);
    let few = report(&["spec.state", "spec.instances"], &["host"]);
    assert_eq!(of_manifest(&all, &all, "one.yaml", plain), Some(0));
    assert_eq!(of_manifest(&all, &few, "one.yaml", plain), Some(2));
    assert_eq!(of_manifest(&all, &few, "one.yaml", named), Some(3), "the class's name is a line, too");
    assert_eq!(of_manifest(&few, &all, "one.yaml", plain), Some(0), "what was left out stays left out");
    assert_eq!(of_manifest(&all, &few, "two.yaml", plain), None, "nothing is made up");
    assert_eq!(of_application(&all, &few), Some(1));
    assert_eq!(of_application(&few, &all), Some(0));
}
