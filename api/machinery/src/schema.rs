//! What the API says of a type, as static data.
//!
//! JSON and protobuf come from the impls that `#[api_type]` makes; everything that needs to *know* a type
//! (OpenAPI, `.proto` files, apply, strategic merge, validation of enumerations, feature gating) walks this.

/// A wire type.
#[derive(Debug)]
pub struct Schema {
    /// Reversed-DNS package, such as `io.k8s.standard.databases.v1`; empty for unnamed shapes.
    pub package: &'static str,
    /// The type's name within the package; empty for unnamed shapes.
    pub name: &'static str,
    /// What `kubectl explain` prints.
    pub doc: &'static str,
    /// Whether the type is an object with `kind` and `apiVersion`.
    pub top_level: bool,
    /// One owner for the whole, wherever the type stands.
    pub atomic: bool,
    /// Its form.
    pub shape: Shape,
}

/// The form of a type.
#[derive(Debug)]
pub enum Shape {
    /// A struct.
    Object(&'static [Field]),
    /// A map from strings.
    Map(&'static Schema),
    /// A list.
    List(&'static Schema),
    /// A string out of a set.
    Enum(&'static [&'static str]),
    /// A value without parts.
    Scalar(Scalar),
}

/// A value without parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scalar {
    /// A string.
    String,
    /// A boolean.
    Bool,
    /// A 32-bit integer.
    Int32,
    /// A 64-bit integer.
    Int64,
    /// A double.
    Double,
    /// Base64 in JSON.
    Bytes,
    /// RFC 3339 with seconds.
    Time,
    /// RFC 3339 with microseconds.
    MicroTime,
    /// A Go duration such as `1h30m`.
    Duration,
    /// A quantity such as `10Gi`.
    Quantity,
    /// An integer or a string.
    IntOrString,
    /// Any JSON object, kept as it is.
    Raw,
    /// The set of fields a manager owns.
    FieldsV1,
}

/// A field of a struct.
#[derive(Debug)]
pub struct Field {
    /// The JSON name.
    pub name: &'static str,
    /// The protobuf number; 0 where it is inlined in protobuf, too.
    pub number: u32,
    /// What `kubectl explain` prints.
    pub doc: &'static str,
    /// The field's type.
    pub schema: &'static Schema,
    /// Always written and required on input.
    pub required: bool,
    /// Its own fields stand in the outer object.
    pub inline: bool,
    /// Cannot change once set.
    pub immutable: bool,
    /// How apply treats it.
    pub topology: Topology,
    /// The static default, as JSON text.
    pub default: Option<&'static str>,
    /// Whether strategic merge merges a list (by `merge_key`, or as a set of scalars).
    pub merge: bool,
    /// The key of a list that strategic merge merges.
    pub merge_key: Option<&'static str>,
    /// Whether strategic merge honours `$retainKeys`.
    pub retain_keys: bool,
    /// The Extended feature, without the kind's name in front.
    pub feature: Option<&'static str>,
}

impl Field {
    /// What stands for the field where it is absent, as JSON text. Of a text that is required that is the empty one, as in the
    /// OpenAPI of Kubernetes' own types: so an item of a list that lacks its key has one, and is refused by validation.
    pub fn default_text(&self) -> Option<&'static str> {
        let is_text = matches!(self.schema.shape, Shape::Scalar(Scalar::String));
        self.default.or((self.required && is_text).then_some("\"\""))
    }
}

/// How apply treats a list, a map or a struct.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topology {
    /// Lists atomic, maps and structs granular.
    Default,
    /// One owner for the whole.
    Atomic,
    /// A list of distinct scalars.
    Set,
    /// A list keyed by these fields.
    Map(&'static [&'static str]),
}

impl Schema {
    /// An unnamed shape.
    pub const fn unnamed(shape: Shape) -> Schema {
        Schema { package: "", name: "", doc: "", top_level: false, atomic: false, shape }
    }

    /// The fields of a struct with inlined ones in place; empty for other shapes.
    pub fn fields(&'static self) -> Vec<&'static Field> {
        self.flattened(|field| field.inline)
    }

    /// The fields of its protobuf message; empty for other shapes.
    pub fn message_fields(&'static self) -> Vec<&'static Field> {
        self.flattened(|field| field.number == 0)
    }

    fn flattened(&'static self, is_inlined: fn(&Field) -> bool) -> Vec<&'static Field> {
        let Shape::Object(fields) = &self.shape else { return Vec::new() };
        let parts = fields.iter().map(|field| match is_inlined(field) {
            true => field.schema.flattened(is_inlined),
            false => vec![field],
        });
        parts.flatten().collect()
    }

    /// The field of that JSON name.
    pub fn field(&'static self, name: &str) -> Option<&'static Field> {
        let Shape::Object(fields) = &self.shape else { return None };
        fields.iter().find_map(|field| match field.inline {
            true => field.schema.field(name),
            false => (field.name == name).then_some(field),
        })
    }

    /// `package.name`, as OpenAPI names the type.
    pub fn full_name(&self) -> String {
        format!("{}.{}", self.package, self.name)
    }
}

/// Whether a protobuf message has a field of that number.
pub const fn has_number(schema: &'static Schema, number: u32) -> bool {
    count_number(schema, number) > 0
}

/// Whether every field of a protobuf message has a number of its own.
pub const fn has_distinct_numbers(schema: &'static Schema) -> bool {
    are_distinct(schema, schema)
}

const fn are_distinct(part: &'static Schema, whole: &'static Schema) -> bool {
    let Shape::Object(fields) = &part.shape else { return true };
    let mut index = 0;
    while index < fields.len() {
        let field = &fields[index];
        let distinct = match field.number {
            0 => are_distinct(field.schema, whole),
            number => count_number(whole, number) == 1,
        };
        if !distinct {
            return false;
        }
        index += 1;
    }
    true
}

const fn count_number(schema: &'static Schema, number: u32) -> usize {
    let Shape::Object(fields) = &schema.shape else { return 0 };
    let (mut count, mut index) = (0, 0);
    while index < fields.len() {
        let field = &fields[index];
        count += match field.number {
            0 => count_number(field.schema, number),
            own if own == number => 1,
            _ => 0,
        };
        index += 1;
    }
    count
}
