//! What becomes of an object's Secrets at its end: they go with its data, or are left with it to nobody.

use super::super::patience::in_time;
use super::super::released::{is_of, whose};
use super::{
    KIND_LABEL, NAME_LABEL, RELEASED_FROM, TAKEN_UP_FROM, UID_LABEL, belongs_to, is_status, label,
    released_from,
};
use crate::cluster::{Cluster, Error};
use k8s_openapi::api::core::v1::Secret;
use kube::api::{Api, DeleteParams};

impl Cluster {
    /// Deletes the Secret if it belongs to this object, as it was when that was seen.
    pub(in crate::controller) async fn retract(
        &self,
        namespace: &str,
        name: &str,
        owner_uid: &str,
    ) -> Result<(), Error> {
        in_time(self.take_away(namespace, name, owner_uid)).await
    }

    async fn take_away(&self, namespace: &str, name: &str, owner_uid: &str) -> Result<(), Error> {
        let api = self.secrets(namespace);
        match api.get_opt(name).await?.filter(|secret| belongs_to(secret, owner_uid)) {
            Some(secret) => delete_as_seen(&api, name, secret).await,
            None => Ok(()),
        }
    }

    /// Leaves the Secret where it is, but to nobody: the data it opens is retained as well. Whether there is one.
    pub(in crate::controller) async fn release(
        &self,
        namespace: &str,
        name: &str,
        owner_uid: &str,
    ) -> Result<bool, Error> {
        in_time(self.give_up(namespace, name, owner_uid)).await
    }

    async fn give_up(&self, namespace: &str, name: &str, owner_uid: &str) -> Result<bool, Error> {
        let api = self.secrets(namespace);
        let Some(mut secret) = api.get_opt(name).await? else { return Ok(false) };
        if !belongs_to(&secret, owner_uid) {
            return Ok(is_left_by(&secret, owner_uid));
        }
        disown(&mut secret, owner_uid);
        match api.replace(name, &self.named(), &secret).await {
            Err(error) if is_status(&error, 404) => Ok(false),
            replaced => Ok(replaced.map(|_| true)?),
        }
    }
}

/// Whether the object of a uid left a Secret: it was released then, or, where nobody acted on the object's end, has the uid still.
pub(in crate::controller) fn is_left_by(secret: &Secret, uid: &str) -> bool {
    match label(secret, UID_LABEL) {
        Some(owner) => owner == uid,
        None => released_from(secret).is_some_and(|from| is_of(from, uid)),
    }
}

/// Deletes a Secret unless it changed; one that is gone is no error.
pub(in crate::controller) async fn delete_as_seen(
    api: &Api<Secret>,
    name: &str,
    secret: Secret,
) -> Result<(), Error> {
    let (uid, resource_version) = (secret.metadata.uid, secret.metadata.resource_version);
    let params = DeleteParams::default().preconditions(kube::api::Preconditions { uid, resource_version });
    match api.delete(name, &params).await {
        Err(error) if !is_status(&error, 404) => Err(error.into()),
        _ => Ok(()),
    }
}

/// Takes the mark of ownership off and says whose the Secret was.
pub(super) fn disown(secret: &mut Secret, owner_uid: &str) {
    let text = |name| label(secret, name).cloned().unwrap_or_default();
    let whose = whose(&text(KIND_LABEL), &text(NAME_LABEL), owner_uid);
    let annotations = secret.metadata.annotations.get_or_insert_default();
    annotations.remove(TAKEN_UP_FROM);
    annotations.insert(RELEASED_FROM.into(), whose);
    if let Some(labels) = &mut secret.metadata.labels {
        labels.remove(UID_LABEL);
    }
}
