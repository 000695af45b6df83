//! What is wrong with a body, in words close to those of Go's decoder.

/// Why a body is not the object that was expected, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// The text is not JSON.
    #[error("invalid JSON: {0}")]
    Syntax(String),
    /// The text is JSON, but a field has another type.
    #[error("{message}")]
    Type {
        /// The field, such as `spec.instances`.
        path: String,
        /// What was found and what was expected, such as `cannot unmarshal string into field spec.instances of
        /// type int32`.
        message: String,
    },
}

impl JsonError {
    /// The error that a decoding came to at that path, of this text, or of a tree.
    pub(super) fn at(error: &serde_json::Error, path: String, source: Option<&str>) -> Self {
        let text = error.to_string();
        if !error.is_data() {
            return JsonError::Syntax(text);
        }
        let position = format!(" at line {} column {}", error.line(), error.column());
        let text = text.strip_suffix(&position).unwrap_or(&text);
        let number = source.and_then(|source| number_before(source, error.line(), error.column()));
        let place = if path.is_empty() { String::new() } else { format!("field {path} of ") };
        let message = match mismatch(text, number) {
            Some((found, expected)) => format!("cannot unmarshal {found} into {place}type {expected}"),
            None if path.is_empty() => text.to_owned(),
            None => format!("cannot unmarshal field {path}: {text}"),
        };
        JsonError::Type { path, message }
    }
}

/// The number that ends at a place of a text, as it is written there.
fn number_before(source: &str, line: usize, column: usize) -> Option<&str> {
    let lines = source.split_inclusive('\n').take(line.saturating_sub(1));
    let before = source.get(..lines.map(str::len).sum::<usize>() + column)?;
    let is_part = |character: char| character.is_ascii_digit() || "+-.eE".contains(character);
    before.get(before.trim_end_matches(is_part).len()..).filter(|number| !number.is_empty())
}

/// What serde found, as Go names it, and what it expected; a number as it was written, and of a tree as Go would write it. One that is
/// not even wanted is not told: it may be a secret that lacks its quotes.
fn mismatch<'a>(text: &'a str, written: Option<&str>) -> Option<(String, &'a str)> {
    let text = text.strip_prefix("invalid type: ").or_else(|| text.strip_prefix("invalid value: "))?;
    let (found, expected) = text.rsplit_once(", expected ")?;
    let is_wanted = ["int", "uint", "float"].iter().any(|kind| expected.starts_with(kind));
    let number = |quoted: &str| match is_wanted {
        true => {
            let plain = quoted.trim_matches('`');
            format!("number {}", written.unwrap_or_else(|| plain.strip_suffix(".0").unwrap_or(plain)))
        }
        false => "number".to_owned(),
    };
    let found = match found.split_once(' ') {
        Some(("string", _)) => "string".into(),
        Some(("boolean", _)) => "bool".into(),
        Some(("integer", quoted)) => number(quoted),
        Some(("floating", point)) => number(point.strip_prefix("point ").unwrap_or(point)),
        _ => match found {
            "sequence" => "array".into(),
            "map" => "object".into(),
            other => other.into(),
        },
    };
    Some((found, expected))
}
