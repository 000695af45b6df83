//! A class as its backend sees it: with the object that `spec.parametersRef` names.

use super::Controllers;
use crate::backend::{Backend, Class, Refusal};
use crate::cluster;
use databases_api::databaseclass::DatabaseClass;
use databases_api::shared::ObjectRef;
use k8s_openapi::api::admissionregistration::v1::{ParamKind, ParamRef};

/// A reason of a class's `Accepted` condition.
const INVALID: &str = "InvalidParameters";

impl Controllers {
    /// The class for its backend; or what is wrong with its parameters, which somebody has to put right.
    pub(super) async fn for_backend(
        &self,
        class: &DatabaseClass,
        backend: &dyn Backend,
    ) -> Result<Result<Class, Refusal>, cluster::Error> {
        let seen = |parameters| Class { name: class.metadata.name.clone(), parameters };
        let Some(reference) = &class.spec.parameters_ref else { return Ok(Ok(seen(String::new()))) };
        let kinds = backend.class_parameters();
        let same = |group: &str, kind: &str| group == reference.group && kind == reference.kind;
        let Some(kind) = kinds.iter().find(|known| same(&known.group, &known.kind)) else {
            let known: Vec<&str> = kinds.iter().map(|known| known.kind.as_str()).collect();
            return Ok(Err(other_kind(reference, &known)));
        };
        let api_version = match kind.group.as_str() {
            "" => kind.version.clone(),
            group => format!("{group}/{}", kind.version),
        };
        let kind = ParamKind { api_version: Some(api_version), kind: Some(kind.kind.clone()) };
        let named = ParamRef {
            name: Some(reference.name.clone()),
            namespace: Some(reference.namespace.clone()).filter(|namespace| !namespace.is_empty()),
            ..ParamRef::default()
        };
        let found = self.cluster.params(&kind, &named, "").await?;
        Ok(found.first().map(|object| seen(object.to_string())).ok_or_else(|| missing(reference)))
    }
}

fn other_kind(reference: &ObjectRef, known: &[&str]) -> Refusal {
    let known = if known.is_empty() { "no parameters".to_owned() } else { known.join(", ") };
    let kind = &reference.kind;
    let message = format!("spec.parametersRef names a {kind}; the controller of this class takes {known}");
    Refusal::new(INVALID, message)
}

fn missing(reference: &ObjectRef) -> Refusal {
    let ObjectRef { kind, namespace, name, .. } = reference;
    let place = if namespace.is_empty() { name.clone() } else { format!("{namespace}/{name}") };
    Refusal::new(INVALID, format!("there is no {kind} {place}, which spec.parametersRef names"))
}
