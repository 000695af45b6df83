//! JSON on one line, as programs write it: there YAML and JSON say the same, and JSON is read several times faster.
//!
//! Whatever YAML might read in another way is left to its reader: white space that counts there, characters that it does not
//! take, escapes that it does not know, numbers that are no integers, long keys, and keys that stand twice.

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use std::fmt;

/// YAML takes no key of more than 1024 characters, quotes included.
const LONGEST_KEY: usize = 512;
/// The escapes that Go writes of characters that mean something in HTML or JavaScript.
const ESCAPES: [&[u8]; 5] = [b"u003c", b"u003e", b"u0026", b"u2028", b"u2029"];

/// The tree of a text; none where YAML's reader has to say what it is.
pub(super) fn read(text: &str) -> Option<Value> {
    let line = text.trim_end_matches('\n');
    if !line.starts_with('{') || !is_plain(line.as_bytes()) {
        return None;
    }
    let mut source = serde_json::Deserializer::from_str(line);
    let tree = Tree.deserialize(&mut source).ok()?;
    source.end().ok()?;
    Some(tree)
}

/// Whether it is printable ASCII, with no escapes but those that both know.
fn is_plain(text: &[u8]) -> bool {
    let mut rest = text;
    while let Some((byte, behind)) = rest.split_first() {
        rest = match byte {
            b'\\' => match behind.first() {
                Some(b'"' | b'\\' | b'n' | b't') => &behind[1..],
                _ if ESCAPES.iter().any(|escape| behind.starts_with(escape)) => &behind[5..],
                _ => return false,
            },
            b' '..=b'~' => behind,
            _ => return false,
        }
    }
    true
}

struct Tree;

impl<'de> DeserializeSeed<'de> for Tree {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<Value, D::Error> {
        source.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Tree {
    type Value = Value;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a value that YAML reads alike")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut source: A) -> Result<Value, A::Error> {
        let mut entries = Map::new();
        while let Some(name) = source.next_key::<String>()? {
            let value = source.next_value_seed(Tree)?;
            if name.len() > LONGEST_KEY || entries.insert(name, value).is_some() {
                return Err(Error::custom("a key that is long, or stands twice"));
            }
        }
        Ok(Value::Object(entries))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut source: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = source.next_element_seed(Tree)? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Value, E> {
        Ok(Value::Bool(flag))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::from(number))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Value, E> {
        i64::try_from(number).map(Value::from).map_err(E::custom)
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::from(text))
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(Value::String(text))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::limits::DEEPEST;
    use super::super::reader;
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn trees() -> impl Strategy<Value = Value> {
        let text = "[ -~\\n\\t<>&]{0,12}";
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f32>().prop_map(Value::from),
            text.prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 4, move |item| {
            prop_oneof![
                proptest::collection::vec(item.clone(), 0..4).prop_map(Value::from),
                proptest::collection::btree_map(text, item, 0..4)
                    .prop_map(|entries| Value::Object(entries.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_read_here_yaml_reads_alike(tree in trees(), escaped: bool, newline: bool) {
            let mut text = json!({ "a": tree }).to_string();
            if escaped {
                text = text.replace('<', "\\u003c").replace('&', "\\u0026");
            }
            if newline {
                text.push('\n');
            }
            if let Some(found) = read(&text) {
                prop_assert_eq!((found, Vec::new()), reader::read(&text).unwrap());
            }
        }
    }

    #[test]
    fn what_programs_write_is_read_here() {
        let text = r#"{"kind":"A","n":-12,"s":"a \"b\" \u003c\n","l":[true,null,{}],"<<":{"x":1}}"#;
        let expected = json!({
            "kind": "A", "n": -12, "s": "a \"b\" <\n", "l": [true, null, {}], "<<": {"x": 1}
        });
        assert_eq!(read(text), Some(expected.clone()));
        assert_eq!(reader::read(text).unwrap().0, expected);
        let deep = |levels: usize| format!("{}{{}}{}", "{\"a\":".repeat(levels - 1), "}".repeat(levels - 1));
        assert!(read(&deep(DEEPEST)).is_some() && reader::read(&deep(DEEPEST)).is_ok());
        assert!(read(&deep(DEEPEST + 1)).is_none() && reader::read(&deep(DEEPEST + 1)).is_err());
    }

    #[test]
    fn what_yaml_may_read_otherwise_is_left_to_it() {
        let long = format!(r#"{{"{}":1}}"#, "k".repeat(LONGEST_KEY + 1));
        for text in [
            "a: 1",
            "[1]",
            r#"{"a":1,"a":2}"#,
            r#"{"a":1.0}"#,
            r#"{"a":-0}"#,
            r#"{"a":18446744073709551615}"#,
            "{\"a\":\t1}",
            "{\"a\":\n1}",
            r#"{"a":"\u00e9"}"#,
            r#"{"a":"\/"}"#,
            "{\"a\":\"\u{e9}\"}",
            r#"{"a":1} # said"#,
            r#"{"a":yes}"#,
            &long,
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
