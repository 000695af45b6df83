//! Field selectors (L-31): `metadata.name=a,spec.x!=b`, where `\` stands before `,`, `=` and `\` in a value.

use std::fmt;
use std::str::FromStr;

/// How a requirement compares a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Op {
    Equal,
    NotEqual,
}

/// A requirement on one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldRequirement {
    /// The field, such as `metadata.name`.
    pub field: String,
    /// How it compares.
    pub op: Op,
    /// What it compares with.
    pub value: String,
}

/// Requirements on fields, all of which must hold; none of them matches everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldSelector {
    requirements: Vec<FieldRequirement>,
}

/// Why a text is not a field selector.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs)]
pub enum FieldSelectorError {
    /// A part has no operator.
    #[error("invalid selector: '{selector}'; can't understand '{part}'")]
    Part { selector: String, part: String },
    /// A backslash stands before something else.
    #[error("invalid field selector: invalid escape sequence: {0}")]
    Escape(String),
    /// A comma or an equals sign stands bare in a value; Kubernetes prints its number.
    #[error("invalid field selector: unescaped character in value: {}", u32::from(*.0))]
    Bare(char),
}

impl FieldSelector {
    /// One field with exactly this value.
    pub fn equal(field: &str, value: &str) -> Self {
        let (field, value) = (field.to_owned(), value.to_owned());
        FieldSelector { requirements: vec![FieldRequirement { field, op: Op::Equal, value }] }
    }

    /// Whether it matches everything.
    pub fn is_empty(&self) -> bool {
        self.requirements.is_empty()
    }

    /// Its requirements, in the order of their texts.
    pub fn requirements(&self) -> &[FieldRequirement] {
        &self.requirements
    }

    /// Whether an object, whose fields `value_of` gives, meets every requirement; a field that it does not have is
    /// empty.
    pub fn matches<'a>(&self, value_of: impl Fn(&str) -> Option<&'a str>) -> bool {
        self.requirements.iter().all(|requirement| {
            let equal = value_of(&requirement.field).unwrap_or_default() == requirement.value;
            equal == (requirement.op == Op::Equal)
        })
    }

    /// The one value that it wants of a field.
    pub fn requires_exact(&self, field: &str) -> Option<&str> {
        let mut wanted = self.requirements.iter().filter(|requirement| requirement.op == Op::Equal);
        wanted.find(|requirement| requirement.field == field).map(|requirement| requirement.value.as_str())
    }
}

impl FromStr for FieldSelector {
    type Err = FieldSelectorError;

    fn from_str(text: &str) -> Result<Self, FieldSelectorError> {
        let mut parts: Vec<&str> = parts(text).filter(|part| !part.is_empty()).collect();
        parts.sort_unstable();
        let mut requirements = Vec::new();
        for part in parts {
            let not_understood =
                || FieldSelectorError::Part { selector: text.to_owned(), part: part.to_owned() };
            let at = part.find('=').ok_or_else(not_understood)?;
            let (left, right) = (&part[..at], &part[at + 1..]);
            let (field, op, value) = match left.strip_suffix('!') {
                Some(field) => (field, Op::NotEqual, right),
                None => (left, Op::Equal, right.strip_prefix('=').unwrap_or(right)),
            };
            let value = unescape(value)?;
            // What asks for nothing of no field asks for nothing.
            if !(field.is_empty() && value.is_empty()) {
                requirements.push(FieldRequirement { field: field.to_owned(), op, value });
            }
        }
        Ok(FieldSelector { requirements })
    }
}

/// The parts between commas that no backslash stands before.
fn parts(text: &str) -> impl Iterator<Item = &str> {
    let mut escaped = false;
    text.split(move |character| {
        let separates = character == ',' && !escaped;
        escaped = character == '\\' && !escaped;
        separates
    })
}

fn unescape(value: &str) -> Result<String, FieldSelectorError> {
    let mut out = String::with_capacity(value.len());
    let mut characters = value.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => match characters.next() {
                Some(plain @ ('\\' | ',' | '=')) => out.push(plain),
                Some(other) => return Err(FieldSelectorError::Escape(format!("\\{other}"))),
                None => return Err(FieldSelectorError::Escape("\\".into())),
            },
            ',' | '=' => return Err(FieldSelectorError::Bare(character)),
            other => out.push(other),
        }
    }
    Ok(out)
}

impl fmt::Display for FieldSelector {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, requirement) in self.requirements.iter().enumerate() {
            let comma = if index > 0 { "," } else { "" };
            let op = if requirement.op == Op::Equal { "=" } else { "!=" };
            write!(out, "{comma}{}{op}", requirement.field)?;
            for character in requirement.value.chars() {
                let escape = if matches!(character, '\\' | ',' | '=') { "\\" } else { "" };
                write!(out, "{escape}{character}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn value_of(field: &str) -> Option<&'static str> {
        match field {
            "metadata.name" => Some("a"),
            "spec.odd" => Some("x,=\\"),
            _ => None,
        }
    }

    #[test]
    fn matching() {
        for (text, expected) in [
            ("", true),
            ("metadata.name=a", true),
            ("metadata.name==a", true),
            ("metadata.name!=a", false),
            ("metadata.name=a,,metadata.name!=b,", true),
            ("metadata.name=a,metadata.name=b", false),
            ("spec.none=", true),
            ("spec.none!=x", true),
            (r"spec.odd=x\,\=\\", true),
            ("!=,=", true),
        ] {
            let selector: FieldSelector = text.parse().unwrap();
            assert_eq!(selector.matches(value_of), expected, "{text}");
        }
    }

    #[test]
    fn faults() {
        for (text, message) in [
            ("a", "invalid selector: 'a'; can't understand 'a'"),
            ("a=b,c", "invalid selector: 'a=b,c'; can't understand 'c'"),
            ("b,a", "invalid selector: 'b,a'; can't understand 'a'"),
            ("a=b=c", "invalid field selector: unescaped character in value: 61"),
            (r"a=\x", r"invalid field selector: invalid escape sequence: \x"),
            ("a=\\", "invalid field selector: invalid escape sequence: \\"),
        ] {
            assert_eq!(text.parse::<FieldSelector>().unwrap_err().to_string(), message);
        }
    }

    #[test]
    fn the_exact_value() {
        let selector: FieldSelector = "a!=1,a=2,b!=3".parse().unwrap();
        assert_eq!((selector.requires_exact("a"), selector.requires_exact("b")), (Some("2"), None));
        assert_eq!(selector.requirements().len(), 3);
    }

    proptest! {
        #[test]
        fn every_value_survives_its_text(field in "[a-z.]{1,8}", value in ".{0,12}") {
            let selector = FieldSelector::equal(&field, &value);
            let read: FieldSelector = selector.to_string().parse().unwrap();
            prop_assert_eq!(selector, read);
        }
    }
}
