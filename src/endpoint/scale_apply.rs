//! PATCH of a Scale with a configuration to apply: who applies it owns the fields of the object that say its count (S-2A).

use super::apply::configuration;
use super::options::WriteOptions;
use super::request::Call;
use super::scale::scaled;
use crate::pipeline::RequestBody;
use crate::registry::{Part, Stored, UpdateOptions};
use apimachinery::autoscaling::{API_VERSION, KIND, Scale};
use apimachinery::kind::{Hub, Version};
use apimachinery::managed::{Applied, Apply, CountFields, Form, Manager, Scaling, Versions};
use apimachinery::meta::ManagedFields;
use apimachinery::schema::Schema;
use apimachinery::status::ApiError;
use apimachinery::time::Time;
use apimachinery::wire::{Value as _, json};
use bytes::Bytes;
use serde_json::Value;
use std::sync::Arc;

/// Applies the Scale that a body says.
pub(super) async fn apply(call: &Call<'_>, body: RequestBody) -> Result<Arc<Stored>, ApiError> {
    let options = WriteOptions::of_patch(call.query, true)?;
    let configuration = configuration(call, body, (API_VERSION, KIND), options.field_validation).await?;
    let manager = &*options.manager(call.headers);
    let update = UpdateOptions { is_owned: true, ..call.update_options(Part::Main, &options, manager) };
    let force = options.force == Some(true);
    let scale = ScaleApply { call, manager, force, configuration: &configuration };
    let change = |current: &Stored| scale.over(current);
    call.store.update(call.namespace(), call.info.name(), update, change).await
}

/// A Scale that somebody applies.
struct ScaleApply<'a> {
    call: &'a Call<'a>,
    manager: &'a str,
    force: bool,
    configuration: &'a Value,
}

impl ScaleApply<'_> {
    /// The object with the count that is applied, and with who owns what of it then.
    fn over(&self, current: &Stored) -> Result<Box<dyn Hub>, ApiError> {
        let failed = |why: String| ApiError::untyped(&format!("failed to decode managed fields: {why}"));
        let decoded = current.object();
        let (before, after) = (&**decoded, with_count(&**decoded, self.count()));
        let definition = self.call.store.definition;
        let fields = |api_version: &str| {
            let version = definition.served_as(api_version)?;
            let change = form(version, before, &*after);
            Some(CountFields::of(&last_step(version, before), &change, &last_step(version, &*after)))
        };
        let scaling = Scaling { entries: &before.meta().managed_fields, fields: &fields };
        let entries = scaling.of_scale().map_err(failed)?;
        let before = Scale::of(before);
        let applied = self.merge(&before, &entries)?;
        let scale = applied.object.as_ref().map_or(Ok(before), read)?;
        let mut object = scaled(self.call, &scale, current)?;
        if applied.object.is_some() || !applied.entries.is_shared(&entries) {
            let api_version = definition.api_version(self.call.version.name);
            let applier = self.applier(&api_version);
            object.meta_mut().managed_fields =
                scaling.of_object(&applied.entries, applier).map_err(failed)?;
        }
        Ok(object)
    }

    /// The count that the object has in the end, should it change: a Scale that says none has none.
    fn count(&self) -> i32 {
        let replicas = self.configuration["spec"]["replicas"].as_i64();
        replicas.and_then(|replicas| i32::try_from(replicas).ok()).unwrap_or_default().max(0)
    }

    fn applier<'m>(&'m self, api_version: &'m str) -> Manager<'m> {
        Manager { name: self.manager, api_version, subresource: self.call.info.subresource(), applies: true }
    }

    fn merge(&self, before: &Scale, entries: &ManagedFields) -> Result<Applied, ApiError> {
        let apply = Apply {
            applier: self.applier(API_VERSION),
            schema: Scale::SCHEMA,
            zero: &text(&Scale::default()),
            before: entries,
            force: self.force,
            counts: &|_| true,
            time: Time::now(),
        };
        Ok(apply.merge(Some(&text(before)), self.configuration, &OneVersion)?)
    }
}

fn text(scale: &Scale) -> String {
    let mut text = Vec::new();
    json::encode(scale, &mut text);
    String::from_utf8(text).unwrap_or_default()
}

fn read(tree: &Value) -> Result<Scale, ApiError> {
    let read = json::decode_tree::<Scale>(tree);
    read.map(|(scale, _)| scale)
        .map_err(|error| ApiError::bad_request(&format!("cannot read {KIND}: {error}")))
}

/// Scale in the only version there is.
struct OneVersion;

impl Versions for OneVersion {
    fn schema(&self, api_version: &str) -> Option<&'static Schema> {
        (api_version == API_VERSION).then_some(Scale::SCHEMA)
    }

    fn convert(&self, _: &Value, api_version: &str) -> Result<Bytes, String> {
        Err(format!("there is no {KIND} in {api_version}"))
    }
}

fn with_count(object: &dyn Hub, count: i32) -> Box<dyn Hub> {
    let mut object = object.boxed();
    if count_of(&*object) != count {
        object.set_scale(count);
    }
    object
}

fn count_of(object: &dyn Hub) -> i32 {
    object.scale().unwrap_or_default().desired
}

/// A change that leads to the count of an object, from the one next to it.
fn last_step(version: &Version, object: &dyn Hub) -> Form {
    let count = count_of(object);
    let next = with_count(object, count.checked_add(1).unwrap_or(count - 1));
    form(version, &*next, &*with_count(&*next, count))
}

fn form(version: &Version, old: &dyn Hub, new: &dyn Hub) -> Form {
    let json = |object| {
        let mut json = Vec::with_capacity(1024);
        (version.encode_json)(object, &mut json);
        Bytes::from(json)
    };
    Form { schema: version.schema, old: json(old), new: json(new) }
}
