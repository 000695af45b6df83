//! Whether a test that the table names stands in the sources: read, not compiled.

use crate::tree::File;

/// Where the code of a test target begins: the folder of its modules, and the file of its root.
struct Place {
    folder: String,
    roots: Vec<String>,
}

/// The libraries, by the names of their targets.
const LIBRARIES: &[(&str, &str)] = &[
    ("apimachinery", "api/machinery/src"),
    ("core_v1", "api/core/src"),
    ("databases_api", "api/src"),
    ("databases_storage", "storage/src"),
    ("databases_apiserver", "src"),
    ("controlplane", "hack/controlplane/src"),
];

/// The folders in which every file and folder is a test target.
const TARGETS: &[&str] = &["api/machinery/tests", "api/tests", "storage/tests", "hack/suites/tests"];

impl Place {
    fn of(target: &str, files: &[File]) -> Option<Self> {
        if let Some((_, folder)) = LIBRARIES.iter().find(|(name, _)| *name == target) {
            return Some(Self { folder: (*folder).to_owned(), roots: vec![format!("{folder}/lib.rs")] });
        }
        let found = TARGETS.iter().find_map(|folder| {
            let roots = [format!("{folder}/{target}/main.rs"), format!("{folder}/{target}.rs")];
            let is_there = roots.iter().any(|root| files.iter().any(|file| file.path == *root));
            is_there.then(|| (format!("{folder}/{target}"), roots))
        });
        found.map(|(folder, roots)| Self { folder, roots: roots.to_vec() })
    }

    /// The files in which a module's items may stand: its own, or an outer one's when it is written in that.
    fn files(&self, modules: &[&str]) -> Vec<String> {
        let mut paths = self.roots.clone();
        for depth in 1..=modules.len() {
            let stem = format!("{}/{}", self.folder, modules[..depth].join("/"));
            paths.extend([format!("{stem}.rs"), format!("{stem}/mod.rs")]);
        }
        paths
    }
}

/// Why there is no such test; `None` when there is.
pub(super) fn absent(test: &str, files: &[File]) -> Option<String> {
    let Some((target, path)) = test.split_once(' ') else { return Some(format!("{test}: no path")) };
    if let Some(line) = path.strip_prefix("line ") {
        return (!is_line(line, files)).then(|| format!("{test}: there is no such line in {target}"));
    }
    let Some(place) = Place::of(target, files) else {
        return Some(format!("{test}: there is no test target {target}"));
    };
    let parts: Vec<&str> = path.split("::").collect();
    let (name, modules) = parts.split_last()?;
    let mut paths = place.files(modules);
    let elsewhere: Vec<String> =
        files.iter().filter(|file| paths.contains(&file.path)).flat_map(placed).collect();
    paths.extend(elsewhere);
    let is_there = files.iter().any(|file| paths.contains(&file.path) && is_test(&file.text, name));
    (!is_there).then(|| format!("{test}: there is no such test in {}", place.folder))
}

/// The files that a file's modules are in by `#[path = "…"]`.
fn placed(file: &File) -> impl Iterator<Item = String> {
    let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let names =
        file.text.lines().filter_map(|line| line.trim().strip_prefix("#[path = \"")?.strip_suffix("\"]"));
    names.map(move |name| format!("{folder}/{name}"))
}

/// Whether a text has a function of this name with an attribute that makes it a test.
fn is_test(text: &str, name: &str) -> bool {
    let lines: Vec<&str> = text.lines().map(str::trim_start).collect();
    lines.iter().enumerate().any(|(number, line)| {
        let is_function = line.split_once("fn ").is_some_and(|(_, rest)| {
            rest.strip_prefix(name).is_some_and(|rest| rest.starts_with(['(', '<']))
        });
        is_function && attributes(&lines[..number]).any(|line| line.contains("test"))
    })
}

/// The attributes that stand right above a function, from the last.
fn attributes<'a>(above: &'a [&'a str]) -> impl Iterator<Item = &'a str> {
    above.iter().rev().copied().take_while(|line| line.starts_with("#[") || line.starts_with("//"))
}

/// A line of the suite `e2e` by its number, or one thing that it reports.
fn is_line(line: &str, files: &[File]) -> bool {
    let (number, what) = line.split_once(": ").unwrap_or((line, ""));
    let is_in = |folder: &str, text: &str| {
        files.iter().any(|file| file.path.starts_with(folder) && file.text.contains(text))
    };
    is_in("hack/suites/tests/e2e/matrix.rs", &format!("\"{number}\" \""))
        && (is_in("hack/suites/tests/e2e/", what) || is_in("hack/tools/", what))
}
