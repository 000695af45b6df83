//! Events about our objects.

use super::{Cluster, Error};
use k8s_openapi::api::core::v1::{Event, EventSource, ObjectReference};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time};
use kube::api::{Api, PostParams};

/// Whether an event is news or trouble.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventType {
    /// News.
    Normal,
    /// Trouble.
    Warning,
}

/// The object an event is about.
#[derive(Clone, Debug)]
pub struct Regarding {
    /// API version, such as `databases.standard.k8s.io/v1`.
    pub api_version: String,
    /// Kind.
    pub kind: String,
    /// Namespace; events of cluster-scoped objects go to `default`.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Uid.
    pub uid: String,
}

impl Cluster {
    /// Records that something happened.
    pub async fn record(
        &self,
        regarding: &Regarding,
        event_type: EventType,
        reason: &str,
        message: &str,
        controller: &str,
    ) -> Result<(), Error> {
        let namespace = if regarding.namespace.is_empty() { "default" } else { &regarding.namespace };
        let timestamp = k8s_openapi::jiff::Timestamp::now();
        let now = Time(timestamp);
        let event = Event {
            metadata: ObjectMeta {
                name: Some(format!("{}.{:x}", regarding.name, timestamp.as_nanosecond())),
                namespace: Some(namespace.to_owned()),
                ..ObjectMeta::default()
            },
            involved_object: ObjectReference {
                api_version: Some(regarding.api_version.clone()),
                kind: Some(regarding.kind.clone()),
                namespace: Some(regarding.namespace.clone()).filter(|namespace| !namespace.is_empty()),
                name: Some(regarding.name.clone()),
                uid: Some(regarding.uid.clone()),
                ..ObjectReference::default()
            },
            type_: Some(format!("{event_type:?}")),
            reason: Some(reason.to_owned()),
            message: Some(message.to_owned()),
            source: Some(EventSource { component: Some(controller.to_owned()), host: None }),
            reporting_component: Some(controller.to_owned()),
            first_timestamp: Some(now.clone()),
            last_timestamp: Some(now),
            count: Some(1),
            ..Event::default()
        };
        Api::<Event>::namespaced(self.client.clone(), namespace)
            .create(&PostParams::default(), &event)
            .await?;
        Ok(())
    }
}
