//! The `postgresql`.

use super::connections::{ADMITS_PLAIN, is_optional, refuses_plain};
use super::life::{instances, keeps_volumes, stopped};
use super::{GROUP, beginning, connections};
use crate::backend::operator::{Wish, node_affinity, put, with_ours};
use crate::backend::plan::RESTART_FIELD;
use crate::backend::{Effect, Refusal};
use apimachinery::wire::json;
use databases_api::postgresql::{PostgreSQLSpec, ReplicationMode};
use databases_api::shared::{RESTARTED_AT, State};
use serde_json::{Map, Value, json};

/// When a restart was asked for last. Servers with another environment are replaced.
const RESTARTED: &str = "DATABASES_RESTARTED_AT";

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
    let origin = wish.origin()?;
    put(&mut main, "postgresql.version", beginning::version(wish, origin.as_ref())?);
    put(&mut main, "clone", beginning::copied(wish, origin.as_ref()));
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
    for (path, value) in connections::wanted(wish)? {
        put(&mut main, path, value);
    }
    put(&mut main, "env", env(wish));
    if let Some((mode, instances)) = wish.poolers() {
        put(&mut main, "enableConnectionPooler", true.into());
        put(&mut main, "connectionPooler", json!({"mode": mode, "numberOfInstances": instances}));
    }
    Ok(main)
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

/// The team, with which a name begins: the operator may be told to insist on that.
fn team(name: &str) -> &str {
    name.rsplit_once('-').map_or(name, |(team, _)| team)
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
        "env" if refuses_plain(wish.live) == is_optional(wish) => ("spec.tls.mode", replaced),
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
