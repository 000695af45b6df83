//! Metadata of objects and lists, and conditions.

use super::{ManagedFields, PACKAGE};
use crate::api_type;
use crate::time::Time;
use crate::wire::FieldsV1;
use std::collections::BTreeMap;

/// Metadata that every stored object has.
#[api_type]
pub struct ObjectMeta {
    /// Name, unique within the namespace. Cannot be updated.
    #[api(1)]
    pub name: String,
    /// A prefix from which the server makes a unique name when no name is given.
    #[api(2)]
    pub generate_name: String,
    /// The namespace within which the name is unique. Cannot be updated.
    #[api(3)]
    pub namespace: String,
    /// Deprecated: no longer filled by the system.
    #[api(4)]
    pub self_link: String,
    /// Unique in time and space; set by the server on creation.
    #[api(5)]
    pub uid: String,
    /// The version of this object, for optimistic concurrency and for watches. Opaque to clients.
    #[api(6)]
    pub resource_version: String,
    /// Counts the changes of the desired state.
    #[api(7)]
    pub generation: i64,
    /// When the server created the object.
    #[api(8)]
    pub creation_timestamp: Option<Time>,
    /// When the object was asked to go; set by the server. It goes once no finalizer is left.
    #[api(9)]
    pub deletion_timestamp: Option<Time>,
    /// Seconds the object may take to end gracefully.
    #[api(10)]
    pub deletion_grace_period_seconds: Option<i64>,
    /// Keys and values to organise and select objects by.
    #[api(11)]
    pub labels: BTreeMap<String, String>,
    /// Keys and values that tools keep with an object; not for selection.
    #[api(12)]
    pub annotations: BTreeMap<String, String>,
    /// Objects this one depends on: when all of them are gone, it is garbage-collected.
    #[api(13, keys("uid"), merge_key = "uid", merge)]
    pub owner_references: Vec<OwnerReference>,
    /// Must be empty before the object is removed; each entry names the component that takes it off.
    #[api(14, set, merge)]
    pub finalizers: Vec<String>,
    /// Which manager set which fields, for server-side apply.
    #[api(17)]
    pub managed_fields: ManagedFields,
}

/// Names an object that owns this one.
#[api_type(atomic)]
pub struct OwnerReference {
    /// API version of the owner.
    #[api(5, required)]
    pub api_version: String,
    /// Kind of the owner.
    #[api(1, required)]
    pub kind: String,
    /// Name of the owner.
    #[api(3, required)]
    pub name: String,
    /// UID of the owner.
    #[api(4, required)]
    pub uid: String,
    /// Whether this owner is the managing controller.
    #[api(6)]
    pub controller: Option<bool>,
    /// Whether foreground deletion of the owner waits for this object.
    #[api(7)]
    pub block_owner_deletion: Option<bool>,
}

/// What one manager set, how and when.
#[api_type]
pub struct ManagedFieldsEntry {
    /// Name of the manager.
    #[api(1)]
    pub manager: String,
    /// `Apply` or `Update`.
    #[api(2)]
    pub operation: String,
    /// The version the set of fields applies to.
    #[api(3)]
    pub api_version: String,
    /// When the set last changed.
    #[api(4)]
    pub time: Option<Time>,
    /// The format of the set: `FieldsV1`.
    #[api(6)]
    pub fields_type: String,
    /// The set of fields.
    #[api(7)]
    pub fields_v1: FieldsV1,
    /// The subresource used, empty for the main resource.
    #[api(8)]
    pub subresource: String,
}

/// Metadata of a list.
#[api_type]
pub struct ListMeta {
    /// Deprecated: no longer filled by the system.
    #[api(1)]
    pub self_link: String,
    /// The version of the state that was listed. Opaque to clients.
    #[api(2)]
    pub resource_version: String,
    /// A token for the rest of the list.
    #[api(3, name = "continue")]
    pub continue_token: String,
    /// How many items the rest has, where that is known.
    #[api(4)]
    pub remaining_item_count: Option<i64>,
}

crate::api_enum! {
    /// Whether a condition holds.
    pub enum ConditionStatus { True, False, Unknown }
}

/// One aspect of an object's current state.
#[api_type]
pub struct Condition {
    /// Type of the condition, in CamelCase, such as Ready. A prefix as in example.com/Ready tells whose it is.
    #[api(1, name = "type", required)]
    pub kind: String,
    /// True, False or Unknown.
    #[api(2, required)]
    pub status: ConditionStatus,
    /// The generation of the object that the condition was made from.
    #[api(3)]
    pub observed_generation: i64,
    /// When the condition last passed from one status to another.
    #[api(4, required)]
    pub last_transition_time: Time,
    /// Why, as one CamelCase word, such as InvalidParameters: letters, digits, and `_`, `,` or `:` between them; up to 1024 bytes.
    #[api(5, required)]
    pub reason: String,
    /// Why, for a person to read; may be empty; up to 32768 bytes.
    #[api(6, required)]
    pub message: String,
}
