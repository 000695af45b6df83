//! What of an object's status is no condition: where its database is, what it is, and what of the wish is not honoured.

use super::binding;
use super::conditions::{full_support, storage_low};
use crate::backend::{Observed, Phase, Reference};
use apimachinery::quantity::Quantity;
use databases_api::databaseclass::{DatabaseClass, UnsupportedFieldPolicy};
use databases_api::features;
use databases_api::instance::Instance;
use databases_api::shared::{BackendRef, Endpoint, SecretRef, StorageStatus, UnsupportedField};

/// Fields that a class only warns of; a class that refuses them needs no condition.
pub(super) fn supported(object: &mut dyn Instance, class: &DatabaseClass) {
    object.status_mut().unsupported_fields.clear();
    if class.spec.unsupported_field_policy != Some(UnsupportedFieldPolicy::Warn) {
        object.status_mut().conditions.retain(|condition| condition.kind != "FullySupported");
        return;
    }
    let offered = |feature: &str| class.status.supported_features.iter().any(|known| known.name == feature);
    let unsupported = features::required(object, None).into_iter().filter(|used| !offered(&used.feature));
    object.status_mut().unsupported_fields =
        unsupported.map(|used| UnsupportedField { path: used.path, feature: used.feature }).collect();
    full_support(object);
}

/// What the backend saw; the Secrets are told of when they are `published`.
pub(super) fn facts(object: &mut dyn Instance, observed: &Observed, published: bool) {
    let endpoints = observed.endpoints.iter().map(|endpoint| Endpoint {
        role: endpoint.role.as_str().into(),
        host: endpoint.host.clone(),
        port: i32::from(endpoint.port),
        scope: endpoint.scope.as_str().into(),
    });
    let stopped = observed.phase == Phase::Stopped;
    let made = observed.phase != Phase::Creating;
    let led = made && !stopped && observed.phase != Phase::NoPrimary;
    let user_secrets = binding::user_secrets(object, observed);
    let superuser = observed.superuser.as_ref().map(|_| SecretRef { name: binding::superuser_name(object) });
    let binding = SecretRef { name: binding::binding_name(object) };
    let flavor = flavor(object).to_owned();
    let size = object.spec().storage.size;
    let status = object.status_mut();
    // Nobody listens at the address of a database that is stopped, and nobody of it takes writes.
    status.endpoints = if stopped { Vec::new() } else { endpoints.collect() };
    status.instances = if stopped { 0 } else { observed.instances };
    status.ready_instances = if stopped { 0 } else { observed.ready_instances };
    status.primary = if led { observed.primary.clone() } else { String::new() };
    // Who cannot see the version does not take it back: the object keeps the one that it began with.
    if !observed.version.is_empty() {
        status.version.clone_from(&observed.version);
    }
    status.flavor = flavor;
    status.selector.clone_from(&observed.selector);
    if published && !observed.logins.is_empty() {
        status.binding = Some(binding);
        status.user_secrets = user_secrets;
        status.superuser_secret_ref = superuser;
    }
    let used = observed.storage_bytes.filter(|bytes| *bytes > 0).map(rounded);
    if made && observed.refused.is_none() {
        status.storage = size.map(|size| StorageStatus { size: Some(size), used });
    } else if let Some(storage) = &mut status.storage {
        storage.used = used;
    }
    storage_low(object, observed.shortage.as_ref());
}

/// A size that does not change with every row: up to the next of 64 parts of the power of two above it, and whole 16Mi.
fn rounded(bytes: u64) -> Quantity {
    let part = bytes.checked_next_power_of_two().map_or(bytes, |above| above / 64).max(16 << 20);
    Quantity::from_bytes(bytes.div_ceil(part).saturating_mul(part))
}

/// The product that runs: the one that was asked for, else the one that the kind is named after.
fn flavor(object: &dyn Instance) -> &str {
    match object.spec().flavor.as_str() {
        "" => object.definition().kind,
        flavor => flavor,
    }
}

/// A reference of a backend as the status has it.
pub(super) fn backend_ref(reference: &Reference) -> BackendRef {
    BackendRef {
        group: reference.group.clone(),
        kind: reference.kind.clone(),
        namespace: reference.namespace.clone(),
        name: reference.name.clone(),
    }
}
