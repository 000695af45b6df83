//! The walk over the types: what `$ref` points to.

use super::operation::{Content, named};
use super::scalar;
use crate::meta::ListMeta;
use crate::schema::{Field, Schema, Shape, Topology};
use crate::wire::Value as _;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

const KINDS: &str = "x-kubernetes-group-version-kind";
const API_VERSION: &str = "The group and version of this form of the object, such as `apps/v1`; the server refuses \
                           versions it does not know.";
const KIND: &str = "The kind of the object, in CamelCase. It follows from where the object is sent, and cannot be \
                    updated.";

/// In front of the names of Kubernetes' own types where they could meet those of Kubernetes itself.
const OWN: &str = "apimachinery.";

/// Which version of OpenAPI is written.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Dialect {
    /// Swagger 2.0: keywords may stand beside `$ref`.
    V2,
    /// OpenAPI 3.0: a `$ref` stands alone, so that one with more to say goes into `allOf` (O-25).
    V3,
}

/// The types met so far.
pub(super) struct Definitions {
    dialect: Dialect,
    is_merged: bool,
    all: BTreeMap<String, Value>,
}

impl Definitions {
    pub(super) fn new(dialect: Dialect) -> Self {
        Definitions { dialect, is_merged: false, all: BTreeMap::new() }
    }

    /// Those of a document that an aggregator merges with those of all other servers. It renames what has another's name
    /// and is not word for word the same; so Kubernetes' types go by names of our own.
    pub(super) fn merged(dialect: Dialect) -> Self {
        Definitions { is_merged: true, ..Definitions::new(dialect) }
    }

    /// The types by their names.
    pub(super) fn finish(self) -> Value {
        self.all.into_iter().collect::<Map<String, Value>>().into()
    }

    /// A reference to what stands in a body.
    pub(super) fn content(&mut self, content: Content) -> Value {
        match content {
            Content::Object(schema) => self.object(schema),
            Content::List(schema) => self.list(schema),
        }
    }

    /// Says of a type that it is a kind; nothing where the type was not met.
    pub(super) fn mark(&mut self, type_name: &str, group: &str, version: &str, kind: &str) {
        let name = self.name(type_name.to_owned());
        let Some(definition) = self.all.get_mut(&name) else { return };
        let kind = named(group, version, kind);
        match &mut definition[KINDS] {
            Value::Array(kinds) if kinds.contains(&kind) => {}
            Value::Array(kinds) => kinds.push(kind),
            empty => *empty = json!([kind]),
        }
    }

    /// Whether another server's document may stand beside the definitions.
    pub(super) fn is_merged(&self) -> bool {
        self.is_merged
    }

    fn name(&self, name: String) -> String {
        let of_kubernetes = name.starts_with("io.k8s.apimachinery.") || name.starts_with("io.k8s.api.");
        if self.is_merged && of_kubernetes { format!("{OWN}{name}") } else { name }
    }

    fn reference(&self, name: &str) -> Value {
        let place = match self.dialect {
            Dialect::V2 => "definitions",
            Dialect::V3 => "components/schemas",
        };
        json!({"$ref": format!("#/{place}/{name}")})
    }

    fn object(&mut self, schema: &'static Schema) -> Value {
        let name = self.name(schema.full_name());
        if !self.all.contains_key(&name) {
            let definition = self.define(schema);
            self.all.insert(name.clone(), definition);
        }
        self.reference(&name)
    }

    fn define(&mut self, schema: &'static Schema) -> Value {
        let fields = schema.fields();
        let mut properties: Map<String, Value> =
            fields.iter().map(|field| (field.name.to_owned(), self.property(field))).collect();
        if schema.top_level {
            type_meta(&mut properties);
        }
        let mut definition = json!({"type": "object", "description": schema.doc});
        if !properties.is_empty() {
            definition["properties"] = properties.into();
        }
        let required: Vec<&str> =
            fields.iter().filter(|field| field.required).map(|field| field.name).collect();
        if !required.is_empty() {
            definition["required"] = required.into();
        }
        if schema.atomic {
            definition["x-kubernetes-map-type"] = "atomic".into();
        }
        definition
    }

    fn list(&mut self, item: &'static Schema) -> Value {
        let name = self.name(format!("{}List", item.full_name()));
        let mut items = json!({"type": "array", "items": self.object(item)});
        items["description"] = format!("The {} objects.", item.name).into();
        let metadata = self.object(ListMeta::SCHEMA);
        let metadata = self.described(metadata, "Metadata of the list.");
        let mut properties = Map::from_iter([("items".to_owned(), items), ("metadata".to_owned(), metadata)]);
        type_meta(&mut properties);
        let definition = json!({
            "type": "object",
            "description": format!("A list of {} objects.", item.name),
            "properties": properties,
            "required": ["items"],
        });
        self.all.insert(name.clone(), definition);
        self.reference(&name)
    }

    fn value(&mut self, schema: &'static Schema) -> Value {
        match &schema.shape {
            Shape::Object(_) => self.object(schema),
            Shape::Map(value) => json!({"type": "object", "additionalProperties": self.value(value)}),
            Shape::List(item) => json!({"type": "array", "items": self.value(item)}),
            Shape::Enum(values) => json!({"type": "string", "enum": values}),
            Shape::Scalar(scalar) => match scalar::named(*scalar, self.dialect) {
                Some((name, definition)) => {
                    let name = self.name(name.to_owned());
                    self.all.insert(name.clone(), definition);
                    self.reference(&name)
                }
                None => scalar::plain(*scalar),
            },
        }
    }

    fn property(&mut self, field: &'static Field) -> Value {
        let value = self.value(field.schema);
        let mut property = self.described(value, field.doc);
        if let Some(text) = field.default_text() {
            property["default"] =
                serde_json::from_str(text).expect("`default` in #[api(…)] is the text of a JSON value");
        }
        structure(field, &mut property);
        patch_strategy(field, &mut property);
        property
    }

    fn described(&self, value: Value, description: &str) -> Value {
        let alone = self.dialect == Dialect::V3 && value.get("$ref").is_some();
        let mut value = if alone { json!({"allOf": [value]}) } else { value };
        value["description"] = description.into();
        value
    }
}

fn type_meta(properties: &mut Map<String, Value>) {
    for (name, description) in [("apiVersion", API_VERSION), ("kind", KIND)] {
        properties.insert(name.to_owned(), json!({"type": "string", "description": description}));
    }
}

/// How apply treats the field (O-10).
fn structure(field: &Field, property: &mut Value) {
    let is_list = matches!(field.schema.shape, Shape::List(_));
    match field.topology {
        Topology::Default | Topology::Atomic if is_list => {
            property["x-kubernetes-list-type"] = "atomic".into()
        }
        Topology::Default => {}
        Topology::Atomic => property["x-kubernetes-map-type"] = "atomic".into(),
        Topology::Set => property["x-kubernetes-list-type"] = "set".into(),
        Topology::Map(keys) => {
            property["x-kubernetes-list-type"] = "map".into();
            property["x-kubernetes-list-map-keys"] = keys.into();
        }
    }
}

/// How strategic merge treats the field (O-10).
fn patch_strategy(field: &Field, property: &mut Value) {
    let strategy = match (field.merge, field.retain_keys) {
        (false, false) => None,
        (true, false) => Some("merge"),
        (false, true) => Some("retainKeys"),
        (true, true) => Some("merge,retainKeys"),
    };
    if let Some(strategy) = strategy {
        property["x-kubernetes-patch-strategy"] = strategy.into();
    }
    if let Some(key) = field.merge_key {
        property["x-kubernetes-patch-merge-key"] = key.into();
    }
}
