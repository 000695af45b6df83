//! The Secret contract: the same keys for every application, whoever answers the database.

use super::{Cluster, Error};
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::api::{Api, DeleteParams, PostParams};
use std::collections::BTreeMap;

/// Marks the Secrets of an object; they are released by taking it off.
const UID_LABEL: &str = "databases.standard.k8s.io/instance-uid";

/// A credentials Secret as it should be.
#[derive(Clone)]
pub struct Binding {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Such as `servicebinding.io/postgresql`.
    pub kind: String,
    /// The object's uid.
    pub owner_uid: String,
    /// Labels of the contract.
    pub labels: BTreeMap<String, String>,
    /// Keys of the contract.
    pub data: BTreeMap<String, String>,
}

impl Binding {
    fn labels(&self) -> BTreeMap<String, String> {
        let mut labels = self.labels.clone();
        labels.insert(UID_LABEL.into(), self.owner_uid.clone());
        labels
    }

    fn data(&self) -> BTreeMap<String, ByteString> {
        self.data.iter().map(|(key, value)| (key.clone(), ByteString(value.clone().into_bytes()))).collect()
    }

    /// Brings a Secret in line; keys of others stay. Whether anything had to change.
    fn settle(&self, secret: &mut Secret) -> bool {
        let labels = secret.metadata.labels.get_or_insert_default();
        let data = secret.data.get_or_insert_default();
        let before = (labels.clone(), data.clone());
        labels.extend(self.labels());
        data.extend(self.data());
        before != (labels.clone(), data.clone())
    }
}

fn is_status(error: &kube::Error, code: u16) -> bool {
    matches!(error, kube::Error::Api(status) if status.code == code)
}

impl Cluster {
    fn secrets(&self, namespace: &str) -> Api<Secret> {
        Api::namespaced(self.client.clone(), namespace)
    }

    /// Creates or updates a credentials Secret; somebody else's is left alone.
    pub async fn publish(&self, binding: &Binding) -> Result<(), Error> {
        let api = self.secrets(&binding.namespace);
        let Some(mut secret) = api.get_opt(&binding.name).await? else {
            return self.create(&api, binding).await;
        };
        let owner = secret.metadata.labels.as_ref().and_then(|labels| labels.get(UID_LABEL));
        let free = owner.is_none() && binding.is_compatible(&secret);
        if owner != Some(&binding.owner_uid) && !free {
            return Err(Error::ForeignSecret {
                namespace: binding.namespace.clone(),
                name: binding.name.clone(),
            });
        }
        if binding.settle(&mut secret) {
            api.replace(&binding.name, &PostParams::default(), &secret).await?;
        }
        Ok(())
    }

    async fn create(&self, api: &Api<Secret>, binding: &Binding) -> Result<(), Error> {
        let secret = Secret {
            metadata: ObjectMeta {
                name: Some(binding.name.clone()),
                namespace: Some(binding.namespace.clone()),
                labels: Some(binding.labels()),
                ..ObjectMeta::default()
            },
            type_: Some(binding.kind.clone()),
            data: Some(binding.data()),
            ..Secret::default()
        };
        api.create(&PostParams::default(), &secret).await?;
        Ok(())
    }

    /// Deletes the Secret if it belongs to this object.
    pub async fn retract(&self, namespace: &str, name: &str, owner_uid: &str) -> Result<(), Error> {
        let api = self.secrets(namespace);
        let Some(secret) = self.owned(&api, name, owner_uid).await? else { return Ok(()) };
        let params = DeleteParams::default()
            .preconditions(kube::api::Preconditions { uid: secret.metadata.uid, resource_version: None });
        match api.delete(name, &params).await {
            Err(error) if !is_status(&error, 404) => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// Leaves the Secret where it is, but to nobody: the data it opens is retained as well.
    pub async fn release(&self, namespace: &str, name: &str, owner_uid: &str) -> Result<(), Error> {
        let api = self.secrets(namespace);
        let Some(mut secret) = self.owned(&api, name, owner_uid).await? else { return Ok(()) };
        if let Some(labels) = &mut secret.metadata.labels {
            labels.remove(UID_LABEL);
        }
        match api.replace(name, &PostParams::default(), &secret).await {
            Err(error) if !is_status(&error, 404) => Err(error.into()),
            _ => Ok(()),
        }
    }

    async fn owned(&self, api: &Api<Secret>, name: &str, owner_uid: &str) -> Result<Option<Secret>, Error> {
        let found = api.get_opt(name).await?;
        Ok(found.filter(|secret| {
            let labels = secret.metadata.labels.as_ref();
            labels.and_then(|labels| labels.get(UID_LABEL)).is_some_and(|uid| uid == owner_uid)
        }))
    }
}

impl Binding {
    /// Whether a released Secret of the same instance name may be taken over again.
    fn is_compatible(&self, secret: &Secret) -> bool {
        let labels = secret.metadata.labels.as_ref();
        secret.type_.as_deref() == Some(&self.kind)
            && self.labels.iter().all(|(key, value)| labels.and_then(|labels| labels.get(key)) == Some(value))
    }
}
