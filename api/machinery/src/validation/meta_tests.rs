use super::*;
use crate::meta::{ManagedFieldsEntry, OwnerReference};
use crate::time::Time;
use crate::validation::dedupe_owner_references;

fn definition(name_rule: NameRule, namespaced: bool) -> Definition {
    Definition {
        group: "g",
        kind: "K",
        plural: "ks",
        short_names: &[],
        categories: &[],
        namespaced,
        versions: &[],
        storage_version: "v1",
        status: true,
        scale: false,
        finalize: false,
        status_metadata: false,
        columns: &[],
        selectable_fields: &[],
        name_rule,
    }
}

fn good() -> ObjectMeta {
    ObjectMeta {
        name: "n".into(),
        namespace: "ns".into(),
        uid: "u".into(),
        resource_version: "1".into(),
        generation: 2,
        creation_timestamp: Some(Time::from_seconds(1)),
        ..ObjectMeta::default()
    }
}

fn owner(name: &str) -> OwnerReference {
    OwnerReference {
        kind: "K".into(),
        name: name.into(),
        uid: name.into(),
        api_version: "g/v1".into(),
        ..Default::default()
    }
}

/// The faults of a new object, changed from a good one, as lines.
#[track_caller]
fn check(change: impl FnOnce(&mut ObjectMeta), expected: &[&str]) {
    let mut meta = good();
    change(&mut meta);
    let errors = validate_meta(&definition(NameRule::Subdomain, true), &meta);
    assert_lines(&errors, expected);
}

#[track_caller]
fn check_update(change: impl FnOnce(&mut ObjectMeta, &mut ObjectMeta), expected: &[&str]) {
    let (mut new, mut old) = (good(), good());
    change(&mut new, &mut old);
    assert_lines(&validate_meta_update(&definition(NameRule::Subdomain, true), &new, &old), expected);
}

#[track_caller]
fn assert_lines(errors: &Errors, expected: &[&str]) {
    let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
    assert_eq!(lines.len(), expected.len(), "{lines:?}");
    for (line, expected) in lines.iter().zip(expected) {
        assert!(line.starts_with(expected), "{line:?} does not start with {expected:?}");
    }
}

#[test]
fn names() {
    check(|_| {}, &[]);
    check(|meta| meta.name.clear(), &["metadata.name: Required value: name or generateName is required"]);
    check(
        |meta| meta.name = "A".into(),
        &["metadata.name: Invalid value: \"A\": a lowercase RFC 1123 subdomain must"],
    );
    check(
        |meta| meta.name = "..".into(),
        &["metadata.name: Invalid value: \"..\": a lowercase RFC 1123 subdomain must"],
    );
    check(|meta| meta.generate_name = "a-".into(), &[]);
    check(
        |meta| meta.generate_name = "A-x".into(),
        &["metadata.generateName: Invalid value: \"A-x\": a lower"],
    );
    check(
        |meta| meta.namespace = "a.b".into(),
        &["metadata.namespace: Invalid value: \"a.b\": must not contain dots"],
    );
    check(|meta| meta.namespace.clear(), &["metadata.namespace: Required value"]);
    let errors = validate_meta(
        &definition(NameRule::Label1035(3), false),
        &ObjectMeta { name: "0abc".into(), ..good() },
    );
    assert_lines(
        &errors,
        &[
            "metadata.name: Invalid value: \"0abc\": must be no more than 3 characters",
            "metadata.name: Invalid value: \"0abc\": a DNS-1035 label must",
            "metadata.namespace: Forbidden: not allowed on this type",
        ],
    );
}

#[test]
fn labels_and_annotations() {
    check(|meta| drop(meta.annotations.insert("Example.COM/A".into(), "any thing".into())), &[]);
    check(
        |meta| drop(meta.labels.insert("a b".into(), "c d".into())),
        &[
            "metadata.labels: Invalid value: \"a b\": name part must",
            "metadata.labels: Invalid value: \"c d\": a valid label",
        ],
    );
    check(
        |meta| drop(meta.annotations.insert("a".into(), "x".repeat(MOST_ANNOTATION_BYTES))),
        &["metadata.annotations: Too long: may not be more than 262144 bytes"],
    );
}

#[test]
fn owners() {
    check(|meta| meta.owner_references = vec![owner("a"), owner("b")], &[]);
    check(
        |meta| meta.owner_references = vec![OwnerReference::default()],
        &[
            "metadata.ownerReferences[0].apiVersion: Required value: must not be empty",
            "metadata.ownerReferences[0].kind: Required value: must not be empty",
            "metadata.ownerReferences[0].name: Required value: must not be empty",
            "metadata.ownerReferences[0].uid: Required value: must not be empty",
        ],
    );
    check(
        |meta| meta.owner_references = vec![OwnerReference { api_version: "a/b/c".into(), ..owner("a") }],
        &[
            "metadata.ownerReferences[0].apiVersion: Invalid value: \"a/b/c\": must be <group>/<version> or <version>",
        ],
    );
    check(
        |meta| {
            let event = OwnerReference { api_version: "v1".into(), kind: "Event".into(), ..owner("a") };
            meta.owner_references = vec![event];
        },
        &["metadata.ownerReferences[0]: Invalid value: {"],
    );
    let controller = |name| OwnerReference { controller: Some(true), ..owner(name) };
    check(
        |meta| meta.owner_references = vec![controller("a"), controller("b")],
        &["metadata.ownerReferences: Invalid value: ["],
    );
}

#[test]
fn equal_owners_stand_once() {
    let mut meta = good();
    assert_eq!(dedupe_owner_references(&mut meta, ""), None);
    let other = OwnerReference { controller: Some(true), ..owner("a") };
    meta.owner_references = vec![owner("a"), owner("b"), owner("a"), other.clone(), owner("a")];
    let warning = dedupe_owner_references(&mut meta, " then").unwrap();
    assert!(
        warning.starts_with(".metadata.ownerReferences contains duplicate entries then; API"),
        "{warning}"
    );
    assert!(warning.ends_with("duplicate UID(s) observed: a, a"), "{warning}");
    assert_eq!(meta.owner_references, [owner("a"), owner("b"), other]);
}

#[test]
fn finalizers() {
    check(|meta| meta.finalizers = vec!["g/x".into(), "orphan".into()], &[]);
    check(
        |meta| meta.finalizers = vec!["a b".into()],
        &["metadata.finalizers: Invalid value: \"a b\": name part"],
    );
    check(
        |meta| meta.finalizers = vec!["orphan".into(), "foregroundDeletion".into()],
        &["metadata.finalizers: Invalid value: [\"orphan\",\"foregroundDeletion\"]: finalizer orphan and \
           foregroundDeletion cannot be both set"],
    );
    check_update(|new, _| new.finalizers = vec!["g/x".into()], &[]);
    check_update(
        |new, _| new.finalizers = vec!["a b".into()],
        &["metadata.finalizers: Invalid value: \"a b\": name part"],
    );
    check_update(
        |new, old| {
            old.finalizers = vec!["a b".into()];
            new.finalizers = vec!["a b".into(), "g/x".into()];
        },
        &["metadata.finalizers: Invalid value: \"a b\": name part"],
    );
    check_update(
        |new, old| {
            old.deletion_timestamp = Some(Time::from_seconds(5));
            new.deletion_timestamp = Some(Time::from_seconds(5));
            new.finalizers = vec!["g/x".into()];
        },
        &[
            "metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new \
           finalizers []string{\"g/x\"}",
        ],
    );
}

#[test]
fn what_cannot_change() {
    check_update(|_, _| {}, &[]);
    check_update(
        |new, _| *new = ObjectMeta { resource_version: "1".into(), generation: 1, ..ObjectMeta::default() },
        &[
            "metadata.name: Required value: name or generateName is required",
            "metadata.namespace: Required value",
            "metadata.generation: Invalid value: 1: must not be decremented",
            "metadata.name: Invalid value: \"\": field is immutable",
            "metadata.namespace: Invalid value: \"\": field is immutable",
            "metadata.uid: Invalid value: \"\": field is immutable",
            "metadata.creationTimestamp: Invalid value: null: field is immutable",
        ],
    );
    check_update(
        |new, _| {
            new.resource_version.clear();
            new.deletion_timestamp = Some(Time::from_seconds(0));
            new.deletion_grace_period_seconds = Some(3);
        },
        &[
            "metadata.resourceVersion: Invalid value: \"\": must be specified for an update",
            "metadata.deletionTimestamp: Invalid value: \"1970-01-01T00:00:00Z\": field is immutable",
            "metadata.deletionGracePeriodSeconds: Invalid value: 3: field is immutable",
        ],
    );
}

#[test]
fn the_rule_of_names_is_for_new_objects() {
    let named = |name: &str| ObjectMeta { name: name.into(), ..good() };
    let segment = definition(NameRule::Segment, true);
    assert_lines(&validate_meta(&segment, &named("A B")), &[]);
    let faults = ["metadata.name: Invalid value: \"a/b\": may not contain '/'"];
    assert_lines(&validate_meta(&segment, &named("a/b")), &faults);
    let subdomain = definition(NameRule::Subdomain, true);
    assert_lines(&validate_meta_update(&subdomain, &named("A"), &named("A")), &[]);
    assert_lines(&validate_meta_update(&subdomain, &named("a/b"), &named("a/b")), &faults);
    let prefix = |prefix: &str| ObjectMeta { generate_name: prefix.into(), ..good() };
    assert_lines(&validate_meta(&segment, &prefix("..")), &[]);
    let fault = ["metadata.generateName: Invalid value: \"aé-\": a lowercase RFC 1123 subdomain must"];
    assert_lines(&validate_meta(&subdomain, &prefix("aé-")), &fault);
}

#[test]
fn managed_fields() {
    let entry = |operation: &str, fields_type: &str| ManagedFieldsEntry {
        operation: operation.into(),
        fields_type: fields_type.into(),
        ..Default::default()
    };
    check(|meta| meta.managed_fields = vec![entry("Apply", "FieldsV1")].into(), &[]);
    check(
        |meta| meta.managed_fields = vec![entry("", ""), entry("Merge", "V2")].into(),
        &[
            "metadata.managedFields[0].operation: Required value: must not be empty",
            "metadata.managedFields[1].operation: Unsupported value: \"Merge\": supported values: \"Apply\", \"Update\"",
            "metadata.managedFields[1].fieldsType: Invalid value: \"V2\": must be `FieldsV1`",
        ],
    );
}

#[test]
fn managers_have_names_that_can_be_read() {
    let entry = ManagedFieldsEntry {
        operation: "Update".into(),
        manager: format!("é\n{}", "x".repeat(126)),
        subresource: "x".repeat(257),
        ..Default::default()
    };
    check(
        |meta| meta.managed_fields = vec![entry].into(),
        &[
            "metadata.managedFields[0].manager: Too long: may not be more than 128 bytes",
            "metadata.managedFields[0].manager: Invalid value: \"é\\n",
            "metadata.managedFields[0].subresource: Too long: may not be more than 256 bytes",
        ],
    );
}

/// Each fault shows all references: of all of them that would be the square of what was sent.
#[test]
fn what_is_said_of_many_controllers_is_bounded() {
    let controller = |name: usize| OwnerReference { controller: Some(true), ..owner(&name.to_string()) };
    let meta = ObjectMeta { owner_references: (0..3000).map(controller).collect(), ..good() };
    let errors = validate_meta(&definition(NameRule::Subdomain, true), &meta);
    let said: usize = errors.iter().map(|error| error.body.len()).sum();
    assert!(!errors.is_empty() && said < 2 << 20, "{} faults, {said} bytes", errors.len());
}
