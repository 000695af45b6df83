//! References to objects, and the parts of events.

use super::PACKAGE;
use crate::api_type;
use crate::time::MicroTime;

/// Names an object, or a part of one.
#[api_type(atomic)]
pub struct ObjectReference {
    /// Kind of the object.
    #[api(1)]
    pub kind: String,
    /// Namespace of the object.
    #[api(2)]
    pub namespace: String,
    /// Name of the object.
    #[api(3)]
    pub name: String,
    /// UID of the object.
    #[api(4)]
    pub uid: String,
    /// API version of the object.
    #[api(5)]
    pub api_version: String,
    /// The version of the object that is meant, if it is a certain one.
    #[api(6)]
    pub resource_version: String,
    /// The part that is meant, such as `spec.containers{name}`.
    #[api(7)]
    pub field_path: String,
}

/// Names an object in the same namespace.
#[api_type(atomic)]
pub struct LocalObjectReference {
    /// Name of the object.
    #[api(1)]
    pub name: String,
}

/// Who reports an event.
#[api_type]
pub struct EventSource {
    /// The component.
    #[api(1)]
    pub component: String,
    /// The node it runs on.
    #[api(2)]
    pub host: String,
}

/// An event that happens again and again.
#[api_type]
pub struct EventSeries {
    /// How often it happened in this series.
    #[api(1)]
    pub count: i32,
    /// When it was last seen.
    #[api(2)]
    pub last_observed_time: MicroTime,
}
