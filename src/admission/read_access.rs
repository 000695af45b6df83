//! Whoever names a Secret, or an object that a new one begins as a copy of, must be allowed to read it: this server reads it with
//! rights of its own, and acts on what is in it.
//!
//! A copy gives its owner all data of what is copied, so the right to get its binding Secret, which opens those data, is asked
//! for besides the right to get the object. Both are asked for by name: what is named may not be there yet.
//!
//! Only names that are new in a write are asked about: who changes something else of an object needs no right to what somebody
//! else named.

use super::{AccessReview, Admission, Attributes, Operation, Requester};
use apimachinery::kind::Hub;
use apimachinery::status::ApiError;
use async_trait::async_trait;
use databases_api::databaseclass::DatabaseClass;
use databases_api::instance::{self, Instance};
use databases_api::shared::{PARAMETERS_REF, Reference, SECRET};
use k8s_openapi::api::authorization::v1::{ResourceAttributes, SubjectAccessReviewSpec};
use std::sync::Arc;

/// The admission step.
pub struct ReadAccess(Arc<dyn AccessReview>);

/// What has to be readable because an object names it.
#[derive(PartialEq, Eq)]
struct Read {
    path: &'static str,
    /// What the field does with it, for a person.
    verb: &'static str,
    kind: &'static str,
    group: &'static str,
    version: &'static str,
    resource: &'static str,
    namespace: String,
    name: String,
}

impl ReadAccess {
    /// By this word on what users may do.
    pub fn new(access: Arc<dyn AccessReview>) -> Self {
        ReadAccess(access)
    }

    /// Refuses what the requester may not read.
    async fn check(
        &self,
        attributes: &Attributes<'_>,
        requester: &Requester<'_>,
        read: &Read,
    ) -> Result<(), ApiError> {
        let Read { path, verb, kind, namespace, name, .. } = read;
        let named = format!("{kind} {namespace}/{name}");
        let answer = self.0.review(question(requester, read)).await;
        let access = answer
            .map_err(|reason| ApiError::internal(&format!("whether {path} may name {named}: {reason}")))?;
        if access.allowed {
            return Ok(());
        }
        let user = requester.name;
        let reason = Some(access.reason).filter(|reason| !reason.is_empty());
        let reason = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
        let why = format!("{path} {verb} {named}, which user {user:?} cannot get{reason}");
        Err(ApiError::forbidden(attributes.definition, attributes.name, &why))
    }
}

#[async_trait]
impl Admission for ReadAccess {
    async fn validate(
        &self,
        attributes: &Attributes<'_>,
        object: &dyn Hub,
        old: Option<&dyn Hub>,
    ) -> Result<(), ApiError> {
        let (Operation::Create | Operation::Update, Some(origin)) = (attributes.operation, attributes.origin)
        else {
            return Ok(());
        };
        let before = old.map(reads).unwrap_or_default();
        for read in reads(object).iter().filter(|read| !before.contains(read)) {
            self.check(attributes, &origin.requester, read).await?;
        }
        Ok(())
    }
}

/// What an object has read.
fn reads(object: &dyn Hub) -> Vec<Read> {
    if let Some(class) = object.downcast::<DatabaseClass>() {
        let named = class.spec.parameters_ref.iter().filter_map(|named| {
            let reference =
                Reference { path: PARAMETERS_REF, group: &named.group, kind: &named.kind, name: &named.name };
            reference.is_secret().then(|| secret(PARAMETERS_REF, "names", &named.namespace, &named.name))
        });
        return named.collect();
    }
    let Some(object) = instance::of(object) else { return Vec::new() };
    let namespace = &object.meta().namespace;
    let secrets = object.spec().references().filter(Reference::is_secret);
    let secrets = secrets.map(|named| secret(named.path, "names", namespace, named.name));
    secrets.chain(copied(object)).collect()
}

/// What a copy has read: the object, and what its data is opened with.
fn copied(object: &dyn Instance) -> impl Iterator<Item = Read> {
    let (definition, namespace) = (object.definition(), &object.meta().namespace);
    object.copied().into_iter().flat_map(move |source| {
        let itself = Read {
            path: source.path,
            verb: "names",
            kind: definition.kind,
            group: definition.group,
            version: definition.versions.first().map_or("", |version| version.name),
            resource: definition.plural,
            namespace: namespace.clone(),
            name: source.name.to_owned(),
        };
        [
            itself,
            secret(source.path, "copies what is opened by", namespace, &instance::binding_name(source.name)),
        ]
    })
}

fn secret(path: &'static str, verb: &'static str, namespace: &str, name: &str) -> Read {
    let (namespace, name) = (namespace.to_owned(), name.to_owned());
    Read { path, verb, kind: SECRET, group: "", version: "v1", resource: "secrets", namespace, name }
}

fn question(requester: &Requester<'_>, read: &Read) -> SubjectAccessReviewSpec {
    let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    SubjectAccessReviewSpec {
        user: some(requester.name),
        uid: some(requester.uid),
        groups: Some(requester.groups.to_vec()),
        extra: Some(requester.extra.iter().cloned().collect()),
        resource_attributes: Some(ResourceAttributes {
            namespace: some(&read.namespace),
            verb: some("get"),
            group: some(read.group),
            version: some(read.version),
            resource: some(read.resource),
            name: some(&read.name),
            ..ResourceAttributes::default()
        }),
        ..SubjectAccessReviewSpec::default()
    }
}

#[cfg(test)]
mod tests;
