//! `AdmissionReview` of `admission.k8s.io/v1`: what a webhook is sent, and what it answers.

use super::question::Question;
use apimachinery::json_patch::Patch;
use apimachinery::kind::Version;
use apimachinery::status::{ApiError, Status};
use apimachinery::wire::json;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const API_VERSION: &str = "admission.k8s.io/v1";
const KIND: &str = "AdmissionReview";

/// The review of a request, and its uid.
pub(super) fn ask(question: &Question<'_>, version: &Version) -> (Bytes, String) {
    let uid = uuid::Uuid::new_v4().to_string();
    let mut request = question.facts(version);
    request.insert("uid".into(), uid.clone().into());
    request.insert("object".into(), question.object_tree(version));
    request.insert("oldObject".into(), question.old_tree(version));
    let review = json!({ "kind": KIND, "apiVersion": API_VERSION, "request": request });
    (review.to_string().into(), uid)
}

/// What a webhook says.
#[derive(Debug)]
pub(super) struct Answer {
    /// Changes to the object, and how the webhook wrote them.
    pub(super) patch: Option<(Patch, Value)>,
    /// What the client should hear.
    pub(super) warnings: Vec<String>,
    /// What the audit log should have.
    pub(super) annotations: BTreeMap<String, String>,
    /// The refusal, if it is one.
    pub(super) denied: Option<ApiError>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
struct Review {
    kind: String,
    api_version: String,
    response: Option<Response>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Response {
    uid: String,
    allowed: bool,
    status: Option<Value>,
    patch: Option<String>,
    patch_type: Option<String>,
    warnings: Option<Vec<String>>,
    audit_annotations: Option<BTreeMap<String, String>>,
}

/// Reads an answer; the error says what is wrong with it.
pub(super) fn read(body: &[u8], uid: &str, webhook: &str) -> Result<Answer, String> {
    let review: Review = serde_json::from_slice(body)
        .map_err(|error| format!("the answer is no {KIND} that can be read: {error}"))?;
    if (review.api_version.as_str(), review.kind.as_str()) != (API_VERSION, KIND) {
        return Err(format!(
            "expected webhook response of {API_VERSION}, Kind={KIND}, got {}, Kind={}",
            review.api_version, review.kind
        ));
    }
    let Some(response) = review.response else { return Err("webhook response was absent".into()) };
    if response.uid != uid {
        return Err(format!("expected response.uid={uid:?}, got {:?}", response.uid));
    }
    let denied = if response.allowed { None } else { Some(denial(response.status.as_ref(), webhook)) };
    Ok(Answer {
        patch: patch(response.patch.as_deref(), response.patch_type.as_deref())?,
        warnings: response.warnings.unwrap_or_default(),
        annotations: response.audit_annotations.unwrap_or_default(),
        denied,
    })
}

fn patch(patch: Option<&str>, patch_type: Option<&str>) -> Result<Option<(Patch, Value)>, String> {
    match (patch.filter(|patch| !patch.is_empty()), patch_type) {
        (None, None) => Ok(None),
        (None, Some(_)) => Err("webhook returned response.patchType but not response.patch".into()),
        (Some(_), None) => Err("webhook returned response.patch but not response.patchType".into()),
        (Some(text), Some("JSONPatch")) => {
            let bytes = STANDARD.decode(text).map_err(|error| format!("response.patch: {error}"))?;
            let tree = json::parse(&bytes).map_err(|error| format!("response.patch: {error}"))?;
            let patch = Patch::parse(tree.clone()).map_err(|error| format!("response.patch: {error}"))?;
            Ok(Some((patch, tree)).filter(|(patch, _)| !patch.is_empty()))
        }
        (_, Some(other)) => Err(format!("unsupported response.patchType {other:?}")),
    }
}

/// The webhook's own Status, made a refusal where it is none, and said to be the webhook's.
fn denial(status: Option<&Value>, webhook: &str) -> ApiError {
    let status = status.and_then(|status| json::decode_tree::<Status>(status).ok());
    let mut status = status.map_or_else(Status::default, |(status, _)| status);
    if !(400..600).contains(&status.code) {
        status.code = 400;
    }
    status.status = "Failure".into();
    let denied = format!("admission webhook {webhook:?} denied the request");
    status.message = match (status.message.as_str(), status.reason.as_str()) {
        ("", "") => format!("{denied} without explanation"),
        ("", reason) => format!("{denied}: {reason}"),
        (message, _) => format!("{denied}: {message}"),
    };
    ApiError::from(status)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(response: Value) -> Result<Answer, String> {
        let review = json!({ "kind": KIND, "apiVersion": API_VERSION, "response": response });
        read(review.to_string().as_bytes(), "1", "w.example.com")
    }

    #[test]
    fn a_refusal_is_said_to_be_the_webhooks() {
        let refusal = |status: Value| {
            let denied = answer(json!({"uid": "1", "allowed": false, "status": status})).unwrap().denied;
            let status = denied.unwrap().status();
            (status.code, status.reason, status.message)
        };
        let said = "admission webhook \"w.example.com\" denied the request";
        assert_eq!(refusal(Value::Null), (400, String::new(), format!("{said} without explanation")));
        assert_eq!(refusal(json!({"message": "no"})), (400, String::new(), format!("{said}: no")));
        assert_eq!(
            refusal(json!({"reason": "Forbidden", "code": 403})),
            (403, "Forbidden".into(), format!("{said}: Forbidden"))
        );
        assert_eq!(refusal(json!({"message": "no", "code": 200, "status": "Success"})).0, 400);
    }

    #[test]
    fn an_answer_to_something_else_counts_as_none() {
        let wrong = [
            json!({"uid": "2", "allowed": true}),
            json!({"uid": "1", "allowed": true, "patch": "W10="}),
            json!({"uid": "1", "allowed": true, "patchType": "JSONPatch"}),
            json!({"uid": "1", "allowed": true, "patch": "W10=", "patchType": "Merge"}),
            json!({"uid": "1", "allowed": true, "patch": "?", "patchType": "JSONPatch"}),
            json!({"uid": "1", "allowed": true, "patch": "e30=", "patchType": "JSONPatch"}),
            Value::Null,
        ];
        for response in wrong {
            let text = response.to_string();
            assert!(answer(response).is_err(), "{text}");
        }
        for body in ["", "{}", "[]", r#"{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1beta1"}"#]
        {
            assert!(read(body.as_bytes(), "1", "w").is_err(), "{body}");
        }
    }

    #[test]
    fn a_patch_warnings_and_annotations_are_read() {
        let patch = STANDARD.encode(r#"[{"op": "remove", "path": "/spec"}]"#);
        let answer = answer(
            json!({"uid": "1", "allowed": true, "patch": patch, "patchType": "JSONPatch", "warnings": ["w"], "auditAnnotations": {"a": "b"}}),
        );
        let answer = answer.unwrap();
        assert_eq!(answer.annotations["a"], "b");
        assert_eq!(answer.patch.unwrap().0.len(), 1);
        assert_eq!(answer.warnings, ["w"]);
        assert!(answer.denied.is_none());
    }
}
