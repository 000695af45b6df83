//! One constructor per condition, with its exact code, reason, message and details.

use super::{ApiError, StatusCause, StatusDetails};
use crate::field::Errors;
use crate::go;
use crate::kind::Definition;
use std::fmt::Display;

const MODIFIED: &str =
    "the object has been modified; please apply your changes to the latest version and try again";

/// A name as a segment of a URL's path: a key may lie in storage whose name no object could have.
fn in_a_path(name: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:".contains(&byte);
    let segment = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    name.bytes().map(segment).collect()
}

/// Which precondition does not hold, where what is stored says it.
fn unmet(field: &str, wanted: &str, found: &str) -> String {
    format!("Precondition failed: {field} in precondition: {wanted}, {field} in object meta: {found}")
}

/// About one object.
impl ApiError {
    fn of_resource(
        code: i32,
        reason: &str,
        definition: &Definition,
        name: &str,
        message: impl FnOnce(&str) -> String,
    ) -> Self {
        let subject = match name {
            "" => definition.qualified_resource(),
            name => format!("{} {}", definition.qualified_resource(), go::quoted(name)),
        };
        Self::new(code, reason, message(&subject)).with_details(StatusDetails::of_resource(definition, name))
    }

    /// 404: there is no such object.
    pub fn not_found(definition: &Definition, name: &str) -> Self {
        Self::of_resource(404, "NotFound", definition, name, |subject| format!("{subject} not found"))
    }

    /// 409: there is one already, which may be on its way out.
    pub fn already_exists(definition: &Definition, name: &str, going: bool) -> Self {
        let prefix = if going { "object is being deleted: " } else { "" };
        let message = |subject: &str| format!("{prefix}{subject} already exists");
        Self::of_resource(409, "AlreadyExists", definition, name, message)
    }

    /// 409: every generated name was taken.
    pub fn generated_name_exists(definition: &Definition, name: &str) -> Self {
        let mut error = Self::of_resource(409, "AlreadyExists", definition, name, |subject| {
            format!(
                "{subject} already exists, the server was not able to generate a unique name for the object"
            )
        });
        error.0.details.get_or_insert_default().retry_after_seconds = 1;
        error
    }

    /// 409: an update was made from an older version of the object.
    pub fn conflict(definition: &Definition, name: &str) -> Self {
        Self::conflict_because(definition, name, MODIFIED)
    }

    /// 409: an object can be read, and is not to be deleted as if it could not.
    pub fn readable(definition: &Definition, name: &str, key: &str) -> Self {
        let why = format!(
            "StorageError: invalid object, Code: 4, Key: {key}, ResourceVersion: 0, AdditionalErrorMsg: unsafe \
             deletion is not allowed because the object is decodable from storage"
        );
        Self::conflict_because(definition, name, &why)
    }

    /// 500: what is stored cannot be read; nothing but its deletion is left, which the message says how to ask for.
    pub fn corrupt(definition: &Definition, namespace: &str, name: &str, key: &str, reason: &str) -> Self {
        let path = definition.object_path(&in_a_path(namespace), &in_a_path(name));
        Self::internal(&format!(
            "StorageError: corrupt object, Code: 7, Key: {key}, ResourceVersion: 0, AdditionalErrorMsg: object not \
             decodable: {reason}; to delete it without its finalizers: kubectl delete --raw \
             '{path}?ignoreStoreReadErrorWithClusterBreakingPotential=true'"
        ))
    }

    /// 409, with a reason of its own.
    pub fn conflict_because(definition: &Definition, name: &str, why: &str) -> Self {
        let message = |subject: &str| format!("Operation cannot be fulfilled on {subject}: {why}");
        Self::of_resource(409, "Conflict", definition, name, message)
    }

    /// 409: an update names the UID of another object.
    pub fn uid_conflict(definition: &Definition, name: &str, key: &str, wanted: &str, found: &str) -> Self {
        let why = format!(
            "StorageError: invalid object, Code: 4, Key: {key}, ResourceVersion: 0, AdditionalErrorMsg: \
             {}",
            unmet("UID", wanted, found)
        );
        Self::conflict_because(definition, name, &why)
    }

    /// 409: an apply is meant for an object with that UID, and there is none of the name.
    pub fn absent_uid(definition: &Definition, name: &str, wanted: &str) -> Self {
        let why = format!(
            "uid mismatch: the provided object specified uid {wanted}, and no existing object was found"
        );
        Self::conflict_because(definition, name, &why)
    }

    fn precondition(definition: &Definition, name: &str, why: &str) -> Self {
        let (subject, quoted) = (definition.qualified_kind(), go::quoted(name));
        let message = format!("Operation cannot be fulfilled on {subject} {quoted}: {why}");
        Self::new(409, "Conflict", message).with_details(StatusDetails::of_kind(definition, name))
    }

    /// 409: a deletion is meant for another object of the same name.
    pub fn precondition_uid(definition: &Definition, name: &str, wanted: &str, found: &str) -> Self {
        if definition.finalize {
            return Self::conflict_because(definition, name, &unmet("UID", wanted, found));
        }
        let why = format!(
            "the UID in the precondition ({wanted}) does not match the UID in record ({found}). The object might \
             have been deleted and then recreated"
        );
        Self::precondition(definition, name, &why)
    }

    /// 409: a deletion is meant for another version of the object.
    pub fn precondition_resource_version(
        definition: &Definition,
        name: &str,
        wanted: &str,
        found: &str,
    ) -> Self {
        if definition.finalize {
            return Self::conflict_because(definition, name, &unmet("ResourceVersion", wanted, found));
        }
        let why = format!(
            "the ResourceVersion in the precondition ({wanted}) does not match the ResourceVersion in record \
             ({found}). The object might have been modified"
        );
        Self::precondition(definition, name, &why)
    }

    /// 409: other managers own fields that an apply sets; one cause per field.
    pub fn apply_conflict(message: &str, causes: Vec<StatusCause>) -> Self {
        let details = StatusDetails { causes, ..StatusDetails::default() };
        Self::new(409, "Conflict", message.to_owned()).with_details(details)
    }

    /// 422: the object has faults.
    pub fn invalid(definition: &Definition, name: &str, errors: Errors) -> Self {
        Self::invalid_subject(&definition.qualified_kind(), definition.group, definition.kind, name, errors)
    }

    /// 422: an update does not say which version it was made from (V-30).
    pub fn resource_version_required(definition: &Definition, name: &str) -> Self {
        let (field, body) = ("metadata.resourceVersion", "Invalid value: 0: must be specified for an update");
        let message = |subject: &str| format!("{subject} is invalid: {field}: {body}");
        Self::of_resource(422, "Invalid", definition, name, message).with_cause(
            "FieldValueInvalid",
            body,
            field,
        )
    }

    /// 403: policy or the object itself forbids it.
    pub fn forbidden(definition: &Definition, name: &str, why: &str) -> Self {
        let message = |subject: &str| format!("{subject} is forbidden: {why}");
        Self::of_resource(403, "Forbidden", definition, name, message)
    }

    /// 404: the namespace of a new object does not exist.
    pub fn namespace_not_found(namespace: &str) -> Self {
        let details = StatusDetails {
            name: namespace.to_owned(),
            kind: "namespaces".into(),
            ..StatusDetails::default()
        };
        let message = format!("namespaces {} not found", go::quoted(namespace));
        Self::new(404, "NotFound", message).with_details(details)
    }

    /// 403: the namespace of a new object is on its way out.
    pub fn namespace_terminating(definition: &Definition, name: &str, namespace: &str) -> Self {
        let why =
            format!("unable to create new content in namespace {namespace} because it is being terminated");
        let cause = format!("namespace {namespace} is being terminated");
        Self::forbidden(definition, name, &why).with_cause(
            "NamespaceTerminating",
            &cause,
            "metadata.namespace",
        )
    }

    /// 405: the resource does not know the action.
    pub fn method_not_allowed(definition: &Definition, action: &str) -> Self {
        let resource = definition.qualified_resource();
        let message = format!("{action} is not supported on resources of kind {resource:?}");
        Self::new(405, "MethodNotAllowed", message).with_details(StatusDetails::of_resource(definition, ""))
    }

    /// 500: the operation may or may not have been carried out, and should be tried again.
    pub fn server_timeout_of(definition: &Definition, operation: &str) -> Self {
        let resource = definition.qualified_resource();
        let message = format!(
            "The {operation} operation against {resource} could not be completed at this time, please try again."
        );
        let details =
            StatusDetails { retry_after_seconds: 2, ..StatusDetails::of_resource(definition, operation) };
        Self::new(500, "ServerTimeout", message).with_details(details)
    }
}

/// About the request or the server.
impl ApiError {
    /// 400: the request cannot be understood.
    pub fn bad_request(message: &str) -> Self {
        Self::new(400, "BadRequest", message.to_owned())
    }

    /// 401: the client is not known.
    pub fn unauthorized() -> Self {
        Self::new(401, "Unauthorized", "Unauthorized".into())
    }

    /// 406: none of the accepted media types is served; `list` is what is.
    pub fn not_acceptable(list: &str) -> Self {
        let message = format!("only the following media types are accepted: {list}");
        Self::new(406, "NotAcceptable", message)
    }

    /// 406: the answer cannot be converted as asked, only to `kind`.
    pub fn not_acceptable_conversion(kind: &str) -> Self {
        let message = format!(
            "only the following media types are accepted when converting to {kind}: application/json, \
             application/yaml, application/vnd.kubernetes.protobuf"
        );
        Self::new(406, "NotAcceptable", message)
    }

    /// 410: the requested state is no longer kept.
    pub fn expired(message: &str) -> Self {
        Self::new(410, "Expired", message.to_owned())
    }

    /// 413: the body has more than so many bytes.
    pub fn request_entity_too_large(limit: usize) -> Self {
        Self::request_too_large(&format!("limit is {limit}"))
    }

    /// 413, for a reason of its own.
    pub fn request_too_large(why: &str) -> Self {
        Self::new(413, "RequestEntityTooLarge", format!("Request entity too large: {why}"))
    }

    /// 415: the body has another media type; `list` is what is read.
    pub fn unsupported_media_type(list: &str) -> Self {
        let message = format!(
            "the body of the request was in an unknown format - accepted media types include: {list}"
        );
        Self::new(415, "UnsupportedMediaType", message)
    }

    /// 429: the client should slow down.
    pub fn too_many_requests(message: &str, retry_after: i32) -> Self {
        Self::new(429, "TooManyRequests", message.to_owned()).with_details(StatusDetails::retry(retry_after))
    }

    /// 500: a fault of this server.
    pub fn internal(error: &str) -> Self {
        Self::new(500, "InternalError", format!("Internal error occurred: {error}")).with_cause("", error, "")
    }

    /// 500 with an empty reason, as an error that has no type.
    pub fn untyped(message: &str) -> Self {
        Self::new(500, "", message.to_owned())
    }

    /// 500: storage did not answer, and the request should be tried again.
    pub fn server_timeout(why: &str) -> Self {
        let message = format!("The operation could not be completed at this time, please try again: {why}");
        Self::new(500, "ServerTimeout", message).with_details(StatusDetails::retry(2))
    }

    /// 503: not now.
    pub fn service_unavailable(message: &str) -> Self {
        Self::new(503, "ServiceUnavailable", message.to_owned())
    }

    /// 504: the server gave up waiting.
    pub fn timeout(message: &str, retry_after: i32) -> Self {
        let details = StatusDetails::retry(retry_after);
        Self::new(504, "Timeout", format!("Timeout: {message}")).with_details(details)
    }

    /// 504: the state asked for is in the future.
    pub fn too_large_resource_version(requested: impl Display, current: impl Display) -> Self {
        Self::timeout(&format!("Too large resource version: {requested}, current: {current}"), 1).with_cause(
            "ResourceVersionTooLarge",
            "Too large resource version",
            "",
        )
    }
}
