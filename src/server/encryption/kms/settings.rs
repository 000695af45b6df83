//! What a configuration says of a plugin.

use crate::server::encryption::place::{Faults, Place};
use std::path::PathBuf;
use std::time::Duration;

/// How long a call may take, unless it is said.
const TIMEOUT: Duration = Duration::from_secs(3);

/// What a configuration says of a plugin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::server::encryption) struct Settings {
    pub(in crate::server::encryption) name: String,
    pub(super) socket: PathBuf,
    pub(super) timeout: Duration,
}

impl Settings {
    /// Reads what stands behind `kms`.
    pub(in crate::server::encryption) fn read(place: &Place<'_>, faults: &mut Faults) -> Option<Self> {
        let [version, name, endpoint, timeout] =
            place.members(["apiVersion", "name", "endpoint", "timeout"], faults);
        let version = version.and_then(|version| version.text(faults)).unwrap_or("v1");
        if version != "v2" {
            place.fault(faults, format!("version {version} of a KMS is not supported; write apiVersion: v2"));
        }
        let (name, endpoint) =
            (place.needed(name, "name", faults), place.needed(endpoint, "endpoint", faults));
        let name = name.and_then(|name| name.text(faults));
        let socket = endpoint.and_then(|endpoint| socket(&endpoint, faults));
        let timeout = match timeout {
            None => Some(TIMEOUT),
            Some(timeout) => duration(&timeout, faults),
        };
        Some(Settings { name: name?.to_owned(), socket: socket?, timeout: timeout? })
    }
}

fn socket(place: &Place<'_>, faults: &mut Faults) -> Option<PathBuf> {
    let path = place.text(faults)?.strip_prefix("unix://").filter(|path| path.starts_with('/'));
    if path.is_none_or(|path| path.starts_with("/@")) {
        place.fault(faults, "must be a socket, as unix:///run/kms.sock");
        return None;
    }
    path.map(PathBuf::from)
}

fn duration(place: &Place<'_>, faults: &mut Faults) -> Option<Duration> {
    let read = place.text(faults)?.parse::<apimachinery::time::Duration>();
    match read.map(apimachinery::time::Duration::or_zero) {
        Ok(timeout) if !timeout.is_zero() => Some(timeout),
        _ => {
            place.fault(faults, "must be a time above zero, as 3s");
            None
        }
    }
}
