//! What Secrets of Kubernetes' own types must hold.

use super::Secret;
use apimachinery::field::{Errors, FieldError, Path};
use apimachinery::wire::ByteString;
use serde_json::Value;

const ACCOUNT: &str = "kubernetes.io/service-account.name";

/// The keys and annotations that the Secret's type asks for.
pub(super) fn check(secret: &Secret, errors: &mut Errors) {
    let path = Path::new("data");
    let has = |key: &str| secret.data.contains_key(key);
    let mut require = |keys: &[&str]| {
        errors.extend(keys.iter().map(|key| FieldError::required(&path.key(key), "")));
    };
    match secret.kind.as_str() {
        "kubernetes.io/tls" => {
            let missing: Vec<&str> = ["tls.crt", "tls.key"].into_iter().filter(|key| !has(key)).collect();
            require(&missing);
        }
        "kubernetes.io/basic-auth" if !has("username") && !has("password") => {
            require(&["username", "password"]);
        }
        "kubernetes.io/ssh-auth" => {
            let key = "ssh-privatekey";
            if secret.data.get(key).is_none_or(|value| value.0.is_empty()) {
                require(&[key]);
            }
        }
        "kubernetes.io/dockercfg" => check_document(secret, ".dockercfg", errors),
        "kubernetes.io/dockerconfigjson" => check_document(secret, ".dockerconfigjson", errors),
        "kubernetes.io/service-account-token"
            if secret.metadata.annotations.get(ACCOUNT).is_none_or(String::is_empty) =>
        {
            let path = Path::new("metadata").child("annotations").key(ACCOUNT);
            errors.push(FieldError::required(&path, ""));
        }
        _ => {}
    }
}

/// A value that must be a JSON object. Nothing of it is told.
fn check_document(secret: &Secret, key: &str, errors: &mut Errors) {
    let path = Path::new("data").key(key);
    let Some(ByteString(bytes)) = secret.data.get(key) else {
        errors.push(FieldError::required(&path, ""));
        return;
    };
    let kind = match serde_json::from_slice::<Value>(bytes) {
        Ok(Value::Object(_) | Value::Null) => return,
        Ok(Value::Array(_)) => "array",
        Ok(Value::String(_)) => "string",
        Ok(Value::Number(_)) => "number",
        Ok(Value::Bool(_)) => "bool",
        Err(error) => {
            let detail = match error.is_eof() {
                true => "unexpected end of JSON input".to_owned(),
                false => format!("no JSON from line {} column {} on", error.line(), error.column()),
            };
            errors.push(FieldError::invalid(&path, "<secret contents redacted>", &detail));
            return;
        }
    };
    let detail = format!("json: cannot unmarshal {kind} into Go value of type map[string]interface {{}}");
    errors.push(FieldError::invalid(&path, "<secret contents redacted>", &detail));
}
