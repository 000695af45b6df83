//! What references of an instance may name: an object of its own namespace, by kind and name.

use super::{InstanceSpec, LocalRef, ObjectRef};
use crate::GROUP;
use apimachinery::field::{Errors, FieldError, Path};
use apimachinery::validation::is_dns1123_subdomain;

const REPOSITORY: &str = "BackupRepository";

/// Adds the faults of every reference. `kind` is what the object itself is.
pub(crate) fn check_references(spec: &InstanceSpec, kind: &str, path: &Path, errors: &mut Errors) {
    source(spec, kind, path, errors);
    let tls = spec.tls.as_ref();
    let backup = spec.backup.as_ref();
    let secret = tls.and_then(|tls| tls.certificate_secret_ref.as_ref());
    local(secret, &path.child("tls").child("certificateSecretRef"), errors);
    let configuration = backup.and_then(|backup| backup.configuration_ref.as_ref());
    local(configuration, &path.child("backup").child("configurationRef"), errors);
    let issuer = tls.and_then(|tls| tls.issuer_ref.as_ref());
    for (reference, at) in [
        (issuer, path.child("tls").child("issuerRef")),
        (spec.adopt_ref.as_ref(), path.child("adoptRef")),
        (spec.parameters_ref.as_ref(), path.child("parametersRef")),
    ] {
        let Some(reference) = reference else { continue };
        check_named(reference, &at, errors);
        if !reference.namespace.is_empty() {
            let detail = "the object is looked up in this object's own namespace";
            errors.push(FieldError::forbidden(&at.child("namespace"), detail));
        }
    }
}

/// A reference without a kind or a name refers to nothing, and neither does one by a name that no object has.
pub(crate) fn check_named(reference: &ObjectRef, path: &Path, errors: &mut Errors) {
    present(&reference.kind, &path.child("kind"), errors);
    name(&reference.name, path, errors);
}

fn local(reference: Option<&LocalRef>, path: &Path, errors: &mut Errors) {
    if let Some(reference) = reference {
        name(&reference.name, path, errors);
    }
}

fn name(name: &str, path: &Path, errors: &mut Errors) {
    let path = path.child("name");
    present(name, &path, errors);
    if !name.is_empty() {
        check_subdomain(name, &path, errors);
    }
}

/// Adds what keeps an object from having a name.
pub(crate) fn check_subdomain(name: &str, path: &Path, errors: &mut Errors) {
    errors.extend(is_dns1123_subdomain(name).iter().map(|fault| FieldError::invalid(path, name, fault)));
}

fn present(text: &str, path: &Path, errors: &mut Errors) {
    if text.is_empty() {
        errors.push(FieldError::required(path, ""));
    }
}

/// A source is one of the standard's kinds or a core Secret; a repository needs the path within it.
fn source(spec: &InstanceSpec, kind: &str, path: &Path, errors: &mut Errors) {
    let source = spec.data_source_ref.as_ref();
    let is_repository = source.is_some_and(|source| source.kind == REPOSITORY);
    let inner = path.child("dataSourcePath");
    if is_repository && spec.data_source_path.is_empty() {
        errors.push(FieldError::required(&inner, "say where in the repository the data is"));
    }
    if !is_repository && !spec.data_source_path.is_empty() {
        errors.push(FieldError::forbidden(&inner, "needs spec.dataSourceRef to name a BackupRepository"));
    }
    let Some(source) = source else { return };
    let path = path.child("dataSourceRef");
    name(&source.name, &path, errors);
    let known = ["DatabaseBackup", REPOSITORY, "Secret", kind];
    if !known.contains(&source.kind.as_str()) {
        errors.push(FieldError::not_supported(&path.child("kind"), &*source.kind, &known));
        return;
    }
    let group = if source.kind == "Secret" { "" } else { GROUP };
    if source.api_group != group {
        errors.push(FieldError::not_supported(&path.child("apiGroup"), &*source.api_group, &[group]));
    }
}
