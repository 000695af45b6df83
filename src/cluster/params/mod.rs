//! The parameters of a policy: objects of any kind that its binding names.

#[cfg(test)]
mod tests;
mod watched;

pub use watched::Watched;

use super::{Cluster, Error};
use k8s_openapi::api::admissionregistration::v1::{ParamKind, ParamRef};
use kube::Resource;
use kube::api::{Api, DynamicObject, ListParams};
use kube::core::{ApiResource, GroupVersionKind, Selector};
use kube::discovery::{Scope, pinned_kind};
use serde_json::Value;
use std::time::Duration;
use tokio::time::timeout;

/// How long the question for parameters may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Which objects are parameters.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Sought {
    /// Of which version of which group they are, as `apiVersion` has it.
    pub api_version: String,
    /// Their kind.
    pub kind: String,
    /// Where they are; `None` for the namespace of the request.
    pub namespace: Option<String>,
    /// The name of the only one; `None` for all that `labels` selects.
    pub name: Option<String>,
    /// A selector of labels; empty for all.
    pub labels: String,
}

/// A kind of the cluster, as clients ask for it.
struct Found {
    resource: ApiResource,
    scope: Scope,
}

impl Found {
    /// Its objects in a namespace; in the empty one, all of them.
    fn objects(&self, client: kube::Client, namespace: &str) -> Api<DynamicObject> {
        match (&self.scope, namespace) {
            (Scope::Cluster, _) | (Scope::Namespaced, "") => Api::all_with(client, &self.resource),
            (Scope::Namespaced, namespace) => Api::namespaced_with(client, namespace, &self.resource),
        }
    }
}

impl Sought {
    /// What a binding names, of the kind that its policy names.
    pub fn new(kind: &ParamKind, reference: &ParamRef) -> Result<Sought, Error> {
        let ParamRef { name, namespace, selector, .. } = reference.clone();
        let labels = match (&name, selector) {
            (None, Some(selector)) => {
                let selector = Selector::try_from(selector);
                selector.map_err(|error| Error::Config(error.to_string()))?.to_string()
            }
            _ => String::new(),
        };
        let (api_version, kind) = (kind.api_version.clone(), kind.kind.clone());
        let (api_version, kind) = (api_version.unwrap_or_default(), kind.unwrap_or_default());
        Ok(Sought { api_version, kind, namespace, name, labels })
    }

    /// The namespace to look in for a request in this one, empty where the kind is in none; `None` where a request in none cannot
    /// tell.
    fn place<'a>(&'a self, scope: &Scope, namespace: &'a str) -> Option<&'a str> {
        match (scope, self.namespace.as_deref().unwrap_or(namespace)) {
            (Scope::Cluster, _) => Some(""),
            (Scope::Namespaced, place) => Some(place).filter(|place| !place.is_empty()),
        }
    }
}

impl Cluster {
    /// The objects that are sought, for a request in this namespace.
    pub async fn params(&self, sought: &Sought, namespace: &str) -> Result<Vec<Value>, Error> {
        let found = self.find_params(sought, namespace);
        let found = timeout(TIMEOUT, found).await.map_err(|_| Error::Timeout(TIMEOUT))??;
        Ok(found.into_iter().filter_map(|object| serde_json::to_value(object).ok()).collect())
    }

    /// The kind of what is sought.
    async fn kind_of(&self, sought: &Sought) -> Result<Found, Error> {
        let (group, version) = sought.api_version.split_once('/').unwrap_or(("", &sought.api_version));
        let kind = GroupVersionKind::gvk(group, version, &sought.kind);
        let (resource, capabilities) = pinned_kind(&self.client, &kind).await?;
        Ok(Found { resource, scope: capabilities.scope })
    }

    async fn find_params(&self, sought: &Sought, namespace: &str) -> Result<Vec<DynamicObject>, Error> {
        let found = self.kind_of(sought).await?;
        let Some(place) = sought.place(&found.scope, namespace) else {
            return Err(Error::Config(
                "cannot use namespaced paramRef in policy binding that matches cluster-scoped resources"
                    .into(),
            ));
        };
        let api = found.objects(self.client.clone(), place);
        if let Some(name) = &sought.name {
            return Ok(api.get_opt(name).await?.into_iter().collect());
        }
        let mut objects = api.list(&ListParams::default().labels(&sought.labels)).await?.items;
        objects.sort_by(|a, b| a.meta().name.cmp(&b.meta().name));
        Ok(objects)
    }
}
