//! Objects of any kind in the host cluster: looked at, applied, let go, and followed by a label.

use super::{Cluster, Error};
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use kube::Resource as _;
use kube::api::{Api, ApiResource, DeleteParams, DynamicObject, ListParams, PartialObjectMeta, Patch};
use kube::api::{PatchParams, Preconditions};
use kube::runtime::watcher::Event;
use kube::runtime::{WatchStreamExt, watcher};
use serde_json::Value;
use std::time::Duration;
use tokio::time::timeout;

/// How long one answer may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// A kind of the host cluster, by its names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resource {
    /// API group; empty for the core group.
    pub group: &'static str,
    /// The version that it is read and written in.
    pub version: &'static str,
    /// Kind.
    pub kind: &'static str,
    /// The name in URLs.
    pub plural: &'static str,
}

/// Secrets.
pub const SECRETS: Resource = core("Secret", "secrets");
/// ConfigMaps.
pub const CONFIG_MAPS: Resource = core("ConfigMap", "configmaps");
/// Endpoints.
pub const ENDPOINTS: Resource = core("Endpoints", "endpoints");
/// Pods.
pub const PODS: Resource = core("Pod", "pods");
/// Services.
pub const SERVICES: Resource = core("Service", "services");

const fn core(kind: &'static str, plural: &'static str) -> Resource {
    Resource { group: "", version: "v1", kind, plural }
}

/// One object, by its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place<'a> {
    /// What it is.
    pub resource: &'a Resource,
    /// Its namespace.
    pub namespace: &'a str,
    /// Its name.
    pub name: &'a str,
}

/// What happened to objects that carry a label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Followed {
    /// One changed or went; the label's value.
    One(String),
    /// More than can be told.
    Many,
}

impl Resource {
    /// As `apiVersion` has it.
    pub fn api_version(&self) -> String {
        match self.group {
            "" => self.version.to_owned(),
            group => format!("{group}/{}", self.version),
        }
    }

    /// As `kubectl` takes it, and as rights name it.
    pub fn qualified(&self) -> String {
        match self.group {
            "" => self.plural.to_owned(),
            group => format!("{}.{group}", self.plural),
        }
    }

    fn discovered(&self) -> ApiResource {
        ApiResource {
            group: self.group.into(),
            version: self.version.into(),
            api_version: self.api_version(),
            kind: self.kind.into(),
            plural: self.plural.into(),
        }
    }
}

async fn bounded<T>(call: impl Future<Output = kube::Result<T>>) -> Result<T, Error> {
    Ok(timeout(TIMEOUT, call).await.map_err(|_| Error::Timeout(TIMEOUT))??)
}

fn tree(object: DynamicObject) -> Value {
    serde_json::to_value(object).unwrap_or_default()
}

impl Cluster {
    fn objects(&self, resource: &Resource, namespace: &str) -> Api<DynamicObject> {
        Api::namespaced_with(self.client.clone(), namespace, &resource.discovered())
    }

    /// The kinds that the cluster serves of a group in a version; none where it has neither.
    pub async fn served(&self, group: &str, version: &str) -> Result<Vec<String>, Error> {
        let group_version = format!("{group}/{version}");
        let found = match group {
            "" => bounded(self.client.list_core_api_resources(version)).await,
            _ => bounded(self.client.list_api_group_resources(&group_version)).await,
        };
        match found {
            Ok(list) => Ok(list.resources.into_iter().map(|resource| resource.name).collect()),
            Err(error) if error.is_not_found() => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// The schema of the spec of a kind that is defined in the cluster, in the version that it is read in; null where there is
    /// no such kind.
    pub async fn schema(&self, resource: &Resource) -> Result<Value, Error> {
        let group = "apiextensions.k8s.io";
        let definitions = ApiResource {
            group: group.into(),
            version: "v1".into(),
            api_version: format!("{group}/v1"),
            kind: "CustomResourceDefinition".into(),
            plural: "customresourcedefinitions".into(),
        };
        let api: Api<DynamicObject> = Api::all_with(self.client.clone(), &definitions);
        let found = bounded(api.get_opt(&resource.qualified())).await?.map(tree).unwrap_or_default();
        let versions = found["spec"]["versions"].as_array().map_or(&[][..], Vec::as_slice);
        let version = versions.iter().find(|version| version["name"] == resource.version);
        let spec = |version: &Value| version["schema"]["openAPIV3Schema"]["properties"]["spec"].clone();
        Ok(version.map(spec).unwrap_or_default())
    }

    /// An object as it is.
    pub async fn look(&self, place: Place<'_>) -> Result<Option<Value>, Error> {
        let api = self.objects(place.resource, place.namespace);
        Ok(bounded(api.get_opt(place.name)).await?.map(tree))
    }

    /// All objects of a kind that has no namespace.
    pub async fn all(&self, resource: &Resource) -> Result<Vec<Value>, Error> {
        let api: Api<DynamicObject> = Api::all_with(self.client.clone(), &resource.discovered());
        let found = bounded(api.list(&ListParams::default())).await?;
        Ok(found.items.into_iter().map(tree).collect())
    }

    /// The objects of a namespace whose label has that value.
    pub async fn labelled(
        &self,
        resource: &Resource,
        namespace: &str,
        label: &str,
        value: &str,
    ) -> Result<Vec<Value>, Error> {
        let params = ListParams::default().labels(&format!("{label}={value}"));
        let found = bounded(self.objects(resource, namespace).list(&params)).await?;
        // Items of a list do not say what they are.
        let typed = |mut object: DynamicObject| {
            object.types.get_or_insert_with(|| kube::api::TypeMeta {
                api_version: resource.api_version(),
                kind: resource.kind.into(),
            });
            tree(object)
        };
        Ok(found.items.into_iter().map(typed).collect())
    }

    /// Applies an object, in the name of this program: its fields are ours, and all others stay whose they are. A dry run
    /// says whether it would be taken.
    pub async fn apply(&self, place: Place<'_>, object: &Value, dry_run: bool) -> Result<Value, Error> {
        let params = PatchParams { dry_run, ..PatchParams::apply(&self.manager).force() };
        let api = self.objects(place.resource, place.namespace);
        bounded(api.patch(place.name, &params, &Patch::Apply(object))).await.map(tree)
    }

    /// Makes an object unless there is one of that name; what is there then.
    pub async fn make(&self, place: Place<'_>, object: &Value) -> Result<Value, Error> {
        let api = self.objects(place.resource, place.namespace);
        let object: DynamicObject = serde_json::from_value(object.clone())
            .map_err(|error| Error::Config(format!("this is no object: {error}")))?;
        match bounded(api.create(&self.named(), &object)).await {
            Err(error) if error.is_already_there() => bounded(api.get(place.name)).await.map(tree),
            made => made.map(tree),
        }
    }

    /// Changes an object by a merge patch, unless it is gone.
    pub async fn merge(&self, place: Place<'_>, patch: &Value) -> Result<(), Error> {
        let params = PatchParams { field_manager: self.named().field_manager, ..PatchParams::default() };
        let api = self.objects(place.resource, place.namespace);
        let merged = bounded(api.patch_metadata(place.name, &params, &Patch::Merge(patch))).await;
        merged.map(drop).or_else(Error::unless_gone)
    }

    /// Deletes an object of that uid, unless it is gone or has been replaced.
    pub async fn delete(&self, place: Place<'_>, uid: &str) -> Result<(), Error> {
        let preconditions = Preconditions { uid: Some(uid.to_owned()), resource_version: None };
        let params = DeleteParams::background().preconditions(preconditions);
        let deleted =
            bounded(self.objects(place.resource, place.namespace).delete(place.name, &params)).await;
        match deleted {
            // A conflict is about the uid: that one is gone.
            Err(error) if error.is_already_there() => Ok(()),
            other => other.map(drop).or_else(Error::unless_gone),
        }
    }

    /// Tells what happens to the objects of a kind that carry a label, in every namespace. Trouble on the way is made up for
    /// by [`Followed::Many`].
    pub fn follow_label(&self, resource: &Resource, label: &'static str) -> BoxStream<'static, Followed> {
        let api: Api<PartialObjectMeta<DynamicObject>> =
            Api::all_with(self.client.clone(), &resource.discovered());
        let config = watcher::Config::default().labels(label);
        let events = watcher(api, config).default_backoff();
        let value = move |labels: Option<&std::collections::BTreeMap<String, String>>| {
            labels.and_then(|labels| labels.get(label)).cloned().map(Followed::One)
        };
        let kind = resource.kind;
        let told = events.filter_map(move |event| {
            let told = match event {
                Ok(Event::Apply(object) | Event::Delete(object)) => value(object.meta().labels.as_ref()),
                Ok(Event::InitDone) => Some(Followed::Many),
                Ok(Event::Init | Event::InitApply(_)) => None,
                Err(error) => {
                    tracing::debug!(
                        error = super::chain(&error),
                        kind,
                        "cannot follow objects of the cluster; trying again"
                    );
                    None
                }
            };
            std::future::ready(told)
        });
        told.boxed()
    }
}

impl Error {
    fn status(&self) -> Option<&kube::core::Status> {
        match self {
            Error::Api(error) => match &**error {
                kube::Error::Api(status) => Some(status),
                _ => None,
            },
            _ => None,
        }
    }

    fn is_code(&self, code: u16) -> bool {
        self.status().is_some_and(|status| status.code == code)
    }

    /// Whether there is no such object, or no such kind.
    pub fn is_not_found(&self) -> bool {
        self.is_code(404)
    }

    fn is_already_there(&self) -> bool {
        self.is_code(409)
    }

    /// Whether admission, a webhook's for one, would not have it.
    fn is_denied(&self) -> bool {
        let denied = |status: &kube::core::Status| status.message.contains("denied");
        self.is_code(403) && self.status().is_some_and(denied)
    }

    /// Whether what is applied has not the shape of its kind, which the API tells as if it were a fault of its own.
    fn is_misshapen(&self) -> bool {
        let is_patch =
            |status: &kube::core::Status| status.message.contains("failed to create typed patch object");
        self.is_code(500) && self.status().is_some_and(is_patch)
    }

    /// Whether the object itself is refused: the same again would be refused again.
    pub fn is_refusal(&self) -> bool {
        self.is_code(400) || self.is_code(422) || self.is_denied() || self.is_misshapen()
    }

    /// What the API said.
    pub fn said(&self) -> String {
        self.status().map_or_else(|| self.to_string(), |status| status.message.clone())
    }

    fn unless_gone(self) -> Result<(), Error> {
        if self.is_not_found() { Ok(()) } else { Err(self) }
    }
}
