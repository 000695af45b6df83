//! The Secrets that a removal leaves with data that it keeps: made anew for who has lost the one that opens it, and deleted with
//! the data.

use super::instance::secret_names;
use super::patience::in_time;
use super::secret::{KIND_LABEL, NAME_LABEL, RELEASED_FROM, UID_LABEL, delete_as_seen, is_left_by};
use crate::backend::Login;
use crate::cluster::{Cluster, Error};
use apimachinery::kind::Definition;
use apimachinery::meta::ObjectMeta;
use databases_api::instance::{Facts, Instance, binding_name};
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::apimachinery::pkg::apis::meta::v1 as k8s;
use kube::api::{Api, ApiResource, DynamicObject, ListParams};
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

/// Who has the Secrets and the objects, reached from beside it.
pub struct Reached(Cluster);

impl Reached {
    /// By the kubeconfig, else by the rights of the pod that this runs in.
    pub async fn by(kubeconfig: Option<&Path>) -> Result<Self, Error> {
        Cluster::connect(kubeconfig, "retained").await.map(Reached)
    }

    /// The object of a kind that has a uid, as `namespace/name`.
    pub async fn holder(&self, definition: &Definition, uid: &str) -> Result<Option<String>, Error> {
        let resource = ApiResource {
            group: definition.group.into(),
            version: definition.storage_version.into(),
            api_version: definition.api_version(definition.storage_version),
            kind: definition.kind.into(),
            plural: definition.plural.into(),
        };
        let api: Api<DynamicObject> = Api::all_with(self.0.client().clone(), &resource);
        let all = in_time(async { Ok(api.list_metadata(&ListParams::default()).await?) }).await?;
        let found =
            all.items.into_iter().map(|object| object.metadata).find(|meta| meta.uid.as_deref() == Some(uid));
        Ok(found.map(|meta| place(&meta)))
    }

    /// Deletes the Secrets that an object left, but for those that somebody has again; those that it deleted, as
    /// `namespace/name`. Where its name is not known, they are looked for everywhere.
    pub async fn delete_released(&self, former: &dyn Instance) -> Result<Vec<String>, Error> {
        let mut deleted = Vec::new();
        for secret in in_time(self.left_by(former)).await? {
            let (meta, name) = (&secret.metadata, secret.metadata.name.clone().unwrap_or_default());
            let api = self.0.secrets(meta.namespace.as_deref().unwrap_or_default());
            let place = place(meta);
            in_time(delete_as_seen(&api, &name, secret)).await?;
            deleted.push(place);
        }
        Ok(deleted)
    }

    async fn left_by(&self, former: &dyn Instance) -> Result<Vec<Secret>, Error> {
        let ObjectMeta { namespace, uid, .. } = former.meta();
        let api =
            if namespace.is_empty() { Api::all(self.0.client().clone()) } else { self.0.secrets(namespace) };
        let listed = api.list(&ListParams::default().labels(KIND_LABEL)).await;
        let mut all = match listed.map_err(Error::from) {
            Ok(listed) => listed.items,
            // Who may read each may not be let list them.
            Err(error) if error.is_forbidden() && !namespace.is_empty() => {
                let mut named = Vec::new();
                for name in secret_names(former) {
                    named.extend(api.get_opt(&name).await?);
                }
                named
            }
            Err(error) => return Err(error),
        };
        all.retain(|secret| is_left_by(secret, uid));
        Ok(all)
    }
}

fn place(meta: &k8s::ObjectMeta) -> String {
    let part = |part: &Option<String>| part.clone().unwrap_or_default();
    format!("{}/{}", part(&meta.namespace), part(&meta.name))
}

/// How a person deletes those Secrets.
pub fn how_to_delete_released(former: &dyn Instance) -> String {
    let ObjectMeta { namespace, name, uid, .. } = former.meta();
    let of_uid = |place: &str| format!("`kubectl delete secret {place} -l {UID_LABEL}={uid}`");
    if namespace.is_empty() {
        return format!(
            "{}, and those that `kubectl get secret -A -l {KIND_LABEL} -o yaml` shows with (uid {uid}) in their annotation \
             {RELEASED_FROM}",
            of_uid("-A")
        );
    }
    let (place, names) = (format!("-n {namespace}"), secret_names(former).join(" "));
    let whose = whose(former.definition().kind, name, uid);
    format!(
        "{}, and, of {names}, those whose annotation {RELEASED_FROM} is {whose:?}, by `kubectl delete secret {place} NAME`",
        of_uid(&place)
    )
}

/// What a Secret that was released says of whose it was.
pub(super) fn whose(kind: &str, name: &str, uid: &str) -> String {
    format!("{kind} {name} (uid {uid})")
}

/// Whether that is the object of a uid.
pub(super) fn is_of(whose: &str, uid: &str) -> bool {
    whose.ends_with(&format!(" (uid {uid})"))
}
