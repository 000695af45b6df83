//! Sets of fields as JSON, in the format `FieldsV1`: nested objects whose names are the elements of paths, `.` for what
//! is itself in the set beside what is below it, `{}` for what has nothing below.

use super::element::{Element, NoElement};
use super::scan::Scanner;
use super::set::{FieldSet, Node};
use crate::wire::{FieldsV1, Raw};

/// Why a text is no set of fields.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the set of fields cannot be read: {0}")]
pub struct NoFieldSet(String);

impl<'a> FieldSet<'a> {
    /// Reads a set. Elements of kinds that are not known are left out.
    pub fn read(fields: &'a FieldsV1) -> Result<Self, NoFieldSet> {
        match fields.0.as_str() {
            "" | "null" => Ok(FieldSet::default()),
            text => Ok(read(&mut Scanner::new(text))?.0),
        }
    }

    /// Writes the set; equal sets give equal text.
    pub fn write(&self) -> FieldsV1 {
        let mut out = Vec::with_capacity(256);
        self.append(false, &mut out);
        let text = String::from_utf8(out).expect("the text is made of texts");
        FieldsV1(Raw::compact(text).expect("the text is made of JSON"))
    }

    fn append(&self, member: bool, out: &mut Vec<u8>) {
        out.push(b'{');
        let mut first = true;
        if member && !self.is_empty() {
            out.extend_from_slice(b"\".\":{}");
            first = false;
        }
        for node in self.nodes() {
            if !first {
                out.push(b',');
            }
            first = false;
            node.element.write(out);
            out.push(b':');
            node.below.append(node.member, out);
        }
        out.push(b'}');
    }
}

/// What is below a path, and whether the path itself is in the set.
fn read<'a>(scanner: &mut Scanner<'a>) -> Result<(FieldSet<'a>, bool), NoFieldSet> {
    if !scanner.open(b'{') {
        return match scanner.value() {
            "null" => Ok((FieldSet::default(), true)),
            other => Err(NoFieldSet(format!("{other} stands where an object is expected"))),
        };
    }
    let (mut nodes, mut member) = (Vec::new(), false);
    while scanner.next() {
        let name = scanner.name();
        if name == "." {
            member = true;
            scanner.value();
            continue;
        }
        match Element::parse(name.clone()) {
            Ok(element) => {
                let (below, is_member) = read(scanner)?;
                nodes.push(Node { element, member: is_member, below });
            }
            Err(NoElement::Unknown) => {
                scanner.value();
            }
            Err(NoElement::Malformed) => return Err(NoFieldSet(format!("{name:?} is no part of a path"))),
        }
    }
    let set = FieldSet::from_nodes(nodes);
    member |= set.is_empty();
    Ok((set, member))
}
