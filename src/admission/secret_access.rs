//! Whoever names a Secret must be allowed to read it: this server reads it with rights of its own, and acts on what is in it.
//!
//! Only names that are new in a write are asked about: who changes something else of an object needs no right to a Secret that
//! somebody else named.

use super::{AccessReview, Admission, Attributes, Operation, Requester};
use apimachinery::kind::Hub;
use apimachinery::status::ApiError;
use async_trait::async_trait;
use databases_api::databaseclass::DatabaseClass;
use databases_api::instance;
use databases_api::shared::{PARAMETERS_REF, Reference};
use k8s_openapi::api::authorization::v1::{ResourceAttributes, SubjectAccessReviewSpec};
use std::sync::Arc;

/// The admission step.
pub struct SecretAccess(Arc<dyn AccessReview>);

/// A Secret that an object names.
#[derive(PartialEq, Eq)]
struct Named {
    path: &'static str,
    namespace: String,
    name: String,
}

impl SecretAccess {
    /// By this word on what users may do.
    pub fn new(access: Arc<dyn AccessReview>) -> Self {
        SecretAccess(access)
    }

    /// Refuses what the requester may not read.
    async fn check(
        &self,
        attributes: &Attributes<'_>,
        requester: &Requester<'_>,
        secret: &Named,
    ) -> Result<(), ApiError> {
        let Named { path, namespace, name } = secret;
        let answer = self.0.review(question(requester, namespace, name)).await;
        let access = answer.map_err(|reason| {
            ApiError::internal(&format!("whether {path} may name Secret {namespace}/{name}: {reason}"))
        })?;
        if access.allowed {
            return Ok(());
        }
        let user = requester.name;
        let reason = Some(access.reason).filter(|reason| !reason.is_empty());
        let reason = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
        let why = format!("{path} names Secret {namespace}/{name}, which user {user:?} cannot get{reason}");
        Err(ApiError::forbidden(attributes.definition, attributes.name, &why))
    }
}

#[async_trait]
impl Admission for SecretAccess {
    async fn validate(
        &self,
        attributes: &Attributes<'_>,
        object: &dyn Hub,
        old: Option<&dyn Hub>,
    ) -> Result<Vec<String>, ApiError> {
        let (Operation::Create | Operation::Update, Some(origin)) = (attributes.operation, attributes.origin)
        else {
            return Ok(Vec::new());
        };
        let before = old.map(named).unwrap_or_default();
        for secret in named(object).iter().filter(|secret| !before.contains(secret)) {
            self.check(attributes, &origin.requester, secret).await?;
        }
        Ok(Vec::new())
    }
}

/// The Secrets that an object names.
fn named(object: &dyn Hub) -> Vec<Named> {
    if let Some(class) = object.downcast::<DatabaseClass>() {
        let named = class.spec.parameters_ref.iter().filter_map(|named| {
            let reference =
                Reference { path: PARAMETERS_REF, group: &named.group, kind: &named.kind, name: &named.name };
            reference.is_secret().then(|| Named {
                path: PARAMETERS_REF,
                namespace: named.namespace.clone(),
                name: named.name.clone(),
            })
        });
        return named.collect();
    }
    let Some(object) = instance::of(object) else { return Vec::new() };
    let namespace = &object.meta().namespace;
    let secrets = object.spec().references().filter(Reference::is_secret);
    secrets
        .map(|secret| Named { path: secret.path, namespace: namespace.clone(), name: secret.name.to_owned() })
        .collect()
}

fn question(requester: &Requester<'_>, namespace: &str, name: &str) -> SubjectAccessReviewSpec {
    let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    SubjectAccessReviewSpec {
        user: some(requester.name),
        uid: some(requester.uid),
        groups: Some(requester.groups.to_vec()),
        extra: Some(requester.extra.iter().cloned().collect()),
        resource_attributes: Some(ResourceAttributes {
            namespace: some(namespace),
            verb: some("get"),
            version: some("v1"),
            resource: some("secrets"),
            name: some(name),
            ..ResourceAttributes::default()
        }),
        ..SubjectAccessReviewSpec::default()
    }
}

#[cfg(test)]
mod tests;
