//! A database that a test has made.

use super::failure::{Failure, Verdict, ensure};
use super::follow::follow;
use super::login::Login;
use super::seen::Seen;
use super::suite::Limits;
use k8s_openapi::api::core::v1::Secret;
use kube::api::{Api, DeleteParams, DynamicObject, Patch, PatchParams};
use serde_json::{Value, json};

/// The handle of an object.
#[derive(Clone)]
pub(super) struct Database {
    pub(super) name: String,
    pub(super) limits: Limits,
    pub(super) api: Api<DynamicObject>,
    pub(super) secrets: Api<Secret>,
}

fn seen(object: DynamicObject) -> Seen {
    Seen(serde_json::to_value(object).unwrap_or_default())
}

impl Database {
    /// The object now.
    pub(super) async fn read(&self) -> Result<Seen, Failure> {
        Ok(seen(self.api.get(&self.name).await?))
    }

    /// Waits until everything that its spec asks for is said to be so. What is refused is a failure at once.
    pub(super) async fn current(&self) -> Result<Seen, Failure> {
        let what = format!("{} has everything that its spec asks for", self.name);
        self.until(&what, |seen| match seen.refusal() {
            Some(refusal) => Some(Err(Failure::new(format!("{} is refused: {refusal}", self.name)))),
            None => seen.is_current().then(|| Ok(seen.clone())),
        })
        .await
    }

    /// Waits until its spec is refused; the words of the refusal.
    pub(super) async fn refused(&self) -> Result<String, Failure> {
        let what = format!("the spec of {} is refused", self.name);
        self.until(&what, |seen| match seen.refusal() {
            Some(refusal) => Some(Ok(refusal)),
            None => seen
                .is_current()
                .then(|| Err(Failure::new(format!("{} takes it: {}", self.name, seen.words())))),
        })
        .await
    }

    /// Waits until a look at it gives an answer.
    pub(super) async fn until<T>(
        &self,
        what: &str,
        mut look: impl FnMut(&Seen) -> Option<Result<T, Failure>>,
    ) -> Result<T, Failure> {
        follow(&self.api, &self.name, self.limits.timeout, what, |seen| match seen {
            Some(seen) => look(seen),
            None => Some(Err(Failure::new(format!("{} is not there any more", self.name)))),
        })
        .await
    }

    /// Changes it by a merge patch, and waits until everything that it then asks for is said to be so.
    pub(super) async fn changed(&self, patch: Value) -> Result<Seen, Failure> {
        self.patch(patch).await?;
        self.current().await
    }

    /// Changes it by a merge patch.
    pub(super) async fn patch(&self, patch: Value) -> Result<Seen, Failure> {
        Ok(seen(self.api.patch(&self.name, &PatchParams::default(), &Patch::Merge(patch)).await?))
    }

    /// Changes its number of servers as `kubectl scale` does.
    pub(super) async fn scale(&self, replicas: i64) -> Verdict {
        let patch = json!({"spec": {"replicas": replicas}});
        self.api.patch_scale(&self.name, &PatchParams::default(), &Patch::Merge(patch)).await?;
        Ok(())
    }

    /// Deletes it, and waits until it is gone.
    pub(super) async fn deleted(&self) -> Verdict {
        self.api.delete(&self.name, &DeleteParams::default()).await?;
        self.gone().await
    }

    /// Waits until it is gone.
    pub(super) async fn gone(&self) -> Verdict {
        let what = format!("{} is gone", self.name);
        let gone = |seen: Option<&Seen>| seen.is_none().then_some(Ok(()));
        follow(&self.api, &self.name, self.limits.timeout, &what, gone).await
    }

    /// Takes it away with its data, whatever its own policy is. Not finding it is success.
    pub(super) async fn removed(&self) -> Verdict {
        let missing = |error: &kube::Error| matches!(error, kube::Error::Api(status) if status.code == 404);
        let policy = Patch::Merge(json!({"spec": {"deletionPolicy": "Delete"}}));
        match self.api.patch(&self.name, &PatchParams::default(), &policy).await {
            Err(error) if missing(&error) => return Ok(()),
            patched => drop(patched?),
        }
        match self.api.delete(&self.name, &DeleteParams::default()).await {
            Err(error) if missing(&error) => Ok(()),
            deleted => {
                deleted?;
                self.gone().await
            }
        }
    }

    /// The Secret that `status.binding` names.
    pub(super) async fn login(&self) -> Result<Login, Failure> {
        let seen = self.read().await?;
        self.secret(seen.text("/status/binding/name"), "status.binding").await
    }

    /// The Secret of another role.
    pub(super) async fn login_of(&self, user: &str) -> Result<Login, Failure> {
        let seen = self.read().await?;
        let secrets = seen.items("/status/userSecrets");
        let name = secrets.iter().find(|secret| secret["user"] == user).map(|secret| secret["name"].clone());
        let name = name.unwrap_or_default();
        self.secret(name.as_str().unwrap_or_default(), &format!("status.userSecrets of {user}")).await
    }

    /// The superuser's Secret.
    pub(super) async fn superuser(&self) -> Result<Login, Failure> {
        let seen = self.read().await?;
        self.secret(seen.text("/status/superuserSecretRef/name"), "status.superuserSecretRef").await
    }

    async fn secret(&self, name: &str, from: &str) -> Result<Login, Failure> {
        ensure(!name.is_empty(), || format!("{from} of {} names no Secret", self.name))?;
        let secret = self.secrets.get_opt(name).await?;
        let missing =
            || Failure::new(format!("Secret {name}, which {from} of {} names, is not there", self.name));
        secret.map(Login::of).ok_or_else(missing)
    }

    /// Whether a Secret is there.
    pub(super) async fn has_secret(&self, name: &str) -> Result<bool, Failure> {
        Ok(self.secrets.get_opt(name).await?.is_some())
    }
}
