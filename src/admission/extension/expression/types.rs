//! What can be told of types before anything is evaluated.

use super::super::functions::{self, Overload, Style};
use super::node::{Name, Node};
use super::value::{Outcome, Type, Value, fault};
use super::variables::Effects;
use cel::common::ast::operators;

/// A part of an expression and the type of what it comes to; `Dyn` where that is known to be any, nothing where it is
/// not known.
pub(super) struct Typed {
    pub(super) node: Node,
    pub(super) kind: Option<Type>,
    /// Whether it is an optional value of any type.
    is_any_optional: bool,
}

impl Typed {
    pub(super) fn new(node: Node, kind: Type) -> Typed {
        Typed { node, kind: Some(kind), is_any_optional: false }
    }

    pub(super) fn unknown(node: Node) -> Typed {
        Typed { node, kind: None, is_any_optional: false }
    }

    /// The type, where it is one that says something.
    fn sure(&self) -> Option<Type> {
        self.kind.filter(|kind| *kind != Type::Dyn)
    }
}

pub(super) fn name(name: Name) -> Typed {
    let kind = match name {
        Name::Object | Name::OldObject | Name::Params => Some(Type::Dyn),
        Name::Authorizer | Name::RequestResource => Some(Type::Check),
        Name::Request | Name::NamespaceObject => None,
    };
    Typed { node: Node::Name(name), kind, is_any_optional: false }
}

pub(super) fn selected(node: Node, operand: Option<Type>) -> Typed {
    let kind = operand.filter(|operand| *operand == Type::Dyn);
    Typed { node, kind, is_any_optional: false }
}

pub(super) fn optionally(node: Node, operand: Option<Type>) -> Typed {
    let is_any_optional = operand == Some(Type::Dyn);
    Typed { node, kind: Some(Type::Optional), is_any_optional }
}

fn mismatch<T>(name: &str, kinds: &[Option<Type>]) -> Outcome<T> {
    let kinds: Vec<&str> = kinds.iter().map(|kind| kind.map_or("dyn", Type::name)).collect();
    Err(fault(format!("found no matching overload for '{name}' applied to '({})'", kinds.join(", "))))
}

pub(super) fn both_bool(name: &str, left: &Typed, right: &Typed) -> Outcome<()> {
    match [left.sure(), right.sure()].into_iter().flatten().all(|kind| kind == Type::Bool) {
        true => Ok(()),
        false => mismatch(name, &[left.kind, right.kind]),
    }
}

/// Whether two values could be equal at all. Null compares with everything: what may be null is not known here.
pub(super) fn comparable(name: &str, left: &Typed, right: &Typed) -> Outcome<()> {
    match (left.sure(), right.sure()) {
        (Some(a), Some(b)) if a != b && a != Type::Null && b != Type::Null => {
            mismatch(name, &[Some(a), Some(b)])
        }
        _ => Ok(()),
    }
}

pub(super) fn conditional(parts: [Typed; 3]) -> Outcome<Typed> {
    let kinds = [parts[0].kind, parts[1].kind, parts[2].kind];
    let is_null = |kind: Option<Type>| kind == Some(Type::Null);
    let differ = matches!((parts[1].sure(), parts[2].sure()), (Some(a), Some(b)) if a != b);
    let wrong = parts[0].sure().is_some_and(|kind| kind != Type::Bool);
    if wrong || (differ && !is_null(kinds[1]) && !is_null(kinds[2])) {
        return mismatch("_?_:_", &kinds);
    }
    let kind = if kinds[1] == kinds[2] { kinds[1] } else { None };
    Ok(Typed { node: Node::If(Box::new(parts.map(|part| part.node))), kind, is_any_optional: false })
}

/// A field of a type is given what it may be.
pub(super) fn field(name: &str, wanted: Type, given: &Typed) -> Outcome<()> {
    match given.sure() {
        Some(kind) if wanted != Type::Dyn && kind != wanted => Err(fault(format!(
            "expected type of field '{name}' is '{}' but provided type is '{}'",
            wanted.name(),
            kind.name()
        ))),
        _ => Ok(()),
    }
}

/// The items of a list that is written out are of one type.
pub(super) fn homogeneous(items: &[(Typed, bool)]) -> Outcome<()> {
    let kinds = items.iter().map(|(typed, optional)| match optional {
        true => typed.is_any_optional.then_some(Type::Dyn),
        false => typed.kind,
    });
    let mut known = kinds.flatten();
    let Some(first) = known.next() else { return Ok(()) };
    match known.find(|kind| *kind != first) {
        None => Ok(()),
        Some(other) => Err(fault(format!("expected type '{}' but found '{}'", first.name(), other.name()))),
    }
}

/// A call, if some overload could take these arguments.
pub(super) fn called(name: &str, style: Style, mut arguments: Vec<Typed>) -> Outcome<Typed> {
    let overloads = functions::find(name, style, arguments.len());
    let kinds: Vec<Option<Type>> = arguments.iter().map(|argument| argument.kind).collect();
    let fits = |overload: &&&Overload| {
        overload.params.iter().zip(&arguments).all(|(param, argument)| {
            let is_fit = |kind| kind == *param || (kind == Type::Null && param.may_be_null());
            *param == Type::Dyn || argument.sure().is_none_or(is_fit)
        })
    };
    let fitting: Vec<&&Overload> = overloads.iter().filter(fits).collect();
    let Some(first) = fitting.first() else { return mismatch(name, &kinds) };
    let kind = fitting.iter().all(|one| one.result == first.result).then_some(first.result);
    let kind = kind.filter(|kind| *kind != Type::Dyn);
    functions::prepared(
        name,
        &mut arguments.iter_mut().map(|argument| &mut argument.node).collect::<Vec<_>>(),
    )?;
    let arguments: Vec<Node> = arguments.into_iter().map(|argument| argument.node).collect();
    if let Some(value) = folded(name, overloads, &arguments)? {
        return Ok(Typed { node: Node::Constant(value), kind, is_any_optional: false });
    }
    Ok(Typed {
        node: Node::Call { name: name.to_owned(), overloads, arguments },
        kind,
        is_any_optional: false,
    })
}

/// What a call comes to that is made once, when the text is read: a conversion of a constant, a search in an empty list.
fn folded(name: &str, overloads: &[&Overload], arguments: &[Node]) -> Outcome<Option<Value>> {
    const CONVERSIONS: &[&str] =
        &["bool", "bytes", "double", "duration", "dyn", "int", "string", "timestamp", "type", "uint"];
    match arguments {
        [Node::Constant(value)] if CONVERSIONS.contains(&name) => {
            let values = [value.clone()];
            let came = match overloads.iter().find(|overload| overload.takes(&values)) {
                Some(overload) => (overload.call)(&values, &Effects::default()),
                None => Err(fault(format!("no such overload: {name}({})", value.type_of().name()))),
            };
            came.map(Some).map_err(|why| fault(format!("program instantiation failed: {}", why.0)))
        }
        [_, Node::List(items)] if name == operators::IN && items.is_empty() => Ok(Some(Value::Bool(false))),
        _ => Ok(None),
    }
}

impl Node {
    /// The text that stands here in the source.
    pub(crate) fn constant_text(&self) -> Option<&str> {
        match self {
            Node::Constant(Value::String(text)) => Some(text),
            _ => None,
        }
    }
}
