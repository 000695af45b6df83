//! An expression as it is evaluated: names resolved, functions found, loops made out of macros.

use super::super::functions::Overload;
use super::value::Value;
use std::sync::Arc;

/// A part of an expression.
#[derive(Clone, Debug)]
pub(crate) enum Node {
    Constant(Value),
    Name(Name),
    /// A variable of a loop, by its place among those that are there.
    Local(usize),
    /// A variable that a policy composes, by its number.
    Composed(usize),
    Select {
        operand: Box<Node>,
        field: Arc<str>,
    },
    /// `a.?b`.
    Optionally {
        operand: Box<Node>,
        field: Arc<str>,
    },
    Has {
        operand: Box<Node>,
        field: Arc<str>,
    },
    /// `has(variables.name)`: whatever it is, it is there, if it can be told.
    HasComposed(usize),
    Index {
        operand: Box<Node>,
        index: Box<Node>,
        optional: bool,
    },
    And(Box<Node>, Box<Node>),
    Or(Box<Node>, Box<Node>),
    If(Box<[Node; 3]>),
    Equal {
        sides: Box<[Node; 2]>,
        negated: bool,
    },
    List(Vec<Item>),
    Map(Vec<Entry>),
    /// An object, or an operation of a patch.
    Made {
        name: Arc<str>,
        fields: Vec<Field>,
    },
    Call {
        name: String,
        overloads: &'static [&'static Overload],
        arguments: Vec<Node>,
    },
    /// `a.or(b)`, and `a.orValue(b)`.
    Else {
        operand: Box<Node>,
        other: Box<Node>,
        unwraps: bool,
    },
    /// `a.optMap(x, …)`, and `a.optFlatMap(x, …)`.
    Mapped {
        operand: Box<Node>,
        body: Box<Node>,
        is_flat: bool,
    },
    Loop(Box<Loop>),
}

#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) value: Node,
    pub(crate) optional: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Field {
    pub(crate) name: Arc<str>,
    pub(crate) item: Item,
}

#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) key: Node,
    pub(crate) value: Node,
    pub(crate) optional: bool,
}

/// What is said of every item of a list, or of every key of a map.
#[derive(Clone, Debug)]
pub(crate) struct Loop {
    pub(crate) range: Node,
    /// Whether it has two variables: index and item, or key and value.
    pub(crate) has_pair: bool,
    /// Items for which this does not hold are passed over.
    pub(crate) filter: Option<Node>,
    pub(crate) body: Node,
    pub(crate) kind: Kind,
}

/// What a loop comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    All,
    Exists,
    ExistsOne,
    /// The items themselves; the body is not evaluated.
    Filter,
    Map,
    TransformMap,
    TransformMapEntry,
    SortBy,
}

/// What every expression can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Name {
    Object,
    OldObject,
    Request,
    Params,
    NamespaceObject,
    Authorizer,
    RequestResource,
}

impl Name {
    pub(crate) const COUNT: usize = 7;

    pub(crate) fn of(text: &str) -> Option<Name> {
        Some(match text {
            "object" => Name::Object,
            "oldObject" => Name::OldObject,
            "request" => Name::Request,
            "params" => Name::Params,
            "namespaceObject" => Name::NamespaceObject,
            "authorizer" => Name::Authorizer,
            "authorizer.requestResource" => Name::RequestResource,
            _ => return None,
        })
    }
}
