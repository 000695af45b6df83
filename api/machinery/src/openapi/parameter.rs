//! The parameters that requests take (O-07, O-08).

use serde_json::{Value, json};

/// A parameter in the path or the query.
pub(super) struct Parameter {
    name: &'static str,
    place: Place,
    kind: &'static str,
    description: &'static str,
}

#[derive(Clone, Copy, PartialEq)]
enum Place {
    Path,
    Query,
}

impl Parameter {
    const fn path(name: &'static str, description: &'static str) -> Self {
        Parameter { name, place: Place::Path, kind: "string", description }
    }

    const fn query(name: &'static str, kind: &'static str, description: &'static str) -> Self {
        Parameter { name, place: Place::Query, kind, description }
    }

    /// In the words of v2.
    pub(super) fn v2(&self) -> Value {
        let mut value = self.common();
        value["type"] = self.kind.into();
        value["uniqueItems"] = true.into();
        value
    }

    /// In the words of v3.
    pub(super) fn v3(&self) -> Value {
        let mut value = self.common();
        value["schema"] = json!({"type": self.kind, "uniqueItems": true});
        value
    }

    fn common(&self) -> Value {
        match self.place {
            Place::Query => json!({"name": self.name, "in": "query", "description": self.description}),
            Place::Path => {
                json!({"name": self.name, "in": "path", "description": self.description, "required": true})
            }
        }
    }
}

pub(super) static NAME: Parameter = Parameter::path("name", "Name of the object.");
pub(super) static NAMESPACE: Parameter = Parameter::path("namespace", "Namespace of the objects.");
pub(super) static PRETTY: Parameter =
    Parameter::query("pretty", "string", "`true`: the answer is indented for people to read.");

static ALLOW_WATCH_BOOKMARKS: Parameter = Parameter::query(
    "allowWatchBookmarks",
    "boolean",
    "Whether the client takes BOOKMARK events, which tell it how far the watch has come. When they are sent is up \
     to the server. Only for watches.",
);
static CONTINUE: Parameter = Parameter::query(
    "continue",
    "string",
    "The token that a list in parts gave for its next part. All other parameters must be as in the first request. \
     A token that is too old is answered with 410, and the list starts again.",
);
static FIELD_SELECTOR: Parameter = Parameter::query(
    "fieldSelector",
    "string",
    "Only objects whose fields have these values. All by default.",
);
static LABEL_SELECTOR: Parameter =
    Parameter::query("labelSelector", "string", "Only objects whose labels match. All by default.");
static LIMIT: Parameter = Parameter::query(
    "limit",
    "integer",
    "The most items of one answer; `metadata.continue` of the answer is a token for the rest. Not for watches.",
);
static RESOURCE_VERSION: Parameter = Parameter::query(
    "resourceVersion",
    "string",
    "For lists, the state to answer from; for watches, the state after which events begin. \
     `resourceVersionMatch` says how exactly it is meant.",
);
static RESOURCE_VERSION_MATCH: Parameter = Parameter::query(
    "resourceVersionMatch",
    "string",
    "How `resourceVersion` is meant: `Exact`, or `NotOlderThan`.",
);
static SEND_INITIAL_EVENTS: Parameter = Parameter::query(
    "sendInitialEvents",
    "boolean",
    "Whether a watch begins with an ADDED event for every object there is, followed by a BOOKMARK that has the \
     annotation `k8s.io/initial-events-end`. Needs `resourceVersionMatch=NotOlderThan`.",
);
static TIMEOUT_SECONDS: Parameter = Parameter::query(
    "timeoutSeconds",
    "integer",
    "Seconds after which the list or watch ends, whatever comes.",
);
static WATCH: Parameter =
    Parameter::query("watch", "boolean", "Whether to stream the changes of the objects instead of a list.");
static DRY_RUN: Parameter = Parameter::query(
    "dryRun",
    "string",
    "`All`: everything is checked and nothing is written. Other values are refused.",
);
static FIELD_MANAGER: Parameter = Parameter::query(
    "fieldManager",
    "string",
    "Who makes the change: up to 128 printable characters. Required for apply; otherwise taken from the \
     User-Agent header.",
);
static FIELD_VALIDATION: Parameter = Parameter::query(
    "fieldValidation",
    "string",
    "What happens with unknown and duplicate fields: `Ignore` drops them, `Warn` drops them and warns, `Strict` \
     refuses the request. `Warn` by default.",
);
static FORCE: Parameter = Parameter::query(
    "force",
    "boolean",
    "Whether an apply takes fields over from other managers instead of failing. Only for apply.",
);
static GRACE_PERIOD_SECONDS: Parameter = Parameter::query(
    "gracePeriodSeconds",
    "integer",
    "Seconds before the object should be deleted; 0 means at once. The kind's own period by default.",
);
static IGNORE_STORE_READ_ERROR: Parameter = Parameter::query(
    "ignoreStoreReadErrorWithClusterBreakingPotential",
    "boolean",
    "Whether to delete an object that cannot be read from storage, without finalizers and checks. Dangerous.",
);
static ORPHAN_DEPENDENTS: Parameter = Parameter::query(
    "orphanDependents",
    "boolean",
    "Deprecated: use propagationPolicy. Whether dependents stay when the object goes.",
);
static PROPAGATION_POLICY: Parameter = Parameter::query(
    "propagationPolicy",
    "string",
    "What happens to dependents: `Orphan`, `Background` or `Foreground`.",
);

/// Of GET of a collection.
pub(super) static LIST: &[&Parameter] = &[
    &ALLOW_WATCH_BOOKMARKS,
    &CONTINUE,
    &FIELD_SELECTOR,
    &LABEL_SELECTOR,
    &LIMIT,
    &RESOURCE_VERSION,
    &RESOURCE_VERSION_MATCH,
    &SEND_INITIAL_EVENTS,
    &TIMEOUT_SECONDS,
    &WATCH,
];
/// Of DELETE of a collection.
pub(super) static DELETE_COLLECTION: &[&Parameter] = &[
    &CONTINUE,
    &DRY_RUN,
    &FIELD_SELECTOR,
    &GRACE_PERIOD_SECONDS,
    &IGNORE_STORE_READ_ERROR,
    &LABEL_SELECTOR,
    &LIMIT,
    &ORPHAN_DEPENDENTS,
    &PROPAGATION_POLICY,
    &RESOURCE_VERSION,
    &RESOURCE_VERSION_MATCH,
    &SEND_INITIAL_EVENTS,
    &TIMEOUT_SECONDS,
];
/// Of DELETE of an object.
pub(super) static DELETE: &[&Parameter] =
    &[&DRY_RUN, &GRACE_PERIOD_SECONDS, &IGNORE_STORE_READ_ERROR, &ORPHAN_DEPENDENTS, &PROPAGATION_POLICY];
/// Of POST and PUT.
pub(super) static WRITE: &[&Parameter] = &[&DRY_RUN, &FIELD_MANAGER, &FIELD_VALIDATION];
/// Of PATCH.
pub(super) static PATCH: &[&Parameter] = &[&DRY_RUN, &FIELD_MANAGER, &FIELD_VALIDATION, &FORCE];
