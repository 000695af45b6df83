//! The Secret contract: the same keys for every application, whoever answers the database.
//!
//! A Secret belongs to the object whose uid its label has. One without that label, or with another's uid, is somebody else's: it is
//! not changed, and the object that would need its name says so. One whose label was taken off or changed, and that still has all
//! that the object's Secret has, is given it back; a password that is nowhere else is read for that (`instance/published.rs`). A
//! Secret that was released together with retained data is such a one; an annotation says whose it was. It is again an object's that
//! takes up the data, and so is one of a uid that no object has, as where the object went while no server acted on it.

mod foreign;
mod left;

use super::Controllers;
use super::patience::in_time;
use super::stray::databases;
use crate::backend::Login;
use crate::cluster::{Cluster, Error};
use crate::registry::{Store, Stored, readable};
use foreign::foreign;
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::api::Api;
use std::collections::BTreeMap;
use std::sync::Arc;

pub(super) use left::{delete_as_seen, is_left_by};

/// Marks the Secrets of an object; they are released by taking it off.
pub(super) const UID_LABEL: &str = "databases.standard.k8s.io/instance-uid";
/// The kind of the object that a Secret was made for.
pub(super) const KIND_LABEL: &str = "databases.standard.k8s.io/instance-kind";
/// The name of the object that a Secret was made for.
pub(super) const NAME_LABEL: &str = "databases.standard.k8s.io/instance";
/// On a released Secret: whose it was.
pub(super) const RELEASED_FROM: &str = "databases.standard.k8s.io/released-from";
/// On the Secret by which kept data was taken up: whose that was.
const TAKEN_UP_FROM: &str = "databases.standard.k8s.io/taken-up-from";

/// Whether no object has a uid any more.
type Nobodys<'a> = dyn Fn(&str) -> bool + Send + Sync + 'a;

/// A credentials Secret as it should be.
#[derive(Clone)]
pub(super) struct Binding {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// The type of the Secret, by the kind's protocol.
    pub kind: String,
    /// The object's uid.
    pub owner_uid: String,
    /// Labels of the contract.
    pub labels: BTreeMap<String, String>,
    /// Whether the object takes up data that was kept, and so the Secrets that were kept with it.
    pub adopts: bool,
    /// The Secret by which it does.
    pub taken_up: Option<String>,
    /// What `spec.adoptRef` has to name, in words, for an object of this class to take up what a deletion kept; none where no object
    /// of it does.
    pub kept_by: Option<String>,
    /// Whether applications had a Secret of the object: its database may have data of their own.
    pub has_served: bool,
    /// Whether the object's status tells of it: it was published, or was about to be.
    pub is_known: bool,
    /// All keys of the contract. Those that `data` does not have are taken off; other keys are people's own and stay.
    pub contract: &'static [&'static str],
    /// What is true now, by keys of the contract.
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

    /// Whether a Secret that is `nobodys` goes with the data that the object takes up: it opens that, by the same login.
    fn takes_up(&self, secret: &Secret, nobodys: &Nobodys<'_>) -> bool {
        let left = match label(secret, UID_LABEL) {
            Some(uid) => nobodys(uid),
            None => released_from(secret).is_some(),
        };
        let same = |key: &str| {
            let kept = secret.data.as_ref().and_then(|data| data.get(key)).map(|value| value.0.as_slice());
            kept.is_some() && kept == self.data.get(key).map(String::as_bytes)
        };
        self.adopts && left && same("username") && same("password")
    }

    /// Whether a Secret is this one, whose label somebody took off or changed. Whoever makes Secrets can give them any name and any
    /// login, so it has to have all that this one has now, the password that the backend gave out among that: so nothing of it is
    /// overwritten, and nobody brings in a password of his own choice.
    fn was_stripped(&self, secret: &Secret) -> bool {
        let has_password = self.data.get("password").is_some_and(|password| !password.is_empty());
        let is_same = secret.data.as_ref().is_some_and(|held| *held == self.filled(held));
        is_unclaimed(secret, &self.kind) && has_password && is_same
    }

    /// What a Secret should have that has this.
    fn filled(&self, held: &BTreeMap<String, ByteString>) -> BTreeMap<String, ByteString> {
        let mut data = held.clone();
        data.retain(|key, _| !self.contract.contains(&key.as_str()));
        data.extend(self.data());
        data
    }

    /// Whether a Secret is as it should be.
    fn is_settled(&self, secret: &Secret) -> bool {
        belongs_to(secret, &self.owner_uid) && !self.settle(&mut secret.clone())
    }

    /// The same of one that this server holds.
    fn is_held(&self, secret: &Stored) -> bool {
        let labelled = |(name, value): (&String, &String)| secret.label(name) == Some(value);
        if secret.label(UID_LABEL) != Some(&self.owner_uid) || !self.labels.iter().all(labelled) {
            return false;
        }
        let object = secret.object();
        let Some(held) = object.downcast::<core_v1::Secret>() else { return false };
        let ours = held.data.iter().filter(|(key, _)| self.contract.contains(&key.as_str()));
        ours.map(|(key, value)| (key, &*value.0))
            .eq(self.data.iter().map(|(key, value)| (key, value.as_bytes())))
    }

    /// Makes a Secret the object's.
    fn own(&self, secret: &mut Secret) {
        secret.metadata.labels.get_or_insert_default().extend(self.labels());
        if let Some(annotations) = &mut secret.metadata.annotations
            && let Some(whose) = annotations.remove(RELEASED_FROM)
        {
            annotations.insert(TAKEN_UP_FROM.into(), whose);
        }
    }

    /// Brings a Secret in line. Whether anything had to change.
    fn settle(&self, secret: &mut Secret) -> bool {
        let before =
            (secret.metadata.labels.clone().unwrap_or_default(), secret.data.clone().unwrap_or_default());
        self.own(secret);
        let labels = secret.metadata.labels.get_or_insert_default();
        let data = secret.data.insert(self.filled(&before.1));
        before != (labels.clone(), data.clone())
    }
}

/// Whose a Secret says it is.
pub(super) struct Owner<'a> {
    pub(super) name: &'a str,
    pub(super) uid: &'a str,
}

/// The object that a Secret of this server belongs to; none where it was released, or is nobody's.
pub(super) fn owner(secret: &Stored) -> Option<Owner<'_>> {
    Some(Owner { name: secret.label(NAME_LABEL)?, uid: secret.label(UID_LABEL)? })
}

fn is_status(error: &kube::Error, code: u16) -> bool {
    matches!(error, kube::Error::Api(status) if status.code == code)
}

pub(super) fn label<'a>(secret: &'a Secret, name: &str) -> Option<&'a String> {
    secret.metadata.labels.as_ref()?.get(name)
}

/// Whose a Secret says that it was, where it was released.
pub(super) fn released_from(secret: &Secret) -> Option<&String> {
    secret.metadata.annotations.as_ref()?.get(RELEASED_FROM)
}

/// Whether a Secret is an object's of that uid.
pub(super) fn belongs_to(secret: &Secret, uid: &str) -> bool {
    label(secret, UID_LABEL).is_some_and(|owner| owner == uid)
}

/// Whether a Secret of that type was neither released nor has an owner that Kubernetes knows.
pub(super) fn is_unclaimed(secret: &Secret, kind: &str) -> bool {
    let is_owned = secret.metadata.owner_references.as_ref().is_some_and(|owners| !owners.is_empty());
    released_from(secret).is_none() && !is_owned && secret.type_.as_deref() == Some(kind)
}

/// The login that a Secret has.
pub(super) fn login(secret: &Secret) -> Login {
    let text = |key: &str| {
        let value = secret.data.as_ref().and_then(|data| data.get(key));
        value.map(|value| String::from_utf8_lossy(&value.0).into_owned()).unwrap_or_default()
    };
    let (username, password, database) = (text("username"), text("password"), text("database"));
    Login { username, password, database, user: String::new() }
}

impl Controllers {
    /// Publishes what is not known to be published: by what was read of the cluster just now, or, where this server has the
    /// Secrets, by what it holds, since it hears of every change of it.
    pub(super) async fn publish(&self, binding: &Binding, read: &[Secret]) -> Result<(), Error> {
        let Binding { namespace, name, .. } = binding;
        let mut of_its_name = read.iter().filter(|secret| secret.metadata.name.as_ref() == Some(name));
        let held = || {
            let store = self.registry.store("", "secrets")?;
            store.find(&store.snapshot(), namespace, name).ok()
        };
        if of_its_name.any(|secret| binding.is_settled(secret))
            || held().is_some_and(|secret| binding.is_held(&secret))
        {
            return Ok(());
        }
        self.cluster.publish(binding, &|uid: &str| self.is_nobodys(uid)).await
    }

    /// A Secret of another name goes with the data that an object takes up with it, from then on.
    pub(super) async fn claim(&self, bindings: &[Binding], namespace: &str, name: &str) -> Result<(), Error> {
        in_time(self.cluster.take(bindings, namespace, name, &|uid: &str| self.is_nobodys(uid))).await
    }

    /// Whether no object has a uid; not where some cannot be read, as it may be that of one of them.
    fn is_nobodys(&self, uid: &str) -> bool {
        let lacks = |store: &Arc<Store>| {
            let all = store.snapshot();
            store.left_out(&all, "").is_none() && readable(&all).all(|stored| stored.uid() != uid)
        };
        databases(self).is_some_and(|stores| stores.iter().all(lacks))
    }
}

impl Cluster {
    pub(super) fn secrets(&self, namespace: &str) -> Api<Secret> {
        Api::namespaced(self.client().clone(), namespace)
    }

    /// Creates or updates a credentials Secret; somebody else's is left alone.
    async fn publish(&self, binding: &Binding, nobodys: &Nobodys<'_>) -> Result<(), Error> {
        in_time(self.put(binding, nobodys)).await
    }

    async fn put(&self, binding: &Binding, nobodys: &Nobodys<'_>) -> Result<(), Error> {
        let api = self.secrets(&binding.namespace);
        let Some(mut secret) = api.get_opt(&binding.name).await? else {
            return self.create(&api, binding).await;
        };
        if !belongs_to(&secret, &binding.owner_uid)
            && !binding.was_stripped(&secret)
            && !binding.takes_up(&secret, nobodys)
            && !went_with_data(&api, binding, &secret).await?
        {
            return Err(foreign(&secret, binding, nobodys));
        }
        if secret.type_.as_ref() != Some(&binding.kind) {
            return Err(foreign::of_another_type(&secret, binding));
        }
        if binding.settle(&mut secret) {
            api.replace(&binding.name, &self.named(), &secret).await?;
        }
        Ok(())
    }

    async fn take(
        &self,
        bindings: &[Binding],
        namespace: &str,
        name: &str,
        nobodys: &Nobodys<'_>,
    ) -> Result<(), Error> {
        let api = self.secrets(namespace);
        let Some(mut secret) = api.get_opt(name).await? else { return Ok(()) };
        if let Some(binding) = bindings.iter().find(|binding| binding.takes_up(&secret, nobodys)) {
            binding.own(&mut secret);
            api.replace(name, &self.named(), &secret).await?;
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
        api.create(&self.named(), &secret).await?;
        Ok(())
    }

    /// The Secret of a name, whosever it is.
    pub(super) async fn secret(&self, namespace: &str, name: &str) -> Result<Option<Secret>, Error> {
        in_time(async { Ok(self.secrets(namespace).get_opt(name).await?) }).await
    }
}

/// Whether a Secret was kept with the very data that the object took up: what it opens is that, if anything still.
async fn went_with_data(api: &Api<Secret>, binding: &Binding, secret: &Secret) -> Result<bool, Error> {
    let (Some(whose), Some(name)) = (released_from(secret), &binding.taken_up) else { return Ok(false) };
    let Some(taken_up) = api.get_opt(name).await? else { return Ok(false) };
    let from = taken_up.metadata.annotations.as_ref().and_then(|all| all.get(TAKEN_UP_FROM));
    Ok(belongs_to(&taken_up, &binding.owner_uid) && from == Some(whose))
}

#[cfg(test)]
mod tests;
