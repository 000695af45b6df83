//! The `Cluster`.

use super::{GROUP, HIBERNATION, bootstrap, images};
use crate::backend::operator::{Wish, check_issuer, put, with_ours};
use crate::backend::plan::RESTART_FIELD;
use crate::backend::{Effect, Refusal};
use apimachinery::wire::json;
use databases_api::postgresql::parameters::{LIBRARIES, libraries};
use databases_api::postgresql::{PostgreSQLSpec, ReplicationMode};
use databases_api::shared::{Access, RESTARTED_AT, State, TlsMode};
use serde_json::{Map, Value, json};

/// Refuses every connection that is not encrypted.
const ENCRYPTED_ONLY: &str = "hostnossl all all all reject";

/// As it should be. What the object does not say is left to the operator, and of an adopted one to whoever wrote it.
pub(super) fn wanted(wish: &Wish<'_>) -> Result<Value, Refusal> {
    let spec = &wish.object.spec;
    let mut cluster = json!({
        "apiVersion": format!("{GROUP}/v1"),
        "kind": "Cluster",
        "metadata": {"name": wish.name, "annotations": annotations(wish)},
        "spec": {},
    });
    let put = |cluster: &mut Value, path: &str, value: Value| put(&mut cluster["spec"], path, value);
    let instances = spec.instance.instances.or((!wish.is_adopted()).then_some(1));
    put(&mut cluster, "instances", instances.into());
    let origin = wish.origin()?;
    for (path, value) in images::wanted(wish, origin.as_ref())? {
        put(&mut cluster, path, value);
    }
    let (bootstrap, source) = bootstrap::wanted(wish, origin.as_ref())?;
    put(&mut cluster, "bootstrap", bootstrap);
    put(&mut cluster, "externalClusters", source);
    put(&mut cluster, "storage.size", spec.instance.storage.size.as_ref().map(ToString::to_string).into());
    put(&mut cluster, "storage.storageClass", spec.instance.storage.storage_class_name.clone().into());
    if let Some(resources) = &spec.instance.resources {
        put(&mut cluster, "resources", json::to_tree(resources));
    }
    if let Some(access) = &spec.superuser_access {
        put(&mut cluster, "enableSuperuserAccess", (*access == Access::Enabled).into());
    }
    for (path, value) in postgresql(spec) {
        put(&mut cluster, path, value);
    }
    for (path, value) in scheduling(spec) {
        put(&mut cluster, path, value);
    }
    put(&mut cluster, "managed.services.additional", services(wish)?);
    if wish.metrics() == Some(false) {
        let message = "spec.observability.metrics: CloudNativePG always exports metrics; use Enabled";
        return Err(Refusal::new("UnsupportedFeature", message));
    }
    for (path, value) in tls(spec)? {
        put(&mut cluster, path, value);
    }
    Ok(cluster)
}

/// Whether it is to sleep; none where nobody says so.
pub(super) fn hibernation(wish: &Wish<'_>) -> Option<&'static str> {
    let said = !wish.is_adopted() && wish.live["metadata"]["annotations"][HIBERNATION].is_string();
    match &wish.object.spec.instance.state {
        Some(State::Stopped) => Some("on"),
        Some(_) => Some("off"),
        None => said.then_some("off"),
    }
}

fn annotations(wish: &Wish<'_>) -> Value {
    let mut annotations = Map::new();
    if let Some(wanted) = hibernation(wish) {
        annotations.insert(HIBERNATION.into(), wanted.into());
    }
    if let Some(at) = wish.object.metadata.annotations.get(RESTARTED_AT) {
        annotations.insert(RESTARTED_AT.into(), at.as_str().into());
    }
    Value::Object(annotations)
}

fn postgresql(spec: &PostgreSQLSpec) -> Vec<(&'static str, Value)> {
    let mut found = Vec::new();
    let parameters: Map<String, Value> = spec
        .instance
        .parameters
        .iter()
        .filter(|(name, _)| *name != LIBRARIES)
        .map(|(name, value)| (name.clone(), value.as_str().into()))
        .collect();
    if !parameters.is_empty() {
        found.push(("postgresql.parameters", parameters.into()));
    }
    let loaded = spec.instance.parameters.get(LIBRARIES).and_then(|value| libraries(value).ok());
    if let Some(loaded) = loaded.filter(|loaded| !loaded.is_empty()) {
        found.push(("postgresql.shared_preload_libraries", loaded.into()));
    }
    let mode = spec.replication.as_ref().and_then(|replication| replication.mode.as_ref());
    if mode == Some(&ReplicationMode::Synchronous) {
        found.push(("postgresql.synchronous", json!({"method": "any", "number": 1})));
    }
    found
}

/// The Services beside the operator's own.
fn services(wish: &Wish<'_>) -> Result<Value, Refusal> {
    let (exposure, name) = (wish.exposure(), exposed(wish.name));
    if !exposure.is_external() && !exposure.annotations.is_null() {
        let message = "spec.network.annotations: CloudNativePG takes them for the Service that is reached from outside: set \
            spec.network.type to LoadBalancer or NodePort";
        return Err(Refusal::new("UnsupportedFeature", message));
    }
    let ours = exposure.is_external().then(|| {
        let mut template = exposure.service(wish);
        template["metadata"]["name"] = name.as_str().into();
        json!({"selectorType": "rw", "updateStrategy": "patch", "serviceTemplate": template})
    });
    let is_ours = |one: &Value| {
        let metadata = &one["serviceTemplate"]["metadata"];
        metadata["name"] == name && (exposure.is_external() || wish.is_ours(metadata))
    };
    let live = &wish.live["spec"]["managed"]["services"]["additional"];
    Ok(with_ours(live, ours.into_iter().collect(), is_ours, wish.is_adopted()))
}

/// The Service by which the primary is reached from outside.
pub(super) fn exposed(cluster: &str) -> String {
    format!("{cluster}-external")
}

fn scheduling(spec: &PostgreSQLSpec) -> Vec<(&'static str, Value)> {
    let Some(scheduling) = &spec.instance.scheduling else { return Vec::new() };
    let tree = json::to_tree(scheduling);
    let affinity = &tree["affinity"];
    [
        ("affinity.nodeSelector", &tree["nodeSelector"]),
        ("affinity.tolerations", &tree["tolerations"]),
        ("affinity.nodeAffinity", &affinity["nodeAffinity"]),
        ("affinity.additionalPodAffinity", &affinity["podAffinity"]),
        ("affinity.additionalPodAntiAffinity", &affinity["podAntiAffinity"]),
        ("topologySpreadConstraints", &tree["topologySpreadConstraints"]),
        ("priorityClassName", &tree["priorityClassName"]),
    ]
    .map(|(path, value)| (path, value.clone()))
    .into()
}

fn tls(spec: &PostgreSQLSpec) -> Result<Vec<(&'static str, Value)>, Refusal> {
    let Some(tls) = &spec.instance.tls else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    match tls.mode {
        Some(TlsMode::Required) => found.push(("postgresql.pg_hba", json!([ENCRYPTED_ONLY]))),
        Some(TlsMode::Disabled) => {
            let message = "spec.tls.mode: CloudNativePG always encrypts; use Optional or Required";
            return Err(Refusal::new("UnsupportedFeature", message));
        }
        _ => {}
    }
    check_issuer(tls)?;
    if let Some(secret) = &tls.certificate_secret_ref {
        found.push(("certificates.serverTLSSecret", secret.name.as_str().into()));
        found.push(("certificates.serverCASecret", secret.name.as_str().into()));
    }
    Ok(found)
}

/// What a change of a field does, and what the field is called in ours.
pub(super) fn disturbs(field: &str, wish: &Wish<'_>) -> (String, Effect) {
    let spec = &wish.object.spec.instance;
    let (ours, effect) = match field {
        "instances" => {
            let fewer = wish.live["spec"]["instances"].as_i64() > spec.instances.map(i64::from);
            ("spec.instances", if fewer { Effect::Restart } else { Effect::Nothing })
        }
        "imageName" | "imageCatalogRef.major" | "imageCatalogRef.name" | "imageCatalogRef.kind" => {
            ("spec.version", Effect::Downtime)
        }
        "storage.size" => ("spec.storage.size", Effect::Nothing),
        "postgresql.parameters" | "postgresql.shared_preload_libraries" => {
            ("spec.parameters", Effect::Restart)
        }
        "postgresql.synchronous" => ("spec.replication.mode", Effect::Reload),
        "postgresql.pg_hba" => ("spec.tls.mode", Effect::Reload),
        "certificates.serverTLSSecret" | "certificates.serverCASecret" => {
            ("spec.tls.certificateSecretRef", Effect::Reload)
        }
        "resources.requests" | "resources.limits" => ("spec.resources", Effect::Restart),
        "managed.services" => ("spec.network", Effect::Nothing),
        // It is said for the first data alone.
        "externalClusters" => ("", Effect::Nothing),
        "enableSuperuserAccess" => ("spec.superuserAccess", Effect::Nothing),
        "metadata.annotations.cnpg.io/hibernation" if spec.state == Some(State::Stopped) => {
            ("spec.state", Effect::Downtime)
        }
        "metadata.annotations.cnpg.io/hibernation" => ("spec.state", Effect::Nothing),
        "metadata.annotations.kubectl.kubernetes.io/restartedAt" => (RESTART_FIELD, Effect::Restart),
        "priorityClassName" | "topologySpreadConstraints" => ("spec.scheduling", Effect::Restart),
        field if field.starts_with("affinity.") => ("spec.scheduling", Effect::Restart),
        _ => ("spec.parametersRef", Effect::Restart),
    };
    (ours.to_owned(), effect)
}
