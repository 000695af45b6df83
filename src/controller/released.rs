//! The Secret that a removal leaves with data that it keeps, made anew for who has lost it.

use super::secret::{KIND_LABEL, NAME_LABEL, RELEASED_FROM};
use crate::backend::Login;
use databases_api::instance::{Facts, binding_name};
use serde_json::{Value, json};

/// Whose data is kept.
pub struct Former<'a> {
    /// The namespace of its object.
    pub namespace: &'a str,
    /// The name.
    pub name: &'a str,
    /// The uid.
    pub uid: &'a str,
}

/// Its binding Secret, which is nobody's: it says whose it was and has the login, by which the data is opened, and nothing of
/// where a server would listen.
pub fn released_secret(facts: &Facts, former: &Former<'_>, login: &Login) -> Value {
    let (kind, protocol) = (facts.definition.kind, &facts.protocol);
    let Former { namespace, name, uid } = former;
    json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": binding_name(name),
            "namespace": namespace,
            "labels": {KIND_LABEL: kind, NAME_LABEL: name},
            "annotations": {RELEASED_FROM: whose(kind, name, uid)},
        },
        "type": protocol.secret_type,
        "stringData": {
            "type": protocol.name,
            "username": login.username,
            "password": login.password,
            "database": login.database,
        },
    })
}

/// What a Secret that was released says of whose it was.
pub(super) fn whose(kind: &str, name: &str, uid: &str) -> String {
    format!("{kind} {name} (uid {uid})")
}
