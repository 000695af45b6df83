//! Types that every API has and no kind declares.

use crate::schema::{Field, Scalar, Schema, Shape, Topology};

const META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1";

static TEXT: Schema = Schema::unnamed(Shape::Scalar(Scalar::String));
static TEXTS: Schema = Schema::unnamed(Shape::List(&TEXT));
static FLAG: Schema = Schema::unnamed(Shape::Scalar(Scalar::Bool));
static ANYTHING: Schema = Schema::unnamed(Shape::Scalar(Scalar::Raw));
static RESOURCES: Schema = Schema::unnamed(Shape::List(&API_RESOURCE));

const fn field(number: u32, name: &'static str, schema: &'static Schema, doc: &'static str) -> Field {
    Field {
        name,
        number,
        doc,
        schema,
        required: false,
        inline: false,
        immutable: false,
        topology: Topology::Default,
        default: None,
        merge: false,
        merge_key: None,
        retain_keys: false,
        feature: None,
    }
}

const fn required(number: u32, name: &'static str, schema: &'static Schema, doc: &'static str) -> Field {
    Field { required: true, ..field(number, name, schema, doc) }
}

const fn object(
    package: &'static str,
    name: &'static str,
    top_level: bool,
    doc: &'static str,
    fields: &'static [Field],
) -> Schema {
    Schema { package, name, doc, top_level, atomic: false, shape: Shape::Object(fields) }
}

/// The body of a PATCH.
pub(super) static PATCH: Schema = object(
    META,
    "Patch",
    false,
    "A change of parts of an object; its form follows from the media type of the request.",
    &[],
);

/// One event of a watch.
pub(super) static WATCH_EVENT: Schema = object(
    META,
    "WatchEvent",
    false,
    "One event of a watch.",
    &[
        required(1, "type", &TEXT, "`ADDED`, `MODIFIED`, `DELETED`, `BOOKMARK` or `ERROR`."),
        required(
            2,
            "object",
            &ANYTHING,
            "The object as it is now; the last state of a deleted one; for BOOKMARK only its resource version; \
             for ERROR a Status.",
        ),
    ],
);

/// The list of resources of a group and version.
pub(super) static API_RESOURCE_LIST: Schema = object(
    META,
    "APIResourceList",
    true,
    "The resources of a group and version.",
    &[
        required(1, "groupVersion", &TEXT, "The group and version."),
        required(2, "resources", &RESOURCES, "The resources and their subresources."),
    ],
);

static API_RESOURCE: Schema = object(
    META,
    "APIResource",
    false,
    "A resource or subresource.",
    &[
        required(1, "name", &TEXT, "The plural name; `/` and the name of the subresource follow for those."),
        required(2, "namespaced", &FLAG, "Whether objects live in namespaces."),
        required(3, "kind", &TEXT, "The kind of its objects."),
        required(4, "verbs", &TEXTS, "What can be done with it."),
        field(5, "shortNames", &TEXTS, "Short names for the command line."),
        required(6, "singularName", &TEXT, "The singular name; empty for subresources."),
        field(7, "categories", &TEXTS, "Groups of resources it belongs to, such as `all`."),
        field(8, "group", &TEXT, "The group of its kind, where that is another one than the list's."),
        field(9, "version", &TEXT, "The version of its kind, where that is another one than the list's."),
        field(10, "storageVersionHash", &TEXT, "Changes when objects are stored in another version. Opaque."),
    ],
);
