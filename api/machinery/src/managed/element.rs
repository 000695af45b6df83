//! One step of a path: a field, or an item of a list.

use super::scan::Scanner;
use crate::wire::json;
use std::borrow::Cow;
use std::cmp::Ordering;

/// A step of a path, in the order in which sets are written.
#[derive(Clone, Debug, PartialEq)]
pub enum Element<'a> {
    /// A field of a struct, or an entry of a map.
    Field(Cow<'a, str>),
    /// The item of a list that has these keys, by name.
    Key(Vec<Key<'a>>),
    /// The item of a set.
    Value(Literal<'a>),
    /// The item at a place.
    Index(i64),
}

/// The name and value of a field that tells items apart.
pub(super) type Key<'a> = (Cow<'a, str>, Literal<'a>);

/// A value that tells items apart.
#[derive(Clone, Debug, PartialEq)]
pub enum Literal<'a> {
    /// An integer.
    Integer(i64),
    /// A number with a fraction, or out of range.
    Double(f64),
    /// A string.
    Text(Cow<'a, str>),
    /// A boolean.
    Bool(bool),
    /// A list or map, as JSON text.
    Nested(Cow<'a, str>),
    /// Nothing.
    Null,
}

impl<'a> Literal<'a> {
    /// Reads a JSON value.
    pub(super) fn read(scanner: &mut Scanner<'a>) -> Self {
        match scanner.peek() {
            b'"' => Literal::Text(scanner.string()),
            b'{' | b'[' => Literal::Nested(scanner.value().into()),
            _ => Literal::of_word(scanner.value()),
        }
    }

    fn of_word(word: &str) -> Self {
        match word {
            "true" => Literal::Bool(true),
            "false" => Literal::Bool(false),
            "null" => Literal::Null,
            number => match (number.parse(), number.parse()) {
                (Ok(integer), _) => Literal::Integer(integer),
                (_, Ok(double)) => Literal::Double(double),
                _ => Literal::Null,
            },
        }
    }

    fn into_owned(self) -> Literal<'static> {
        match self {
            Literal::Integer(number) => Literal::Integer(number),
            Literal::Double(number) => Literal::Double(number),
            Literal::Text(text) => Literal::Text(text.into_owned().into()),
            Literal::Bool(flag) => Literal::Bool(flag),
            Literal::Nested(text) => Literal::Nested(text.into_owned().into()),
            Literal::Null => Literal::Null,
        }
    }

    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Literal::Integer(number) => json::encode(number, out),
            Literal::Double(number) => json::encode(number, out),
            Literal::Text(text) => json::encode(&**text, out),
            Literal::Bool(flag) => json::encode(flag, out),
            Literal::Nested(text) => out.extend_from_slice(text.as_bytes()),
            Literal::Null => out.extend_from_slice(b"null"),
        }
    }

    /// Numbers, whatever their form, then texts, booleans, the nested, nothing.
    fn order(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Literal::Integer(one), Literal::Integer(other)) => one.cmp(other),
            (Literal::Text(one), Literal::Text(other)) => one.cmp(other),
            (Literal::Bool(one), Literal::Bool(other)) => one.cmp(other),
            (Literal::Nested(one), Literal::Nested(other)) => one.cmp(other),
            _ => match (self.number(), other.number()) {
                (Some(one), Some(other)) => one.total_cmp(&other),
                _ => self.rank().cmp(&other.rank()),
            },
        }
    }

    fn number(&self) -> Option<f64> {
        match self {
            Literal::Integer(number) => Some(*number as f64),
            Literal::Double(number) => Some(*number),
            _ => None,
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Literal::Integer(_) | Literal::Double(_) => 0,
            Literal::Text(_) => 1,
            Literal::Bool(_) => 2,
            Literal::Nested(_) => 3,
            Literal::Null => 4,
        }
    }
}

/// Why a member of a set's JSON is not an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoElement {
    /// What kind of element it is, a later version may know.
    Unknown,
    /// It is of no kind.
    Malformed,
}

impl<'a> Element<'a> {
    /// A field of that name.
    pub fn field(name: impl Into<Cow<'a, str>>) -> Self {
        Element::Field(name.into())
    }

    /// Reads the name of a member of a set's JSON.
    pub(super) fn parse(name: Cow<'a, str>) -> Result<Self, NoElement> {
        match name {
            Cow::Borrowed(name) => Element::parse_text(name),
            Cow::Owned(name) => Element::parse_text(&name).map(Element::into_owned),
        }
    }

    fn parse_text(name: &'a str) -> Result<Self, NoElement> {
        let (kind, rest) = match (name.as_bytes().get(1), name.get(..1), name.get(2..)) {
            (Some(b':'), Some(kind), Some(rest)) => (kind, rest),
            _ => return Err(NoElement::Malformed),
        };
        match kind {
            "f" => Ok(Element::field(rest)),
            "v" if is_json(rest) => Ok(Element::Value(Literal::read(&mut Scanner::new(rest)))),
            "k" if rest.starts_with('{') && is_json(rest) => Ok(Element::Key(keys(rest))),
            "i" => rest.parse().map(Element::Index).map_err(|_| NoElement::Malformed),
            "v" | "k" => Err(NoElement::Malformed),
            _ => Err(NoElement::Unknown),
        }
    }

    /// Appends the name of its member in a set's JSON, with quotes.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        if let Element::Field(field) = self
            && field.bytes().all(is_plain)
        {
            out.extend_from_slice(b"\"f:");
            out.extend_from_slice(field.as_bytes());
            out.push(b'"');
            return;
        }
        let mut name = Vec::with_capacity(64);
        match self {
            Element::Field(field) => {
                name.extend_from_slice(b"f:");
                name.extend_from_slice(field.as_bytes());
            }
            Element::Key(keys) => {
                name.extend_from_slice(b"k:{");
                for (index, (key, value)) in keys.iter().enumerate() {
                    if index > 0 {
                        name.push(b',');
                    }
                    json::encode(&**key, &mut name);
                    name.push(b':');
                    value.write(&mut name);
                }
                name.push(b'}');
            }
            Element::Value(value) => {
                name.extend_from_slice(b"v:");
                value.write(&mut name);
            }
            Element::Index(index) => name.extend_from_slice(format!("i:{index}").as_bytes()),
        }
        json::encode(&*String::from_utf8_lossy(&name), out);
    }

    pub(super) fn order(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Element::Field(one), Element::Field(other)) => one.cmp(other),
            (Element::Key(one), Element::Key(other)) => {
                let pair = |(one, other): (&Key<'_>, &Key<'_>)| {
                    one.0.cmp(&other.0).then_with(|| one.1.order(&other.1))
                };
                let first = one.iter().zip(other).map(pair).find(|order| order.is_ne());
                first.unwrap_or_else(|| one.len().cmp(&other.len()))
            }
            (Element::Value(one), Element::Value(other)) => one.order(other),
            (Element::Index(one), Element::Index(other)) => one.cmp(other),
            _ => self.rank().cmp(&other.rank()),
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Element::Field(_) => 0,
            Element::Key(_) => 1,
            Element::Value(_) => 2,
            Element::Index(_) => 3,
        }
    }

    /// The same element with text of its own.
    pub fn into_owned(self) -> Element<'static> {
        match self {
            Element::Field(name) => Element::Field(name.into_owned().into()),
            Element::Key(keys) => Element::Key(
                keys.into_iter()
                    .map(|(name, value)| (name.into_owned().into(), value.into_owned()))
                    .collect(),
            ),
            Element::Value(value) => Element::Value(value.into_owned()),
            Element::Index(index) => Element::Index(index),
        }
    }
}

/// Whether the byte stands in JSON as it is.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'/')
}

fn is_json(text: &str) -> bool {
    serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}

/// The keys of an item, by name.
fn keys(text: &str) -> Vec<Key<'_>> {
    let mut scanner = Scanner::new(text);
    scanner.open(b'{');
    let mut keys = Vec::new();
    while scanner.next() {
        keys.push((scanner.name(), Literal::read(&mut scanner)));
    }
    keys.sort_by(|one, other| one.0.cmp(&other.0));
    keys
}
