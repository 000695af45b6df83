//! The `postgresql`.

use super::{GROUP, seen};
use crate::backend::operator::{Exposure, Wish, check_issuer, node_affinity, put, with_ours};
use crate::backend::plan::RESTART_FIELD;
use crate::backend::{Effect, Refusal};
use apimachinery::wire::json;
use databases_api::postgresql::{PostgreSQLSpec, ReplicationMode};
use databases_api::shared::{RESTARTED_AT, State, Tls, TlsMode};
use serde_json::{Map, Value, json};

/// The group that PostgreSQL runs as in the operator's image, which has to read the key of a certificate.
const POSTGRES_GROUP: u64 = 103;
/// Set for a server, it admits connections that are not encrypted.
pub(super) const ADMITS_PLAIN: &str = "ALLOW_NOSSL";
/// When a restart was asked for last. Servers with another environment are replaced.
const RESTARTED: &str = "DATABASES_RESTARTED_AT";
/// The range of all addresses.
const ANYBODY: &str = "0.0.0.0/0";

/// As it should be. What the object does not say is left to the operator, and of an adopted one to whoever wrote it.
pub(super) fn wanted(wish: &Wish<'_>) -> Result<Value, Refusal> {
    let spec = &wish.object.spec;
    let mut main = json!({
        "apiVersion": format!("{GROUP}/v1"),
        "kind": "postgresql",
        "metadata": {"name": wish.name},
        "spec": {},
    });
    let put = |main: &mut Value, path: &str, value: Value| put(&mut main["spec"], path, value);
    if !wish.is_adopted() {
        put(&mut main, "teamId", team(wish.name).into());
    }
    let stops = stopped(wish) == Some(true);
    if stops && !keeps_volumes(wish) {
        let message = "spec.state: Zalando's operator deletes the volumes of a database that is stopped: set its \
            persistent_volume_claim_retention_policy to retain what is scaled down";
        return Err(Refusal::new("UnsupportedFeature", message));
    }
    put(&mut main, "numberOfInstances", if stops { 0 } else { instances(wish) }.into());
    put(&mut main, "postgresql.version", version(wish)?);
    let parameters: Map<String, Value> =
        spec.instance.parameters.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect();
    if !parameters.is_empty() {
        put(&mut main, "postgresql.parameters", parameters.into());
    }
    // Their names have dots.
    main["spec"]["users"] = owners(wish).into();
    main["spec"]["databases"] = spec
        .databases
        .iter()
        .map(|database| (database.name.clone(), Value::from(database.owner.as_str())))
        .collect::<Map<_, _>>()
        .into();
    put(&mut main, "volume.size", spec.instance.storage.size.as_ref().map(ToString::to_string).into());
    put(&mut main, "volume.storageClass", spec.instance.storage.storage_class_name.clone().into());
    if let Some(resources) = &spec.instance.resources {
        put(&mut main, "resources", json::to_tree(resources));
    }
    if let Some(mode) = spec.replication.as_ref().and_then(|replication| replication.mode.as_ref()) {
        let is_synchronous = *mode == ReplicationMode::Synchronous;
        put(&mut main, "patroni.synchronous_mode", is_synchronous.into());
        put(&mut main, "patroni.synchronous_mode_strict", is_synchronous.into());
    }
    for (path, value) in scheduling(spec)? {
        put(&mut main, path, value);
    }
    for (path, value) in spec.instance.tls.as_ref().map(tls).transpose()?.unwrap_or_default() {
        put(&mut main, path, value);
    }
    put(&mut main, "env", env(wish));
    for (path, value) in exposure(wish) {
        put(&mut main, path, value);
    }
    if let Some((mode, instances)) = wish.poolers() {
        put(&mut main, "enableConnectionPooler", true.into());
        put(&mut main, "connectionPooler", json!({"mode": mode, "numberOfInstances": instances}));
    }
    Ok(main)
}

/// Whether it is to be stopped; none where nobody says so.
pub(super) fn stopped(wish: &Wish<'_>) -> Option<bool> {
    let said = !wish.is_adopted() && wish.live["spec"]["numberOfInstances"] == 0;
    match &wish.object.spec.instance.state {
        Some(State::Stopped) => Some(true),
        Some(_) => Some(false),
        None => said.then_some(false),
    }
}

/// Whether the volumes of servers that are stopped stay.
pub(super) fn keeps_volumes(wish: &Wish<'_>) -> bool {
    wish.evidence(2)["spec"]["persistentVolumeClaimRetentionPolicy"]["whenScaled"] != "Delete"
}

/// How many servers there are where it is not stopped.
pub(super) fn instances(wish: &Wish<'_>) -> i64 {
    let now = wish.live["spec"]["numberOfInstances"].as_i64().filter(|now| *now > 0 && wish.is_adopted());
    wish.object.spec.instance.instances.map(i64::from).or(now).unwrap_or(1)
}

/// Whether plain connections are to be admitted.
fn is_optional(wish: &Wish<'_>) -> bool {
    let tls = wish.object.spec.instance.tls.as_ref();
    tls.and_then(|tls| tls.mode.as_ref()) == Some(&TlsMode::Optional)
}

/// The environment of the servers: one value to the cluster, so that what others said in it is said again.
fn env(wish: &Wish<'_>) -> Value {
    let is_ours = |one: &Value| one["name"] == ADMITS_PLAIN || one["name"] == RESTARTED;
    let plain = is_optional(wish).then(|| json!({"name": ADMITS_PLAIN, "value": "true"}));
    let restarted = wish.object.metadata.annotations.get(RESTARTED_AT);
    let restarted = restarted.map(|at| json!({"name": RESTARTED, "value": at}));
    let ours = plain.into_iter().chain(restarted).collect();
    with_ours(&wish.live["spec"]["env"], ours, is_ours, wish.is_adopted())
}

/// The Service of the primary. Where the operator is told of no ranges, its load balancer lets nobody in.
fn exposure(wish: &Wish<'_>) -> Vec<(&'static str, Value)> {
    let Exposure { kind, annotations, mut ranges } = wish.exposure();
    let mut found = vec![("masterServiceAnnotations", annotations)];
    if !kind.is_null() {
        found.push(("enableMasterLoadBalancer", (kind == "LoadBalancer").into()));
        found.push(("enableMasterNodePort", (kind == "NodePort").into()));
    }
    if kind == "LoadBalancer" && ranges.is_null() {
        ranges = json!([ANYBODY]);
    }
    found.push(("allowedSourceRanges", ranges));
    found
}

/// The team, with which a name begins: the operator may be told to insist on that.
fn team(name: &str) -> &str {
    name.rsplit_once('-').map_or(name, |(team, _)| team)
}

/// The version that runs, else the wished one, else the newest.
fn version(wish: &Wish<'_>) -> Result<Value, Refusal> {
    let (wished, live) = (&wish.object.spec.instance.version, &wish.live["spec"]["postgresql"]["version"]);
    let major = wished.split('.').next().unwrap_or_default();
    match live.as_str() {
        Some(runs) if !wished.is_empty() && runs != major => {
            let message = format!(
                "spec.version: PostgreSQL {runs} runs, and Zalando's operator is not asked for an upgrade; set {runs}"
            );
            Err(Refusal::new("UnsupportedFeature", message))
        }
        Some(_) if wish.is_adopted() && wished.is_empty() => Ok(Value::Null),
        Some(runs) => Ok(runs.into()),
        None if wished.is_empty() => Ok(wish.installed.versions.first().cloned().into()),
        None => Ok(major.into()),
    }
}

/// The owners, with what of them is written down already.
fn owners(wish: &Wish<'_>) -> Map<String, Value> {
    let known = &wish.live["spec"]["users"];
    let owner =
        |name: &str| known.get(name).filter(|_| wish.is_adopted()).cloned().unwrap_or_else(|| json!([]));
    let databases = wish.object.spec.databases.iter();
    databases.map(|database| (database.owner.clone(), owner(&database.owner))).collect()
}

fn scheduling(spec: &PostgreSQLSpec) -> Result<Vec<(&'static str, Value)>, Refusal> {
    let Some(scheduling) = &spec.instance.scheduling else { return Ok(Vec::new()) };
    let tree = json::to_tree(scheduling);
    for field in ["podAffinity", "podAntiAffinity"] {
        if !tree["affinity"][field].is_null() {
            let message = format!(
                "spec.scheduling.affinity.{field}: Zalando's operator takes none of one database; use \
                 spec.scheduling.topologySpreadConstraints"
            );
            return Err(Refusal::new("UnsupportedFeature", message));
        }
    }
    Ok(vec![
        ("nodeAffinity", node_affinity(&tree["affinity"]["nodeAffinity"], &tree["nodeSelector"])),
        ("tolerations", tree["tolerations"].clone()),
        ("topologySpreadConstraints", tree["topologySpreadConstraints"].clone()),
        ("podPriorityClassName", tree["priorityClassName"].clone()),
    ])
}

fn tls(tls: &Tls) -> Result<Vec<(&'static str, Value)>, Refusal> {
    let mut found = Vec::new();
    if tls.mode == Some(TlsMode::Disabled) {
        let message = "spec.tls.mode: Zalando's operator always encrypts; use Optional or Required";
        return Err(Refusal::new("UnsupportedFeature", message));
    }
    check_issuer(tls)?;
    if let Some(secret) = &tls.certificate_secret_ref {
        found.push(("tls.secretName", secret.name.as_str().into()));
        found.push(("spiloFSGroup", POSTGRES_GROUP.into()));
    }
    Ok(found)
}

/// What a change of a field does, and what the field is called in ours.
pub(super) fn disturbs(field: &str, wish: &Wish<'_>) -> (String, Effect) {
    let spec = &wish.object.spec.instance;
    let (first, _) = field.split_once('.').unwrap_or((field, ""));
    let now = wish.live["spec"]["numberOfInstances"].as_i64().unwrap_or_default();
    let replaced = if now > 1 { Effect::Switchover } else { Effect::Restart };
    let (ours, effect) = match first {
        "numberOfInstances" if spec.state == Some(State::Stopped) => ("spec.state", Effect::Downtime),
        "numberOfInstances" if now == 0 => ("spec.state", Effect::Nothing),
        "numberOfInstances" if now > instances(wish) => ("spec.instances", Effect::Switchover),
        "numberOfInstances" => ("spec.instances", Effect::Nothing),
        "postgresql" if field == "postgresql.version" => ("spec.version", Effect::Downtime),
        "postgresql" => ("spec.parameters", Effect::Restart),
        "users" | "databases" => ("spec.databases", Effect::Nothing),
        "volume" => ("spec.storage.size", Effect::Nothing),
        "resources" => ("spec.resources", Effect::Restart),
        "patroni" => ("spec.replication.mode", Effect::Reload),
        "nodeAffinity" | "tolerations" | "topologySpreadConstraints" | "podPriorityClassName" => {
            ("spec.scheduling", Effect::Switchover)
        }
        "env" if seen::refuses_plain(wish.live) == is_optional(wish) => ("spec.tls.mode", replaced),
        "env" => (RESTART_FIELD, replaced),
        "enableConnectionPooler" | "connectionPooler" => ("spec.pooling", Effect::Nothing),
        "enableMasterLoadBalancer" | "enableMasterNodePort" | "allowedSourceRanges" => {
            ("spec.network", Effect::Nothing)
        }
        "masterServiceAnnotations" => ("spec.network.annotations", Effect::Nothing),
        "tls" | "spiloFSGroup" => ("spec.tls.certificateSecretRef", Effect::Switchover),
        _ => ("spec.parametersRef", Effect::Switchover),
    };
    (ours.to_owned(), effect)
}
