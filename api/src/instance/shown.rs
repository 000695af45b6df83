//! What every kind of databases shows in tables, and can be selected by.

use super::{Instance, life, of};
use apimachinery::kind::{Column, Hub, SelectableField};
use apimachinery::meta::{ConditionStatus, condition, is_true};

use crate::shared::State;

/// What is asked of a database of any kind; of another object, nothing.
macro_rules! of_any {
    (|$database:ident| $value:expr) => {
        |object: &dyn Hub| of(object).map(|$database| ::core::convert::Into::into($value)).unwrap_or_default()
    };
}

/// The columns of every kind.
pub const COLUMNS: &[Column] = &[
    Column::object_name(),
    Column::new(
        "Class",
        "string",
        "The DatabaseClass that answers it.",
        0,
        of_any!(|it| it.spec().class_name.as_str()),
    ),
    Column::new("Version", "string", "The version that runs, or is to run.", 0, of_any!(|it| version(it))),
    Column::new(
        "Instances",
        "string",
        "Servers that serve, of those wanted.",
        0,
        of_any!(|it| format!("{}/{}", it.status().ready_instances, life::wanted(it))),
    ),
    Column::new(
        "Ready",
        "string",
        "Whether the read-write endpoint accepts connections.",
        0,
        of_any!(|it| readiness(it).0),
    ),
    Column::new(
        "Status",
        "string",
        "Why it goes no further by itself; else why it is, or is not, ready.",
        0,
        of_any!(|it| stall(it).unwrap_or(readiness(it).1)),
    ),
    Column::age(),
    Column::new(
        "Primary",
        "string",
        "The server that takes writes.",
        1,
        of_any!(|it| it.status().primary.as_str()),
    ),
    Column::new("Endpoint", "string", "Where reads and writes go.", 1, of_any!(|it| endpoint(it))),
    Column::new("Backend", "string", "What implements it.", 1, of_any!(|it| backend(it))),
];

/// The fields that objects of every kind can be selected by.
pub const SELECTABLE_FIELDS: &[SelectableField] = &[
    SelectableField::new("spec.className", of_any!(|it| &it.spec().class_name)),
    SelectableField::new(
        "spec.state",
        of_any!(|it| it.spec().state.as_ref().map_or("Running", State::as_str)),
    ),
];

fn version(object: &dyn Instance) -> &str {
    let versions = [&object.status().version, &object.spec().version];
    versions.into_iter().find(|version| !version.is_empty()).map_or("", String::as_str)
}

fn endpoint(object: &dyn Instance) -> String {
    let endpoint = object.status().endpoints.iter().find(|endpoint| endpoint.role == "ReadWrite");
    endpoint.map(|endpoint| format!("{}:{}", endpoint.host, endpoint.port)).unwrap_or_default()
}

fn backend(object: &dyn Instance) -> String {
    let backend = object.status().backend_ref.as_ref();
    backend.map(|backend| format!("{}/{}", backend.kind, backend.name)).unwrap_or_default()
}

/// Why the object waits for somebody, which is not to be overlooked where it serves as it was before.
fn stall(object: &dyn Instance) -> Option<&str> {
    let stalled = condition(&object.status().conditions, "Stalled")?;
    (stalled.status == ConditionStatus::True).then_some(&stalled.reason)
}

/// The words of `Ready`; a database that is stopped has no such condition, and is not ready.
fn readiness(object: &dyn Instance) -> (&str, &str) {
    let conditions = &object.status().conditions;
    match condition(conditions, "Ready") {
        Some(ready) => (ready.status.as_str(), &ready.reason),
        None if is_true(conditions, "Stopped") => ("False", "Stopped"),
        None => ("Unknown", ""),
    }
}
