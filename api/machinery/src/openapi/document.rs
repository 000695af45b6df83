//! What both versions of a document have in common.

use super::definitions::Definitions;
use super::operation::{Operation, Path};
use super::parameter::Parameter;
use super::path::{self, SCALE_KIND};
use super::wellknown::{API_RESOURCE_LIST, WATCH_EVENT};
use crate::autoscaling::Scale;
use crate::discovery::served;
use crate::kind::Definition;
use crate::meta::DeleteOptions;
use crate::status::Status;
use crate::wire::Value as _;
use serde_json::{Map, Value, json};

/// The name of the security scheme.
pub(super) const BEARER: &str = "BearerToken";

/// What the document says of itself. The version stands for the conventions it follows, so that it, and with it
/// the document's hash, does not change from one build to the next.
pub(super) fn info() -> Value {
    json!({"title": "Kubernetes", "version": "unversioned"})
}

/// How clients show who they are.
pub(super) fn bearer() -> Value {
    json!({
        "type": "apiKey",
        "name": "authorization",
        "in": "header",
        "description": "A bearer token.",
    })
}

/// The paths of a group and version, each rendered by `render`.
pub(super) fn paths(
    group: &str,
    version: &str,
    definitions: &[&'static Definition],
    mut render: impl FnMut(&Operation) -> Value,
    parameter: fn(&Parameter) -> Value,
) -> Map<String, Value> {
    let served = served(definitions, group, version);
    let resources = (!served.is_empty()).then(|| path::resources(group, version));
    let kinds = served.iter().flat_map(|definition| path::of_kind(definition, version));
    resources.into_iter().chain(kinds).map(|path| path_item(path, &mut render, parameter)).collect()
}

fn path_item(
    path: Path,
    render: &mut impl FnMut(&Operation) -> Value,
    parameter: fn(&Parameter) -> Value,
) -> (String, Value) {
    let mut item = Map::new();
    for operation in &path.operations {
        item.insert(operation.method.to_owned(), render(operation));
    }
    if !path.parameters.is_empty() {
        let parameters: Vec<Value> = path.parameters.into_iter().map(parameter).collect();
        item.insert("parameters".to_owned(), parameters.into());
    }
    (path.path, item.into())
}

/// What an operation says in the same words in both versions.
pub(super) fn common(operation: &Operation) -> Value {
    let mut value = json!({
        "description": operation.description,
        "operationId": operation.id,
        "tags": [operation.tag],
    });
    if let Some((action, kind)) = operation.action {
        value["x-kubernetes-action"] = action.into();
        value["x-kubernetes-group-version-kind"] = kind.value();
    }
    value
}

/// Says which types are kinds (O-04).
pub(super) fn mark_kinds(
    types: &mut Definitions,
    group: &str,
    version: &str,
    definitions: &[&'static Definition],
) {
    for definition in served(definitions, group, version) {
        let Some(served) = definition.version(version) else { continue };
        let name = served.schema.full_name();
        types.mark(&name, group, version, definition.kind);
        types.mark(&format!("{name}List"), group, version, &format!("{}List", definition.kind));
    }
    types.mark(&DeleteOptions::SCHEMA.full_name(), group, version, "DeleteOptions");
    types.mark(&WATCH_EVENT.full_name(), group, version, "WatchEvent");
    // In a merged document a kind has one definition, and these kinds have Kubernetes' own.
    if !types.is_merged() {
        types.mark(&Status::SCHEMA.full_name(), "", "v1", "Status");
        types.mark(&Scale::SCHEMA.full_name(), SCALE_KIND.group, SCALE_KIND.version, SCALE_KIND.kind);
        types.mark(&DeleteOptions::SCHEMA.full_name(), "", "v1", "DeleteOptions");
        types.mark(&WATCH_EVENT.full_name(), "", "v1", "WatchEvent");
        types.mark(&API_RESOURCE_LIST.full_name(), "", "v1", "APIResourceList");
    }
}
