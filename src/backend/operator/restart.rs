//! Restarts of operators that are asked for them by an object of their own, and not by a field of the main one: what was asked
//! for last is remembered on the main object.

use super::{DOMAIN, Wish};
use databases_api::shared::RESTARTED_AT;
use serde_json::Value;

/// The annotation of the main object that remembers.
pub(in crate::backend) fn key() -> String {
    format!("{DOMAIN}restarted-at")
}

/// What the object asks for; null where it does not.
pub(in crate::backend) fn asked(wish: &Wish<'_>) -> Value {
    wish.object.metadata.annotations.get(RESTARTED_AT).map_or(Value::Null, |at| at.as_str().into())
}

/// What was done last. Whatever was asked before the implementation was the object's is as good as done.
pub(in crate::backend) fn done(wish: &Wish<'_>) -> Value {
    if wish.is_bound() { wish.live["metadata"]["annotations"][key()].clone() } else { asked(wish) }
}
