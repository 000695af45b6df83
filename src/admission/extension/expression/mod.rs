//! Expressions of the Common Expression Language, as match conditions and policies use them.
//!
//! The crate `cel` reads a text; what it means is told here, as cel-go tells it: what of an error is an error, what
//! equals what, which functions there are. An expression that cannot be read, or that uses a function this server does
//! not know, fails whenever it is asked, and the failure policy of who asks says what follows.

mod budget;
mod compare;
#[cfg(test)]
mod compared;
mod compile;
mod evaluate;
mod go;
mod loops;
mod macros;
mod made;
mod node;
#[cfg(test)]
mod tests;
mod types;
mod value;
mod variables;

use compile::Scope;
use evaluate::Evaluation;
pub(super) use node::Node;
use std::sync::Arc;
use tokio::runtime::RuntimeFlavor;

pub(super) use budget::{Budget, EXCEEDED};
pub(super) use compare::compare;
pub(super) use go::{escape, grouped, quoted, scientific, shortest};
pub(super) use loops::sorted;
pub(super) use made::Made;
pub(super) use node::Name;
pub(super) use value::{Fault, Key, Map, Outcome, Type, Value, fault, whole};
pub(super) use variables::{Composed, Effects, Facts, Variables};

/// An expression that was read, or why it could not be.
#[derive(Clone)]
pub(super) struct Expression {
    pub(super) text: String,
    read: Result<Arc<Node>, String>,
    /// How deep its loops are nested.
    depth: usize,
}

impl Expression {
    /// One that stands for itself.
    #[cfg(test)]
    pub(super) fn new(text: &str) -> Self {
        Expression::among(text, &[])
    }

    /// One that may name these variables of its policy.
    pub(super) fn among(text: &str, composed: &[String]) -> Self {
        Expression::within(text, Scope { composed, makes: false })
    }

    /// One that makes objects and patches, and may name these variables of its policy.
    pub(super) fn making(text: &str, composed: &[String]) -> Self {
        Expression::within(text, Scope { composed, makes: true })
    }

    fn within(text: &str, scope: Scope<'_>) -> Self {
        let (read, depth) = match compile::compile(text, scope) {
            Ok(compiled) => (Ok(Arc::new(compiled.node)), compiled.depth),
            Err(reason) => (Err(reason), 0),
        };
        Expression { text: text.to_owned(), read, depth }
    }

    /// Whether it may take long: a loop within a loop.
    pub(super) fn is_heavy(&self) -> bool {
        self.depth > 1
    }

    /// What is said where it cannot be told.
    pub(super) fn failed(&self, error: &str) -> String {
        format!("expression '{}' resulted in error: {error}", self.text)
    }

    /// Why it could not be read, if it could not.
    pub(super) fn unread(&self) -> Option<String> {
        self.read.as_ref().err().map(|reason| format!("compilation failed: {reason}"))
    }

    /// Logs that it cannot be told, and that nothing follows from that.
    pub(super) fn passed_over(&self, error: &str) {
        tracing::warn!(expression = self.text, error, "a policy's expression fails, and is passed over");
    }

    /// What it comes to.
    pub(super) fn evaluate(&self, variables: &Variables) -> Result<Value, String> {
        let node = self.read.as_ref().map_err(|reason| format!("compilation failed: {reason}"))?;
        let value = Evaluation { variables, locals: Vec::new() }.value(node);
        // A value may stand although a part of it failed; one that was too dear does not.
        if variables.budget().is_exceeded() {
            return Err(EXCEEDED.to_owned());
        }
        value.map_err(|fault| fault.0)
    }

    /// What it comes to, where that must be true or false.
    pub(super) fn holds(&self, variables: &Variables) -> Result<bool, String> {
        match self.evaluate(variables)? {
            Value::Bool(holds) => Ok(holds),
            other => Err(format!("it comes to {}, not to a bool", other.type_of().name())),
        }
    }
}

/// Evaluates where that holds up nobody else, if it may take long.
pub(super) fn apart<T>(is_heavy: bool, evaluate: impl FnOnce() -> T) -> T {
    let runtime = tokio::runtime::Handle::try_current().map(|handle| handle.runtime_flavor());
    match runtime {
        Ok(RuntimeFlavor::MultiThread) if is_heavy => tokio::task::block_in_place(evaluate),
        _ => evaluate(),
    }
}
