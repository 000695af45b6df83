//! Whether a configuration is one of its type.

use super::go;
use super::value::item_element;
use crate::field::MOST_SAID;
use crate::managed::element::Element;
use crate::managed::tree::Ownership;
use crate::schema::{Field, Scalar, Schema, Shape, Topology};
use serde_json::{Map, Value};

/// Everything that is wrong with a configuration.
pub(super) fn check(schema: &'static Schema, config: &Value) -> Result<(), String> {
    let mut checker = Checker { path: Vec::new(), faults: Vec::new(), said: 0 };
    checker.value(schema, Topology::Default, config);
    match checker.faults.as_slice() {
        [] => Ok(()),
        [only] => Err(only.clone()),
        many => Err(format!("errors:\n  {}", many.join("\n  "))),
    }
}

struct Checker<'a> {
    path: Vec<Element<'a>>,
    faults: Vec<String>,
    said: usize,
}

impl<'a> Checker<'a> {
    fn fault(&mut self, what: &str) {
        if self.said >= MOST_SAID {
            return;
        }
        let path = go::path(&self.path);
        let fault = if path.is_empty() { what.to_owned() } else { format!("{path}: {what}") };
        self.said += fault.len();
        self.faults.push(fault);
    }

    fn at(&mut self, element: Element<'a>, check: impl FnOnce(&mut Self)) {
        self.path.push(element);
        check(self);
        self.path.pop();
    }

    fn value(&mut self, schema: &'static Schema, topology: Topology, value: &'a Value) {
        match (&schema.shape, value) {
            (_, Value::Null) => {}
            (Shape::Object(_), Value::Object(fields)) => self.fields(schema, fields),
            (Shape::Map(entry), Value::Object(fields)) => {
                for (name, value) in fields {
                    let element = Element::field(name.as_str());
                    self.at(element, |this| this.value(entry, Topology::Default, value));
                }
            }
            (Shape::List(item), Value::Array(items)) => self.items(item, topology, items),
            (Shape::Object(_) | Shape::Map(_), _) => {
                self.fault(&format!("expected map, got &{{{}}}", go::plain(value)))
            }
            (Shape::List(_), _) => self.fault(&format!("expected list, got &{{{}}}", go::plain(value))),
            (Shape::Enum(_), _) => self.scalar(Scalar::String, value),
            (Shape::Scalar(scalar), _) => self.scalar(*scalar, value),
        }
    }

    fn fields(&mut self, schema: &'static Schema, fields: &'a Map<String, Value>) {
        let is_type = |name: &str| schema.top_level && ["apiVersion", "kind"].contains(&name);
        let mut unknown = None;
        for (name, value) in fields {
            let element = Element::field(name.as_str());
            match schema.field(name) {
                Some(Field { schema, topology, .. }) => {
                    self.at(element, |this| this.value(schema, *topology, value));
                }
                None if is_type(name) => self.at(element, |this| this.scalar(Scalar::String, value)),
                None => unknown = unknown.or(Some(element)),
            }
        }
        // One unknown field of a struct is named, and no other.
        if let Some(element) = unknown {
            self.at(element, |this| this.fault("field not declared in schema"));
        }
    }

    fn items(&mut self, item: &'static Schema, topology: Topology, items: &'a [Value]) {
        let ownership = match topology {
            Topology::Set => Ownership::Set,
            Topology::Map(keys) => Ownership::Keyed(item, keys),
            Topology::Default | Topology::Atomic => {
                for (index, value) in (0..).zip(items) {
                    self.at(Element::Index(index), |this| this.value(item, Topology::Default, value));
                }
                return;
            }
        };
        let mut elements: Vec<(Element<'a>, usize)> = Vec::with_capacity(items.len());
        let mut unfit = None;
        for (index, value) in items.iter().enumerate() {
            let element = item_element(value, ownership);
            unfit = why_unfit(value, &element, ownership);
            if let Some(why) = &unfit {
                unfit = Some(format!("element {index}: {why}"));
                break;
            }
            elements.push((element, index));
        }
        for (index, is_repeated) in repeated(&elements).into_iter().enumerate() {
            let (Some((element, _)), Some(value)) = (elements.get(index), items.get(index)) else { continue };
            if is_repeated {
                self.fault(&format!("duplicate entries for key {}", go::path(std::slice::from_ref(element))));
            }
            self.at(element.clone(), |this| this.value(item, Topology::Default, value));
        }
        if let Some(unfit) = unfit {
            self.fault(&unfit);
        }
    }

    fn scalar(&mut self, scalar: Scalar, value: &Value) {
        let is_plain = !value.is_array() && !value.is_object();
        match scalar {
            _ if value.is_null() => {}
            Scalar::String | Scalar::Bytes | Scalar::Duration if !value.is_string() => {
                let got = go::syntax(value);
                self.fault(&format!("expected string, got &value.valueUnstructured{{Value:{got}}}"));
            }
            Scalar::Bool if !value.is_boolean() => {
                self.fault(&format!("expected boolean, got &{{{}}}", go::plain(value)));
            }
            Scalar::Int32 | Scalar::Int64 | Scalar::Double if !value.is_number() => {
                self.fault(&format!("expected numeric (int or float), got {}", go::type_name(value)));
            }
            Scalar::Time | Scalar::MicroTime | Scalar::Quantity if !is_plain => {
                self.fault(&format!("expected any scalar, got &{{{}}}", go::plain(value)));
            }
            Scalar::FieldsV1 if !value.is_object() => {
                self.fault(&format!("expected map, got &{{{}}}", go::plain(value)));
            }
            _ => {}
        }
    }
}

/// Why nothing tells an item from others.
fn why_unfit(item: &Value, element: &Element<'_>, ownership: Ownership) -> Option<String> {
    let why = match (ownership, item, element) {
        (Ownership::Keyed(_, keys), Value::Object(_), Element::Key(found)) if found.is_empty() => {
            let keys: Vec<String> = keys.iter().map(|key| go::quoted(key)).collect();
            return Some(format!(
                "associative list with keys has an element that omits all key fields [{}] (and doesn't have default \
                 values for any key fields)",
                keys.join(" ")
            ));
        }
        (Ownership::Keyed(..), Value::Object(_), _) => return None,
        (Ownership::Keyed(..), Value::Null, _) => "associative list with keys may not have a null element",
        (Ownership::Keyed(..), ..) => "associative list with keys may not have non-map elements",
        (_, Value::Object(_), _) => "associative list without keys has an element that's a map type",
        (_, Value::Array(_), _) => "not supported: associative list with lists as elements",
        (_, Value::Null, _) => "associative list without keys has an element that's an explicit null",
        _ => return None,
    };
    Some(why.to_owned())
}

/// Which elements stand further ahead already.
fn repeated(elements: &[(Element<'_>, usize)]) -> Vec<bool> {
    let mut sorted: Vec<_> = elements.iter().collect();
    sorted.sort_by(|(one, _), (other, _)| one.order(other));
    let mut repeated = vec![false; elements.len()];
    for pair in sorted.windows(2) {
        if let [(one, _), (other, index)] = pair
            && one.order(other).is_eq()
            && let Some(flag) = repeated.get_mut(*index)
        {
            *flag = true;
        }
    }
    repeated
}
