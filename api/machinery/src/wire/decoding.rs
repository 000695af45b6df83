//! What decoding remembers: where it is, and what it met that strict clients want to hear of.

use crate::go::quoted;
use std::fmt;

/// At most so many unknown and duplicate fields are reported.
const MOST_PROBLEMS: usize = 100;

/// The `kind` and `apiVersion` a body carried.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TypeMeta {
    /// `apiVersion`, empty when absent.
    pub api_version: String,
    /// `kind`, empty when absent.
    pub kind: String,
}

/// A field that a strict reader objects to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// The type has no such field.
    Unknown(String),
    /// The type has no such field, and what is meant has another name.
    Misnamed {
        /// The field as it stands there.
        path: String,
        /// What it is called.
        name: &'static str,
    },
    /// The field stands more than once.
    Duplicate(String),
}

impl fmt::Display for Problem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Problem::Unknown(path) => write!(out, "unknown field {}", quoted(path)),
            Problem::Misnamed { path, name } => {
                write!(out, "unknown field {}, which is called {name:?} here", quoted(path))
            }
            Problem::Duplicate(path) => write!(out, "duplicate field {}", quoted(path)),
        }
    }
}

pub(super) enum Step {
    Field(&'static str),
    Key(String),
    Index(usize),
}

/// Names that stand for the same in Kubernetes' own types, here the one and there the other.
const SAME: [(&str, &str); 2] = [("apiGroup", "group"), ("group", "apiGroup")];

/// The state of one decoding.
#[derive(Default)]
pub struct Decoding {
    /// What the body said of its own type.
    pub type_meta: TypeMeta,
    path: Vec<Step>,
    problems: Vec<Problem>,
}

impl Decoding {
    pub(super) fn enter(&mut self, step: Step) {
        self.path.push(step);
    }

    pub(super) fn set_index(&mut self, index: usize) {
        if let Some(last) = self.path.last_mut() {
            *last = Step::Index(index);
        }
    }

    /// Only on success: after an error the path shows where it happened.
    pub(super) fn leave(&mut self) {
        self.path.pop();
    }

    /// A field that the type has not, which has these.
    pub(super) fn unknown(&mut self, name: &str, has: impl Fn(&str) -> bool) {
        let path = self.path_to(name);
        let meant = SAME.iter().find(|(called, meant)| *called == name && has(meant));
        self.tell(match meant {
            Some((_, name)) => Problem::Misnamed { path, name },
            None => Problem::Unknown(path),
        });
    }

    pub(super) fn duplicate(&mut self, name: &str) {
        self.tell(Problem::Duplicate(self.path_to(name)));
    }

    fn tell(&mut self, problem: Problem) {
        if self.problems.len() < MOST_PROBLEMS && !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    /// The unknown and duplicate fields met, each once, in document order.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// Where decoding stands, such as `spec.databases[0].name`; after an error: where it happened.
    pub fn path(&self) -> String {
        let mut out = String::new();
        for step in &self.path {
            match step {
                Step::Field(name) => push_name(&mut out, name),
                Step::Key(name) => push_name(&mut out, name),
                Step::Index(index) => out.push_str(&format!("[{index}]")),
            }
        }
        out
    }

    fn path_to(&self, name: &str) -> String {
        let mut out = self.path();
        push_name(&mut out, name);
        out
    }
}

fn push_name(out: &mut String, name: &str) {
    if !out.is_empty() {
        out.push('.');
    }
    out.push_str(name);
}
