//! Names, texts and values, to a server and from it.

use postgres_protocol::escape::{escape_identifier, escape_literal};
use tokio_postgres::SimpleQueryRow;

/// Quotes a name.
pub(in crate::backend) fn identifier(name: &str) -> String {
    escape_identifier(name)
}

/// Quotes a text.
pub(in crate::backend) fn literal(text: &str) -> String {
    escape_literal(text).trim_start().to_owned()
}

/// A column of a row that was looked at; null is an empty text.
pub(in crate::backend) fn cell(row: &SimpleQueryRow, index: usize) -> String {
    row.try_get(index).ok().flatten().unwrap_or_default().to_owned()
}

/// A column that holds a truth value.
pub(in crate::backend) fn flag(row: &SimpleQueryRow, index: usize) -> bool {
    row.try_get(index).ok().flatten() == Some("t")
}
