//! Events about our objects.

use super::correlate::{Correlator, Occurrence, Recorded, Wanted};
use super::{Cluster, Error};
use k8s_openapi::api::core::v1::{Event, EventSource, ObjectReference};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time};
use k8s_openapi::jiff::Timestamp;
use kube::api::{Api, Patch, PatchParams};
use serde_json::json;
use std::sync::{Mutex, MutexGuard, PoisonError};

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
    /// API version, such as `apps/v1`.
    pub api_version: String,
    /// Kind.
    pub kind: String,
    /// Namespace; events of cluster-scoped objects go to `default`.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Uid.
    pub uid: String,
    /// The state of the object that the event is about.
    pub resource_version: String,
}

/// Who records, and what was recorded.
pub(super) struct Recorder {
    /// This process, as far as its cluster tells it from others.
    instance: String,
    correlator: Mutex<Correlator>,
}

impl Default for Recorder {
    fn default() -> Self {
        Recorder { instance: host_name(), correlator: Mutex::default() }
    }
}

impl Recorder {
    fn correlator(&self) -> MutexGuard<'_, Correlator> {
        self.correlator.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The name of this host, which in a cluster is the pod's.
pub fn host_name() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default().trim().to_owned()
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned()).filter(|text| !text.is_empty())
}

impl Cluster {
    /// Records that something happened: as an event, or as one more of an event that is there.
    pub async fn record(
        &self,
        regarding: &Regarding,
        event_type: EventType,
        reason: &str,
        message: &str,
        controller: &str,
    ) -> Result<(), Error> {
        let Regarding { api_version, kind, namespace, name, uid, .. } = regarding;
        let object = format!("{controller}\n{api_version}\n{kind}\n{namespace}\n{name}\n{uid}");
        let event_kind = format!("{event_type:?} {reason}");
        let occurrence = Occurrence { object: &object, kind: &event_kind, message };
        let now = Timestamp::now();
        let Some(wanted) = self.recorder.correlator().look(occurrence, now.as_second()) else {
            return Ok(());
        };
        let namespace = if namespace.is_empty() { "default" } else { namespace };
        let api = Api::<Event>::namespaced(self.client.clone(), namespace);
        let recorded = match &wanted.before {
            Some(before) => self.raise(&api, before, now).await?,
            None => None,
        };
        let recorded = match recorded {
            Some(recorded) => recorded,
            None => {
                let event = self.event(regarding, event_type, reason, &wanted, controller, now);
                let created = api.create(&self.named(), &event).await?;
                let first = event.first_timestamp.map_or(now, |time| time.0).as_second();
                let name = created.metadata.name.unwrap_or_default();
                Recorded { name, count: event.count.unwrap_or(1), first }
            }
        };
        self.recorder.correlator().remember(&wanted.key, recorded);
        Ok(())
    }

    /// One more of an event that is there; `None` where it has gone meanwhile.
    async fn raise(
        &self,
        api: &Api<Event>,
        before: &Recorded,
        now: Timestamp,
    ) -> Result<Option<Recorded>, Error> {
        let count = before.count + 1;
        let patch = json!({"count": count, "lastTimestamp": Time(now)});
        let params = PatchParams { field_manager: self.named().field_manager, ..PatchParams::default() };
        match api.patch(&before.name, &params, &Patch::Merge(patch)).await {
            Ok(_) => Ok(Some(Recorded { count, ..before.clone() })),
            Err(kube::Error::Api(status)) if status.code == 404 => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn event(
        &self,
        regarding: &Regarding,
        event_type: EventType,
        reason: &str,
        wanted: &Wanted,
        controller: &str,
        now: Timestamp,
    ) -> Event {
        let namespace = some(&regarding.namespace);
        let before = wanted.before.as_ref();
        let first = before.and_then(|before| Timestamp::from_second(before.first).ok()).unwrap_or(now);
        Event {
            metadata: ObjectMeta {
                name: Some(format!("{}.{:x}", regarding.name, now.as_nanosecond())),
                namespace: Some(namespace.clone().unwrap_or_else(|| "default".into())),
                ..ObjectMeta::default()
            },
            involved_object: ObjectReference {
                api_version: some(&regarding.api_version),
                kind: some(&regarding.kind),
                namespace,
                name: some(&regarding.name),
                uid: some(&regarding.uid),
                resource_version: some(&regarding.resource_version),
                field_path: None,
            },
            type_: Some(format!("{event_type:?}")),
            reason: some(reason),
            message: some(&wanted.message),
            source: Some(EventSource { component: some(controller), host: None }),
            reporting_component: some(controller),
            reporting_instance: some(&self.recorder.instance),
            first_timestamp: Some(Time(first)),
            last_timestamp: Some(Time(now)),
            count: Some(before.map_or(0, |before| before.count) + 1),
            ..Event::default()
        }
    }
}
