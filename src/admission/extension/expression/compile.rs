//! From a text to what is evaluated. What the cluster's API server would refuse is refused here where that can be told
//! without the types of the objects: unknown names and functions, operands of wrong types, constants that cannot be read.

use super::super::functions::{self, Style};
use super::made;
use super::node::{Entry, Field, Item, Name, Node};
use super::types::{self, Typed};
use super::value::{Outcome, Type, Value, fault};
use cel::common::ast::{CallExpr, EntryExpr, Expr, IdedExpr, LiteralValue, StructExpr, operators};
use cel::{Env, IdedExpr as Parsed};
use std::sync::{Arc, OnceLock};

/// No text is nested deeper than this.
const DEEPEST: usize = 250;
/// The most characters, as the cluster's own API server has it.
const LONGEST: usize = 100_000;
/// The parser recurses without a bound of its own. A text that is longer than this many bytes is read where there is room
/// for the longest.
const SHORT: usize = 128;
const STACK: usize = 512 * 1024 * 1024;

/// The function that only mutations know.
const ESCAPE_KEY: &str = "jsonpatch.escapeKey";

/// What a text may name besides what every text may.
#[derive(Clone, Copy)]
pub(crate) struct Scope<'a> {
    /// The variables of its policy.
    pub(crate) composed: &'a [String],
    /// Whether it may make objects and operations of patches.
    pub(crate) makes: bool,
}

/// What a text compiles to, and how deep its loops are nested.
pub(crate) struct Compiled {
    pub(crate) node: Node,
    pub(crate) depth: usize,
}

/// Reads a text.
pub(crate) fn compile(text: &str, scope: Scope<'_>) -> Result<Compiled, String> {
    if text.len() <= SHORT {
        return read(text, scope);
    }
    if text.chars().count() > LONGEST {
        return Err(format!("expression code point size exceeds limit: {LONGEST}"));
    }
    let thread = std::thread::Builder::new().name("expressions".into()).stack_size(STACK);
    std::thread::scope(|threads| {
        let reading =
            thread.spawn_scoped(threads, || read(text, scope)).map_err(|error| error.to_string())?;
        reading.join().unwrap_or_else(|_| Err("the expression cannot be read".into()))
    })
}

fn read(text: &str, scope: Scope<'_>) -> Result<Compiled, String> {
    static PARSER: OnceLock<Env> = OnceLock::new();
    let parser = PARSER.get_or_init(Env::default).parser().enable_ident_escape_syntax(true);
    let parsed = parser.parse(text).map_err(|errors| errors.to_string())?;
    let mut compiler = Compiler { scope, locals: Vec::new(), level: 0, loops: 0, deepest: 0, mixes: false };
    let Typed { node, .. } = compiler.node(&parsed).map_err(|fault| fault.0)?;
    Ok(Compiled { node, depth: compiler.deepest })
}

pub(super) struct Compiler<'a> {
    scope: Scope<'a>,
    locals: Vec<String>,
    level: usize,
    loops: usize,
    deepest: usize,
    /// Whether lists may hold items of several types: what is formatted may.
    mixes: bool,
}

fn undeclared<T>(name: &str) -> Outcome<T> {
    Err(fault(format!("undeclared reference to '{name}' (in container '')")))
}

impl Compiler<'_> {
    pub(super) fn node(&mut self, parsed: &Parsed) -> Outcome<Typed> {
        if self.level == DEEPEST {
            return Err(fault("expression recursion limit exceeded"));
        }
        self.level += 1;
        let node = self.node_of(&parsed.expr);
        self.level -= 1;
        node
    }

    fn node_of(&mut self, expr: &Expr) -> Outcome<Typed> {
        match expr {
            Expr::Literal(literal) => Ok(constant(literal)),
            Expr::Ident(name) => self.name(name),
            Expr::Select(select) => self.select(&select.operand, &select.field),
            Expr::List(list) => {
                let optional = |index| list.optional_indices.contains(&index);
                let mut items = Vec::with_capacity(list.elements.len());
                for (index, element) in list.elements.iter().enumerate() {
                    items.push((self.node(element)?, optional(index)));
                }
                if !self.mixes {
                    types::homogeneous(&items)?;
                }
                let item = |(typed, optional): (Typed, bool)| Item { value: typed.node, optional };
                Ok(Typed::new(Node::List(items.into_iter().map(item).collect()), Type::List))
            }
            Expr::Map(map) => {
                let (mut keys, mut values) = (Vec::new(), Vec::new());
                for entry in &map.entries {
                    let EntryExpr::MapEntry(entry) = &entry.expr else { return Err(fault("no map entry")) };
                    keys.push((self.node(&entry.key)?, false));
                    values.push((self.node(&entry.value)?, entry.optional));
                }
                if !self.mixes {
                    types::homogeneous(&keys)?;
                    types::homogeneous(&values)?;
                }
                let entry = |((key, _), (value, optional)): ((Typed, bool), (Typed, bool))| Entry {
                    key: key.node,
                    value: value.node,
                    optional,
                };
                Ok(Typed::new(Node::Map(keys.into_iter().zip(values).map(entry).collect()), Type::Map))
            }
            Expr::Struct(made) => self.made(made),
            Expr::Call(call) => self.call(call),
            Expr::Comprehension(_) | Expr::Unspecified => Err(fault("this cannot be evaluated")),
        }
    }

    fn made(&mut self, made: &StructExpr) -> Outcome<Typed> {
        let known = made::type_named(&made.type_name).filter(|_| self.scope.makes);
        let Some(kind) = known else { return undeclared(&made.type_name) };
        let mut fields = Vec::with_capacity(made.entries.len());
        for entry in &made.entries {
            let EntryExpr::StructField(entry) = &entry.expr else { return Err(fault("no field")) };
            let Some(wanted) = made::field_type(kind, &entry.field) else {
                return Err(fault(format!("undefined field '{}'", entry.field)));
            };
            let typed = self.node(&entry.value)?;
            if !entry.optional {
                types::field(&entry.field, wanted, &typed)?;
            }
            let item = Item { value: typed.node, optional: entry.optional };
            fields.push(Field { name: entry.field.as_str().into(), item });
        }
        Ok(Typed::new(Node::Made { name: made.type_name.as_str().into(), fields }, kind))
    }

    fn name(&self, name: &str) -> Outcome<Typed> {
        if let Some(place) = self.locals.iter().rposition(|local| local == name) {
            return Ok(Typed::unknown(Node::Local(place)));
        }
        if let Some(name) = Name::of(name) {
            return Ok(types::name(name));
        }
        match Type::named(name) {
            Some(named) => Ok(Typed::new(Node::Constant(Value::Type(named)), Type::Type)),
            None => undeclared(name),
        }
    }

    /// The names that a chain of fields spells, unless it begins with the variable of a loop.
    fn qualified(&self, operand: &IdedExpr, field: &str) -> Option<String> {
        match &operand.expr {
            Expr::Ident(root) if !self.locals.contains(root) => Some(format!("{root}.{field}")),
            Expr::Select(select) => {
                let before = self.qualified(&select.operand, &select.field)?;
                Some(format!("{before}.{field}"))
            }
            _ => None,
        }
    }

    /// The number of a variable of the policy.
    fn composed(&self, operand: &IdedExpr, field: &str) -> Option<Outcome<usize>> {
        let is_policy =
            matches!(&operand.expr, Expr::Ident(name) if name == "variables" && !self.locals.contains(name));
        let number = || self.scope.composed.iter().rposition(|name| name == field);
        is_policy.then(|| number().ok_or_else(|| fault(format!("undefined field '{field}'"))))
    }

    fn select(&mut self, operand: &IdedExpr, field: &str) -> Outcome<Typed> {
        if let Some(number) = self.composed(operand, field) {
            return Ok(Typed::unknown(Node::Composed(number?)));
        }
        if let Some(qualified) = self.qualified(operand, field) {
            if let Some(name) = Name::of(&qualified) {
                return Ok(types::name(name));
            }
            if let Some(named) = Type::named(&qualified) {
                return Ok(Typed::new(Node::Constant(Value::Type(named)), Type::Type));
            }
        }
        let Typed { node, kind, .. } = self.node(operand)?;
        let node = Node::Select { operand: Box::new(node), field: field.into() };
        Ok(types::selected(node, kind))
    }

    fn has(&mut self, argument: &IdedExpr) -> Outcome<Typed> {
        let Expr::Select(select) = &argument.expr else {
            return Err(fault("invalid argument to has() macro"));
        };
        let node = match self.composed(&select.operand, &select.field) {
            Some(number) => Node::HasComposed(number?),
            None => {
                let operand = Box::new(self.node(&select.operand)?.node);
                Node::Has { operand, field: select.field.as_str().into() }
            }
        };
        Ok(Typed::new(node, Type::Bool))
    }

    fn call(&mut self, call: &CallExpr) -> Outcome<Typed> {
        match (&call.target, call.args.as_slice()) {
            (None, [argument]) if call.func_name == "has" => self.has(argument),
            (None, arguments) => match self.operator(&call.func_name, arguments)? {
                Some(node) => Ok(node),
                None => self.function(&call.func_name, Style::Global, arguments.iter()),
            },
            (Some(target), arguments) => {
                if let Some(name) = self.qualified(target, &call.func_name)
                    && functions::is_known(&name, Style::Global)
                {
                    return self.function(&name, Style::Global, arguments.iter());
                }
                match self.expanded(target, &call.func_name, arguments)? {
                    Some(node) => Ok(node),
                    None => {
                        let all = std::iter::once(&**target).chain(arguments);
                        self.function(&call.func_name, Style::Member, all)
                    }
                }
            }
        }
    }

    /// What is evaluated otherwise than functions are: its operands only as far as they count.
    fn operator(&mut self, name: &str, arguments: &[IdedExpr]) -> Outcome<Option<Typed>> {
        let is_optional = matches!(name, operators::OPT_INDEX | operators::OPT_SELECT);
        Ok(Some(match (name, arguments) {
            (operators::LOGICAL_AND | operators::LOGICAL_OR, [left, right]) => {
                let (left, right) = (self.node(left)?, self.node(right)?);
                types::both_bool(name, &left, &right)?;
                let (left, right) = (Box::new(left.node), Box::new(right.node));
                let is_and = name == operators::LOGICAL_AND;
                Typed::new(if is_and { Node::And(left, right) } else { Node::Or(left, right) }, Type::Bool)
            }
            (operators::CONDITIONAL, [condition, then, otherwise]) => {
                let parts = [self.node(condition)?, self.node(then)?, self.node(otherwise)?];
                types::conditional(parts)?
            }
            (operators::EQUALS | operators::NOT_EQUALS, [left, right]) => {
                let (left, right) = (self.node(left)?, self.node(right)?);
                types::comparable(name, &left, &right)?;
                let negated = name == operators::NOT_EQUALS;
                Typed::new(Node::Equal { sides: Box::new([left.node, right.node]), negated }, Type::Bool)
            }
            (operators::INDEX | operators::OPT_INDEX, [operand, index]) => {
                let (operand, index) = (self.node(operand)?, self.node(index)?);
                let (operand, index) = (Box::new(operand.node), Box::new(index.node));
                Typed::unknown(Node::Index { operand, index, optional: is_optional })
            }
            (operators::OPT_SELECT, [operand, field]) => {
                let Expr::Literal(LiteralValue::String(field)) = &field.expr else {
                    return Err(fault("unsupported optional field selection"));
                };
                let Typed { node, kind, .. } = self.node(operand)?;
                let node = Node::Optionally { operand: Box::new(node), field: field.inner().into() };
                types::optionally(node, kind)
            }
            _ => return Ok(None),
        }))
    }

    fn function<'e>(
        &mut self,
        name: &str,
        style: Style,
        arguments: impl Iterator<Item = &'e IdedExpr>,
    ) -> Outcome<Typed> {
        if !functions::is_known(name, style) || (name == ESCAPE_KEY && !self.scope.makes) {
            return undeclared(name);
        }
        let mixes = self.mixes || name == "format";
        let before = std::mem::replace(&mut self.mixes, mixes);
        let typed: Outcome<Vec<Typed>> = arguments.map(|argument| self.node(argument)).collect();
        self.mixes = before;
        types::called(name, style, typed?)
    }

    /// Evaluates `inside` where these variables are there, in a loop.
    pub(super) fn within<T>(
        &mut self,
        variables: &[String],
        inside: impl FnOnce(&mut Self) -> Outcome<T>,
    ) -> Outcome<T> {
        let before = self.locals.len();
        self.locals.extend_from_slice(variables);
        self.loops += 1;
        self.deepest = self.deepest.max(self.loops);
        let outcome = inside(self);
        self.loops -= 1;
        self.locals.truncate(before);
        outcome
    }
}

fn constant(literal: &LiteralValue) -> Typed {
    let value = match literal {
        LiteralValue::Boolean(value) => Value::Bool(*value.inner()),
        LiteralValue::Bytes(value) => Value::Bytes(Arc::from(value.inner())),
        LiteralValue::Double(value) => Value::Double(*value.inner()),
        LiteralValue::Int(value) => Value::Int(*value.inner()),
        LiteralValue::Null => Value::Null,
        LiteralValue::String(value) => Value::text(value.inner()),
        LiteralValue::UInt(value) => Value::UInt(*value.inner()),
    };
    let kind = value.type_of();
    Typed::new(Node::Constant(value), kind)
}
