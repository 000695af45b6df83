//! Values without parts. Those with a meaning of their own have a name, which kubectl shows.

use super::definitions::Dialect;
use crate::schema::Scalar;
use serde_json::{Value, json};

/// A scalar that has no name of its own.
pub(super) fn plain(scalar: Scalar) -> Value {
    match scalar {
        Scalar::Bool => json!({"type": "boolean"}),
        Scalar::Int32 => json!({"type": "integer", "format": "int32"}),
        Scalar::Int64 => json!({"type": "integer", "format": "int64"}),
        Scalar::Double => json!({"type": "number", "format": "double"}),
        Scalar::Bytes => json!({"type": "string", "format": "byte"}),
        _ => json!({"type": "string"}),
    }
}

/// The name and definition of a scalar that has a name.
pub(super) fn named(scalar: Scalar, dialect: Dialect) -> Option<(&'static str, Value)> {
    let name = type_name(scalar)?;
    let form = match (scalar, dialect) {
        (Scalar::Raw | Scalar::FieldsV1, _) => json!({"type": "object"}),
        (Scalar::Time | Scalar::MicroTime, _) => json!({"type": "string", "format": "date-time"}),
        (Scalar::IntOrString, Dialect::V2) => json!({"type": "string", "format": "int-or-string"}),
        (Scalar::IntOrString, Dialect::V3) => {
            json!({"format": "int-or-string", "oneOf": [{"type": "integer"}, {"type": "string"}]})
        }
        (Scalar::Quantity, Dialect::V3) => json!({"oneOf": [{"type": "string"}, {"type": "number"}]}),
        _ => json!({"type": "string"}),
    };
    let mut definition = form;
    definition["description"] = description(scalar).into();
    Some((name, definition))
}

/// The full name of a scalar that has one.
pub(crate) fn type_name(scalar: Scalar) -> Option<&'static str> {
    match scalar {
        Scalar::Time => Some("io.k8s.apimachinery.pkg.apis.meta.v1.Time"),
        Scalar::MicroTime => Some("io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime"),
        Scalar::Duration => Some("io.k8s.apimachinery.pkg.apis.meta.v1.Duration"),
        Scalar::FieldsV1 => Some("io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1"),
        Scalar::Quantity => Some("io.k8s.apimachinery.pkg.api.resource.Quantity"),
        Scalar::IntOrString => Some("io.k8s.apimachinery.pkg.util.intstr.IntOrString"),
        Scalar::Raw => Some("io.k8s.apimachinery.pkg.runtime.RawExtension"),
        Scalar::String | Scalar::Bool | Scalar::Int32 | Scalar::Int64 | Scalar::Double | Scalar::Bytes => {
            None
        }
    }
}

fn description(scalar: Scalar) -> &'static str {
    match scalar {
        Scalar::Time => "A moment, as RFC 3339 with seconds, such as `2026-01-31T12:00:00Z`.",
        Scalar::MicroTime => {
            "A moment, as RFC 3339 with microseconds, such as `2026-01-31T12:00:00.000000Z`."
        }
        Scalar::Duration => "A span of time, such as `1h30m` or `45s`.",
        Scalar::FieldsV1 => {
            "A set of fields as nested maps: `f:NAME` is a field, `k:KEYS` an item of a list by its keys, `v:VALUE` \
             an item by its value, `i:INDEX` an item by its place, and `.` the thing itself."
        }
        Scalar::Quantity => {
            "An amount: a decimal number with an optional suffix, either decimal (`m`, `k`, `M`, `G`, `T`, `P`, `E`), \
             binary (`Ki`, `Mi`, `Gi`, `Ti`, `Pi`, `Ei`) or an exponent such as `e3`."
        }
        Scalar::IntOrString => "A number, or text such as `25%`.",
        Scalar::Raw => "Any JSON object; it is kept as it is.",
        Scalar::String | Scalar::Bool | Scalar::Int32 | Scalar::Int64 | Scalar::Double | Scalar::Bytes => "",
    }
}
