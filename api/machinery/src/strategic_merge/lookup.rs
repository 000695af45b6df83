//! What a type says of its fields, as Kubernetes finds it in the Go struct of a kind.

use super::error::Error;
use crate::openapi::scalar::type_name;
use crate::schema::{Field, Scalar, Schema, Shape};

/// `apiVersion` and `kind`.
static TEXT: Schema = Schema::unnamed(Shape::Scalar(Scalar::String));
/// What bytes are a list of.
static BYTE: Schema = Schema::unnamed(Shape::Scalar(Scalar::Int32));

/// What is known of a field.
#[derive(Clone, Copy)]
pub(super) struct Member {
    /// Its type, or that of its items.
    pub(super) schema: &'static Schema,
    /// Whether the list is merged.
    pub(super) merge: bool,
    /// The key that its items are merged by.
    pub(super) key: Option<&'static str>,
}

/// The field of an object.
pub(super) fn field(schema: &'static Schema, name: &str) -> Result<Member, Error> {
    let struct_name = match schema.shape {
        Shape::Object(_) => Some(schema.name),
        Shape::Scalar(scalar) => type_name(scalar).and_then(|name| name.rsplit('.').next()),
        _ => None,
    };
    let Some(struct_name) = struct_name else { return Err(Error::NoStruct(kind(schema))) };
    let own =
        |field: &'static Field| Member { schema: field.schema, merge: field.merge, key: field.merge_key };
    if let Some(exact) = schema.field(name) {
        return Ok(own(exact));
    }
    if schema.top_level && ["kind", "apiVersion"].iter().any(|known| is_same(known, name)) {
        return Ok(Member { schema: &TEXT, merge: false, key: None });
    }
    // As a last resort, a field whose name differs in the case of its letters.
    let alike = schema.fields().into_iter().find(|field| is_same(field.name, name));
    alike.map(own).ok_or_else(|| Error::unknown_field(struct_name, name))
}

/// The field of an object that is a list; its type is that of the items.
pub(super) fn list(schema: &'static Schema, name: &str) -> Result<Member, Error> {
    let member = field(schema, name)?;
    let item = match &member.schema.shape {
        Shape::List(item) => item,
        Shape::Scalar(Scalar::Bytes) => &BYTE,
        _ => return Err(Error::NoList(kind(schema))),
    };
    if matches!(item.shape, Shape::List(_) | Shape::Scalar(Scalar::Bytes)) {
        return Err(Error::SliceOfSlice);
    }
    Ok(Member { schema: item, ..member })
}

/// What Go calls the kind of a type.
pub(super) fn kind(schema: &Schema) -> &'static str {
    match &schema.shape {
        Shape::Object(_) => "struct",
        Shape::Map(_) => "map",
        Shape::List(_) => "slice",
        Shape::Enum(_) => "string",
        Shape::Scalar(scalar) => match scalar {
            Scalar::String => "string",
            Scalar::Bool => "bool",
            Scalar::Int32 => "int32",
            Scalar::Int64 => "int64",
            Scalar::Double => "float64",
            Scalar::Bytes => "slice",
            _ => "struct",
        },
    }
}

/// Whether names are the same but for the case of their letters. Two letters have a third form in Unicode.
fn is_same(one: &str, other: &str) -> bool {
    let folded = |character: char| match character {
        '\u{17f}' => 's',
        '\u{212a}' => 'k',
        other => other.to_ascii_lowercase(),
    };
    one.chars().map(folded).eq(other.chars().map(folded))
}
