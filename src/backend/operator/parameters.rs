//! The parts of the main object's spec that a class and an object give by a ConfigMap.

use super::{at, overlay};
use crate::backend::{Class, Refusal};
use serde_json::Value;

/// The key of the ConfigMap that has it.
pub(in crate::backend) const KEY: &str = "spec";

/// The part that an object's parameters are.
pub(super) fn of_object(parameters: &str) -> Result<Value, Refusal> {
    if parameters.is_empty() {
        return Ok(Value::Null);
    }
    let refused = |why: String| Refusal::new("InvalidParameters", format!("spec.parametersRef: {why}"));
    let map: Value = serde_json::from_str(parameters).map_err(|error| refused(error.to_string()))?;
    match at(&map["data"], KEY) {
        "" => Err(refused(format!("the ConfigMap has no key {KEY:?}"))),
        text => part(text).map_err(refused),
    }
}

/// The part that a class gives to all its objects; null where it gives none, or names something else than a ConfigMap.
pub(in crate::backend) fn of_class(class: &Class) -> Result<Value, Refusal> {
    let map: Value = serde_json::from_str(&class.parameters).unwrap_or_default();
    let text = &map["data"][KEY];
    if !is_config_map(&map) || text.is_null() {
        return Ok(Value::Null);
    }
    part(text.as_str().unwrap_or_default())
        .map_err(|why| Refusal::new("InvalidParameters", format!("spec.parametersRef of the class: {why}")))
}

/// Whether what a class names is a ConfigMap.
pub(in crate::backend) fn is_config_map(parameters: &Value) -> bool {
    parameters["kind"] == "ConfigMap" || parameters["data"].is_object()
}

/// Both together; where both say something, `over` does.
pub(super) fn together(under: Value, over: Value) -> Value {
    if over.is_null() { under } else { overlay(under, over) }
}

fn part(text: &str) -> Result<Value, String> {
    let (spec, _) = apimachinery::wire::yaml::decode(text.as_bytes())
        .map_err(|error| format!("the key {KEY:?} is no YAML: {error}"))?;
    match spec.is_object() {
        true => Ok(spec),
        false => Err(format!("the key {KEY:?} is not a part of a spec")),
    }
}
