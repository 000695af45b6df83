//! The objects that `spec.parametersRef` names, of a class and of an object, as a backend sees them.

use super::Controllers;
use super::references::{Absent, NOT_PERMITTED, PARAMETERS_NOT_FOUND};
use crate::backend::{Backend, Class, ParametersKind, Refusal};
use crate::cluster;
use databases_api::databaseclass::DatabaseClass;
use databases_api::instance::Instance;
use databases_api::shared::{ObjectRef, PARAMETERS_REF};

/// A reason of a class's `Accepted` condition.
const INVALID: &str = "InvalidParameters";

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
        let ObjectRef { kind: named, name: of, namespace, .. } = reference;
        let found = self.read(kind, namespace, of).await?;
        Ok(found
            .map(|parameters| Class { name, parameters })
            .map_err(|why| Refusal::new(INVALID, why.words(named, namespace, of, PARAMETERS_REF))))
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
            Some(kind) => self.read(kind, namespace, &reference.name).await?,
            None => Err(Absent::Missing),
        };
        let ObjectRef { kind, name, .. } = reference;
        Ok(found.map_err(|why| {
            let reason = match why {
                Absent::Missing => PARAMETERS_NOT_FOUND,
                Absent::Barred => NOT_PERMITTED,
            };
            Refusal::new(reason, why.words(kind, namespace, name, PARAMETERS_REF))
        }))
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
