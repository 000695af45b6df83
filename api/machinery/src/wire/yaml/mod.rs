//! YAML as Kubernetes reads it: the first document, made into a JSON tree by the rules of YAML 1.1 (C-17).
//!
//! What cannot be JSON (NaN, a mapping as a key) is an error. Duplicate keys are told of and the last wins, those that
//! a merge key (`<<`) sets in its place included. Depth is bounded, and so is how much aliases may copy, whatever the
//! text expands to.

mod compact;
mod directives;
mod reader;
mod scalar;

use super::Problem;
use serde_json::Value;

/// Why a text is not YAML that can be JSON.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("error converting YAML to JSON: yaml: line {line}: {message}")]
pub struct YamlError {
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong there.
    pub message: String,
}

/// Reads the first document, with the duplicate keys met.
pub fn decode(text: &[u8]) -> Result<(Value, Vec<Problem>), YamlError> {
    let text = std::str::from_utf8(text).map_err(|error| YamlError {
        line: 1 + text[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count(),
        message: "invalid UTF-8".into(),
    })?;
    compact::read(text).map_or_else(|| reader::read(text), |tree| Ok((tree, Vec::new())))
}

/// Writes a tree in block style.
pub fn encode(tree: &Value) -> String {
    let options = serde_saphyr::ser_options! { prefer_block_scalars: false, compact_list_indent: true };
    let text = serde_saphyr::to_string_with_options(tree, options);
    text.expect("a JSON tree is a YAML document, and memory takes every byte")
}

#[cfg(test)]
mod tests;
