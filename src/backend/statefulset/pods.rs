//! The pods of a StatefulSet, as Kubernetes tells of them.

use super::encryption::is_equipped;
use super::{ALONE, ASKED, ROLE};
use crate::backend::operator::{at, conditions, is_true};
use jiff::Timestamp;
use serde_json::Value;

/// A pod as it was seen.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Pod {
    pub(super) name: String,
    pub(super) uid: String,
    /// Its address; none while it has none.
    pub(super) address: Option<String>,
    /// Its place in the set.
    pub(super) ordinal: usize,
    /// It is being deleted.
    pub(super) is_ending: bool,
    pub(super) is_ready: bool,
    /// It has a certificate.
    pub(super) is_equipped: bool,
    /// The role that its label says.
    pub(super) role: String,
    pub(super) created: Option<Timestamp>,
    /// Since when it was seen to follow no primary, though there is one.
    pub(super) alone_since: Option<Timestamp>,
    /// The configuration that its files were asked to have, and when.
    pub(super) asked: Option<(String, Timestamp)>,
    /// What keeps it from running, in Kubernetes' words; empty where nothing is said.
    pub(super) trouble: String,
}

impl Pod {
    /// Reads a pod; none where it is of no set.
    pub(super) fn read(live: &Value) -> Option<Self> {
        let text = |path: &str| at(live, path).to_owned();
        let name = text("metadata.name");
        Some(Pod {
            ordinal: ordinal(&name)?,
            name,
            uid: text("metadata.uid"),
            address: Some(text("status.podIP")).filter(|address| !address.is_empty()),
            is_ending: !at(live, "metadata.deletionTimestamp").is_empty(),
            is_ready: is_true(live, "Ready"),
            is_equipped: is_equipped(live),
            role: live["metadata"]["labels"][ROLE].as_str().unwrap_or_default().to_owned(),
            created: at(live, "metadata.creationTimestamp").parse().ok(),
            alone_since: live["metadata"]["annotations"][ALONE].as_str().and_then(|at| at.parse().ok()),
            asked: asked(live),
            trouble: trouble(live),
        })
    }
}

/// The place of a pod in its set, by its name; none where it is of no set.
pub(super) fn ordinal(name: &str) -> Option<usize> {
    name.rsplit('-').next()?.parse().ok()
}

fn asked(live: &Value) -> Option<(String, Timestamp)> {
    let (configuration, at) = live["metadata"]["annotations"][ASKED].as_str()?.split_once(' ')?;
    Some((configuration.to_owned(), at.parse().ok()?))
}

/// Why it does not run: what its container waits for, else why it has no node.
fn trouble(live: &Value) -> String {
    let containers = live["status"]["containerStatuses"].as_array().map_or(&[][..], Vec::as_slice);
    let waits = containers.iter().map(|container| &container["state"]["waiting"]);
    let placed = conditions(live).filter(|one| one["type"] == "PodScheduled" && one["status"] == "False");
    let said = waits.chain(placed).find(|one| !at(one, "reason").is_empty());
    said.map_or_else(String::new, |one| match at(one, "message") {
        "" => at(one, "reason").to_owned(),
        message => format!("{}: {message}", at(one, "reason")),
    })
}
