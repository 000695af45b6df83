//! Apply: an object is brought to what a configuration says of it, and made where it is not there (V-54, S-06…S-15).

use super::codec::header;
use super::meta::absent;
use super::update::UpdateOptions;
use super::{CreateOptions, Part, Store, Stored};
use crate::admission::Origin;
use apimachinery::kind::{Definition, Hub, Version};
use apimachinery::managed::{Applied, Apply, Manager, Versions};
use apimachinery::meta::ManagedFields;
use apimachinery::schema::Schema;
use apimachinery::status::ApiError;
use apimachinery::time::Time;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use serde_json::Value;
use std::sync::Arc;

/// An object may come and go so many times while it is applied.
const ATTEMPTS: usize = 5;

/// Reads what a configuration makes of an object, with its defaults.
type Read<'a> = dyn Fn(&Value) -> Result<Box<dyn Hub>, ApiError> + Sync + 'a;
/// Says whether an object may be made for a configuration.
type Permit<'a> = dyn Fn() -> BoxFuture<'a, Result<(), ApiError>> + Sync + 'a;

/// A configuration, and how it is to be applied.
pub struct ApplyOptions<'a> {
    /// The part.
    pub part: Part,
    /// Everything but the write.
    pub dry_run: bool,
    /// Whose request it is, in the version that the configuration is of.
    pub origin: Origin<'a>,
    /// The name of who applies.
    pub manager: &'a str,
    /// Whether fields are taken from those who own them.
    pub force: bool,
    /// What is said of the object.
    pub configuration: &'a Value,
    /// What reads the object that it makes.
    pub read: &'a Read<'a>,
    /// What is asked before an object is made.
    pub permit: &'a Permit<'a>,
}

impl Store {
    /// Applies a configuration; whether the object was made for it.
    pub async fn apply(
        &self,
        namespace: &str,
        name: &str,
        options: &ApplyOptions<'_>,
    ) -> Result<(Arc<Stored>, bool), ApiError> {
        let key = self.key(namespace, name);
        let is_known = self.snapshot().get(&key).is_some();
        let mut is_there = is_known || self.read(&key).await?.is_some();
        for attempt in 1.. {
            let outcome = if is_there {
                self.apply_to(namespace, name, options).await
            } else if options.part == Part::Status {
                return Err(absent(self.definition, name));
            } else {
                (options.permit)().await?;
                self.make(namespace, name, options).await
            };
            let error = match outcome {
                Ok(stored) => return Ok((stored, !is_there)),
                Err(error) => error,
            };
            // It may have come or gone meanwhile; anything else counts.
            let may_be = if is_there { error.is_not_found() } else { error.reason() == "AlreadyExists" };
            if !may_be || attempt == ATTEMPTS || self.read(&key).await?.is_some() == is_there {
                return Err(error);
            }
            is_there = !is_there;
        }
        unreachable!("the last attempt returns")
    }

    async fn apply_to(
        &self,
        namespace: &str,
        name: &str,
        options: &ApplyOptions<'_>,
    ) -> Result<Arc<Stored>, ApiError> {
        let ApplyOptions { part, dry_run, origin, manager, .. } = *options;
        let origin = Some(origin);
        let update = UpdateOptions { part, status_too: false, dry_run, origin, manager, is_owned: true };
        let change = |current: &Stored| {
            let (applied, known) = (self.merge(options, Some(current))?, current.object());
            let mut object = match &applied.object {
                Some(object) => (options.read)(object)?,
                None => known.boxed(),
            };
            object.meta_mut().managed_fields = applied.entries;
            Ok(object)
        };
        self.update(namespace, name, update, change).await
    }

    async fn make(
        &self,
        namespace: &str,
        name: &str,
        options: &ApplyOptions<'_>,
    ) -> Result<Arc<Stored>, ApiError> {
        let applied = self.merge(options, None)?;
        let mut object = (options.read)(&applied.object.unwrap_or_default())?;
        let meta = object.meta_mut();
        if !meta.uid.is_empty() {
            return Err(ApiError::absent_uid(self.definition, name, &meta.uid));
        }
        // Of what version an object is to be that is not there is not asked.
        meta.resource_version.clear();
        meta.managed_fields = applied.entries;
        let ApplyOptions { dry_run, origin, manager, .. } = *options;
        let create = CreateOptions { dry_run, origin: Some(origin), manager, is_owned: true };
        self.create(namespace, object, create).await
    }

    /// What the configuration makes of an object, and who owns what of it.
    fn merge(&self, options: &ApplyOptions<'_>, live: Option<&Stored>) -> Result<Applied, ApiError> {
        let (definition, version) = (self.definition, options.origin.version);
        let api_version = definition.api_version(version.name);
        let decoded = live.map(Stored::object);
        let none = ManagedFields::default();
        let apply = Apply {
            applier: Manager {
                name: options.manager,
                api_version: &api_version,
                subresource: options.origin.subresource,
                applies: true,
            },
            schema: version.schema,
            zero: text(self.zero(version)),
            before: decoded.as_ref().map_or(&none, |object| &object.meta().managed_fields),
            force: options.force,
            counts: &|field| options.part.counts(definition, field),
            time: Time::now(),
        };
        let live = live.map(|stored| typed(definition, version, stored.json(version)));
        Ok(apply.merge(live.as_deref(), options.configuration, &Served(definition))?)
    }
}

fn text(json: &[u8]) -> &str {
    std::str::from_utf8(json).unwrap_or_default()
}

/// An object as JSON that says of what type it is.
fn typed(definition: &Definition, version: &Version, json: &[u8]) -> String {
    header(definition, version.name) + text(json).trim_start_matches('{')
}

/// The versions of a kind.
struct Served(&'static Definition);

impl Versions for Served {
    fn schema(&self, api_version: &str) -> Option<&'static Schema> {
        self.0.served_as(api_version).map(|version| version.schema)
    }

    fn convert(&self, object: &Value, api_version: &str) -> Result<Bytes, String> {
        let version = |name: &str| self.0.served_as(name).ok_or_else(|| format!("{name} is not served"));
        let (from, to) = (version(object["apiVersion"].as_str().unwrap_or_default())?, version(api_version)?);
        let (hub, _) = (from.decode_tree)(object).map_err(|error| error.to_string())?;
        let mut json = Vec::with_capacity(1024);
        (to.encode_json)(hub.as_ref(), &mut json);
        Ok(typed(self.0, to, &json).into())
    }
}
