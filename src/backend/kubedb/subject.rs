//! What KubeDB changes of something that runs only by request: of a `Postgres`, or of the `PgBouncer` beside it.
//!
//! Each of that is a [`Facet`]: until its request was carried out, the object keeps saying what is.

use super::ops;
use crate::backend::operator::{Wish, covers, overlay, put};
use crate::cluster::Resource;
use serde_json::{Value, json};

/// What of it is changed by request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Version,
    Storage,
    Resources,
    Instances,
    Parameters,
    Tls,
    Restart,
    Poolers,
    PoolMode,
}

/// It, as it is and as it should be. Null is nothing.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Facet {
    pub(super) kind: Kind,
    pub(super) now: Value,
    pub(super) wanted: Value,
    /// Whether the object says how it should be.
    pub(super) said: bool,
}

impl Facet {
    /// What is not said, or not any more, stays as it is.
    pub(super) fn new(kind: Kind, now: Value, wanted: Option<Value>) -> Self {
        let said = wanted.is_some();
        let wanted = wanted.unwrap_or_else(|| now.clone());
        Facet { kind, now, wanted, said }
    }

    /// Whether it is so.
    pub(super) fn is_so(&self) -> bool {
        match self.wanted.is_null() {
            true => self.now.is_null(),
            false => covers(&self.now, &self.wanted, &[]),
        }
    }
}

/// What requests are about.
pub(super) struct Subject<'a> {
    /// What a person calls it.
    pub(super) called: &'static str,
    /// The name of its object.
    pub(super) name: String,
    /// Its object as it is; null where there is none.
    pub(super) live: &'a Value,
    /// The kind of the requests.
    pub(super) requests: &'static Resource,
    pub(super) facets: Vec<Facet>,
}

impl Subject<'_> {
    /// What its object says of a facet: of what runs what is, until that was changed.
    pub(super) fn value(&self, wish: &Wish<'_>, facet: &Facet) -> Value {
        let is_made = self.live.is_null() || facet.is_so() || ops::is_done(wish, self, facet);
        if is_made { overlay(facet.now.clone(), facet.wanted.clone()) } else { facet.now.clone() }
    }
}

/// How a spec says that connections are encrypted; null where they are not.
pub(super) fn tls_now(spec: &Value) -> Value {
    match spec["tls"].is_null() {
        true => Value::Null,
        false => json!({"sslMode": spec["sslMode"], "issuerRef": spec["tls"]["issuerRef"]}),
    }
}

/// Says that in a spec.
pub(super) fn put_tls(spec: &mut Value, tls: &Value) {
    put(spec, "sslMode", tls["sslMode"].clone());
    put(spec, "tls.issuerRef", tls["issuerRef"].clone());
}
