//! One request, as webhooks and policies are asked about it.

use crate::admission::{Attributes, Operation, Options, Origin};
use apimachinery::autoscaling::{self, Scale};
use apimachinery::kind::{Hub, Version};
use apimachinery::schema::Schema;
use apimachinery::wire::{Problem, Value as _, json};
use k8s_openapi::api::authentication::v1::UserInfo;
use serde_json::{Map, Value, json};

use super::expression::Facts;
use super::matching::operation;
use std::sync::{Mutex, PoisonError};

/// A client's request and its objects.
pub(super) struct Question<'a> {
    pub(super) attributes: &'a Attributes<'a>,
    pub(super) origin: Origin<'a>,
    object: &'a dyn Hub,
    old: Option<&'a dyn Hub>,
    /// What expressions see of it, by the version in which they do.
    seen: Mutex<Vec<(&'static str, Facts)>>,
}

impl<'a> Question<'a> {
    /// `None` where the server itself writes: nobody is asked about that.
    pub(super) fn new(
        attributes: &'a Attributes<'a>,
        object: &'a dyn Hub,
        old: Option<&'a dyn Hub>,
    ) -> Option<Self> {
        attributes.origin.map(|origin| Question { attributes, origin, object, old, seen: Mutex::default() })
    }

    /// The object as it shall be; none where it is deleted.
    pub(super) fn object(&self) -> Option<&'a dyn Hub> {
        Some(self.object).filter(|_| self.attributes.operation != Operation::Delete)
    }

    /// The object as it is.
    pub(super) fn old(&self) -> Option<&'a dyn Hub> {
        self.old
    }

    /// What expressions may name, made once however many ask.
    pub(super) fn seen(&self, version: &Version) -> Facts {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, facts)) = seen.iter().find(|(name, _)| *name == version.name) {
            return facts.clone();
        }
        let facts = Facts::of(self, version);
        seen.push((version.name, facts.clone()));
        facts
    }

    fn is_scale(&self) -> bool {
        self.origin.subresource == "scale"
    }

    /// An object in a version, or its Scale.
    fn tree(&self, version: &Version, object: Option<&dyn Hub>) -> Value {
        let Some(object) = object else { return Value::Null };
        if self.is_scale() {
            return Scale::of(object).to_tree();
        }
        let definition = self.attributes.definition;
        let mut tree = (version.to_tree)(object);
        tree["kind"] = definition.kind.into();
        tree["apiVersion"] = definition.api_version(version.name).into();
        tree
    }

    /// The object as it shall be, in a version.
    pub(super) fn object_tree(&self, version: &Version) -> Value {
        self.tree(version, self.object())
    }

    /// The type of what such trees show.
    pub(super) fn schema(&self, version: &Version) -> &'static Schema {
        if self.is_scale() { Scale::SCHEMA } else { version.schema }
    }

    /// The object that a changed tree of it makes, with its defaults, and what of the tree means nothing.
    pub(super) fn changed(
        &self,
        version: &Version,
        tree: &Value,
    ) -> Result<(Box<dyn Hub>, Vec<Problem>), String> {
        if self.is_scale() {
            let (scale, decoding) = json::decode_tree::<Scale>(tree).map_err(|error| error.to_string())?;
            let mut object = self.object.boxed();
            object.set_scale(scale.spec.replicas);
            return Ok((object, decoding.problems().to_vec()));
        }
        let (mut object, decoding) = (version.decode_tree)(tree).map_err(|error| error.to_string())?;
        object.default_fields();
        Ok((object, decoding.problems().to_vec()))
    }

    /// The object as it is, in a version.
    pub(super) fn old_tree(&self, version: &Version) -> Value {
        self.tree(version, self.old)
    }

    fn kind(&self, version: &Version) -> Value {
        let definition = self.attributes.definition;
        if self.is_scale() {
            let (group, version) = autoscaling::API_VERSION.split_once('/').unwrap_or_default();
            return json!({ "group": group, "version": version, "kind": autoscaling::KIND });
        }
        json!({ "group": definition.group, "version": version.name, "kind": definition.kind })
    }

    /// Group, resource, subresource, namespace and name of what the request is for.
    pub(super) fn resource_parts(&self) -> [&str; 5] {
        let Attributes { definition, namespace, name, .. } = self.attributes;
        [definition.group, definition.plural, self.origin.subresource, namespace, name]
    }

    fn resource(&self, version: &Version) -> Value {
        let definition = self.attributes.definition;
        json!({ "group": definition.group, "version": version.name, "resource": definition.plural })
    }

    /// What an AdmissionReview says of the request besides its objects, and what policies see as `request`.
    pub(super) fn facts(&self, version: &Version) -> Map<String, Value> {
        let attributes = self.attributes;
        let facts = json!({
            "kind": self.kind(version),
            "resource": self.resource(version),
            "requestKind": self.kind(self.origin.version),
            "requestResource": self.resource(self.origin.version),
            "name": attributes.name,
            "operation": operation(attributes.operation),
            "userInfo": self.user(),
            "dryRun": attributes.dry_run,
            "options": self.options(),
        });
        let Value::Object(mut facts) = facts else { unreachable!("an object was written") };
        if !attributes.namespace.is_empty() {
            facts.insert("namespace".into(), attributes.namespace.into());
        }
        if !self.origin.subresource.is_empty() {
            facts.insert("subResource".into(), self.origin.subresource.into());
            facts.insert("requestSubResource".into(), self.origin.subresource.into());
        }
        facts
    }

    fn user(&self) -> UserInfo {
        let requester = &self.origin.requester;
        UserInfo {
            username: Some(requester.name.to_owned()),
            uid: Some(requester.uid.to_owned()).filter(|uid| !uid.is_empty()),
            groups: Some(requester.groups.to_vec()),
            extra: Some(requester.extra.iter().cloned().collect::<std::collections::BTreeMap<_, _>>())
                .filter(|extra| !extra.is_empty()),
        }
    }

    /// The options of what is done, by whichever verb it was asked for: a patch makes an update.
    fn written(&self, kind: &'static str) -> &'static str {
        match (kind, self.attributes.operation) {
            ("PatchOptions", Operation::Create) => "CreateOptions",
            ("PatchOptions", _) => "UpdateOptions",
            (other, _) => other,
        }
    }

    fn options(&self) -> Value {
        let (kind, mut options) = match self.origin.options {
            Options::Delete(options) => ("DeleteOptions", json::to_tree(options)),
            Options::Write { kind, field_manager, field_validation } => {
                let mut options = json!({});
                if !field_validation.is_empty() {
                    options["fieldValidation"] = field_validation.into();
                }
                if !field_manager.is_empty() {
                    options["fieldManager"] = field_manager.into();
                }
                if self.attributes.dry_run {
                    options["dryRun"] = json!(["All"]);
                }
                (self.written(kind), options)
            }
        };
        options["kind"] = kind.into();
        options["apiVersion"] = "meta.k8s.io/v1".into();
        options
    }
}
