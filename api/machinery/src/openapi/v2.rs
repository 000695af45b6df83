//! OpenAPI v2: one document for all groups.

use crate::kind::Definition;
use serde_json::{Value, json};

/// The document of `/openapi/v2`: every served version of every definition.
pub fn document(definitions: &[&'static Definition]) -> Value {
    json!({"swagger": "2.0", "info": super::v3::info(), "paths": {}, "definitions": definitions.len()})
}
