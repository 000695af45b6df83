use super::*;
use crate::field::{FieldError, Path};
use crate::kind::NameRule;
use crate::wire::{Object, json};

static DEFINITION: Definition = Definition {
    group: "g.example.com",
    kind: "Database",
    plural: "databases",
    short_names: &[],
    categories: &[],
    namespaced: true,
    versions: &[],
    storage_version: "v1",
    status: true,
    scale: false,
    finalize: false,
    status_metadata: false,
    columns: &[],
    selectable_fields: &[],
    name_rule: NameRule::Subdomain,
};

#[track_caller]
fn check(error: &ApiError, expected: &str) {
    assert_eq!(json::to_tree(&error.status()), serde_json::from_str::<serde_json::Value>(expected).unwrap());
}

#[test]
fn errors_about_an_object_name_its_resource() {
    check(
        &ApiError::not_found(&DEFINITION, "n"),
        r#"{"metadata":{},"status":"Failure","message":"databases.g.example.com \"n\" not found",
            "reason":"NotFound","details":{"name":"n","group":"g.example.com","kind":"databases"},"code":404}"#,
    );
    check(
        &ApiError::generated_name_exists(&DEFINITION, "n"),
        r#"{"metadata":{},"status":"Failure","message":"databases.g.example.com \"n\" already exists, the server was not able to generate a unique name for the object",
            "reason":"AlreadyExists","details":{"name":"n","group":"g.example.com","kind":"databases","retryAfterSeconds":1},"code":409}"#,
    );
    check(
        &ApiError::namespace_terminating(&DEFINITION, "n", "x"),
        r#"{"metadata":{},"status":"Failure","message":"databases.g.example.com \"n\" is forbidden: unable to create new content in namespace x because it is being terminated",
            "reason":"Forbidden","details":{"name":"n","group":"g.example.com","kind":"databases","causes":[
            {"reason":"NamespaceTerminating","message":"namespace x is being terminated","field":"metadata.namespace"}]},"code":403}"#,
    );
}

#[test]
fn messages() {
    let definition = &DEFINITION;
    for (error, code, message) in [
        (
            ApiError::already_exists(definition, "n", true),
            409,
            "object is being deleted: databases.g.example.com \"n\" already exists",
        ),
        (
            ApiError::conflict(definition, "n"),
            409,
            "Operation cannot be fulfilled on databases.g.example.com \"n\": the object has been modified; please \
             apply your changes to the latest version and try again",
        ),
        (
            ApiError::precondition_uid(definition, "n", "a", "b"),
            409,
            "Operation cannot be fulfilled on Database.g.example.com \"n\": the UID in the precondition (a) does \
             not match the UID in record (b). The object might have been deleted and then recreated",
        ),
        (ApiError::forbidden(definition, "", "no"), 403, "databases.g.example.com is forbidden: no"),
        (
            ApiError::method_not_allowed(definition, "patch"),
            405,
            "patch is not supported on resources of kind \"databases.g.example.com\"",
        ),
        (ApiError::request_entity_too_large(3145728), 413, "Request entity too large: limit is 3145728"),
        (ApiError::internal("x"), 500, "Internal error occurred: x"),
    ] {
        assert_eq!((error.code(), error.to_string().as_str()), (code, message));
    }
}

#[test]
fn one_fault_stands_alone_and_several_in_brackets_once_each() {
    let path = Path::new("spec").child("a");
    let one = FieldError::required(&path, "");
    let two = FieldError::invalid(&path, "x", "must be y");
    let error = ApiError::invalid(&DEFINITION, "n", vec![one.clone()]);
    assert_eq!(error.to_string(), "Database.g.example.com \"n\" is invalid: spec.a: Required value");
    let error = ApiError::invalid(&DEFINITION, "n", vec![one.clone(), two, one]);
    assert_eq!(
        error.to_string(),
        "Database.g.example.com \"n\" is invalid: [spec.a: Required value, spec.a: Invalid value: \"x\": must be y]"
    );
    let details = error.status().details.unwrap();
    assert_eq!((details.kind.as_str(), details.causes.len()), ("Database", 3));
    assert_eq!(details.causes[1].reason, "FieldValueInvalid");
}

#[test]
fn what_should_be_tried_again_says_when() {
    let error = ApiError::too_large_resource_version(9, 5);
    assert_eq!(error.retry_after(), Some(1));
    check(
        &error,
        r#"{"metadata":{},"status":"Failure","message":"Timeout: Too large resource version: 9, current: 5",
            "reason":"Timeout","details":{"causes":[{"reason":"ResourceVersionTooLarge","message":"Too large resource version"}],
            "retryAfterSeconds":1},"code":504}"#,
    );
    assert_eq!(ApiError::not_found(&DEFINITION, "n").retry_after(), None);
    assert_eq!(ApiError::timeout("x", 0).retry_after(), None);
}

#[test]
fn success_has_neither_code_nor_reason() {
    let status = Status::deleted(&DEFINITION, "n", "u");
    let mut text = Vec::new();
    json::encode(&status, &mut text);
    assert_eq!(
        String::from_utf8(text).unwrap(),
        r#"{"metadata":{},"status":"Success","details":{"name":"n","group":"g.example.com","kind":"databases","uid":"u"}}"#
    );
}

#[test]
fn protobuf_has_the_documented_numbers() {
    let mut bytes = Vec::new();
    Status::deleted(&DEFINITION, "n", "u").encode_fields(&mut bytes);
    let mut expected = vec![0x0a, 0, 0x12, 7];
    expected.extend_from_slice(b"Success");
    expected.extend_from_slice(&[0x2a, 32, 0x0a, 1, b'n', 0x12, 13]);
    expected.extend_from_slice(b"g.example.com");
    expected.extend_from_slice(&[0x1a, 9]);
    expected.extend_from_slice(b"databases");
    expected.extend_from_slice(&[0x32, 1, b'u']);
    assert_eq!(bytes, expected);
}
