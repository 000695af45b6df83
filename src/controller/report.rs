//! What is told of objects as events.

use super::Controllers;
use super::patience::in_time;
use crate::cluster::{Error, EventType, Regarding};
use apimachinery::meta::ObjectMeta;
use databases_api::GROUP;

/// Who the events of controllers are from.
pub(super) const COMPONENT: &str = "databases-controller";

/// An object as what an event is about.
pub(super) fn regarding(kind: &str, meta: &ObjectMeta) -> Regarding {
    Regarding {
        api_version: format!("{GROUP}/v1"),
        kind: kind.into(),
        namespace: meta.namespace.clone(),
        name: meta.name.clone(),
        uid: meta.uid.clone(),
        resource_version: meta.resource_version.clone(),
    }
}

impl Controllers {
    /// Records that something happened to an object, in the name of who noticed; an event that cannot be recorded is only worth a
    /// line in the log.
    pub(super) async fn report(
        &self,
        noticed_by: &str,
        kind: &str,
        meta: &ObjectMeta,
        event_type: EventType,
        reason: &str,
        message: &str,
    ) {
        let recorded = self.record(noticed_by, &regarding(kind, meta), event_type, reason, message).await;
        if let Err(error) = recorded
            && meta.deletion_timestamp.is_none()
        {
            tracing::warn!(%error, reason, kind, object = meta.name, "an event was not recorded");
        }
    }

    /// The same for who has something to do where it cannot be recorded.
    pub(super) async fn record(
        &self,
        noticed_by: &str,
        regarding: &Regarding,
        event_type: EventType,
        reason: &str,
        message: &str,
    ) -> Result<(), Error> {
        in_time(self.cluster.record(regarding, event_type, reason, message, noticed_by)).await
    }
}
