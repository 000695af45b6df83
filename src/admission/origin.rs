//! Whose request it is, for steps that ask somebody else about it.

use apimachinery::kind::Version;
use apimachinery::meta::DeleteOptions;
use std::fmt::Debug;
use std::sync::{Mutex, PoisonError};

/// A client's request, as far as an object alone does not tell. What the server itself writes has none.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    /// Who asks.
    pub requester: Requester<'a>,
    /// The version in the URL.
    pub version: &'static Version,
    /// The subresource in the URL; empty for the object itself.
    pub subresource: &'a str,
    /// What the request's options say.
    pub options: Options<'a>,
    /// Where it is told what admission finds, if the request is recorded.
    pub audit: Option<&'a dyn Annotations>,
    /// What the client hears beside its answer.
    pub warnings: &'a Warnings,
}

/// What a client hears beside the answer to its request, be that a refusal.
#[derive(Debug, Default)]
pub struct Warnings(Mutex<Vec<String>>);

impl Warnings {
    /// None yet.
    pub const fn new() -> Self {
        Warnings(Mutex::new(Vec::new()))
    }

    /// Adds these.
    pub fn extend(&self, texts: impl IntoIterator<Item = String>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(texts);
    }

    /// All of them, in their order; some may stand twice, as what lost a race is judged again.
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Takes down what admission has to say of a request beside its verdict.
pub trait Annotations: Debug + Send + Sync {
    /// Adds a word about the request; the first one of a name counts.
    fn annotate(&self, key: &str, value: &str);
    /// Whether what is in objects of requests may be told.
    fn takes_requests(&self) -> bool;
}

/// Who asks, as authentication found out.
#[derive(Clone, Copy, Debug)]
pub struct Requester<'a> {
    /// The user's name.
    pub name: &'a str,
    /// The user's uid; may be empty.
    pub uid: &'a str,
    /// The user's groups.
    pub groups: &'a [String],
    /// What the authenticator adds.
    pub extra: &'a [(String, Vec<String>)],
}

/// The options of a request, as the wire has them.
#[derive(Clone, Copy, Debug)]
pub enum Options<'a> {
    /// Of a creation, an update or a patch.
    Write {
        /// Such as `CreateOptions`.
        kind: &'static str,
        /// The name of what writes; may be empty.
        field_manager: &'a str,
        /// `Ignore`, `Warn` or `Strict`; empty where the request does not say.
        field_validation: &'static str,
    },
    /// Of a deletion.
    Delete(&'a DeleteOptions),
}
