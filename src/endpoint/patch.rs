//! PATCH with JSON patch, JSON merge patch and strategic merge patch (V-50…V-65).

use super::body::Body;
use super::decode::Read;
use super::input;
use super::media_type;
use super::negotiation::Target;
use super::options::{FieldValidation, WriteOptions};
use super::request::Call;
use super::update::settle_name;
use crate::pipeline::RequestBody;
use crate::registry::{Part, Stored};
use apimachinery::json_patch;
use apimachinery::kind::Hub;
use apimachinery::openapi::PATCH_MEDIA_TYPES;
use apimachinery::schema::Schema;
use apimachinery::status::ApiError;
use apimachinery::strategic_merge;
use apimachinery::wire::{Problem, json};
use http::{Response, StatusCode};
use serde_json::Value;

/// A JSON patch has at most so many operations.
const MOST_OPERATIONS: usize = 10_000;

/// A patch that was read.
pub(super) struct Patch {
    /// What is wrong with it is said only where there is something to patch.
    changes: Result<Changes, ApiError>,
    /// Of its own text: names that stand twice or mean nothing.
    problems: Vec<String>,
    validation: FieldValidation,
}

enum Changes {
    Json(json_patch::Patch),
    Merge(Value),
    Strategic(Value),
}

pub(super) async fn patch(
    call: &Call<'_>,
    part: Part,
    body: RequestBody,
) -> Result<Response<Body>, ApiError> {
    let view = call.view(Target::Object)?;
    let (patch, options) = Patch::read(call, body).await?;
    let change = |current: &Stored| apply(call, &patch, current);
    let manager = &options.manager(call.headers);
    let update = call.update_options(part, &options, manager);
    let stored = call.store.update(call.namespace(), call.info.name(), update, change).await?;
    Ok(call.answer(&view, StatusCode::OK, &stored))
}

impl Patch {
    /// The patch of a request, and its options.
    pub(super) async fn read(call: &Call<'_>, body: RequestBody) -> Result<(Self, WriteOptions), ApiError> {
        let parse = match &*media_type::of(call.headers) {
            "application/json-patch+json" => Changes::operations,
            "application/merge-patch+json" => Changes::merge,
            "application/strategic-merge-patch+json" => Changes::strategic,
            _ => return Err(ApiError::unsupported_media_type(&PATCH_MEDIA_TYPES.join(", "))),
        };
        let options = WriteOptions::of_patch(call.query, false)?;
        let body = input::read(call.headers, body).await?;
        let tree = json::parse(&body)
            .map_err(|error| ApiError::bad_request(&format!("invalid JSON patch: {error}")))?;
        if let Some(audit) = call.audit {
            audit.patch(&body);
        }
        let validation = options.field_validation;
        let changes = parse(tree, validation);
        let problems = match &changes {
            Err(_) => Vec::new(),
            Ok(changes) => changes.problems(&json::duplicate_fields(&body)),
        };
        Ok((Patch { changes, problems, validation }, options))
    }

    /// Changes an object of that type.
    pub(super) fn apply(&self, tree: &mut Value, schema: &'static Schema) -> Result<(), ApiError> {
        match self.changes.as_ref().map_err(ApiError::clone)? {
            Changes::Merge(patch) => json_patch::merge(tree, patch),
            Changes::Strategic(patch) => {
                strategic_merge::apply(schema, tree, patch).map_err(|error| refused(&error))?;
            }
            Changes::Json(patch) => patch.apply(tree).map_err(|error| unprocessable(&error.to_string()))?,
        }
        match tree.is_object() {
            true => Ok(()),
            false => Err(unprocessable("what the patch leaves is no object")),
        }
    }

    /// Judges what is wrong with the patch and with what it made: warnings, or one error with all of it.
    pub(super) fn judge(&self, problems: &[Problem]) -> Result<Vec<String>, String> {
        let found = problems.iter().map(Problem::to_string);
        input::judge(self.problems.iter().cloned().chain(found), self.validation)
    }
}

impl Changes {
    fn operations(tree: Value, validation: FieldValidation) -> Result<Self, ApiError> {
        let patch = json_patch::Patch::parse(tree).map_err(|error| malformed(&error.to_string()))?;
        if let Some(reason) = patch.ill_typed().filter(|_| validation != FieldValidation::Ignore) {
            return Err(malformed(reason));
        }
        if patch.len() > MOST_OPERATIONS {
            return Err(ApiError::request_too_large(&format!(
                "The allowed maximum operations in a JSON patch is {MOST_OPERATIONS}, got {}",
                patch.len()
            )));
        }
        Ok(Changes::Json(patch))
    }

    fn merge(tree: Value, _: FieldValidation) -> Result<Self, ApiError> {
        match not_an_object(&tree) {
            None => Ok(Changes::Merge(tree)),
            Some(why) => Err(malformed(&why)),
        }
    }

    fn strategic(mut tree: Value, _: FieldValidation) -> Result<Self, ApiError> {
        settle_numbers(&mut tree);
        Ok(Changes::Strategic(tree))
    }

    fn problems(&self, duplicates: &[Problem]) -> Vec<String> {
        match self {
            Changes::Merge(_) | Changes::Strategic(_) => duplicates.iter().map(Problem::to_string).collect(),
            Changes::Json(patch) => duplicates
                .iter()
                .chain(patch.problems())
                .map(|problem| format!("json patch {problem}"))
                .collect(),
        }
    }
}

/// `2.0` is an integer in a strategic merge patch, as in Kubernetes (runtime.FromUnstructured), and in no other.
fn settle_numbers(tree: &mut Value) {
    /// What is below it as a double fits an i64.
    const TOO_LARGE: f64 = 9_223_372_036_854_775_808.0;
    match tree {
        Value::Array(items) => items.iter_mut().for_each(settle_numbers),
        Value::Object(fields) => fields.values_mut().for_each(settle_numbers),
        Value::Number(number) if number.is_f64() => {
            let double = number.as_f64().unwrap_or(f64::NAN);
            if double.fract() == 0.0 && double.abs() < TOO_LARGE {
                *number = (double as i64).into();
            }
        }
        _ => {}
    }
}

/// Why a value is no object, in Kubernetes' words.
fn not_an_object(tree: &Value) -> Option<String> {
    let kind = match tree {
        Value::Object(_) => return None,
        Value::Array(_) => "array",
        Value::String(_) => "string",
        Value::Number(_) => "number",
        Value::Bool(_) => "bool",
        Value::Null => return Some("a merge patch is an object".to_owned()),
    };
    Some(format!("json: cannot unmarshal {kind} into Go value of type map[string]interface {{}}"))
}

fn malformed(reason: &str) -> ApiError {
    ApiError::bad_request(&format!("error decoding patch: {reason}"))
}

fn refused(error: &strategic_merge::Error) -> ApiError {
    let why = error.to_string();
    match error.code() {
        400 => ApiError::bad_request(&why),
        422 => unprocessable(&why),
        _ => ApiError::untyped(&why),
    }
}

fn unprocessable(reason: &str) -> ApiError {
    ApiError::unprocessable(&format!(
        "the server rejected our request due to an error in our request: {reason}"
    ))
}

/// The patched object, from its JSON in the URL's version.
fn apply(call: &Call<'_>, patch: &Patch, current: &Stored) -> Result<Box<dyn Hub>, ApiError> {
    let mut tree = (call.version.to_tree)(&**current.object());
    let definition = call.store.definition;
    let of_type =
        [("kind", definition.kind.into()), ("apiVersion", definition.api_version(call.version.name))];
    for (name, text) in &of_type {
        tree[name] = (&**text).into();
    }
    patch.apply(&mut tree, call.version.schema)?;
    // Of what type the object is, a strategic merge patch does not say, whatever it says there.
    for (name, text) in of_type.iter().filter(|_| matches!(patch.changes, Ok(Changes::Strategic(_)))) {
        if tree[name].is_string() || tree[name].is_null() {
            tree[name] = (&**text).into();
        }
    }
    let refused = |reason: &dyn std::fmt::Display| {
        ApiError::unprocessable_patch(call.store.definition, call.info.name(), &reason.to_string())
    };
    let Read { value: mut object, problems, .. } =
        input::object_in_tree(call.store.definition, call.version, &tree).map_err(|error| refused(&error))?;
    call.warnings.extend(patch.judge(&problems).map_err(|reason| refused(&reason))?);
    object.default_fields();
    settle_name(call, object.as_mut())?;
    Ok(object)
}
