//! The parameters of a policy: objects of any kind that its binding names.

use super::{Cluster, Error};
use k8s_openapi::api::admissionregistration::v1::{ParamKind, ParamRef};
use kube::Resource;
use kube::api::{Api, DynamicObject, ListParams};
use kube::core::{GroupVersionKind, Selector};
use kube::discovery::{Scope, pinned_kind};
use serde_json::Value;
use std::time::Duration;
use tokio::time::timeout;

/// How long the question for parameters may take.
const TIMEOUT: Duration = Duration::from_secs(10);

impl Cluster {
    /// The objects that a binding names, for a request in this namespace.
    pub async fn params(
        &self,
        kind: &ParamKind,
        reference: &ParamRef,
        namespace: &str,
    ) -> Result<Vec<Value>, Error> {
        let found = self.find_params(kind, reference, namespace);
        let found = timeout(TIMEOUT, found).await.map_err(|_| Error::Timeout(TIMEOUT))??;
        Ok(found.into_iter().filter_map(|object| serde_json::to_value(object).ok()).collect())
    }

    async fn find_params(
        &self,
        kind: &ParamKind,
        reference: &ParamRef,
        namespace: &str,
    ) -> Result<Vec<DynamicObject>, Error> {
        let api_version = kind.api_version.as_deref().unwrap_or_default();
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        let kind = GroupVersionKind::gvk(group, version, kind.kind.as_deref().unwrap_or_default());
        let (resource, capabilities) = pinned_kind(&self.client, &kind).await?;
        let client = self.client.clone();
        let api: Api<DynamicObject> = match capabilities.scope {
            Scope::Cluster => Api::all_with(client, &resource),
            Scope::Namespaced => {
                let namespace = reference.namespace.as_deref().unwrap_or(namespace);
                if namespace.is_empty() {
                    return Err(Error::Config(
                        "the parameters lie in the request's namespace, and the request has none".into(),
                    ));
                }
                Api::namespaced_with(client, namespace, &resource)
            }
        };
        if let Some(name) = &reference.name {
            return Ok(api.get_opt(name).await?.into_iter().collect());
        }
        let selector = reference.selector.clone().unwrap_or_default();
        let selector = Selector::try_from(selector).map_err(|error| Error::Config(error.to_string()))?;
        let mut objects = api.list(&ListParams::default().labels_from(&selector)).await?.items;
        objects.sort_by(|a, b| a.meta().name.cmp(&b.meta().name));
        Ok(objects)
    }
}
