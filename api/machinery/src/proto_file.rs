//! `.proto` files of wire types, for clients that read protobuf.
//!
//! Packages whose OpenAPI name begins with `io.k8s.` are written the other way round, `k8s.io.`, as Kubernetes
//! names them in protobuf, so that the files work together with Kubernetes' own. Those own files are not made
//! here: they declare `Time`, `Quantity` and the like, which are no structs here.

use crate::meta::{ListMeta, ObjectMeta};
use crate::openapi::scalar;
use crate::schema::{Field, Scalar, Schema, Shape};
use crate::wire::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// The `.proto` file of a package: every type of it that can be reached from `types`, in the order of names,
/// with the lists of kinds. Types of other packages are imported from their [`file_name`]s.
pub fn render(package: &str, types: &[&'static Schema]) -> String {
    let mut reached = BTreeMap::new();
    types.iter().for_each(|schema| reach(schema, &mut reached));
    let mut file = File { package, imports: BTreeSet::new(), messages: BTreeMap::new() };
    for schema in reached.into_values().filter(|schema| schema.package == package) {
        file.message(schema);
        if is_kind(schema) {
            file.list(schema);
        }
    }
    file.text()
}

/// Where the `.proto` file of a package stands, relative to the root of imports.
pub fn file_name(package: &str) -> String {
    match package.strip_prefix("io.k8s.") {
        Some(rest) => format!("k8s.io/{}/generated.proto", rest.replace('.', "/")),
        None => format!("{}/generated.proto", package.replace('.', "/")),
    }
}

fn proto_package(package: &str) -> String {
    match package.strip_prefix("io.k8s.") {
        Some(rest) => format!("k8s.io.{rest}"),
        None => package.to_owned(),
    }
}

/// Adds a type and all types of its fields.
fn reach(schema: &'static Schema, reached: &mut BTreeMap<String, &'static Schema>) {
    match &schema.shape {
        Shape::Object(_) => {
            if reached.insert(schema.full_name(), schema).is_none() {
                schema.message_fields().iter().for_each(|field| reach(field.schema, reached));
                if is_kind(schema) {
                    reach(ListMeta::SCHEMA, reached);
                }
            }
        }
        Shape::Map(inner) | Shape::List(inner) => reach(inner, reached),
        Shape::Enum(_) | Shape::Scalar(_) => {}
    }
}

fn is_kind(schema: &'static Schema) -> bool {
    let metadata = ObjectMeta::SCHEMA.full_name();
    schema.top_level && schema.field("metadata").is_some_and(|field| field.schema.full_name() == metadata)
}

struct File<'a> {
    package: &'a str,
    imports: BTreeSet<String>,
    messages: BTreeMap<String, String>,
}

impl File<'_> {
    fn message(&mut self, schema: &'static Schema) {
        let mut text = String::new();
        comment(&mut text, "", schema.doc);
        let body: Vec<String> = schema.message_fields().iter().map(|field| self.field(field)).collect();
        let _ = write!(text, "message {} {{\n{}}}\n", schema.name, body.join("\n"));
        self.messages.insert(schema.name.to_owned(), text);
    }

    fn list(&mut self, item: &Schema) {
        let mut text = String::new();
        comment(&mut text, "", &format!("A list of {} objects.", item.name));
        let metadata = self.named(ListMeta::SCHEMA.package, ListMeta::SCHEMA.name);
        let name = item.name;
        let _ = write!(
            text,
            "message {name}List {{\n  // Metadata of the list.\n  optional {metadata} metadata = 1;\n\n  \
             // The {name} objects.\n  repeated {name} items = 2;\n}}\n"
        );
        self.messages.insert(format!("{name}List"), text);
    }

    fn field(&mut self, field: &Field) -> String {
        let (label, kind) = match &field.schema.shape {
            Shape::List(item) => ("repeated ", self.kind(item)),
            Shape::Map(value) => ("", format!("map<string, {}>", self.kind(value))),
            _ => ("optional ", self.kind(field.schema)),
        };
        let mut text = String::new();
        comment(&mut text, "  ", field.doc);
        let _ = writeln!(text, "  {label}{kind} {} = {};", field.name, field.number);
        text
    }

    /// The type of one value.
    fn kind(&mut self, schema: &Schema) -> String {
        match &schema.shape {
            Shape::Object(_) => self.named(schema.package, schema.name),
            Shape::Enum(_) => "string".to_owned(),
            Shape::Scalar(scalar) => self.scalar(*scalar),
            // Within a map or a list only `wire::StringList` is one.
            Shape::Map(_) | Shape::List(_) => {
                let text = "message StringList {\n  // The strings.\n  repeated string items = 1;\n}\n";
                self.messages.insert("StringList".to_owned(), text.to_owned());
                "StringList".to_owned()
            }
        }
    }

    fn scalar(&mut self, scalar: Scalar) -> String {
        if let Some((package, name)) = scalar::type_name(scalar).and_then(|name| name.rsplit_once('.')) {
            return self.named(package, name);
        }
        let name = match scalar {
            Scalar::Bool => "bool",
            Scalar::Int32 => "int32",
            Scalar::Int64 => "int64",
            Scalar::Double => "double",
            Scalar::Bytes => "bytes",
            _ => "string",
        };
        name.to_owned()
    }

    fn named(&mut self, package: &str, name: &str) -> String {
        if package == self.package {
            return name.to_owned();
        }
        self.imports.insert(file_name(package));
        format!(".{}.{name}", proto_package(package))
    }

    fn text(self) -> String {
        let mut text = format!("syntax = \"proto2\";\n\npackage {};\n", proto_package(self.package));
        for (position, import) in self.imports.iter().enumerate() {
            let gap = if position == 0 { "\n" } else { "" };
            let _ = writeln!(text, "{gap}import \"{import}\";");
        }
        for message in self.messages.values() {
            let _ = write!(text, "\n{message}");
        }
        text
    }
}

fn comment(text: &mut String, indent: &str, doc: &str) {
    for line in doc.lines() {
        let _ = writeln!(text, "{}", format!("{indent}// {line}").trim_end());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::openapi::fixture;

    #[test]
    fn the_file_of_a_package_is_stable() {
        let schema = fixture::FLUNDER.versions[0].schema;
        fixture::golden("wardle.v1.proto", &render(schema.package, &[schema]));
    }

    #[test]
    fn types_of_other_packages_are_imported() {
        let text = render(ObjectMeta::SCHEMA.package, &[fixture::FLUNDER.versions[0].schema]);
        assert!(text.contains("package k8s.io.apimachinery.pkg.apis.meta.v1;"), "{text}");
        assert!(text.contains("message ObjectMeta {") && text.contains("message ListMeta {"), "{text}");
        assert!(!text.contains("Flunder"), "{text}");
    }

    #[test]
    fn file_names_follow_kubernetes() {
        let name = file_name("io.k8s.apimachinery.pkg.apis.meta.v1");
        assert_eq!(name, "k8s.io/apimachinery/pkg/apis/meta/v1/generated.proto");
        assert_eq!(file_name("com.example.wardle.v1"), "com/example/wardle/v1/generated.proto");
    }
}
