//! What is told of objects as events.

use super::Controllers;
use super::patience::in_time;
use crate::cluster::{EventType, Regarding};
use apimachinery::meta::ObjectMeta;
use databases_api::GROUP;

/// Who the events of controllers are from.
pub(super) const COMPONENT: &str = "databases-controller";

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
        let regarding = Regarding {
            api_version: format!("{GROUP}/v1"),
            kind: kind.into(),
            namespace: meta.namespace.clone(),
            name: meta.name.clone(),
            uid: meta.uid.clone(),
            resource_version: meta.resource_version.clone(),
        };
        let recording = self.cluster.record(&regarding, event_type, reason, message, noticed_by);
        let recorded = in_time(recording).await;
        if let Err(error) = recorded
            && meta.deletion_timestamp.is_none()
        {
            tracing::warn!(%error, reason, kind, object = regarding.name, "an event was not recorded");
        }
    }
}
