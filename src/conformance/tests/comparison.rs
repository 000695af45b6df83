//! The table of `api/README.md`, written from the reports of `api/conformance`; `UPDATE_GOLDEN=1` writes it anew.

use apimachinery::wire::yaml;
use databases_api::postgresql::{DEFINITION, FACTS};
use databases_api::{features, instance};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

const BEGIN: &str = "<!-- written from api/conformance -->\n";
const END: &str = "<!-- to here -->\n";
/// Manifests whose lines are counted.
const MANIFESTS: [&str; 2] =
    ["deploy/examples/postgresql.yaml", "api/testdata/examples/postgresql-full.v1.yaml"];

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
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
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

/// The leaves of a manifest for a class, by their paths, without what the class does not support.
fn leaves(manifest: &Value, report: &Report) -> BTreeMap<String, String> {
    let mut manifest = manifest.clone();
    manifest["spec"]["className"] = report.class.as_str().into();
    let version = DEFINITION.version("v1").expect("v1 is served");
    let (object, _) = (version.decode_tree)(&manifest).expect("the manifest is one of ours");
    let object = instance::of(&*object).expect("a kind of databases");
    let mut found = BTreeMap::new();
    flatten(&manifest, String::new(), &mut found);
    for used in features::required(object, None) {
        if !report.features.contains(&used.feature) {
            let below = |path: &str| {
                path == used.path
                    || path.strip_prefix(&*used.path).is_some_and(|rest| rest.starts_with(['.', '[']))
            };
            found.retain(|path, _| !below(path));
        }
    }
    found
}

fn flatten(value: &Value, path: String, found: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(map) => map.iter().for_each(|(key, value)| {
            let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            flatten(value, path, found);
        }),
        Value::Array(list) => {
            list.iter()
                .enumerate()
                .for_each(|(index, value)| flatten(value, format!("{path}[{index}]"), found));
        }
        leaf => drop(found.insert(path, leaf.to_string())),
    }
}

/// How many leaves are not the same in both.
fn differing(one: &BTreeMap<String, String>, other: &BTreeMap<String, String>) -> usize {
    let paths: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
    paths.into_iter().filter(|path| one.get(*path) != other.get(*path)).count()
}

fn lines_to_change(reports: &[Report]) -> String {
    let mut text =
        "Lines to change between two classes, where what the other does not claim is left out:\n\n"
            .to_owned();
    let pairs: Vec<(&Report, &Report)> = reports
        .iter()
        .enumerate()
        .flat_map(|(at, one)| reports[at + 1..].iter().map(move |other| (one, other)))
        .collect();
    if pairs.is_empty() {
        return "There is one report; lines to change between two classes are counted once there are two.\n"
            .into();
    }
    text += &line("classes", MANIFESTS.iter().map(|path| format!("`{path}`")));
    text += &format!("|---|{}\n", "---|".repeat(MANIFESTS.len()));
    for (one, other) in pairs {
        let count = |path: &&str| {
            let manifest = read(&root().join(path));
            differing(&leaves(&manifest, one), &leaves(&manifest, other)).to_string()
        };
        text += &line(&format!("`{}`, `{}`", one.class, other.class), MANIFESTS.iter().map(count));
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
fn between_two_classes_the_name_and_what_one_of_them_has_not_are_counted() {
    let report = |class: &str, features: &[&str]| Report {
        class: class.into(),
        controller: String::new(),
        engine: String::new(),
        core: String::new(),
        features: features.iter().map(|name| (*name).to_owned()).collect(),
        results: BTreeMap::new(),
    };
    let manifest = serde_json::json!({
        "apiVersion": "databases.standard.k8s.io/v1", "kind": "PostgreSQL", "metadata": {"name": "a"},
        "spec": {"storage": {"size": "1Gi"}, "instances": 2, "parameters": {"work_mem": "7MB"}},
    });
    let one = report("one", &["PostgreSQLReplicas", "PostgreSQLParameters"]);
    let count = |other: &Report| differing(&leaves(&manifest, &one), &leaves(&manifest, other));
    assert_eq!(count(&report("other", &["PostgreSQLReplicas", "PostgreSQLParameters"])), 1);
    assert_eq!(count(&report("other", &["PostgreSQLReplicas"])), 2);
    assert_eq!(count(&report("other", &[])), 3);
}
