//! The Secrets that a removal leaves with data that it keeps: made anew for who has lost the one that opens it, and deleted with
//! the data.

use super::instance::secret_names;
use super::patience::in_time;
use super::secret::{KIND_LABEL, NAME_LABEL, RELEASED_FROM, UID_LABEL, delete_as_seen, label};
use crate::backend::Login;
use crate::cluster::{Cluster, Error};
use databases_api::instance::{Facts, Instance, binding_name};
use k8s_openapi::api::core::v1::Secret;
use serde_json::{Value, json};
use std::path::Path;

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

/// Deletes the Secrets that the removal of an object left, but for those that somebody has again; the names of those that it
/// deleted. The cluster is that of the kubeconfig, else of the pod that this runs in.
pub async fn delete_released(kubeconfig: Option<&Path>, former: &dyn Instance) -> Result<Vec<String>, Error> {
    let cluster = Cluster::connect(kubeconfig, "retained").await?;
    let (kind, meta) = (former.definition().kind, former.meta());
    let (namespace, whose) = (&meta.namespace, whose(kind, &meta.name, &meta.uid));
    let mut deleted = Vec::new();
    for name in secret_names(former) {
        if cluster.discard(namespace, &name, &whose).await? {
            deleted.push(name);
        }
    }
    Ok(deleted)
}

impl Cluster {
    /// Deletes the Secret if it was released by who is named so, and is nobody's since. Whether there was one.
    async fn discard(&self, namespace: &str, name: &str, whose: &str) -> Result<bool, Error> {
        in_time(self.throw_away(namespace, name, whose)).await
    }

    async fn throw_away(&self, namespace: &str, name: &str, whose: &str) -> Result<bool, Error> {
        let api = self.secrets(namespace);
        let released = |secret: &Secret| {
            let annotations = secret.metadata.annotations.as_ref();
            let from = annotations.and_then(|all| all.get(RELEASED_FROM));
            label(secret, UID_LABEL).is_none() && from.is_some_and(|from| from == whose)
        };
        match api.get_opt(name).await?.filter(released) {
            Some(secret) => delete_as_seen(&api, name, secret).await.map(|()| true),
            None => Ok(false),
        }
    }
}

/// What a Secret that was released says of whose it was.
pub(super) fn whose(kind: &str, name: &str, uid: &str) -> String {
    format!("{kind} {name} (uid {uid})")
}
