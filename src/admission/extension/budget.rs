//! What an expression may cost: so many turns of its loops, and so much text and so many items that it makes. An
//! expression that costs more fails, as Kubernetes' own do, so that no policy can hold the server.
//!
//! The costs are counted by functions with names that no source can write, which are put into an expression after it
//! was read: `@step` into every turn of a loop, `@weigh` around what is put together, and bounded variants in place of
//! functions whose result can be much larger than what they are given.

use super::functions::failed;
use cel::common::ast::{CallExpr, ComprehensionExpr, EntryExpr, Expr, LiteralValue, operators};
use cel::extractors::This;
use cel::{Context, ExecutionError, IdedExpr, Value};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What is said of an expression that costs more.
pub(super) const EXCEEDED: &str = "operation cancelled: actual cost limit exceeded";
/// A turn of a loop costs one, and as much costs the making of ten bytes or items.
const MOST: u64 = 500_000;
const PER_UNIT: usize = 10;

/// What has been spent. A clone is the same budget.
#[derive(Clone, Debug, Default)]
pub(super) struct Budget(Arc<AtomicU64>);

impl Budget {
    pub(super) fn is_exceeded(&self) -> bool {
        self.0.load(Ordering::Relaxed) > MOST
    }

    pub(super) fn charge(&self, units: usize) -> Result<(), ExecutionError> {
        let units = u64::try_from(units).unwrap_or(MOST).min(MOST + 1);
        self.0.fetch_add(units, Ordering::Relaxed);
        if self.is_exceeded() { Err(failed("cost", EXCEEDED)) } else { Ok(()) }
    }

    /// For so many bytes or items.
    fn make(&self, size: usize) -> Result<(), ExecutionError> {
        self.charge(1 + size / PER_UNIT)
    }

    /// Adds the functions that count.
    pub(super) fn add(&self, context: &mut Context<'_, '_>) {
        let budget = || self.clone();
        let (step, weigh, square, number) = (budget(), budget(), budget(), budget());
        let (replaced, some_replaced, joined) = (budget(), budget(), budget());
        let added = [
            context.add_function("@step", move |value: Value| step.charge(1).map(|()| value)),
            context.add_function("@weigh", move |value: Value| weigh.make(size(&value)).map(|()| value)),
            context.add_function("@square", move |value: Value| {
                let length = items(&value);
                square.charge(length.saturating_mul(length)).map(|()| value)
            }),
            context.add_function("@number", move |value: i64| {
                number.charge(usize::try_from(value).unwrap_or_default()).map(|()| value)
            }),
            context.add_function(
                "@replace",
                move |This(text): This<Arc<String>>, from: Arc<String>, to: Arc<String>| {
                    let places = text.matches(&**from).count();
                    replaced.make(text.len() + places.saturating_mul(to.len()))?;
                    Ok::<_, ExecutionError>(Arc::new(text.replace(&**from, &to)))
                },
            ),
            context.add_function(
                "@replace.most",
                move |This(text): This<Arc<String>>, from: Arc<String>, to: Arc<String>, most: i64| {
                    let most = usize::try_from(most).unwrap_or(usize::MAX);
                    let places = text.matches(&**from).take(most).count();
                    some_replaced.make(text.len() + places.saturating_mul(to.len()))?;
                    Ok::<_, ExecutionError>(Arc::new(text.replacen(&**from, &to, most)))
                },
            ),
            context.add_function("@join", move |This(list): This<Arc<Vec<Value>>>, with: Arc<String>| {
                joined.make(list.iter().map(size).sum::<usize>() + list.len().saturating_mul(with.len()))?;
                let texts: Result<Vec<&str>, ExecutionError> = list.iter().map(text).collect();
                Ok::<_, ExecutionError>(Arc::new(texts?.join(&with)))
            }),
        ];
        for error in added.into_iter().filter_map(Result::err) {
            tracing::error!(%error, "the cost of expressions cannot be counted");
        }
    }
}

fn text(value: &Value) -> Result<&str, ExecutionError> {
    match value {
        Value::String(text) => Ok(text),
        _ => Err(failed("join", "only text can be joined")),
    }
}

fn items(value: &Value) -> usize {
    match value {
        Value::List(list) => list.len(),
        _ => 0,
    }
}

/// Bytes and items, at every depth.
fn size(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        Value::Bytes(bytes) => bytes.len(),
        Value::List(list) => list.iter().map(|item| 1 + size(item)).sum(),
        Value::Map(map) => map.map.values().map(|value| 1 + size(value)).sum(),
        _ => 0,
    }
}

/// The expression with its costs counted, and how deep its loops are nested.
pub(super) fn counted(mut expression: IdedExpr) -> (IdedExpr, usize) {
    let depth = count(&mut expression);
    (expression, depth)
}

/// Counts the costs of one node and of those below it; how deep loops are nested there.
fn count(node: &mut IdedExpr) -> usize {
    match &mut node.expr {
        Expr::Call(call) => {
            let below = call.target.iter_mut().map(|target| count(target)).max().unwrap_or(0);
            let depth = call.args.iter_mut().map(count).max().unwrap_or(0).max(below);
            count_call(call);
            depth
        }
        Expr::Comprehension(comprehension) => count_loop(comprehension),
        Expr::List(list) => list.elements.iter_mut().map(count).max().unwrap_or(0),
        Expr::Map(map) => map.entries.iter_mut().map(|entry| count_entry(&mut entry.expr)).max().unwrap_or(0),
        Expr::Struct(object) => {
            object.entries.iter_mut().map(|entry| count_entry(&mut entry.expr)).max().unwrap_or(0)
        }
        Expr::Select(select) => count(&mut select.operand),
        Expr::Ident(_) | Expr::Literal(_) | Expr::Unspecified => 0,
    }
}

fn count_entry(entry: &mut EntryExpr) -> usize {
    match entry {
        EntryExpr::StructField(field) => count(&mut field.value),
        EntryExpr::MapEntry(entry) => count(&mut entry.key).max(count(&mut entry.value)),
    }
}

fn count_call(call: &mut CallExpr) {
    match (call.func_name.as_str(), call.target.is_some(), call.args.len()) {
        (operators::ADD, false, 2) => call.args.iter_mut().for_each(|operand| wrap(operand, "@weigh")),
        ("replace", true, 2) => call.func_name = "@replace".into(),
        ("replace", true, 3) => call.func_name = "@replace.most".into(),
        ("join", true, 0 | 1) => {
            call.func_name = "@join".into();
            if call.args.is_empty() {
                call.args.push(node(Expr::Literal(LiteralValue::String(String::new().into()))));
            }
        }
        ("format" | "escapeKey", true, 1) => call.args.iter_mut().for_each(|made| wrap(made, "@weigh")),
        ("distinct", true, 0) => call.target.iter_mut().for_each(|list| wrap(list, "@square")),
        ("range", true, 1) => call.args.iter_mut().for_each(|number| wrap(number, "@number")),
        _ => {}
    }
}

fn count_loop(comprehension: &mut ComprehensionExpr) -> usize {
    let outside = count(&mut comprehension.iter_range).max(count(&mut comprehension.accu_init));
    let appends = is_append(comprehension);
    let inside = if appends { count_appended(comprehension) } else { count(&mut comprehension.loop_step) };
    let inside = inside.max(count(&mut comprehension.loop_cond)).max(count(&mut comprehension.result));
    if !appends {
        wrap(&mut comprehension.loop_cond, "@step");
    }
    outside.max(inside + 1)
}

/// Whether this is a `map` or a `filter`, which the evaluator runs without copying the list that it makes, if the step
/// keeps its form: `@result + [item]`, or `condition ? @result + [item] : @result`.
fn is_append(comprehension: &ComprehensionExpr) -> bool {
    let accumulator =
        |node: &IdedExpr| matches!(&node.expr, Expr::Ident(name) if *name == comprehension.accu_var);
    let appends = |node: &IdedExpr| match &node.expr {
        Expr::Call(call) if call.func_name == operators::ADD && call.target.is_none() => {
            matches!(call.args.as_slice(), [list, items] if accumulator(list) && matches!(items.expr, Expr::List(_)))
        }
        _ => false,
    };
    let step = &comprehension.loop_step;
    let guarded = match &step.expr {
        Expr::Call(call) if call.func_name == operators::CONDITIONAL && call.target.is_none() => {
            matches!(call.args.as_slice(), [_, then, otherwise] if appends(then) && accumulator(otherwise))
        }
        _ => false,
    };
    accumulator(&comprehension.result)
        && matches!(comprehension.loop_cond.expr, Expr::Literal(_))
        && (guarded || appends(step))
}

fn count_appended(comprehension: &mut ComprehensionExpr) -> usize {
    let step = std::mem::take(&mut comprehension.loop_step);
    let (mut guard, mut append) = match step.expr {
        Expr::Call(mut call) if call.func_name == operators::CONDITIONAL => {
            let append = call.args.swap_remove(1);
            (call.args.swap_remove(0), append)
        }
        expr => (node(Expr::Literal(LiteralValue::Boolean(true.into()))), IdedExpr { id: step.id, expr }),
    };
    let mut depth = count(&mut guard);
    wrap(&mut guard, "@step");
    if let Expr::Call(call) = &mut append.expr {
        depth = depth.max(call.args.iter_mut().map(count).max().unwrap_or(0));
    }
    let otherwise = node(Expr::Ident(comprehension.accu_var.clone()));
    let call = CallExpr {
        func_name: operators::CONDITIONAL.into(),
        target: None,
        args: vec![guard, append, otherwise],
    };
    comprehension.loop_step = node(Expr::Call(call));
    depth
}

fn node(expr: Expr) -> IdedExpr {
    IdedExpr { id: 0, expr }
}

fn wrap(inner: &mut IdedExpr, function: &str) {
    let inside = std::mem::take(inner);
    let call = CallExpr { func_name: function.into(), target: None, args: vec![inside] };
    *inner = node(Expr::Call(call));
}

#[cfg(test)]
mod tests {
    use super::super::expression::{Expression, Variables};
    use super::*;

    fn variables() -> Variables {
        let mut variables = Variables::none();
        let numbers: Vec<Value> = (0..2000).map(Value::Int).collect();
        variables.set("numbers", Value::List(Arc::new(numbers)));
        variables.set("text", Value::String(Arc::new("a".repeat(10_000))));
        variables
    }

    #[test]
    fn an_expression_that_is_too_dear_fails() {
        for text in [
            "numbers.all(a, numbers.all(b, a + b >= 0))",
            "numbers.map(a, numbers.map(b, a + b)).size() == 2000",
            "numbers.filter(a, numbers.filter(b, numbers.exists(c, c == a - b)).size() > 0).size() > 0",
            "numbers.all(a, numbers.all(b, a + b >= 0)) || true",
            "numbers.map(a, text + text).size() == 2000",
            "text.replace('a', text).size() > 0",
            "text.replace('a', text, 9000).size() > 0",
            "numbers.map(a, text).join(',').size() > 0",
            "numbers.distinct().size() == 2000",
            "lists.range(100000000).size() > 0",
        ] {
            let outcome = Expression::new(text).holds(&variables());
            assert_eq!(outcome, Err(EXCEEDED.to_owned()), "{text}");
        }
    }

    #[test]
    fn counting_changes_no_value() {
        let variables = variables();
        for text in [
            "numbers.all(a, a + 1 > 0) && numbers.exists(a, a == 7) && numbers.exists_one(a, a == 7)",
            "numbers.filter(a, a < 3) == [0, 1, 2]",
            "[1, 2].map(a, a * 2) == [2, 4] && [1, 2].map(a, a > 1, a * 2) == [4]",
            "[1, 2].map(a, [3, 4].map(b, a * b)) == [[3, 4], [6, 8]]",
            "['a', 'b'].join() == 'ab' && ['a', 'b'].join('-') == 'a-b' && 'aXbX'.replace('X', 'yy') == 'ayybyy'",
            "'aXbX'.replace('X', 'y', 1) == 'aybX' && 'aX'.replace('X', 'y', -1) == 'ay' && 'aX'.replace('X', 'y', 0) == 'aX'",
            "[1, 1, 2].distinct() == [1, 2] && [1] + [2] == [1, 2] && 'a' + 'b' == 'ab' && 1 + 2 == 3",
            "{'a': 1 + 1}['a'] == 2 && {'a': 1}.all(k, k == 'a')",
        ] {
            assert_eq!(Expression::new(text).holds(&variables), Ok(true), "{text}");
        }
    }

    #[test]
    fn the_depth_of_loops_is_known() {
        for (text, is_heavy) in [
            ("numbers.all(a, a > 0) && numbers.exists(b, b > 0)", false),
            ("numbers.all(a, numbers.exists(b, a == b))", true),
            ("numbers.map(a, numbers.filter(b, b > a))", true),
            ("numbers.filter(a, a > 0).map(a, a + 1)", false),
        ] {
            assert_eq!(Expression::new(text).is_heavy(), is_heavy, "{text}");
        }
    }
}
