//! `Event`.

use super::{PACKAGE, column, event_rules};
use apimachinery::age;
use apimachinery::api_type;
use apimachinery::core::{EventSeries, EventSource, ObjectReference};
use apimachinery::field::Errors;
use apimachinery::kind::{
    Column, Definition, Kind, NameRule, SelectableField, Version, of, only_version, parts,
};
use apimachinery::meta::ObjectMeta;
use apimachinery::time::{MicroTime, Time};
use serde_json::Value;

/// Something that happened to an object.
#[api_type(kind)]
pub struct Event {
    /// Metadata.
    #[api(1, required)]
    pub metadata: ObjectMeta,
    /// The object it happened to.
    #[api(2, required)]
    pub involved_object: ObjectReference,
    /// What happened, as one CamelCase word.
    #[api(3)]
    pub reason: String,
    /// What happened, for a person to read.
    #[api(4)]
    pub message: String,
    /// Who reports it.
    #[api(5, written)]
    pub source: EventSource,
    /// When it happened first.
    #[api(6, written)]
    pub first_timestamp: Option<Time>,
    /// When it happened last.
    #[api(7, written)]
    pub last_timestamp: Option<Time>,
    /// How often it happened.
    #[api(8)]
    pub count: i32,
    /// Normal or Warning.
    #[api(9, name = "type")]
    pub kind: String,
    /// When it was first seen.
    #[api(10, written)]
    pub event_time: Option<MicroTime>,
    /// The series it belongs to.
    #[api(11)]
    pub series: Option<EventSeries>,
    /// What was done about the object.
    #[api(12)]
    pub action: String,
    /// A further object.
    #[api(13)]
    pub related: Option<ObjectReference>,
    /// The controller that reports it.
    #[api(14, name = "reportingComponent", written)]
    pub reporting_component: String,
    /// The instance of that controller.
    #[api(15, written)]
    pub reporting_instance: String,
}

only_version!(Event, "v1");

/// The kind.
pub static DEFINITION: Definition = Definition {
    group: "",
    kind: "Event",
    plural: "events",
    short_names: &["ev"],
    categories: &[],
    namespaced: true,
    versions: const { &[Version::of::<Event, Event>()] },
    storage_version: "v1",
    status: false,
    scale: false,
    finalize: false,
    status_metadata: false,
    columns: &[
        column("Last Seen", 0, of!(Event, |event| event.last_seen())),
        column("Type", 0, of!(Event, |event| event.kind.as_str())),
        column("Reason", 0, of!(Event, |event| event.reason.as_str())),
        column(
            "Object",
            0,
            of!(Event, |event| format!(
                "{}/{}",
                event.involved_object.kind.to_lowercase(),
                event.involved_object.name
            )),
        ),
        column("Subobject", 1, of!(Event, |event| event.involved_object.field_path.as_str())),
        column("Source", 1, of!(Event, |event| event.told_by())),
        column("Message", 0, of!(Event, |event| event.message.trim())),
        column("First Seen", 1, of!(Event, |event| event.first_seen())),
        column("Count", 1, of!(Event, |event| event.times())),
        Column { format: "name", ..column("Name", 1, of!(Event, |event| event.metadata.name.as_str())) },
    ],
    selectable_fields: &[
        SelectableField::new("involvedObject.kind", of!(Event, |event| &event.involved_object.kind)),
        SelectableField::new(
            "involvedObject.namespace",
            of!(Event, |event| &event.involved_object.namespace),
        ),
        SelectableField::new("involvedObject.name", of!(Event, |event| &event.involved_object.name)),
        SelectableField::new("involvedObject.uid", of!(Event, |event| &event.involved_object.uid)),
        SelectableField::new(
            "involvedObject.apiVersion",
            of!(Event, |event| &event.involved_object.api_version),
        ),
        SelectableField::new(
            "involvedObject.resourceVersion",
            of!(Event, |event| &event.involved_object.resource_version),
        ),
        SelectableField::new(
            "involvedObject.fieldPath",
            of!(Event, |event| &event.involved_object.field_path),
        ),
        SelectableField::new("reason", of!(Event, |event| &event.reason)),
        SelectableField::new("reportingComponent", of!(Event, |event| &event.reporting_component)),
        SelectableField::new("source", of!(Event, |event| event.source())),
        SelectableField::new("type", of!(Event, |event| &event.kind)),
    ],
    name_rule: NameRule::Segment,
};

impl Event {
    /// The component that tells of it; an event of the newer form names its controller.
    fn source(&self) -> &str {
        either(&self.source.component, &self.reporting_component)
    }

    /// The same, with where it runs.
    fn told_by(&self) -> String {
        let place = either(&self.source.host, &self.reporting_instance);
        let separator = if place.is_empty() { "" } else { ", " };
        format!("{}{separator}{place}", self.source())
    }

    fn first_seen(&self) -> Value {
        age::since(self.first_timestamp.or(self.event_time.map(Time::from)))
    }

    /// As the series says, else as the event does.
    fn last_seen(&self) -> Value {
        match (&self.series, self.last_timestamp) {
            (Some(series), _) => age::since(Some(series.last_observed_time.into())),
            (None, None) => self.first_seen(),
            (None, last) => age::since(last),
        }
    }

    /// How often it happened: an event of the newer form has no count.
    fn times(&self) -> i32 {
        match &self.series {
            Some(series) => series.count,
            None if self.count == 0 => 1,
            None => self.count,
        }
    }
}

fn either<'a>(one: &'a str, other: &'a str) -> &'a str {
    if one.is_empty() { other } else { one }
}

impl Kind for Event {
    parts!(DEFINITION, spec:, status:);

    fn has_dependents(&self) -> bool {
        false
    }
    fn has_generation(&self) -> bool {
        false
    }
    fn allows_unconditional_update(&self) -> bool {
        true
    }
    fn validate(&self, errors: &mut Errors) {
        event_rules::check(self, errors);
    }
}
