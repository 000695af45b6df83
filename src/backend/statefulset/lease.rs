//! The record of who the primary is: a Lease, whose holder is a pod.
//!
//! It does not run out: a pod holds it until it is gone. `kubectl get lease` shows who that is.

use super::{LEASES, SUCCESSOR, SYSTEM, TAKEOVER, failed};
use crate::backend::Error;
use crate::backend::operator::{Wish, at};
use crate::cluster::{Cluster, Place};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use k8s_openapi::jiff::Timestamp;
use serde_json::{Value, json};

/// Between a pod's name and its uid.
const BETWEEN: char = '_';

/// What is recorded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Record {
    /// The pod that is the primary; empty where there was never one.
    pub(super) pod: String,
    /// Its uid.
    pub(super) uid: String,
    /// What the database is known by, on all servers; empty before there is one.
    pub(super) system: String,
    /// How the primary came to be it, in a clause; empty where it is the first one.
    pub(super) takeover: String,
    /// The pod that takes over when the primary is ended because it is one too many; empty where none does. It has every commit
    /// that was acknowledged, as long as this stands here.
    pub(super) successor: String,
    pub(super) transitions: i64,
    pub(super) version: Value,
}

impl Record {
    /// Reads a Lease.
    pub(super) fn read(lease: &Value) -> Self {
        let (pod, uid) = at(lease, "spec.holderIdentity").split_once(BETWEEN).unwrap_or_default();
        let annotation =
            |name: &str| lease["metadata"]["annotations"][name].as_str().unwrap_or_default().to_owned();
        Record {
            pod: pod.to_owned(),
            uid: uid.to_owned(),
            system: annotation(SYSTEM),
            takeover: annotation(TAKEOVER),
            successor: annotation(SUCCESSOR),
            transitions: lease["spec"]["leaseTransitions"].as_i64().unwrap_or_default(),
            version: lease["metadata"]["resourceVersion"].clone(),
        }
    }

    /// Whether data is that of the database.
    pub(super) fn is_of(&self, system: &str) -> bool {
        self.system.is_empty() || self.system == system
    }

    /// Writes another holder into the Lease, if it is as it was read; what it says then.
    pub(super) async fn give(
        &self,
        cluster: &Cluster,
        place: Place<'_>,
        (pod, uid): (&str, &str),
        (system, takeover): (&str, &str),
    ) -> Result<Self, Error> {
        let now = MicroTime(Timestamp::now());
        let said = json!({SYSTEM: system, TAKEOVER: takeover, SUCCESSOR: null});
        let patch = json!({
            "metadata": {"resourceVersion": self.version, "annotations": said},
            "spec": {
                "holderIdentity": format!("{pod}{BETWEEN}{uid}"),
                "acquireTime": now,
                "leaseTransitions": self.transitions + 1,
            },
        });
        write(cluster, place, &patch).await
    }

    /// Writes who takes over, or that nobody does, into the Lease, if it is as it was read; what it says then.
    pub(super) async fn announce(
        &self,
        cluster: &Cluster,
        place: Place<'_>,
        successor: Option<&str>,
    ) -> Result<Self, Error> {
        let metadata = json!({"resourceVersion": self.version, "annotations": {SUCCESSOR: successor}});
        write(cluster, place, &json!({"metadata": metadata})).await
    }
}

async fn write(cluster: &Cluster, place: Place<'_>, patch: &Value) -> Result<Record, Error> {
    cluster.merge(place, patch).await.map_err(|error| failed(&error))?;
    let written = cluster.look(place).await.map_err(|error| failed(&error))?.unwrap_or_default();
    Ok(Record::read(&written))
}

/// It, among the objects that are beside a StatefulSet.
pub(super) fn beside<'a>(wish: &Wish<'a>) -> Option<&'a Value> {
    wish.beside.iter().find(|live| at(live, "kind") == LEASES.kind)
}

/// Where it is.
pub(super) fn place<'a>(namespace: &'a str, name: &'a str) -> Place<'a> {
    Place { resource: &LEASES, namespace, name }
}
