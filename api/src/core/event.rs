//! `Event`.

use super::{PACKAGE, column, event_rules};
use apimachinery::age;
use apimachinery::api_type;
use apimachinery::core::{EventSeries, EventSource, ObjectReference};
use apimachinery::field::Errors;
use apimachinery::kind::{Definition, Kind, NameRule, Version, only_version, parts};
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
    #[api(5, required)]
    pub source: EventSource,
    /// When it happened first.
    #[api(6)]
    pub first_timestamp: Option<Time>,
    /// When it happened last.
    #[api(7)]
    pub last_timestamp: Option<Time>,
    /// How often it happened.
    #[api(8)]
    pub count: i32,
    /// Normal or Warning.
    #[api(9, name = "type")]
    pub kind: String,
    /// When it was first seen.
    #[api(10)]
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
    #[api(14, name = "reportingComponent")]
    pub reporting_component: String,
    /// The instance of that controller.
    #[api(15)]
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
    columns: &[
        column("Last Seen", "string", 0),
        column("Type", "string", 0),
        column("Reason", "string", 0),
        column("Object", "string", 0),
        column("Subobject", "string", 1),
        column("Source", "string", 1),
        column("Message", "string", 0),
        column("First Seen", "string", 1),
        column("Count", "string", 1),
        column("Name", "string", 1),
    ],
    selectable_fields: &[
        "involvedObject.kind",
        "involvedObject.namespace",
        "involvedObject.name",
        "involvedObject.uid",
        "involvedObject.apiVersion",
        "involvedObject.resourceVersion",
        "involvedObject.fieldPath",
        "reason",
        "reportingComponent",
        "source",
        "type",
    ],
    name_rule: NameRule::Segment,
};

impl Event {
    fn since(&self, time: Option<Time>) -> Value {
        let event_time = self.event_time.map(Time::from);
        age::since(time.or(event_time).or(self.metadata.creation_timestamp))
    }
}

impl Kind for Event {
    parts!(DEFINITION, spec:, status:);

    fn has_generation(&self) -> bool {
        false
    }
    fn allows_unconditional_update(&self) -> bool {
        true
    }
    fn validate(&self, errors: &mut Errors) {
        event_rules::check(self, errors);
    }
    fn cells(&self) -> Vec<Value> {
        let object = &self.involved_object;
        vec![
            self.since(self.last_timestamp),
            self.kind.clone().into(),
            self.reason.clone().into(),
            format!("{}/{}", object.kind.to_lowercase(), object.name).into(),
            object.field_path.clone().into(),
            self.source.component.clone().into(),
            self.message.trim().into(),
            self.since(self.first_timestamp),
            self.count.max(1).into(),
            self.metadata.name.clone().into(),
        ]
    }
    fn selectable(&self, field: &str) -> String {
        let object = &self.involved_object;
        let text = match field {
            "involvedObject.kind" => &object.kind,
            "involvedObject.namespace" => &object.namespace,
            "involvedObject.name" => &object.name,
            "involvedObject.uid" => &object.uid,
            "involvedObject.apiVersion" => &object.api_version,
            "involvedObject.resourceVersion" => &object.resource_version,
            "involvedObject.fieldPath" => &object.field_path,
            "reason" => &self.reason,
            "reportingComponent" => &self.reporting_component,
            "source" => &self.source.component,
            "type" => &self.kind,
            _ => return String::new(),
        };
        text.clone()
    }
}
