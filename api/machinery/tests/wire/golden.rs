//! Bytes with the documented field numbers.

use apimachinery::core::{ResourceRequirements, Toleration, TolerationOperator};
use apimachinery::meta::{
    LabelSelector, LabelSelectorRequirement, ListMeta, ManagedFieldsEntry, ObjectMeta, OwnerReference,
};
use apimachinery::time::{MicroTime, Time};
use apimachinery::wire::{FieldsV1, Object, Value, merge_fields};

#[track_caller]
fn check<T: Object>(value: &T, expected: &[u8]) {
    let mut bytes = Vec::new();
    value.encode_fields(&mut bytes);
    assert_eq!(bytes.escape_ascii().to_string(), expected.escape_ascii().to_string());
    let mut read = T::default();
    merge_fields(&mut read, &mut &bytes[..]).expect("a message just written");
    assert_eq!(&read, value);
}

#[test]
fn object_meta() {
    let meta = ObjectMeta {
        name: "n".into(),
        generate_name: "g".into(),
        namespace: "s".into(),
        self_link: "l".into(),
        uid: "u".into(),
        resource_version: "7".into(),
        generation: 300,
        creation_timestamp: Some(Time::from_seconds(1)),
        deletion_timestamp: Some(Time::from_seconds(2)),
        deletion_grace_period_seconds: Some(0),
        labels: [("k".to_owned(), "v".to_owned())].into(),
        annotations: [("a".to_owned(), String::new())].into(),
        owner_references: vec![OwnerReference {
            kind: "K".into(),
            name: "o".into(),
            uid: "i".into(),
            api_version: "v1".into(),
            controller: Some(true),
            block_owner_deletion: Some(false),
        }],
        finalizers: vec!["f".into()],
        managed_fields: vec![ManagedFieldsEntry {
            manager: "m".into(),
            operation: "Apply".into(),
            api_version: "v1".into(),
            time: Some(Time::from_seconds(3)),
            fields_type: "FieldsV1".into(),
            fields_v1: FieldsV1("{}".parse().expect("JSON")),
            subresource: "status".into(),
        }]
        .into(),
    };
    let expected = b"\x0a\x01n\x12\x01g\x1a\x01s\x22\x01l\x2a\x01u\x32\x017\x38\xac\x02\
        \x42\x04\x08\x01\x10\x00\x4a\x04\x08\x02\x10\x00\x50\x00\
        \x5a\x06\x0a\x01k\x12\x01v\x62\x05\x0a\x01a\x12\x00\
        \x6a\x11\x0a\x01K\x1a\x01o\x22\x01i\x2a\x02v1\x30\x01\x38\x00\
        \x72\x01f\
        \x8a\x01\x2c\x0a\x01m\x12\x05Apply\x1a\x02v1\x22\x04\x08\x03\x10\x00\x32\x08FieldsV1\x3a\x04\x0a\x02{}\x42\x06status";
    check(&meta, expected);
}

#[test]
fn list_meta_and_selector() {
    let meta = ListMeta {
        self_link: String::new(),
        resource_version: "9".into(),
        continue_token: "c".into(),
        remaining_item_count: Some(5),
    };
    check(&meta, b"\x12\x019\x1a\x01c\x20\x05");
    let selector = LabelSelector {
        match_labels: [("a".to_owned(), "b".to_owned())].into(),
        match_expressions: vec![LabelSelectorRequirement {
            key: "k".into(),
            operator: "In".into(),
            values: vec!["x".into(), "y".into()],
        }],
    };
    check(&selector, b"\x0a\x06\x0a\x01a\x12\x01b\x12\x0d\x0a\x01k\x12\x02In\x1a\x01x\x1a\x01y");
}

#[test]
fn core_types() {
    let resources = ResourceRequirements {
        limits: [("cpu".to_owned(), "0.5".parse().unwrap())].into(),
        ..ResourceRequirements::default()
    };
    check(&resources, b"\x0a\x0d\x0a\x03cpu\x12\x06\x0a\x04500m");
    let toleration = Toleration {
        key: "k".into(),
        operator: TolerationOperator::Exists,
        toleration_seconds: Some(-1),
        ..Toleration::default()
    };
    check(&toleration, b"\x0a\x01k\x12\x06Exists\x28\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01");
}

#[test]
fn times_before_the_epoch_have_positive_nanos() {
    let mut bytes = Vec::new();
    MicroTime::from_micros(-1).encode_field(1, &mut bytes);
    assert_eq!(bytes, b"\x0a\x11\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x10\x98\x8c\xeb\xdc\x03");
}

#[test]
fn what_go_writes_is_read() {
    // Empty scalars are written, and unknown fields are passed over.
    let mut meta = ObjectMeta::default();
    let bytes =
        b"\x0a\x01n\x12\x00\x1a\x00\x22\x00\x2a\x00\x32\x00\x38\x00\x42\x00\x7a\x02zz\x8a\x01\x02\x0a\x00";
    merge_fields(&mut meta, &mut &bytes[..]).unwrap();
    assert_eq!((meta.name.as_str(), meta.creation_timestamp, meta.managed_fields.len()), ("n", None, 1));
}
