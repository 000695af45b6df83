//! The backup that a class makes of a database before that is deleted, as the server tells of it.

use super::failure::Failure;
use kube::Client;
use kube::api::{Api, DynamicObject};
use std::fmt;

/// Where a backup is.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Place {
    group: String,
    kind: String,
    namespace: String,
    name: String,
}

impl Place {
    /// As a message says it: `KIND NAMESPACE/NAME (GROUP)`, wherever in it.
    pub(super) fn of(message: &str) -> Option<Self> {
        let (before, after) = message.split_once(" (")?;
        let (group, _) = after.split_once(')')?;
        let mut words = before.rsplit(' ');
        let (place, kind) = (words.next()?, words.next()?);
        let (namespace, name) = place.split_once('/').unwrap_or(("", place));
        let [group, kind, namespace, name] = [group, kind, namespace, name].map(str::to_owned);
        (!name.is_empty()).then_some(Place { group, kind, namespace, name })
    }

    /// Whether it is there; none where the cluster serves nothing of its group, so that nobody can see it from here.
    pub(super) async fn is_there(&self, client: &Client) -> Result<Option<bool>, Failure> {
        let served = match kube::discovery::group(client, &self.group).await {
            Err(kube::Error::Discovery(_)) => return Ok(None),
            served => served?,
        };
        let Some((resource, _)) = served.recommended_kind(&self.kind) else { return Ok(Some(false)) };
        let api: Api<DynamicObject> = match self.namespace.as_str() {
            "" => Api::all_with(client.clone(), &resource),
            namespace => Api::namespaced_with(client.clone(), namespace, &resource),
        };
        Ok(Some(api.get_opt(&self.name).await?.is_some()))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Place { group, kind, namespace, name } = self;
        write!(out, "{kind} {name} of {group:?} in namespace {namespace:?}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_out_of_a_message() {
        let place = |group: &str, namespace: &str| {
            let [kind, name] = ["Backup", "shop-final-1"].map(str::to_owned);
            Some(Place { group: group.into(), kind, namespace: namespace.into(), name })
        };
        let told = Place::of("the backup is Backup demo/shop-final-1 (postgresql.cnpg.io): it took (long)");
        assert_eq!(told, place("postgresql.cnpg.io", "demo"));
        assert_eq!(Place::of("Backup shop-final-1 ()"), place("", ""));
        for nowhere in ["", "the backup is made", "the backup is Backup demo/ (example.com)", "(example.com)"]
        {
            assert_eq!(Place::of(nowhere), None, "{nowhere:?}");
        }
    }
}
