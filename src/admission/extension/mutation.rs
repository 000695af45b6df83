//! One mutation of a MutatingAdmissionPolicy: what it makes of an object.

use super::expression::{EXCEEDED, Expression, Made, Value, Variables};
use super::question::Question;
use apimachinery::json_patch::{Patch, PatchError};
use apimachinery::kind::{Hub, Version};
use apimachinery::managed;
use apimachinery::status::ApiError;
use apimachinery::wire::Problem;
use k8s_openapi::api::admissionregistration::v1;
use serde_json::Value as Tree;

/// How an object is changed.
#[derive(Clone, Copy)]
enum Kind {
    /// By a part of the object, which is merged into it.
    Configuration,
    /// By operations, one after the other.
    Patch,
}

/// An expression, and what its value does to an object.
pub(super) struct Mutation {
    expression: Expression,
    kind: Kind,
}

/// Why an object is not changed.
#[derive(Debug)]
pub(super) enum Failure {
    /// The failure policy says what follows.
    Denied(String),
    /// No failure policy excuses it.
    Fatal(ApiError),
}

impl Failure {
    /// What metrics call it.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Failure::Denied(reason) if reason.starts_with("compilation failed") => "compile_error",
            Failure::Denied(reason) if reason.ends_with(EXCEEDED) => "out_of_budget",
            _ => "invalid_error",
        }
    }
}

fn denied<T>(reason: String) -> Result<T, Failure> {
    Err(Failure::Denied(reason))
}

impl Mutation {
    /// What a policy says, which may name these variables; nothing where it says nothing.
    pub(super) fn new(mutation: &v1::Mutation, names: &[String]) -> Option<Mutation> {
        let (text, kind) = match mutation.patch_type.as_str() {
            "ApplyConfiguration" => (&mutation.apply_configuration.as_ref()?.expression, Kind::Configuration),
            "JSONPatch" => (&mutation.json_patch.as_ref()?.expression, Kind::Patch),
            _ => return None,
        };
        Some(Mutation { expression: Expression::making(text.as_deref().unwrap_or_default(), names), kind })
    }

    pub(super) fn is_heavy(&self) -> bool {
        self.expression.is_heavy()
    }

    /// What the expression comes to.
    pub(super) fn evaluate(&self, variables: &Variables) -> Result<Value, String> {
        if let Some(reason) = self.expression.unread() {
            return Err(reason);
        }
        self.expression.evaluate(variables).map_err(|error| self.expression.failed(&error))
    }

    /// The object that this value makes of the one in question, in a version; nothing where it stays as it is.
    pub(super) fn apply(
        &self,
        value: &Value,
        question: &Question<'_>,
        version: &Version,
    ) -> Result<Option<Box<dyn Hub>>, Failure> {
        let before = question.object_tree(version);
        match self.kind {
            Kind::Configuration => {
                let after = configured(value, &before, question, version).or_else(denied)?;
                read(question, version, &after).map(|(object, _)| Some(object))
            }
            Kind::Patch => {
                let Some(after) = patched(value, before).or_else(denied)? else { return Ok(None) };
                let (object, problems) = read(question, version, &after)?;
                if problems.is_empty() {
                    return Ok(Some(object));
                }
                let problems: Vec<String> = problems.iter().map(Problem::to_string).collect();
                let reason = format!("strict decoding error: {}", problems.join(", "));
                Err(Failure::Fatal(ApiError::internal(&reason)))
            }
        }
    }
}

fn read(
    question: &Question<'_>,
    version: &Version,
    tree: &Tree,
) -> Result<(Box<dyn Hub>, Vec<Problem>), Failure> {
    let read = question.changed(version, tree);
    read.map_err(|reason| Failure::Fatal(ApiError::internal(&reason)))
}

fn must_be<T>(wanted: &str, value: &Value) -> Result<T, String> {
    let kind = match value {
        Value::Made(made) => made.name(),
        other => other.type_of().name(),
    };
    Err(format!("must evaluate to {wanted} but got {kind}"))
}

/// The object with a configuration merged into it.
fn configured(
    value: &Value,
    before: &Tree,
    question: &Question<'_>,
    version: &Version,
) -> Result<Tree, String> {
    let Value::Made(made) = value else { return must_be("Object", value) };
    if made.name() != "Object" {
        return must_be("Object", value);
    }
    let mut configuration = made.configuration()?;
    for name in ["apiVersion", "kind"] {
        configuration[name] = before[name].clone();
    }
    let schema = question.schema(version);
    managed::overlay(schema, before, &configuration).map_err(|why| format!("error applying patch: {why}"))
}

/// The object after the operations; nothing where a test among them fails.
fn patched(value: &Value, mut tree: Tree) -> Result<Option<Tree>, String> {
    const WANTED: &str = "list(JSONPatch)";
    let Value::List(items) = value else { return must_be(WANTED, value) };
    let operation = |item: &Value| match item {
        Value::Made(made) if made.name() == Made::PATCH => made.operation(),
        other => must_be("JSONPatch", other),
    };
    let operations = items.iter().map(operation).collect::<Result<Vec<_>, _>>()?;
    let patch = Patch::parse(Tree::Array(operations)).map_err(|error| error.to_string())?;
    match patch.apply(&mut tree) {
        Ok(()) => Ok(Some(tree)),
        Err(PatchError::TestFailed(_)) => Ok(None),
        Err(error) => Err(format!("JSON Patch: {error}")),
    }
}

#[cfg(test)]
mod tests;
