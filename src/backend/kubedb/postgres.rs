//! The `Postgres`.

use super::subject::{Facet, Kind, Subject, put_tls, tls_now};
use super::{GROUP, REQUESTS, versions};
use crate::backend::Refusal;
use crate::backend::operator::{Wish, at, covers, overlay, put, restart, with_ours};
use crate::backend::postgresql::line;
use apimachinery::wire::json;
use databases_api::postgresql::{PostgreSQLSpec, ReplicationMode};
use databases_api::shared::{State, TlsMode};
use serde_json::{Value, json};

/// The container that PostgreSQL runs in.
const CONTAINER: &str = "postgres";
/// The Service that leads to the primary.
const PRIMARY: &str = "primary";
/// Prometheus, which finds what it is to collect by the annotations of a Service.
const COLLECTOR: &str = "prometheus.io/builtin";
/// The file of parameters.
pub(super) const FILE: &str = "user.conf";

/// Everything that is changed by request.
pub(super) fn subject<'a>(wish: &Wish<'a>) -> Result<Subject<'a>, Refusal> {
    let (spec, live) = (&wish.object.spec, &wish.live["spec"]);
    let size = spec.instance.storage.size.as_ref().map(|size| size.to_string().into());
    let resources = spec.instance.resources.as_ref().map(json::to_tree);
    let facet = Facet::new;
    let facets = vec![
        facet(Kind::Version, live["version"].clone(), version(wish)?),
        facet(Kind::Storage, live["storage"]["resources"]["requests"]["storage"].clone(), size),
        facet(Kind::Resources, container(live)["resources"].clone(), resources),
        facet(Kind::Instances, instances_now(live), instances(wish)),
        facet(Kind::Parameters, live["configuration"]["inline"][FILE].clone(), parameters(wish)),
        facet(Kind::Tls, tls_now(live), tls(wish)?),
        facet(Kind::Restart, restart::done(wish), some(restart::asked(wish))),
    ];
    let name = wish.name.to_owned();
    Ok(Subject { called: "a database", name, live: wish.live, requests: &REQUESTS, facets })
}

/// As it should be. What the object does not say is left to KubeDB, and of an adopted one to whoever wrote it.
pub(super) fn wanted(wish: &Wish<'_>, subject: &Subject<'_>) -> Result<Value, Refusal> {
    let mut main = json!({
        "apiVersion": format!("{GROUP}/v1"),
        "kind": "Postgres",
        "metadata": {"name": wish.name, "annotations": {}},
        "spec": {},
    });
    let spec = &mut main["spec"];
    if !wish.is_adopted() {
        put(spec, "storageType", "Durable");
        put(spec, "storage.accessModes", json!(["ReadWriteOnce"]));
        put(spec, "deletionPolicy", "Halt");
        put(spec, "standbyMode", "Hot");
    }
    put(spec, "halted", halted(wish).map_or(Value::Null, Value::from));
    put(spec, "storage.storageClassName", wish.object.spec.instance.storage.storage_class_name.clone());
    put(spec, "serviceTemplates", services(wish));
    put(spec, "monitor.agent", monitor(wish)?);
    for (path, value) in scheduling(wish)? {
        put(spec, path, value);
    }
    for facet in &subject.facets {
        let value = subject.value(wish, facet);
        let is_ours = facet.said || !wish.is_adopted() && facet.kind != Kind::Resources;
        if is_ours && !value.is_null() {
            write(&mut main, &wish.live["spec"], facet.kind, value);
        }
    }
    Ok(main)
}

fn write(main: &mut Value, live: &Value, kind: Kind, value: Value) {
    let spec = &mut main["spec"];
    match kind {
        Kind::Version => put(spec, "version", value),
        Kind::Storage => put(spec, "storage.resources.requests.storage", value),
        Kind::Resources => put(spec, "podTemplate.spec.containers", containers(live, value)),
        Kind::Instances => {
            for name in ["replicas", "streamingMode"] {
                put(spec, name, value[name].clone());
            }
        }
        Kind::Parameters => spec["configuration"]["inline"][FILE] = value,
        Kind::Tls => put_tls(spec, &value),
        Kind::Restart => main["metadata"]["annotations"][restart::key()] = value,
        Kind::Poolers | Kind::PoolMode => {}
    }
}

/// Whether it is to be halted; none where nobody says so.
pub(super) fn halted(wish: &Wish<'_>) -> Option<bool> {
    let said = !wish.is_adopted() && wish.live["spec"]["halted"] == true;
    match &wish.object.spec.instance.state {
        Some(State::Stopped) => Some(true),
        Some(_) => Some(false),
        None => said.then_some(false),
    }
}

/// The newest of what is asked for; what runs is kept where it fits.
fn version(wish: &Wish<'_>) -> Result<Option<Value>, Refusal> {
    let (wanted, running) = (&wish.object.spec.instance.version, at(wish.live, "spec.version"));
    if !running.is_empty() && versions::fits(&versions::version_of(wish.installed, running), wanted) {
        return Ok(None);
    }
    let chosen = versions::choose(wish.installed, wanted, running);
    let missing = || {
        let message = match running {
            "" => {
                format!("spec.version: this cluster has no PostgresVersion for {wanted:?} that can be used")
            }
            _ => format!(
                "spec.version: this cluster has no PostgresVersion for {wanted:?} of the distribution and the base of {running}"
            ),
        };
        Refusal::new("UnsupportedVersion", message)
    };
    chosen.map(|name| Some(name.into())).ok_or_else(missing)
}

fn instances_now(live: &Value) -> Value {
    let mut now = Value::Null;
    for name in ["replicas", "streamingMode"] {
        put(&mut now, name, live[name].clone());
    }
    now
}

fn instances(wish: &Wish<'_>) -> Option<Value> {
    let spec = &wish.object.spec;
    let replicas = spec.instance.instances.map(i64::from).or((!wish.is_adopted()).then_some(1));
    let mut wanted = Value::Null;
    put(&mut wanted, "replicas", replicas.map_or(Value::Null, Value::from));
    let mode = match spec.replication.as_ref().and_then(|replication| replication.mode.as_ref()) {
        Some(ReplicationMode::Synchronous) => Value::from("Synchronous"),
        // It is so where nobody said otherwise.
        Some(_) if !wish.live["spec"]["streamingMode"].is_null() => Value::from("Asynchronous"),
        _ => Value::Null,
    };
    put(&mut wanted, "streamingMode", mode);
    (!wanted.is_null()).then_some(wanted)
}

/// The file of parameters, as PostgreSQL reads it.
fn parameters(wish: &Wish<'_>) -> Option<Value> {
    let parameters = &wish.object.spec.instance.parameters;
    if parameters.is_empty() {
        return (!wish.is_adopted()).then_some(Value::Null);
    }
    Some(parameters.iter().map(|(name, value)| line(name, value)).collect::<String>().into())
}

/// What the object says of encryption; null is none.
fn tls(wish: &Wish<'_>) -> Result<Option<Value>, Refusal> {
    let refused = |message: &str| Err(Refusal::new("UnsupportedFeature", message));
    let Some(tls) = &wish.object.spec.instance.tls else {
        return Ok((!wish.is_adopted()).then_some(Value::Null));
    };
    if tls.certificate_secret_ref.is_some() {
        return refused(
            "spec.tls.certificateSecretRef: KubeDB has certificates made by cert-manager; name an issuer in spec.tls.issuerRef",
        );
    }
    let mode = match tls.mode {
        Some(TlsMode::Disabled) => return Ok(Some(Value::Null)),
        Some(TlsMode::Required) => "require",
        _ => "prefer",
    };
    let Some(issuer) = &tls.issuer_ref else {
        return refused(
            "spec.tls.issuerRef: KubeDB encrypts with a certificate of cert-manager; name an Issuer or ClusterIssuer",
        );
    };
    let group = if issuer.group.is_empty() { "cert-manager.io" } else { &issuer.group };
    let issuer = json!({"apiGroup": group, "kind": issuer.kind, "name": issuer.name});
    Ok(Some(json!({"sslMode": mode, "issuerRef": issuer})))
}

fn some(value: Value) -> Option<Value> {
    Some(value).filter(|value| !value.is_null())
}

fn container(live: &Value) -> &Value {
    let mut containers = live["podTemplate"]["spec"]["containers"].as_array().into_iter().flatten();
    containers.find(|container| container["name"] == CONTAINER).unwrap_or(&Value::Null)
}

/// All containers as they are, with these resources of PostgreSQL's.
fn containers(live: &Value, resources: Value) -> Value {
    let found = live["podTemplate"]["spec"]["containers"].as_array().cloned().unwrap_or_default();
    let ours = overlay(container(live).clone(), json!({"name": CONTAINER, "resources": resources}));
    let is_new = !found.iter().any(|container| container["name"] == CONTAINER);
    let kept = found.into_iter().map(|one| if one["name"] == CONTAINER { ours.clone() } else { one });
    kept.chain(is_new.then(|| ours.clone())).collect()
}

/// Where pods may run. KubeDB moves none that runs.
fn scheduling(wish: &Wish<'_>) -> Result<Vec<(&'static str, Value)>, Refusal> {
    let Some(scheduling) = &wish.object.spec.instance.scheduling else { return Ok(Vec::new()) };
    let tree = json::to_tree(scheduling);
    for name in ["affinity", "topologySpreadConstraints"] {
        if !tree[name].is_null() {
            let message = format!(
                "spec.scheduling.{name}: KubeDB spreads pods by a PlacementPolicy; name one in podTemplate.spec.podPlacementPolicy of spec.parametersRef"
            );
            return Err(Refusal::new("UnsupportedFeature", message));
        }
    }
    let mut found = Vec::new();
    for (name, path) in [
        ("nodeSelector", "podTemplate.spec.nodeSelector"),
        ("tolerations", "podTemplate.spec.tolerations"),
        ("priorityClassName", "podTemplate.spec.priorityClassName"),
    ] {
        let now = &wish.live["spec"]["podTemplate"]["spec"][name];
        if !wish.live.is_null() && !tree[name].is_null() && !covers(now, &tree[name], &[]) {
            let message = format!(
                "spec.scheduling.{name}: KubeDB moves no pods that run; put back what was there, or make another database"
            );
            return Err(Refusal::new("UnsupportedFeature", message));
        }
        found.push((path, tree[name].clone()));
    }
    Ok(found)
}

/// Who is to collect metrics, which has an exporter beside each server; null where nobody is.
fn monitor(wish: &Wish<'_>) -> Result<Value, Refusal> {
    let (live, now) = (&wish.live["spec"], &wish.live["spec"]["monitor"]["agent"]);
    match wish.metrics() {
        // What is not said any more stays, but for what somebody else said.
        None if wish.is_adopted() => Ok(Value::Null),
        None => Ok(now.clone()),
        Some(wanted) if wanted == now.is_string() => Ok(now.clone()),
        Some(wanted) if wish.live.is_null() || live["halted"] == true && !wish.is_adopted() => {
            Ok(if wanted { COLLECTOR.into() } else { Value::Null })
        }
        Some(_) => {
            let message = "spec.observability.metrics: KubeDB adds no exporter to pods that run, and takes none away: \
                change it while spec.state is Stopped";
            Err(Refusal::new("UnsupportedFeature", message))
        }
    }
}

/// What is said of Services. That of the primary is said as a whole.
fn services(wish: &Wish<'_>) -> Value {
    let mut ours = wish.exposure().service(wish);
    let is_said = !ours.is_null();
    if is_said {
        ours["alias"] = PRIMARY.into();
    }
    let is_ours = |one: &Value| one["alias"] == PRIMARY && (is_said || wish.is_ours(&one["metadata"]));
    let ours = is_said.then_some(ours).into_iter().collect();
    with_ours(&wish.live["spec"]["serviceTemplates"], ours, is_ours, wish.is_adopted())
}

/// Whether clients have to encrypt.
pub(super) fn is_encrypted(spec: &PostgreSQLSpec) -> bool {
    spec.instance.tls.as_ref().and_then(|tls| tls.mode.as_ref()) == Some(&TlsMode::Required)
}
