//! An API group that a process on this machine serves, registered with the control plane.

use quickstart::apply::apply;
use quickstart::client::Client;
use quickstart::wait;
use serde_json::{Value, json};

use crate::cluster::answers;
use crate::pki::Pair;
use crate::process::{PATIENCE, eventually};
use crate::{ControlPlane, Result};

/// What is registered.
#[derive(Clone, Copy, Debug)]
pub struct Aggregated<'a> {
    /// The API group.
    pub group: &'a str,
    /// Its versions, the preferred one first.
    pub versions: &'a [&'a str],
    /// The namespace of the Service.
    pub namespace: &'a str,
    /// The Service.
    pub service: &'a str,
    /// The port on 127.0.0.1 behind it.
    pub port: u16,
}

impl Aggregated<'_> {
    /// The name that kube-apiserver expects in the serving certificate.
    pub fn host(&self) -> String {
        format!("{}.{}.svc", self.service, self.namespace)
    }

    /// The names of the APIServices.
    pub fn api_services(&self) -> impl Iterator<Item = String> {
        self.versions.iter().map(|version| format!("{version}.{}", self.group))
    }

    fn namespace(&self) -> Value {
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self.namespace}})
    }

    /// A Service that leads out of the cluster, to this machine.
    fn service(&self) -> Value {
        json!({
            "apiVersion": "v1", "kind": "Service",
            "metadata": {"name": self.service, "namespace": self.namespace},
            "spec": {
                "type": "ExternalName", "externalName": "localhost",
                "ports": [{"name": "https", "port": self.port}],
            },
        })
    }

    fn api_service(&self, version: &str, priority: usize, ca_bundle: &str) -> Value {
        json!({
            "apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService",
            "metadata": {"name": format!("{version}.{}", self.group)},
            "spec": {
                "group": self.group, "version": version, "caBundle": ca_bundle,
                "groupPriorityMinimum": 1000, "versionPriority": priority,
                "service": {"name": self.service, "namespace": self.namespace, "port": self.port},
            },
        })
    }
}

impl ControlPlane {
    /// A serving certificate for what is to be registered; it is good for a direct connection, too.
    pub fn serving(&self, aggregated: &Aggregated<'_>) -> Result<Pair> {
        self.pki.serving.serving(&[&aggregated.host(), "localhost", "127.0.0.1"])
    }

    /// Creates the namespace, the Service and an APIService for each version; `ca` (PEM) is who
    /// signed the serving certificate. It need not be available yet.
    pub async fn register(&self, aggregated: &Aggregated<'_>, ca: &str) -> Result<()> {
        use base64::Engine;
        let client = self.admin();
        apply(client, &aggregated.namespace()).await?;
        apply(client, &aggregated.service()).await?;
        let bundle = base64::prelude::BASE64_STANDARD.encode(ca);
        for (index, version) in aggregated.versions.iter().enumerate() {
            let priority = 20 + aggregated.versions.len() - index;
            apply(client, &aggregated.api_service(version, priority, &bundle)).await?;
        }
        Ok(())
    }

    /// Waits until every version of the group is Available, and answered through kube-apiserver.
    pub async fn available(&self, aggregated: &Aggregated<'_>) -> Result<()> {
        for version in aggregated.versions {
            available(self.admin(), &format!("{version}.{}", aggregated.group)).await?;
            // What proxies learns of the condition a moment after it is written.
            let path = format!("/apis/{}/{version}", aggregated.group);
            eventually(&path, &self.logs(), async || answers(self.admin(), &path).await).await?;
        }
        Ok(())
    }
}

async fn available(client: &Client, name: &str) -> Result<()> {
    let path = format!("/apis/apiregistration.k8s.io/v1/apiservices/{name}");
    wait::condition(client, &path, "Available", PATIENCE, |_| {}).await?;
    Ok(())
}
