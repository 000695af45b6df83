//! The examples in `testdata/examples`: each is read without a remark, and is valid; the full one is the same object in
//! both versions.

use apimachinery::field::Errors;
use apimachinery::kind::{Hub, Version};
use apimachinery::wire::yaml;
use databases_api::definitions;
use databases_api::features;
use databases_api::postgresql::PostgreSQL;
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/examples")
}

/// An object, as strictly as `fieldValidation=Strict`, and the version it is written in.
fn read(path: &Path) -> (Box<dyn Hub>, &'static Version) {
    let text = std::fs::read(path).expect("the example can be read");
    let (tree, duplicates) = yaml::decode(&text).expect("YAML");
    assert!(duplicates.is_empty(), "{}: {duplicates:?}", path.display());
    let (group, version) = tree["apiVersion"]
        .as_str()
        .map(|text| text.rsplit_once('/').unwrap_or(("", text)))
        .expect("an apiVersion");
    let definition = definitions()
        .iter()
        .chain(core_v1::definitions())
        .find(|definition| definition.group == group && tree["kind"] == definition.kind)
        .expect("a kind that is served");
    let version = definition.version(version).expect("a version that is served");
    let (mut object, context) = (version.decode_tree)(&tree).expect("an object of its kind");
    assert!(context.problems().is_empty(), "{}: {:?}", path.display(), context.problems());
    object.default_fields();
    (object, version)
}

fn full(version: &str) -> (Box<dyn Hub>, &'static Version) {
    read(&folder().join(format!("postgresql-full.{version}.yaml")))
}

#[test]
fn every_example_is_read_strictly_and_valid() {
    let files = std::fs::read_dir(folder()).expect("the examples");
    let paths: Vec<PathBuf> = files.map(|file| file.expect("a file").path()).collect();
    assert!(paths.len() >= 6, "{paths:?}");
    for path in paths {
        let (object, ..) = read(&path);
        let mut errors = Errors::new();
        object.validate(&mut errors);
        assert!(errors.is_empty(), "{}: {errors:?}", path.display());
        assert!(object.warnings().is_empty(), "{}: {:?}", path.display(), object.warnings());
    }
}

#[test]
fn the_full_example_is_one_object_in_both_versions() {
    let (hub, ..) = full("v1");
    let (draft, draft_version) = full("v1alpha1");
    let (draft, shown) = ((draft_version.to_tree)(&*draft), (draft_version.to_tree)(&*hub));
    assert_eq!(shown["spec"], draft["spec"]);
    assert_eq!(shown["status"]["phase"], "Running");
    assert_eq!(shown["status"]["secretName"], draft["status"]["secretName"]);
    let (back, _) = (draft_version.decode_tree)(&shown).expect("what is shown can be read");
    let spec = |hub: &dyn Hub| hub.downcast::<PostgreSQL>().map(|object| object.spec.clone());
    assert_eq!(spec(&*back), spec(&*hub));
}

#[test]
fn the_core_example_needs_no_feature_and_the_full_one_these() {
    let needed = |name: &str| {
        let (hub, ..) = read(&folder().join(name));
        let uses = features::required(hub.downcast::<PostgreSQL>().expect("a PostgreSQL"), None);
        let mut names: Vec<String> =
            uses.into_iter().map(|used| used.feature.trim_start_matches("PostgreSQL").to_owned()).collect();
        names.sort();
        names.dedup();
        names
    };
    assert!(needed("postgresql-core.v1.yaml").is_empty());
    let full = [
        "Alerts",
        "AutomaticMinorUpgrade",
        "Backup",
        "ConnectionPooling",
        "Dashboards",
        "Extensions",
        "Import",
        "IngressPolicy",
        "MachineTypes",
        "MaintenanceWindow",
        "Metrics",
        "MultipleDatabases",
        "Parameters",
        "Replicas",
        "Scheduling",
        "StorageClass",
        "SynchronousReplication",
        "TLS",
        "TLSCustomCertificate",
        "UpgradeStrategy",
        "UserAttributes",
        "Users",
    ];
    assert_eq!(needed("postgresql-full.v1.yaml"), full);
    assert_eq!(needed("postgresql-restored.v1.yaml"), ["Clone", "PointInTimeRecovery"]);
}
