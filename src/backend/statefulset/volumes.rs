//! The volumes of an object's servers.

use super::tend::Set;
use super::{INSTANCE, failed};
use crate::backend::operator::at;
use crate::backend::{Error, Refusal};
use crate::cluster::{Cluster, Place, Resource};
use apimachinery::quantity::Quantity;
use serde_json::{Value, json};

/// Claims of volumes.
const CLAIMS: Resource =
    Resource { group: "", version: "v1", kind: "PersistentVolumeClaim", plural: "persistentvolumeclaims" };

fn place<'a>(namespace: &'a str, claim: &'a Value) -> Place<'a> {
    Place { resource: &CLAIMS, namespace, name: at(claim, "metadata.name") }
}

async fn of(cluster: &Cluster, namespace: &str, name: &str) -> Result<Vec<Value>, Error> {
    cluster.labelled(&CLAIMS, namespace, INSTANCE, name).await.map_err(|error| failed(&error))
}

/// Deletes the volumes of a set that is gone.
pub(super) async fn delete(cluster: &Cluster, namespace: &str, name: &str) -> Result<(), Error> {
    for claim in of(cluster, namespace, name).await? {
        let deleted = cluster.delete(place(namespace, &claim), at(&claim, "metadata.uid")).await;
        deleted.map_err(|error| failed(&error))?;
    }
    Ok(())
}

fn size(claim: &Value, path: &str) -> Option<Quantity> {
    at(claim, path).parse().ok()
}

/// Has volumes be as large as they should; what is still to come, and what the cluster refuses.
pub(super) async fn grow(set: &Set<'_>) -> Result<(Option<String>, Option<Refusal>), Error> {
    let (meta, storage) = (&set.object.metadata, &set.object.spec.instance.storage);
    let Some(wanted) = &storage.size else { return Ok((None, None)) };
    let mut pending = None;
    for claim in of(set.cluster, &meta.namespace, at(set.live, "metadata.name")).await? {
        if size(&claim, "spec.resources.requests.storage").is_some_and(|asked| asked < *wanted) {
            let patch = json!({"spec": {"resources": {"requests": {"storage": wanted.to_string()}}}});
            match set.cluster.merge(place(&meta.namespace, &claim), &patch).await {
                Err(error) if error.is_refusal() || error.is_forbidden() => {
                    let message = format!("spec.storage.size: {}", error.said());
                    return Ok((None, Some(Refusal::new("BackendRejected", message))));
                }
                other => other.map_err(|error| failed(&error))?,
            }
        }
        if size(&claim, "status.capacity.storage").is_some_and(|has| has < *wanted) {
            pending = Some(format!("volume {} is being made larger", at(&claim, "metadata.name")));
        }
    }
    Ok((pending, None))
}
