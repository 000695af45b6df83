//! Expressions of the Common Expression Language, as match conditions and policies use them.
//!
//! An expression that cannot be read, or that uses a function this server does not know, fails whenever it is asked, and
//! the failure policy of who asks says what follows.

use super::question::Question;
use super::{functions, values};
use apimachinery::kind::Version;
use cel::{Context, Env, Program, Value};
use k8s_openapi::api::admissionregistration::v1::MatchCondition;
use std::sync::{Arc, OnceLock};

/// The language with the libraries of Kubernetes that are there.
fn environment() -> Arc<Env> {
    static ENVIRONMENT: OnceLock<Arc<Env>> = OnceLock::new();
    ENVIRONMENT.get_or_init(|| Arc::new(functions::environment())).clone()
}

/// An expression that was read, or why it could not be.
#[derive(Clone)]
pub(super) struct Expression {
    pub(super) text: String,
    program: Result<Arc<Program>, String>,
}

impl Expression {
    pub(super) fn new(text: &str) -> Self {
        let program = environment().compile(text).map(Arc::new).map_err(|error| error.to_string());
        Expression { text: text.to_owned(), program }
    }

    /// What it comes to.
    pub(super) fn evaluate(&self, variables: &Variables) -> Result<Value, String> {
        let program = self.program.as_ref().map_err(|reason| format!("compilation failed: {reason}"))?;
        program.execute(&variables.0).map_err(|error| error.to_string())
    }

    /// What it comes to, where that must be true or false.
    pub(super) fn holds(&self, variables: &Variables) -> Result<bool, String> {
        match self.evaluate(variables)? {
            Value::Bool(holds) => Ok(holds),
            other => Err(format!("it comes to {:?}, not to a bool", other.type_of())),
        }
    }
}

/// What an expression may name.
pub(super) struct Variables(Context<'static, 'static>);

impl Variables {
    /// Of a request whose objects are shown in this version.
    pub(super) fn of(question: &Question<'_>, version: &Version) -> Self {
        let mut variables = Variables(Context::with_env(environment()));
        functions::add(&mut variables.0);
        variables.set("object", values::of_object(question.object_tree(version)));
        variables.set("oldObject", values::of_object(question.old_tree(version)));
        variables.set("request", values::of(serde_json::Value::Object(question.facts(version))));
        variables
    }

    pub(super) fn set(&mut self, name: &str, value: Value) {
        self.0.add_variable_from_value(name, value);
    }
}

/// A match condition of a webhook or a policy.
#[derive(Clone)]
pub(super) struct Condition {
    name: String,
    expression: Expression,
}

impl Condition {
    pub(super) fn of(conditions: Option<Vec<MatchCondition>>) -> Vec<Condition> {
        let conditions = conditions.unwrap_or_default().into_iter();
        conditions
            .map(|condition| Condition {
                expression: Expression::new(&condition.expression),
                name: condition.name,
            })
            .collect()
    }

    /// Whether all hold. One that does not outweighs those that cannot be told.
    pub(super) fn all(
        conditions: &[Condition],
        variables: impl FnOnce() -> Variables,
    ) -> Result<bool, String> {
        if conditions.is_empty() {
            return Ok(true);
        }
        let (variables, mut failure) = (variables(), None);
        for condition in conditions {
            match condition.expression.holds(&variables) {
                Ok(true) => {}
                Ok(false) => return Ok(false),
                Err(reason) => {
                    failure.get_or_insert(format!("match condition {:?}: {reason}", condition.name));
                }
            }
        }
        failure.map_or(Ok(true), Err)
    }
}
