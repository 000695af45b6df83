//! Names, texts and values, to a server and from it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use postgres_protocol::escape::{escape_identifier, escape_literal};
use serde_json::Value;
use sha2::{Digest, Sha256};
use tokio_postgres::SimpleQueryRow;

/// Quotes a name.
pub(in crate::backend) fn identifier(name: &str) -> String {
    escape_identifier(name)
}

/// Quotes a text.
pub(in crate::backend) fn literal(text: &str) -> String {
    escape_literal(text).trim_start().to_owned()
}

/// A line of a server's configuration.
pub(in crate::backend) fn line(name: &str, value: &str) -> String {
    format!("{name} = '{}'\n", value.replace('\\', "\\\\").replace('\'', "''"))
}

/// A column of a row that was looked at; null is an empty text.
pub(in crate::backend) fn cell(row: &SimpleQueryRow, index: usize) -> String {
    row.try_get(index).ok().flatten().unwrap_or_default().to_owned()
}

/// A column that holds a truth value.
pub(in crate::backend) fn flag(row: &SimpleQueryRow, index: usize) -> bool {
    row.try_get(index).ok().flatten() == Some("t")
}

/// What a key of a Secret holds, given the Secret as JSON, to the letter: none where that is no text, empty where it has no such
/// key.
pub(in crate::backend) fn secret_value(secret: &Value, key: &str) -> Option<String> {
    let value = STANDARD.decode(secret["data"][key].as_str().unwrap_or_default()).unwrap_or_default();
    String::from_utf8(value).ok()
}

/// The same of a key that a person may have written, without the end of its last line.
pub(in crate::backend) fn secret_text(secret: &Value, key: &str) -> Option<String> {
    secret_value(secret, key).map(|value| value.trim_end_matches(['\r', '\n']).to_owned())
}

/// So many hexadecimal digits of a text's hash.
pub(in crate::backend) fn hash(text: &str, digits: usize) -> String {
    let mut hash: String = Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect();
    hash.truncate(digits);
    hash
}
