//! What every write has in common: its stages, from the object that a writer wants to the one that is stored.
//!
//! 1. *Ownership*: the writer owns the fields of its part that it set. What changes afterwards nobody owns, as in Kubernetes.
//! 2. *Mutate*: admission may change the object.
//! 3. *Reset*: neither the writer nor admission changes what belongs to another part or to the server.
//! 4. *Validate*: the object's own rules, then admission's, of the object as it will be stored.
//!
//! Before that the object is read or absent, and changed; after it stands compare and swap.

use super::{Store, Stored, meta};
use crate::admission::{Attributes, Options, Origin};
use apimachinery::kind::{Definition, Hub, Version};
use apimachinery::managed::{self, Form, Manager, Write};
use apimachinery::meta::ManagedFields;
use apimachinery::status::ApiError;
use apimachinery::time::Time;
use apimachinery::validation;

/// When owner references were seen to stand twice that did not in the request.
const AFTER_ADMISSION: &str = " after mutating admission happens";

/// Which part of an object a write is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Everything but the status.
    Main,
    /// The status alone, or with the metadata, as the kind has it.
    Status,
    /// What holds a deletion, with everything else but the status.
    Finalize,
}

impl Part {
    /// Whether a field of the object is of this part.
    pub(super) fn counts(self, definition: &Definition, field: &str) -> bool {
        match self {
            Part::Main | Part::Finalize => !(definition.status && field == "status"),
            Part::Status => field == "status" || definition.status_metadata && field == "metadata",
        }
    }
}

/// A write on its way through the stages.
pub(super) struct Stages<'a> {
    pub(super) part: Part,
    /// The name of what writes; may be empty.
    pub(super) manager: &'a str,
    /// Whether the object says already who owns its fields.
    pub(super) is_owned: bool,
    pub(super) attributes: Attributes<'a>,
    /// The object before, unless it is new.
    pub(super) old: Option<&'a Stored>,
}

/// Whether a request patches.
pub(super) fn is_patch(origin: Option<Origin<'_>>) -> bool {
    let options = origin.map(|origin| origin.options);
    matches!(options, Some(Options::Write { kind: "PatchOptions", .. }))
}

impl Stages<'_> {
    /// The object before the write's own validation.
    pub(super) async fn prepare(&self, store: &Store, object: &mut Box<dyn Hub>) -> Result<(), ApiError> {
        let decoded = self.old.map(Stored::object);
        let old: Option<&dyn Hub> = decoded.as_ref().map(|object| &***object);
        if old.is_none() {
            meta::wipe(object.as_mut());
        }
        // Of a patch it is told once, at the end, as Kubernetes does.
        if !is_patch(self.attributes.origin) {
            self.attributes.warn(validation::dedupe_owner_references(object.meta_mut(), ""));
        }
        if !self.is_owned {
            object.meta_mut().managed_fields = self.entries(store, object.as_ref(), old);
        }
        let recorded = object.meta().managed_fields.clone();
        store.admission.mutate(&self.attributes, object, old).await?;
        self.attributes.warn(self.keep_readable(object.as_mut(), &recorded));
        self.reset(object.as_mut(), old)?;
        self.attributes.warn(validation::dedupe_owner_references(object.meta_mut(), AFTER_ADMISSION));
        if let Some(old) = old {
            forget_times(object.as_mut(), old);
        }
        Ok(())
    }

    /// Every fault of the object as it is to be stored.
    pub(super) async fn validate(&self, store: &Store, object: &dyn Hub) -> Result<(), ApiError> {
        let decoded = self.old.map(Stored::object);
        let old: Option<&dyn Hub> = decoded.as_ref().map(|object| &***object);
        let errors = match old {
            None => validation::validate_create(store.definition, object),
            Some(old) => validation::validate_update(store.definition, object, old),
        };
        let name = object.meta().name.as_str();
        if !errors.is_empty() {
            return Err(ApiError::invalid(store.definition, name, errors));
        }
        let attributes = Attributes { name, ..self.attributes };
        attributes.warn(object.warnings());
        store.admission.validate(&attributes, object, old).await
    }

    fn reset(&self, object: &mut dyn Hub, old: Option<&dyn Hub>) -> Result<(), ApiError> {
        let Some(old) = old else {
            // Nobody moves an object to where its creator may not create it.
            meta::settle_namespace(self.attributes.definition, object, self.attributes.namespace)?;
            object.prepare_create();
            meta::prepare_create(object);
            return Ok(());
        };
        match self.part {
            Part::Main | Part::Finalize => {
                meta::prepare_update(object, old.meta());
                match self.part {
                    Part::Finalize => object.prepare_finalize(old),
                    _ => object.prepare_update(old),
                }
                if !object.same_desired_state(old) {
                    object.meta_mut().generation = old.meta().generation + 1;
                }
            }
            Part::Status if self.attributes.definition.status_metadata => {
                meta::prepare_update(object, old.meta());
                object.prepare_status_update(old);
            }
            Part::Status => {
                object.prepare_status_update(old);
                let sent = std::mem::replace(object.meta_mut(), old.meta().clone());
                object.meta_mut().managed_fields = sent.managed_fields;
                if !sent.uid.is_empty() {
                    object.meta_mut().uid = sent.uid;
                }
            }
        }
        object.meta_mut().resource_version.clone_from(&old.meta().resource_version);
        Ok(())
    }

    /// Who owns which fields after this write.
    fn entries(&self, store: &Store, object: &dyn Hub, old: Option<&dyn Hub>) -> ManagedFields {
        let definition = self.attributes.definition;
        let origin = self.attributes.origin;
        let version = origin.map_or(definition.storage_version, |origin: Origin<'_>| origin.version.name);
        let subresource = match (origin, self.part) {
            (Some(origin), _) => origin.subresource,
            (None, Part::Status) => "status",
            (None, Part::Finalize) => "finalize",
            (None, Part::Main) => "",
        };
        let api_version = definition.api_version(version);
        let writer = Manager { name: self.manager, api_version: &api_version, subresource, applies: false };
        let write = Write {
            writer,
            before: old.map(|old| &old.meta().managed_fields),
            given: &object.meta().managed_fields,
            counts: &|field| self.part.counts(definition, field),
            time: Time::now(),
        };
        write.entries(&|api_version| {
            definition.served_as(api_version).map(|version| self.form(store, version, object))
        })
    }

    /// Both states in a version.
    fn form(&self, store: &Store, version: &'static Version, object: &dyn Hub) -> Form {
        let mut new = Vec::with_capacity(1024);
        (version.encode_json)(object, &mut new);
        let old = self.old.map_or_else(|| store.zero(version), |old| old.json(version)).clone();
        Form { schema: version.schema, old, new: new.into() }
    }

    /// What admission made of the entries counts only where it can be read.
    fn keep_readable(&self, object: &mut dyn Hub, recorded: &ManagedFields) -> Option<String> {
        let entries = &mut object.meta_mut().managed_fields;
        if entries.is_shared(recorded) {
            return None;
        }
        let reason = managed::read(entries).err()?;
        *entries = recorded.clone();
        Some(format!(
            ".metadata.managedFields was in an invalid state after admission; this could be caused by an outdated \
             mutating admission controller; please fix your requests: {reason}"
        ))
    }
}

/// Where nothing differs but when somebody last wrote, nothing differs.
fn forget_times(object: &mut dyn Hub, old: &dyn Hub) {
    let before = &old.meta().managed_fields;
    let after = object.meta().managed_fields.clone();
    let same = |(one, other): (&_, &_)| managed::same_but_for_time(one, other);
    if after.is_shared(before) || after.len() != before.len() || !after.iter().zip(before.iter()).all(same) {
        return;
    }
    object.meta_mut().managed_fields = before.clone();
    if !object.same(old) {
        object.meta_mut().managed_fields = after;
    }
}
