//! JSON patches (RFC 6902) and merge patches (RFC 7386), applied as Kubernetes applies them (V-50…V-52).
//!
//! Where that differs from the RFCs, scripts and webhooks rely on it: a member that is absent can be replaced, what is
//! absent tests equal to `null` and is copied as `null`, `-1` is the last item of a list, a path needs no slash in front,
//! a value that is not given is `null`, and numbers are compared as they are written (`1` is not `1.0`).

mod document;
mod merge;
#[cfg(test)]
mod tests;

pub use merge::merge;

use crate::wire::{Problem, json, limits};
use serde_json::{Map, Value};

/// All copies of a patch together add at most so many bytes.
pub const MOST_COPIED: usize = 3 * 1024 * 1024;

/// A patch that was read: one operation after the other.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Patch {
    operations: Vec<Operation>,
    problems: Vec<Problem>,
    ill_typed: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Operation {
    kind: Option<String>,
    path: Option<String>,
    from: Option<String>,
    value: Value,
}

/// Why a patch does not fit a document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatchError {
    /// It is no list of operations.
    #[error("a JSON patch is a list of objects, one for each operation")]
    NoOperations,
    /// There is no such operation.
    #[error("Unexpected kind: {0}")]
    UnknownKind(String),
    /// A path leads nowhere, or is missing.
    #[error("{0}")]
    DoesNotApply(String),
    /// Something else stands where a value was expected.
    #[error("testing value {0} failed: test failed")]
    TestFailed(String),
    /// Copies of copies.
    #[error(
        "Unable to complete the copy, the accumulated size increase of copy is {0}, exceeding the limit {MOST_COPIED}"
    )]
    CopiedTooMuch(usize),
    /// More levels than any reader takes.
    #[error("at path '{0}' the object would be nested deeper than {deepest} levels", deepest = limits::DEEPEST)]
    TooDeep(String),
}

type Result<T> = std::result::Result<T, PatchError>;

impl Patch {
    /// Reads a patch out of parsed JSON; `null` is one without operations.
    pub fn parse(tree: Value) -> Result<Self> {
        let items = match tree {
            Value::Null => Vec::new(),
            Value::Array(items) => items,
            _ => return Err(PatchError::NoOperations),
        };
        let mut patch = Patch::default();
        for (index, item) in items.into_iter().enumerate() {
            match item {
                Value::Null => patch.operations.push(Operation::default()),
                Value::Object(fields) => patch.push(index, fields),
                _ => return Err(PatchError::NoOperations),
            }
        }
        Ok(patch)
    }

    fn push(&mut self, index: usize, fields: Map<String, Value>) {
        let mut operation = Operation::default();
        for (name, value) in fields {
            let target = match name.as_str() {
                "op" => &mut operation.kind,
                "path" => &mut operation.path,
                "from" => &mut operation.from,
                "value" => {
                    operation.value = value;
                    continue;
                }
                _ => {
                    self.problems.push(Problem::Unknown(format!("[{index}].{name}")));
                    continue;
                }
            };
            match value {
                Value::String(text) => *target = Some(text),
                Value::Null => {}
                _ => self.ill_typed = Some(format!("[{index}].{name} is no string")),
            }
        }
        self.operations.push(operation);
    }

    /// How many operations there are.
    pub fn len(&self) -> usize {
        self.operations.len()
    }

    /// Whether it changes nothing.
    pub fn is_empty(&self) -> bool {
        self.operations.is_empty()
    }

    /// Members of operations that mean nothing.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// What a careful reader refuses: an `op`, `path` or `from` that is no string.
    pub fn ill_typed(&self) -> Option<&str> {
        self.ill_typed.as_deref()
    }

    /// Applies all operations. After an error the document is worth nothing.
    pub fn apply(&self, tree: &mut Value) -> Result<()> {
        let mut copied = 0;
        self.operations.iter().try_for_each(|operation| operation.apply(tree, &mut copied))
    }
}

impl Operation {
    fn apply(&self, tree: &mut Value, copied: &mut usize) -> Result<()> {
        match self.kind.as_deref() {
            Some("add") => self.add(tree),
            Some("remove") => self.remove(tree),
            Some("replace") => self.replace(tree),
            Some("move") => self.r#move(tree),
            Some("test") => self.test(tree),
            Some("copy") => self.copy(tree, copied),
            other => Err(PatchError::UnknownKind(other.unwrap_or("unknown").to_owned())),
        }
    }

    fn add(&self, tree: &mut Value) -> Result<()> {
        let path = text(self.path.as_deref(), "add operation failed to decode path: missing value")?;
        let Some((parent, key)) = document::find(tree, path) else {
            return Err(no_parent("add", "path", &format!("\"{path}\"")));
        };
        check_depth(path, &self.value)?;
        document::add(parent, &key, self.value.clone())
            .map_err(|fault| does_not_apply(format!("error in add for path: '{path}': {fault}")))
    }

    fn remove(&self, tree: &mut Value) -> Result<()> {
        let path = text(self.path.as_deref(), "remove operation failed to decode path: missing value")?;
        let Some((parent, key)) = document::find(tree, path) else {
            return Err(no_parent("remove", "path", &format!("\"{path}\"")));
        };
        let removed = document::remove(parent, &key);
        removed
            .map(drop)
            .map_err(|fault| does_not_apply(format!("error in remove for path: '{path}': {fault}")))
    }

    fn replace(&self, tree: &mut Value) -> Result<()> {
        let path = self.path("replace")?;
        check_depth(path, &self.value)?;
        if path.is_empty() {
            if !self.value.is_object() && !self.value.is_array() {
                return Err(does_not_apply("replace operation value must be object or array".into()));
            }
            *tree = self.value.clone();
            return Ok(());
        }
        let Some((parent, key)) = document::find(tree, path) else {
            return Err(no_parent("replace", "path", path));
        };
        document::set(parent, &key, self.value.clone()).map_err(|_| {
            does_not_apply(format!(
                "replace operation does not apply: doc is missing key: {path}: missing value"
            ))
        })
    }

    fn r#move(&self, tree: &mut Value) -> Result<()> {
        let from = self.from("move")?;
        let Some((parent, key)) = document::find(tree, from) else {
            return Err(no_parent("move", "from path", from));
        };
        let value = document::remove(parent, &key)
            .map_err(|fault| does_not_apply(format!("error in move for path: '{key}': {fault}")))?;
        let path = self.path("move")?;
        let Some((parent, key)) = document::find(tree, path) else {
            return Err(no_parent("move", "destination path", path));
        };
        // What moves no deeper fits as it did.
        if levels(path) > levels(from) {
            check_depth(path, &value)?;
        }
        document::add(parent, &key, value)
            .map_err(|fault| does_not_apply(format!("error in move for path: '{path}': {fault}")))
    }

    fn test(&self, tree: &mut Value) -> Result<()> {
        let path = self.path("test")?;
        let failed = || PatchError::TestFailed(path.to_owned());
        if path.is_empty() {
            return if *tree == self.value { Ok(()) } else { Err(failed()) };
        }
        let Some((parent, key)) = document::find(tree, path) else {
            let why = format!("test operation does not apply: is missing path: {path}: missing value");
            return Err(does_not_apply(why));
        };
        let found = document::get(parent, &key)
            .map_err(|fault| does_not_apply(format!("error in test for path: '{path}': {fault}")))?;
        if *found.unwrap_or(&Value::Null) == self.value { Ok(()) } else { Err(failed()) }
    }

    fn copy(&self, tree: &mut Value, copied: &mut usize) -> Result<()> {
        let from = self.from("copy")?;
        let Some((parent, key)) = document::find(tree, from) else {
            return Err(no_parent("copy", "from path", from));
        };
        let value = document::get(parent, &key)
            .map_err(|fault| does_not_apply(format!("error in copy for from: '{from}': {fault}")))?;
        let value = value.cloned().unwrap_or_default();
        let path = text(self.path.as_deref(), "copy operation failed to decode path: missing value")?;
        let Some((parent, key)) = document::find(tree, path) else {
            return Err(no_parent("copy", "destination path", path));
        };
        let mut encoded = Vec::new();
        json::encode(&value, &mut encoded);
        *copied += encoded.len();
        if *copied > MOST_COPIED {
            return Err(PatchError::CopiedTooMuch(*copied));
        }
        check_depth(path, &value)?;
        document::add(parent, &key, value)
            .map_err(|fault| does_not_apply(format!("error while adding value during copy: {fault}")))
    }

    fn path(&self, operation: &str) -> Result<&str> {
        let absent = format!(
            "{operation} operation failed to decode path: operation missing path field: missing value"
        );
        text(self.path.as_deref(), &absent)
    }

    fn from(&self, operation: &str) -> Result<&str> {
        let absent = format!(
            "{operation} operation failed to decode from: operation, missing from field: missing value"
        );
        text(self.from.as_deref(), &absent)
    }
}

fn text<'a>(text: Option<&'a str>, absent: &str) -> Result<&'a str> {
    text.ok_or_else(|| does_not_apply(absent.to_owned()))
}

fn does_not_apply(why: String) -> PatchError {
    PatchError::DoesNotApply(why)
}

fn no_parent(operation: &str, what: &str, path: &str) -> PatchError {
    does_not_apply(format!(
        "{operation} operation does not apply: doc is missing {what}: {path}: missing value"
    ))
}

/// How many containers stand around what a path names.
fn levels(path: &str) -> usize {
    path.matches('/').count()
}

/// No operation nests deeper than a body may be.
fn check_depth(path: &str, value: &Value) -> Result<()> {
    let room = limits::DEEPEST.checked_sub(levels(path));
    match room.is_some_and(|room| limits::is_within(value, room)) {
        true => Ok(()),
        false => Err(PatchError::TooDeep(path.to_owned())),
    }
}
