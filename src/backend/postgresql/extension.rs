//! What brings an extension of a database in line.

use super::text::{identifier, literal};

/// The extensions of a database, with the version and the schema of each.
pub(in crate::backend) const EXTENSIONS: &str = "SELECT e.extname, e.extversion, n.nspname FROM pg_extension e \
     JOIN pg_namespace n ON n.oid = e.extnamespace";

/// An extension as it should be; what is none is left to PostgreSQL.
pub(in crate::backend) struct Wanted<'a> {
    pub(in crate::backend) name: &'a str,
    pub(in crate::backend) version: Option<&'a str>,
    pub(in crate::backend) schema: Option<&'a str>,
}

/// The statements, each with a verb for it. `current` is the version and the schema that it has; `prepare` makes its schema.
pub(in crate::backend) fn statements(
    wanted: &Wanted<'_>,
    current: Option<(&str, &str)>,
    prepare: &str,
) -> Vec<(&'static str, String)> {
    let Wanted { name, version, schema } = wanted;
    let quoted = identifier(name);
    let Some((has, place)) = current else {
        let schema = schema.map(|schema| format!(" SCHEMA {}", identifier(schema))).unwrap_or_default();
        let version = version.map(|version| format!(" VERSION {}", literal(version))).unwrap_or_default();
        // What names no schema goes where applications look first, and so does what it needs.
        let statements = format!(
            "SET LOCAL search_path = public; {prepare}\
             CREATE EXTENSION IF NOT EXISTS {quoted} WITH{schema}{version} CASCADE"
        );
        return vec![("install", statements)];
    };
    let prepared = (!prepare.is_empty()).then(|| ("make the schema of", prepare.to_owned()));
    let moved = schema.filter(|schema| *schema != place);
    let moved =
        moved.map(|schema| ("move", format!("ALTER EXTENSION {quoted} SET SCHEMA {}", identifier(schema))));
    let updated = version.filter(|version| *version != has);
    let updated =
        updated.map(|version| ("update", format!("ALTER EXTENSION {quoted} UPDATE TO {}", literal(version))));
    [prepared, moved, updated].into_iter().flatten().collect()
}
