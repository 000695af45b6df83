//! The main object.

use super::{Flavour, SUPERUSER, Service, metrics, repositories, stopped};
use crate::backend::operator::{Exposure, Wish, at, covers, named, node_affinity, put};
use crate::backend::plan::RESTART_FIELD;
use crate::backend::{Effect, Refusal};
use apimachinery::wire::json;
use databases_api::postgresql::ReplicationMode;
use databases_api::shared::{RESTARTED_AT, State, TlsMode};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The name of the servers that are made here.
const SERVERS: &str = "pg";
/// Admits every connection with a password, encrypted or not.
const ADMITS_PLAIN: &str = "host all all all scram-sha-256";

/// As it should be. What the object does not say is left to the operator, and of an adopted one to whoever wrote it.
pub(super) fn wanted<F: Flavour>(wish: &Wish<'_>) -> Result<Value, Refusal> {
    let spec = &wish.object.spec;
    let mut main = json!({
        "apiVersion": F::MAIN.api_version(),
        "kind": F::MAIN.kind,
        "metadata": {"name": wish.name},
        "spec": {"instances": [servers(wish)], "users": users(wish)},
    });
    let put = |main: &mut Value, path: &str, value: Value| put(&mut main["spec"], path, value);
    put(&mut main, "postgresVersion", version::<F>(wish)?);
    put(&mut main, "dataSource.postgresCluster", repositories::begins(wish));
    if !wish.is_adopted() {
        let major = main["spec"]["postgresVersion"].to_string();
        for (path, value) in F::own(wish.class, &major)? {
            let live = path.split('.').fold(&wish.live["spec"], |here, name| &here[name]);
            put(&mut main, path, if live.is_null() { value } else { live.clone() });
        }
    }
    let parameters: Map<String, Value> =
        spec.instance.parameters.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect();
    if !parameters.is_empty() {
        put(&mut main, "config.parameters", parameters.into());
    }
    if let Some(mode) = spec.replication.as_ref().and_then(|replication| replication.mode.as_ref()) {
        for name in ["synchronous_mode", "synchronous_mode_strict"] {
            let path = format!("patroni.dynamicConfiguration.{name}");
            put(&mut main, &path, (*mode == ReplicationMode::Synchronous).into());
        }
    }
    if tls_mode(wish) == Some(&TlsMode::Disabled) {
        let message = format!("spec.tls.mode: {} always encrypts; use Optional or Required", F::NAME);
        return Err(Refusal::new("UnsupportedFeature", message));
    }
    if is_optional(wish) {
        put(&mut main, "patroni.dynamicConfiguration.postgresql.pg_hba", json!([ADMITS_PLAIN]));
    }
    if let Some(stopped) = stopped::<F>(wish) {
        put(&mut main, F::STOP, stopped.into());
    }
    if let Some(at) = wish.object.metadata.annotations.get(RESTARTED_AT) {
        put(&mut main, "metadata.annotations", json!({RESTARTED_AT: at}));
    }
    let (Exposure { kind, annotations, ranges }, Service { part, .. }) = (wish.exposure(), F::SERVICE);
    put(&mut main, &format!("{part}.type"), kind);
    put(&mut main, &format!("{part}.{}", F::SERVICE.annotations), annotations);
    if let Some(name) = F::SERVICE.ranges {
        put(&mut main, &format!("{part}.{name}"), ranges);
    }
    put(&mut main, "proxy.pgBouncer", pooler::<F>(wish)?);
    metrics::add::<F>(wish, &mut main["spec"]);
    for (path, has) in F::extensions(wish)? {
        put(&mut main, path, has.into());
    }
    Ok(main)
}

fn pooler<F: Flavour>(wish: &Wish<'_>) -> Result<Value, Refusal> {
    let Some((mode, instances)) = wish.poolers() else { return Ok(Value::Null) };
    let mut pooler = json!({"replicas": instances, "config": {"global": {"pool_mode": mode}}});
    let Some(own) = F::pooler(wish.class) else {
        let message =
            "spec.pooling: the class has no image of PgBouncer: add one to the ConfigMap that it names";
        return Err(Refusal::new("UnsupportedFeature", message));
    };
    for (name, value) in own {
        // What runs keeps its own.
        let live = &wish.live["spec"]["proxy"]["pgBouncer"][name];
        put(&mut pooler, name, if live.is_null() { value } else { live.clone() });
    }
    Ok(pooler)
}

fn tls_mode<'a>(wish: &'a Wish<'_>) -> Option<&'a TlsMode> {
    wish.object.spec.instance.tls.as_ref().and_then(|tls| tls.mode.as_ref())
}

fn is_optional(wish: &Wish<'_>) -> bool {
    tls_mode(wish) == Some(&TlsMode::Optional)
}

/// Whether somebody has said who is admitted; the operator by itself refuses plain connections.
pub(super) fn admits_plain(live: &Value) -> bool {
    let spec = &live["spec"];
    !spec["patroni"]["dynamicConfiguration"]["postgresql"]["pg_hba"].is_null()
        || !spec["authentication"].is_null()
}

/// The version that runs, else that of what is copied, else the wished one, else the newest.
fn version<F: Flavour>(wish: &Wish<'_>) -> Result<Value, Refusal> {
    let (wished, live) = (&wish.object.spec.instance.version, &wish.live["spec"]["postgresVersion"]);
    let major = wished.split('.').next().unwrap_or_default();
    let refused = |reason: &str, message: String| Err(Refusal::new(reason, message));
    match live.as_u64() {
        Some(runs) if !wished.is_empty() && runs.to_string() != major => refused(
            "UnsupportedFeature",
            format!(
                "spec.version: PostgreSQL {runs} runs, and {} is not asked for an upgrade; set {runs}",
                F::NAME
            ),
        ),
        Some(_) if wish.is_adopted() && wished.is_empty() => Ok(Value::Null),
        Some(runs) => Ok(runs.into()),
        None => {
            let offered = F::majors(wish.class, &wish.installed.versions)?;
            let copied = wish.origin()?.map(|origin| origin.major);
            let major = copied.as_deref().unwrap_or(major);
            let chosen = match major {
                "" => offered.first(),
                major => offered.iter().find(|known| *known == major),
            };
            match chosen.and_then(|major| major.parse::<u64>().ok()) {
                Some(major) => Ok(major.into()),
                None => refused(
                    "UnsupportedVersion",
                    format!(
                        "spec.version: the class has no PostgreSQL {}",
                        copied.as_deref().unwrap_or(wished)
                    ),
                ),
            }
        }
    }
}

/// The servers: those that are there first, of an adopted one.
fn servers(wish: &Wish<'_>) -> Value {
    let spec = &wish.object.spec.instance;
    let live = &wish.live["spec"]["instances"][0];
    let name = if wish.is_adopted() { at(live, "name") } else { SERVERS };
    let mut servers = json!({"name": name});
    let usual = if wish.is_adopted() { live["replicas"].clone() } else { 1.into() };
    put(&mut servers, "replicas", spec.instances.map_or(usual, Value::from));
    // It is one value to the cluster: what others said in it is said again.
    put(&mut servers, "dataVolumeClaimSpec", live["dataVolumeClaimSpec"].clone());
    if !wish.is_adopted() {
        put(&mut servers, "dataVolumeClaimSpec.accessModes", json!(["ReadWriteOnce"]));
    }
    let size: Value = spec.storage.size.as_ref().map(ToString::to_string).into();
    put(&mut servers, "dataVolumeClaimSpec.resources.requests.storage", size);
    put(&mut servers, "dataVolumeClaimSpec.storageClassName", spec.storage.storage_class_name.clone());
    if let Some(resources) = &spec.resources {
        put(&mut servers, "resources", json::to_tree(resources));
    }
    if let Some(scheduling) = &spec.scheduling {
        let tree = json::to_tree(scheduling);
        let affinity = &tree["affinity"];
        for (path, value) in [
            ("affinity.nodeAffinity", node_affinity(&affinity["nodeAffinity"], &tree["nodeSelector"])),
            ("affinity.podAffinity", affinity["podAffinity"].clone()),
            ("affinity.podAntiAffinity", affinity["podAntiAffinity"].clone()),
            ("tolerations", tree["tolerations"].clone()),
            ("topologySpreadConstraints", tree["topologySpreadConstraints"].clone()),
            ("priorityClassName", tree["priorityClassName"].clone()),
        ] {
            put(&mut servers, path, value);
        }
    }
    servers
}

/// The owners with their databases, and the superuser, who manages them.
fn users(wish: &Wish<'_>) -> Vec<Value> {
    let spec = &wish.object.spec;
    let mut databases: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let known = wish.live["spec"]["users"].as_array().map_or(&[][..], Vec::as_slice);
    for database in &spec.databases {
        let (name, owner) = (database.name.as_str(), database.owner.as_str());
        let of_owner = databases.entry(owner).or_insert_with(|| {
            // An adopted one keeps what it has.
            let live = named(known, &Value::from(owner)).filter(|_| wish.is_adopted());
            let live = live.and_then(|user| user["databases"].as_array()).into_iter().flatten();
            live.filter_map(Value::as_str).collect()
        });
        if !of_owner.contains(&name) {
            of_owner.push(name);
        }
    }
    let owners = databases.into_iter().map(|(name, databases)| json!({"name": name, "databases": databases}));
    // Where it is told of no users, the operator makes one of its own; of an adopted one that stays.
    let is_told = !wish.is_adopted() || wish.live["spec"]["users"].is_array();
    let is_listed = spec.databases.iter().any(|database| database.owner == wish.name);
    let usual = (!is_told && !is_listed).then(|| json!({"name": wish.name, "databases": [wish.name]}));
    owners.chain(usual).chain([json!({"name": SUPERUSER})]).collect()
}

/// What a change of a field does, and what the field is called in ours.
pub(super) fn disturbs<F: Flavour>(field: &str, wish: &Wish<'_>) -> (String, Effect) {
    let (first, _) = field.split_once('.').unwrap_or((field, ""));
    let (ours, effect) = match first {
        "instances" => disturbs_servers(wish),
        "postgresVersion" | "image" => ("spec.version", Effect::Downtime),
        "proxy" => ("spec.pooling", Effect::Nothing),
        part if part == F::SERVICE.part => ("spec.network", Effect::Nothing),
        "extensions" => ("spec.databases", Effect::Restart),
        "users" => ("spec.databases", Effect::Nothing),
        "config" => ("spec.parameters", Effect::Restart),
        "patroni" if admits_plain(wish.live) != is_optional(wish) => ("spec.tls.mode", Effect::Reload),
        "patroni" => ("spec.replication.mode", Effect::Reload),
        "metadata" if field == "metadata.annotations" => (RESTART_FIELD, Effect::Restart),
        stop if stop == F::STOP && wish.object.spec.instance.state == Some(State::Stopped) => {
            ("spec.state", Effect::Downtime)
        }
        stop if stop == F::STOP => ("spec.state", Effect::Nothing),
        _ => ("spec.parametersRef", Effect::Switchover),
    };
    (ours.to_owned(), effect)
}

/// The most that a change of the servers does.
fn disturbs_servers(wish: &Wish<'_>) -> (&'static str, Effect) {
    let wanted = servers(wish);
    let none = Vec::new();
    let live = wish.live["spec"]["instances"].as_array().unwrap_or(&none);
    let Some(live) = named(live, &wanted["name"]) else { return ("spec.parametersRef", Effect::Switchover) };
    let differs = |name: &str| !wanted[name].is_null() && !covers(&live[name], &wanted[name], &[]);
    let fewer = live["replicas"].as_i64() > wanted["replicas"].as_i64();
    match () {
        () if differs("resources") => ("spec.resources", Effect::Switchover),
        () if ["affinity", "tolerations", "topologySpreadConstraints", "priorityClassName"]
            .into_iter()
            .any(differs) =>
        {
            ("spec.scheduling", Effect::Switchover)
        }
        () if fewer => ("spec.instances", Effect::Switchover),
        () if differs("replicas") => ("spec.instances", Effect::Nothing),
        () => ("spec.storage.size", Effect::Nothing),
    }
}
