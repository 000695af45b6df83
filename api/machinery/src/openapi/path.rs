//! Which paths a kind has, and what can be done there.

use super::operation::{ANY, Body, Content, GroupVersionKind, OBJECTS, Operation, Path, STREAMS, camel_case};
use super::parameter::{self, NAME, NAMESPACE, PRETTY, Parameter};
use super::{PATCH_MEDIA_TYPES, v3, wellknown};
use crate::autoscaling::Scale;
use crate::kind::Definition;
use crate::meta::DeleteOptions;
use crate::schema::Schema;
use crate::status::Status;
use crate::wire::Value;

pub(super) static SCALE_KIND: GroupVersionKind =
    GroupVersionKind { group: "autoscaling", version: "v1", kind: "Scale" };

/// The path that lists the resources of a group and version.
pub(super) fn resources(group: &str, version: &str) -> Path {
    let names = camel_case(group, true) + &camel_case(version, true);
    let operation = Operation {
        method: "get",
        id: format!("get{names}APIResources"),
        tag: tag(group, version),
        description: "List the resources of this version.".into(),
        action: None,
        parameters: &[],
        body: None,
        produces: OBJECTS,
        responses: vec![(200, Content::Object(&wellknown::API_RESOURCE_LIST))],
    };
    let path = format!("/{}/", v3::path(group, version));
    Path { path, parameters: Vec::new(), operations: vec![operation] }
}

/// All paths of one version of a kind; none where the kind does not have the version.
pub(super) fn of_kind(definition: &'static Definition, version: &str) -> Vec<Path> {
    let Some(version) = definition.version(version) else { return Vec::new() };
    let builder = Builder {
        definition,
        version: version.name,
        schema: version.schema,
        scope: if definition.namespaced { "Namespaced" } else { "" },
    };
    builder.paths()
}

fn tag(group: &str, version: &str) -> String {
    format!("{}_{}", camel_case(group, false), camel_case(version, false))
}

struct Builder {
    definition: &'static Definition,
    version: &'static str,
    schema: &'static Schema,
    scope: &'static str,
}

impl Builder {
    fn paths(&self) -> Vec<Path> {
        let definition = self.definition;
        let mut paths = vec![self.path("", true, "", self.collection())];
        paths.push(self.path("", true, "/{name}", self.item()));
        if definition.finalize {
            let mut operations = self.subresource("Finalize", self.kind(), self.schema);
            operations.retain(|operation| operation.method == "put");
            paths.push(self.path("", true, "/{name}/finalize", operations));
        }
        if definition.status {
            let operations = self.subresource("Status", self.kind(), self.schema);
            paths.push(self.path("", true, "/{name}/status", operations));
        }
        if definition.scale {
            let operations = self.subresource("Scale", SCALE_KIND, Scale::SCHEMA);
            paths.push(self.path("", true, "/{name}/scale", operations));
        }
        paths.push(self.path("/watch", true, "", vec![self.watch_list(self.scope, "")]));
        paths.push(self.path("/watch", true, "/{name}", vec![self.watch_one()]));
        if definition.namespaced {
            paths.push(self.path("", false, "", vec![self.list("", "ForAllNamespaces")]));
            paths.push(self.path("/watch", false, "", vec![self.watch_list("", "ForAllNamespaces")]));
        }
        paths
    }

    /// A path; `scoped` ones of a namespaced kind name the namespace.
    fn path(&self, prefix: &str, scoped: bool, suffix: &str, operations: Vec<Operation>) -> Path {
        let scoped = scoped && self.definition.namespaced;
        let base = v3::path(self.definition.group, self.version);
        let namespace = if scoped { "/namespaces/{namespace}" } else { "" };
        let mut parameters: Vec<&'static Parameter> = Vec::new();
        if suffix.starts_with("/{name}") {
            parameters.push(&NAME);
        }
        if scoped {
            parameters.push(&NAMESPACE);
        }
        parameters.push(&PRETTY);
        let path = format!("/{base}{prefix}{namespace}/{}{suffix}", self.definition.plural);
        Path { path, parameters, operations }
    }

    fn collection(&self) -> Vec<Operation> {
        let kind = self.definition.kind;
        let create = Operation {
            method: "post",
            id: self.id("create", self.scope, ""),
            description: format!("Create a {kind}."),
            action: Some(("post", self.kind())),
            parameters: parameter::WRITE,
            body: Some(Body { schema: self.schema, media_types: ANY, required: true }),
            responses: self.answers(&[200, 201, 202]),
            ..self.operation()
        };
        let delete = Operation {
            method: "delete",
            id: self.id("delete", &format!("Collection{}", self.scope), ""),
            description: format!("Delete all {kind} objects that match."),
            action: Some(("deletecollection", self.kind())),
            parameters: parameter::DELETE_COLLECTION,
            body: Some(Body { schema: DeleteOptions::SCHEMA, media_types: ANY, required: false }),
            responses: vec![(200, Content::Object(Status::SCHEMA))],
            ..self.operation()
        };
        let mut operations = vec![self.list(self.scope, ""), create];
        // What goes step by step is deleted by itself.
        if !self.definition.finalize {
            operations.push(delete);
        }
        operations
    }

    fn item(&self) -> Vec<Operation> {
        let status = Content::Object(Status::SCHEMA);
        let delete = Operation {
            method: "delete",
            id: self.id("delete", self.scope, ""),
            description: format!("Delete a {}.", self.definition.kind),
            action: Some(("delete", self.kind())),
            parameters: parameter::DELETE,
            body: Some(Body { schema: DeleteOptions::SCHEMA, media_types: ANY, required: false }),
            responses: vec![(200, status), (202, status)],
            ..self.operation()
        };
        let mut operations = self.subresource("", self.kind(), self.schema);
        operations.push(delete);
        operations
    }

    /// Reading, replacing and patching a subresource, or the object itself for an empty name.
    fn subresource(&self, name: &str, kind: GroupVersionKind, schema: &'static Schema) -> Vec<Operation> {
        let what = match name {
            "" => self.definition.kind.to_owned(),
            name => format!("{} of a {}", name.to_lowercase(), self.definition.kind),
        };
        let operation = |method, verb, describe, responses: &[u16]| Operation {
            method,
            id: self.id(verb, self.scope, name),
            description: match name {
                "" => format!("{describe} a {what}."),
                _ => format!("{describe} the {what}."),
            },
            action: Some((method, kind)),
            responses: responses.iter().map(|code| (*code, Content::Object(schema))).collect(),
            ..self.operation()
        };
        vec![
            operation("get", "read", "Read", &[200]),
            Operation {
                parameters: parameter::WRITE,
                body: Some(Body { schema, media_types: ANY, required: true }),
                ..operation("put", "replace", "Replace", &[200, 201])
            },
            Operation {
                parameters: parameter::PATCH,
                body: Some(Body {
                    schema: &wellknown::PATCH,
                    media_types: PATCH_MEDIA_TYPES,
                    required: true,
                }),
                ..operation("patch", "patch", "Change parts of", &[200, 201])
            },
        ]
    }

    fn list(&self, scope: &str, suffix: &str) -> Operation {
        Operation {
            id: self.id("list", scope, suffix),
            description: format!("List or watch {} objects.", self.definition.kind),
            action: Some(("list", self.kind())),
            parameters: parameter::LIST,
            produces: STREAMS,
            responses: vec![(200, Content::List(self.schema))],
            ..self.operation()
        }
    }

    fn watch_list(&self, scope: &str, suffix: &str) -> Operation {
        Operation {
            id: self.id("watch", scope, &format!("List{suffix}")),
            description: format!(
                "Watch {} objects. Deprecated: list with the parameter `watch`.",
                self.definition.kind
            ),
            action: Some(("watchlist", self.kind())),
            parameters: parameter::LIST,
            produces: STREAMS,
            responses: vec![(200, Content::Object(&wellknown::WATCH_EVENT))],
            ..self.operation()
        }
    }

    fn watch_one(&self) -> Operation {
        Operation {
            id: self.id("watch", self.scope, ""),
            description: format!(
                "Watch one {}. Deprecated: list with the parameter `watch` and a field selector for the name.",
                self.definition.kind
            ),
            action: Some(("watch", self.kind())),
            ..self.watch_list(self.scope, "")
        }
    }

    /// What most operations have in common: reading, without parameters.
    fn operation(&self) -> Operation {
        Operation {
            method: "get",
            id: String::new(),
            tag: tag(self.definition.group, self.version),
            description: String::new(),
            action: None,
            parameters: &[],
            body: None,
            produces: OBJECTS,
            responses: Vec::new(),
        }
    }

    fn id(&self, verb: &str, scope: &str, suffix: &str) -> String {
        let (group, version) = (camel_case(self.definition.group, true), camel_case(self.version, true));
        format!("{verb}{group}{version}{scope}{}{suffix}", self.definition.kind)
    }

    fn answers(&self, codes: &[u16]) -> Vec<(u16, Content)> {
        codes.iter().map(|code| (*code, Content::Object(self.schema))).collect()
    }

    fn kind(&self) -> GroupVersionKind {
        GroupVersionKind { group: self.definition.group, version: self.version, kind: self.definition.kind }
    }
}
