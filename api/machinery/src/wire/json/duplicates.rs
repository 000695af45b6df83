//! Names that stand twice in JSON of no known type, such as a patch.

use super::super::decoding::Step;
use super::super::{Decoding, Problem};
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use std::collections::HashSet;
use std::fmt;

/// The duplicate names in an object or array, in document order. Text that is not JSON has those before its fault.
pub fn duplicate_fields(text: &[u8]) -> Vec<Problem> {
    let mut context = Decoding::default();
    // Whoever reads the text itself says what is wrong with it.
    let _ = Search(&mut context).deserialize(&mut serde_json::Deserializer::from_str(&super::text(text)));
    context.problems().to_vec()
}

struct Search<'a>(&'a mut Decoding);

impl<'de> DeserializeSeed<'de> for Search<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<(), D::Error> {
        source.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Search<'_> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("any value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut seen = HashSet::new();
        while let Some(name) = map.next_key::<String>()? {
            if !seen.insert(name.clone()) {
                self.0.duplicate(&name);
            }
            self.0.enter(Step::Key(name));
            map.next_value_seed(Search(self.0))?;
            self.0.leave();
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        self.0.enter(Step::Index(0));
        let mut index = 0;
        while items.next_element_seed(Search(self.0))?.is_some() {
            index += 1;
            self.0.set_index(index);
        }
        self.0.leave();
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_stand_twice_are_found_with_their_paths() {
        let text = br#"{"a":1,"b":{"c":[{"d":1},{"d":1,"e":null,"d":true}]},"a":"x"}"#;
        let texts: Vec<String> = duplicate_fields(text).iter().map(ToString::to_string).collect();
        assert_eq!(texts, [r#"duplicate field "b.c[1].d""#, r#"duplicate field "a""#]);
        assert!(duplicate_fields(br#"[{"op":"add"},{"op":"add"}]"#).is_empty());
        assert!(duplicate_fields(b"{").is_empty());
    }
}
