//! Calls that stand for loops: `all`, `exists`, `map` and their like, with one variable or with two.

use super::compile::Compiler;
use super::node::{Kind, Loop, Node};
use super::types::Typed;
use super::value::{Outcome, Type, fault};
use cel::IdedExpr;
use cel::common::ast::Expr;

/// How a macro reads its arguments: how many variables, whether a filter, whether a body.
struct Form {
    kind: Kind,
    variables: usize,
    has_filter: bool,
}

fn form(name: &str, arguments: usize) -> Option<Form> {
    let form = |kind, variables, has_filter| Some(Form { kind, variables, has_filter });
    match (name, arguments) {
        ("all", 2 | 3) => form(Kind::All, arguments - 1, false),
        ("exists", 2 | 3) => form(Kind::Exists, arguments - 1, false),
        ("exists_one", 2 | 3) | ("existsOne", 3) => form(Kind::ExistsOne, arguments - 1, false),
        ("filter", 2) => form(Kind::Filter, 1, true),
        ("map", 2 | 3) => form(Kind::Map, 1, arguments == 3),
        ("transformList", 3 | 4) => form(Kind::Map, 2, arguments == 4),
        ("transformMap", 3 | 4) => form(Kind::TransformMap, 2, arguments == 4),
        ("transformMapEntry", 3 | 4) => form(Kind::TransformMapEntry, 2, arguments == 4),
        ("sortBy", 2) => form(Kind::SortBy, 1, false),
        _ => None,
    }
}

impl Compiler<'_> {
    /// The loop, or the choice, that a call stands for; nothing where it stands for itself.
    pub(super) fn expanded(
        &mut self,
        target: &IdedExpr,
        name: &str,
        arguments: &[IdedExpr],
    ) -> Outcome<Option<Typed>> {
        match (name, arguments) {
            ("or" | "orValue", [other]) => {
                let (operand, other) = (Box::new(self.node(target)?.node), Box::new(self.node(other)?.node));
                Ok(Some(Typed::unknown(Node::Else { operand, other, unwraps: name == "orValue" })))
            }
            ("optMap" | "optFlatMap", [variable, body]) => {
                let operand = Box::new(self.node(target)?.node);
                let body = self.within(&[simple(variable)?], |inside| inside.node(body))?;
                let is_flat = name == "optFlatMap";
                let node = Node::Mapped { operand, body: Box::new(body.node), is_flat };
                Ok(Some(Typed::new(node, Type::Optional)))
            }
            _ => match form(name, arguments.len()) {
                Some(form) => self.looped(target, &form, arguments).map(Some),
                None => Ok(None),
            },
        }
    }

    fn looped(&mut self, target: &IdedExpr, form: &Form, arguments: &[IdedExpr]) -> Outcome<Typed> {
        let range = self.node(target)?;
        if !matches!(range.kind, None | Some(Type::Dyn | Type::List | Type::Map)) {
            return Err(fault("the range of a comprehension must be list, map, or dynamic"));
        }
        let (names, rest) = arguments.split_at(form.variables);
        let names: Vec<String> = names.iter().map(simple).collect::<Outcome<_>>()?;
        if names.first() == names.get(1) {
            return Err(fault("the two variables of a comprehension must differ"));
        }
        let decides = matches!(form.kind, Kind::All | Kind::Exists | Kind::ExistsOne);
        let inner = self.within(&names, |inside| {
            let mut typed = Vec::new();
            for part in rest {
                typed.push(inside.node(part)?);
            }
            Ok(typed)
        })?;
        let must_be_bool = form.has_filter || decides;
        if must_be_bool
            && !matches!(inner.first().and_then(|first| first.kind), None | Some(Type::Dyn | Type::Bool))
        {
            return Err(fault("expected type 'bool'"));
        }
        let mut inner = inner.into_iter().map(|typed| typed.node);
        let filter = if form.has_filter { inner.next() } else { None };
        let body = inner.next().unwrap_or(Node::Local(0));
        let (kind, has_pair) = (form.kind, form.variables == 2);
        let result = match kind {
            Kind::TransformMap | Kind::TransformMapEntry => Type::Map,
            Kind::Filter | Kind::Map | Kind::SortBy => Type::List,
            Kind::All | Kind::Exists | Kind::ExistsOne => Type::Bool,
        };
        Ok(Typed::new(Node::Loop(Box::new(Loop { range: range.node, has_pair, filter, body, kind })), result))
    }
}

fn simple(variable: &IdedExpr) -> Outcome<String> {
    match &variable.expr {
        Expr::Ident(name) => Ok(name.clone()),
        _ => Err(fault("argument must be a simple name")),
    }
}
