//! What the wire types publish, committed beside them: `.proto` files and OpenAPI documents. `UPDATE_GOLDEN=1` writes
//! them anew; without it a difference fails.

use apimachinery::kind::Definition;
use apimachinery::schema::Schema;
use apimachinery::{openapi, proto_file};
use databases_api::{GROUP, definitions};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Compares a file with what it should be, or writes it.
fn check(path: PathBuf, wanted: &str) {
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        let folder = path.parent().expect("the file lies in a folder");
        std::fs::create_dir_all(folder).expect("the folder can be made");
        std::fs::write(&path, wanted).expect("the file can be written");
        return;
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    let line = found.lines().zip(wanted.lines()).position(|(found, wanted)| found != wanted);
    assert!(
        found == wanted,
        "{} is not current (line {}): run the tests with UPDATE_GOLDEN=1 and look at what changed",
        path.display(),
        line.map_or(found.lines().count().min(wanted.lines().count()), |line| line) + 1
    );
}

fn versions() -> BTreeSet<&'static str> {
    let all = definitions().iter().flat_map(|definition| definition.versions);
    all.map(|version| version.name).collect()
}

fn schemas(version: &str) -> Vec<&'static Schema> {
    let schema = |definition: &&'static Definition| definition.version(version).map(|version| version.schema);
    definitions().iter().filter_map(schema).collect()
}

#[test]
fn proto_files_are_current() {
    for version in versions() {
        let schemas = schemas(version);
        let package = schemas[0].package;
        let text = proto_file::render(package, &schemas);
        check(root().join("proto").join(proto_file::file_name(package)), &text);
    }
}

#[test]
fn openapi_documents_are_current() {
    for version in versions() {
        let document = openapi::v3::document(GROUP, version, definitions());
        let text = serde_json::to_string_pretty(&document).unwrap() + "\n";
        check(root().join("openapi").join(format!("{GROUP}_{version}.json")), &text);
    }
}
