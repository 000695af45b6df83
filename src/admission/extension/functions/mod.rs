//! The functions of expressions: CEL's own, its extensions, and the libraries of Kubernetes. A file each: arithmetic,
//! conversions, texts, `format`, regular expressions, times, lists and optional values, addresses, quantities, URLs,
//! versions, named formats.
//!
//! A function is a name with overloads. Which of them is called depends on the types of the arguments; where none takes
//! them, the call fails.

mod arithmetic;
mod convert;
mod format;
mod lists;
mod network;
mod patches;
mod pattern;
mod quantity;
mod re2;
mod template;
mod text;
mod time;
mod url;
mod version;

use super::authorizer;
use super::expression::{Effects, Node, Outcome, Type, Value, fault};
use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

pub(super) use time::{shown_duration, shown_timestamp};
pub(super) use url::Url;
pub(super) use version::Semver;

/// How a function is called: `f(a)`, or `a.f()`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Style {
    Global,
    Member,
}

/// A function for arguments of these types; that on which a member is called is the first.
#[derive(Debug)]
pub(super) struct Overload {
    pub(super) name: &'static str,
    pub(super) style: Style,
    pub(super) params: &'static [Type],
    pub(super) result: Type,
    pub(super) call: fn(&[Value], &Effects) -> Outcome<Value>,
}

impl Overload {
    pub(super) fn takes(&self, values: &[Value]) -> bool {
        let fits = |(param, value): (&Type, &Value)| *param == Type::Dyn || *param == value.type_of();
        self.params.len() == values.len() && self.params.iter().zip(values).all(fits)
    }
}

/// What a function may come to.
pub(super) trait Answer {
    fn answer(self) -> Outcome<Value>;
}

impl<T: Answer> Answer for Outcome<T> {
    fn answer(self) -> Outcome<Value> {
        self.and_then(Answer::answer)
    }
}

macro_rules! answers {
    ($($kind:ty, $variant:expr;)*) => {
        $(impl Answer for $kind {
            fn answer(self) -> Outcome<Value> {
                Ok($variant(self))
            }
        })*
    };
}

answers! {
    Value, |value| value;
    bool, Value::Bool;
    i64, Value::Int;
    u64, Value::UInt;
    f64, Value::Double;
    String, Value::text;
    &str, Value::text;
    Vec<Value>, Value::list;
}

/// `overload!(Member "startsWith" (String a, String b) -> Bool, |_| a.starts_with(&**b))`.
macro_rules! overload {
    ($style:ident $name:literal ($($kind:ident $argument:ident),*) -> $result:ident, |$effects:pat_param| $body:expr) => {
        $crate::admission::extension::functions::Overload {
            name: $name,
            style: $crate::admission::extension::functions::Style::$style,
            params: &[$($crate::admission::extension::expression::Type::$kind),*],
            result: $crate::admission::extension::expression::Type::$result,
            call: |arguments, $effects| match arguments {
                [$($crate::admission::extension::functions::shape!($kind $argument)),*] => {
                    $crate::admission::extension::functions::Answer::answer($body)
                }
                _ => Err($crate::admission::extension::expression::fault("no such overload")),
            },
        }
    };
}

macro_rules! shape {
    (Dyn $argument:ident) => {
        $argument
    };
    (Null $argument:ident) => {
        $crate::admission::extension::expression::Value::Null
    };
    ($kind:ident $argument:ident) => {
        $crate::admission::extension::expression::Value::$kind($argument)
    };
}

pub(in crate::admission::extension) use {overload, shape};

/// The overloads of one name: by their style, and by the number of their arguments.
#[derive(Default)]
struct Named {
    global: Vec<Vec<&'static Overload>>,
    member: Vec<Vec<&'static Overload>>,
}

impl Named {
    fn of(&self, style: Style) -> &[Vec<&'static Overload>] {
        match style {
            Style::Global => &self.global,
            Style::Member => &self.member,
        }
    }
}

type Known = HashMap<&'static str, Named>;

/// All overloads, by name.
static KNOWN: LazyLock<Known> = LazyLock::new(|| {
    let libraries = [
        arithmetic::OVERLOADS,
        arithmetic::ORDERED,
        convert::OVERLOADS,
        format::OVERLOADS,
        lists::OVERLOADS,
        network::OVERLOADS,
        patches::OVERLOADS,
        pattern::OVERLOADS,
        quantity::OVERLOADS,
        template::OVERLOADS,
        text::OVERLOADS,
        time::OVERLOADS,
        time::PARTS,
        url::OVERLOADS,
        version::OVERLOADS,
        authorizer::OVERLOADS,
    ];
    let mut known = Known::new();
    for overload in libraries.into_iter().flatten() {
        let named = known.entry(overload.name).or_default();
        let by_count = match overload.style {
            Style::Global => &mut named.global,
            Style::Member => &mut named.member,
        };
        if by_count.len() <= overload.params.len() {
            by_count.resize_with(overload.params.len() + 1, Vec::new);
        }
        by_count[overload.params.len()].push(overload);
    }
    known
});

/// Whether there is a function of this name.
pub(super) fn is_known(name: &str, style: Style) -> bool {
    KNOWN.get(name).is_some_and(|named| !named.of(style).is_empty())
}

/// The overloads of a function that take so many arguments.
pub(super) fn find(name: &str, style: Style, arguments: usize) -> &'static [&'static Overload] {
    let found: Option<&'static Vec<_>> = KNOWN.get(name).and_then(|named| named.of(style).get(arguments));
    found.map_or(&[], Vec::as_slice)
}

/// Reads the constants that a function is given in the source: a regular expression is compiled once, and a time that
/// is none is refused.
pub(super) fn prepared(name: &str, arguments: &mut [&mut Node]) -> Outcome<()> {
    match (name, arguments) {
        ("matches" | "find" | "findAll", [_, wanted, ..]) => {
            if let Some(text) = wanted.constant_text() {
                let read = re2::compile(text)
                    .map_err(|reason| fault(format!("invalid {name} argument: {reason}")))?;
                **wanted = Node::Constant(Value::Pattern(Arc::new(read)));
            }
            Ok(())
        }
        ("timestamp" | "duration", [argument]) => {
            let Some(text) = argument.constant_text() else { return Ok(()) };
            let read = if name == "timestamp" { time::timestamp(text) } else { time::duration(text) };
            read.map(|_| ()).map_err(|_| fault(format!("invalid {name} argument")))
        }
        _ => Ok(()),
    }
}
