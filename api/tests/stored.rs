//! What is stored must be readable for ever: `testdata/stored` holds an object of each kind and version with every field
//! that its schema has. Today's decoder reads each, and writes the same object. `UPDATE_GOLDEN=1` adds what is
//! missing; a file that is there already is changed by hand, and only with a migration.

use apimachinery::kind::{Definition, Version};
use apimachinery::schema::{Scalar, Schema, Shape};
use databases_api::definitions;
use serde_json::{Map, Value, json};
use std::path::PathBuf;
use std::sync::Once;

/// An object with every field.
fn full(schema: &'static Schema) -> Value {
    match &schema.shape {
        Shape::Object(_) => {
            let fields = schema.fields().into_iter();
            fields.map(|field| (field.name.to_owned(), full(field.schema))).collect::<Map<_, _>>().into()
        }
        Shape::Map(value) => json!({"key": full(value)}),
        Shape::List(item) => json!([full(item)]),
        Shape::Enum(values) => values[0].into(),
        Shape::Scalar(scalar) => match scalar {
            Scalar::String => "text".into(),
            Scalar::Bool => true.into(),
            Scalar::Int32 | Scalar::Int64 | Scalar::IntOrString => 7.into(),
            Scalar::Double => 1.5.into(),
            Scalar::Bytes => "Ynl0ZXM=".into(),
            Scalar::Time => "2026-01-01T00:00:00Z".into(),
            Scalar::MicroTime => "2026-01-01T00:00:00.000001Z".into(),
            Scalar::Duration => "1h30m0s".into(),
            Scalar::Quantity => "1Gi".into(),
            Scalar::Raw => json!({"any": "thing"}),
            Scalar::FieldsV1 => json!({"f:spec": {}}),
        },
    }
}

fn file(definition: &Definition, version: &Version) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("testdata/stored");
    folder.join(format!("{}.{}.json", definition.plural, version.name))
}

fn all() -> impl Iterator<Item = (&'static Definition, &'static Version)> {
    let definitions = definitions().iter().chain(core_v1::definitions());
    definitions.flat_map(|definition| definition.versions.iter().map(move |version| (*definition, version)))
}

fn encode(version: &Version, object: &dyn apimachinery::kind::Hub) -> String {
    let mut bytes = Vec::new();
    (version.encode_json)(object, &mut bytes);
    String::from_utf8(bytes).expect("JSON is UTF-8")
}

/// What a file says; one that is missing is made where golden files are updated, before any test reads it.
fn stored(definition: &'static Definition, version: &'static Version) -> Value {
    static MADE: Once = Once::new();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        MADE.call_once(|| {
            all().filter(|(definition, version)| !file(definition, version).exists()).for_each(make)
        });
    }
    let path = file(definition, version);
    let text = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(!text.is_empty(), "{} is missing: run the tests with UPDATE_GOLDEN=1", path.display());
    serde_json::from_str(&text).expect("JSON")
}

fn make((definition, version): (&'static Definition, &'static Version)) {
    let path = file(definition, version);
    let (object, _) = (version.decode_tree)(&full(version.schema)).expect("an object of the schema");
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("the folder can be made");
    std::fs::write(&path, encode(version, &*object) + "\n").expect("the file can be written");
}

#[test]
fn every_field_of_every_version_is_read_and_written_as_it_was_stored() {
    for (definition, version) in all() {
        let (stored, path) = (stored(definition, version), file(definition, version));
        let (object, context) = (version.decode_tree)(&stored).expect("what was stored can be read");
        assert!(context.problems().is_empty(), "{}: {:?}", path.display(), context.problems());
        // The order of members is not promised.
        let written: Value = serde_json::from_str(&encode(version, &*object)).expect("JSON");
        assert_eq!(written, stored, "{}", path.display());
        let protobuf = {
            let mut bytes = Vec::new();
            (version.encode_protobuf)(&*object, &mut bytes);
            (version.decode_protobuf)(&bytes).expect("the same object in protobuf")
        };
        assert!(protobuf.same(&*object), "{} differs in protobuf", path.display());
    }
}

#[test]
fn the_stored_objects_have_every_field() {
    for (definition, version) in all() {
        let mut missing = Vec::new();
        lacking(version.schema, &stored(definition, version), "", &mut missing);
        assert!(
            missing.is_empty(),
            "{} lacks {missing:?}: add them with the values of a new object",
            file(definition, version).display()
        );
    }
}

fn lacking(schema: &'static Schema, value: &Value, path: &str, missing: &mut Vec<String>) {
    match &schema.shape {
        Shape::Object(_) => {
            for field in schema.fields() {
                let path = format!("{path}.{}", field.name);
                match value.get(field.name) {
                    Some(value) => lacking(field.schema, value, &path, missing),
                    None => missing.push(path),
                }
            }
        }
        Shape::List(item) => match value.get(0) {
            Some(value) => lacking(item, value, &format!("{path}[]"), missing),
            None => missing.push(format!("{path}[]")),
        },
        _ => {}
    }
}
