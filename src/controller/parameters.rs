//! The objects that `spec.parametersRef` names, of a class and of an object, as a backend sees them.

use super::Controllers;
use crate::backend::{Backend, Class, ParametersKind, Refusal};
use crate::cluster;
use databases_api::databaseclass::DatabaseClass;
use databases_api::instance::Instance;
use databases_api::shared::ObjectRef;
use k8s_openapi::api::admissionregistration::v1::{ParamKind, ParamRef};

/// A reason of a class's `Accepted` condition.
const INVALID: &str = "InvalidParameters";
/// A reason of an object's `ResolvedRefs` condition, and of its `Accepted`.
pub(super) const NOT_FOUND: &str = "ParametersNotFound";

impl Controllers {
    /// The class for its backend; or what is wrong with its parameters, which somebody has to put right.
    pub(super) async fn for_backend(
        &self,
        class: &DatabaseClass,
        backend: &dyn Backend,
    ) -> Result<Result<Class, Refusal>, cluster::Error> {
        let name = class.metadata.name.clone();
        let Some(reference) = &class.spec.parameters_ref else {
            return Ok(Ok(Class { name, parameters: String::new() }));
        };
        let kinds = backend.class_parameters();
        let Some(kind) = offered(&kinds, reference) else { return Ok(Err(other_kind(reference, &kinds))) };
        let found = self.parameters(kind, reference, &reference.namespace).await?;
        let missing = || Refusal::new(INVALID, missing(reference, &reference.namespace));
        Ok(found.map(|parameters| Class { name, parameters }).ok_or_else(missing))
    }

    /// The parameters of an object, as JSON; or what is to be done before there are any. Their kind is not judged here: the
    /// class allowed it.
    pub(super) async fn parameters_of(
        &self,
        object: &dyn Instance,
        backend: &dyn Backend,
    ) -> Result<Result<String, Refusal>, cluster::Error> {
        let Some(reference) = &object.spec().parameters_ref else { return Ok(Ok(String::new())) };
        let kinds = backend.object_parameters();
        let namespace = &object.meta().namespace;
        let found = match offered(&kinds, reference) {
            Some(kind) => self.parameters(kind, reference, namespace).await?,
            None => None,
        };
        Ok(found.ok_or_else(|| Refusal::new(NOT_FOUND, missing(reference, namespace))))
    }

    async fn parameters(
        &self,
        kind: &ParametersKind,
        reference: &ObjectRef,
        namespace: &str,
    ) -> Result<Option<String>, cluster::Error> {
        let api_version = match kind.group.as_str() {
            "" => kind.version.clone(),
            group => format!("{group}/{}", kind.version),
        };
        let kind = ParamKind { api_version: Some(api_version), kind: Some(kind.kind.clone()) };
        let named = ParamRef {
            name: Some(reference.name.clone()),
            namespace: Some(namespace.to_owned()).filter(|namespace| !namespace.is_empty()),
            ..ParamRef::default()
        };
        let found = self.cluster.params(&kind, &named, "").await?;
        Ok(found.first().map(ToString::to_string))
    }
}

fn offered<'a>(kinds: &'a [ParametersKind], reference: &ObjectRef) -> Option<&'a ParametersKind> {
    kinds.iter().find(|known| known.group == reference.group && known.kind == reference.kind)
}

fn other_kind(reference: &ObjectRef, known: &[ParametersKind]) -> Refusal {
    let known: Vec<&str> = known.iter().map(|known| known.kind.as_str()).collect();
    let known = if known.is_empty() { "no parameters".to_owned() } else { known.join(", ") };
    let kind = &reference.kind;
    let message = format!("spec.parametersRef names a {kind}; the controller of this class takes {known}");
    Refusal::new(INVALID, message)
}

fn missing(reference: &ObjectRef, namespace: &str) -> String {
    let ObjectRef { kind, name, .. } = reference;
    let place = if namespace.is_empty() { name.clone() } else { format!("{namespace}/{name}") };
    format!("there is no {kind} {place}, which spec.parametersRef names")
}
