//! The `SGCluster`.

use super::{GROUP, MAJORS, beside};
use crate::backend::operator::{Exposure, Origin, Wish, at, check_issuer, put, restart};
use crate::backend::{Effect, Refusal};
use apimachinery::quantity::Quantity;
use apimachinery::wire::json;
use databases_api::instance::Instance;
use databases_api::postgresql::{PostgreSQLSpec, ReplicationMode};
use databases_api::shared::{State, TlsMode};
use serde_json::{Value, json};

/// The extension that every database has.
const BUILT_IN: &str = "plpgsql";
const MEBI: u64 = 1 << 20;

fn refused(message: impl Into<String>) -> Refusal {
    Refusal::new("UnsupportedFeature", message)
}

/// As it should be. What the object does not say is left to StackGres, and of an adopted one to whoever wrote it.
pub(super) fn wanted(wish: &Wish<'_>) -> Result<Value, Refusal> {
    let object = &wish.object.spec;
    let mut cluster = json!({
        "apiVersion": format!("{GROUP}/v1"),
        "kind": "SGCluster",
        "metadata": {"name": wish.name, "annotations": {}},
        "spec": {},
    });
    let spec = &mut cluster["spec"];
    if !wish.is_adopted() {
        put(spec, "pods.updateStrategy.type", "Always");
    }
    for (path, value) in pooling(wish)? {
        put(spec, path, value);
    }
    let instances = if is_stopped(wish) { Some(0) } else { instances(wish) };
    put(spec, "instances", instances.map_or(Value::Null, Value::from));
    put(spec, "postgres.version", version(wish, wish.origin()?.as_ref())?);
    put(spec, "initialData.restore.fromBackup.name", begun(wish));
    put(spec, "postgres.ssl", ssl(object)?);
    put(spec, "postgres.extensions", extensions(wish));
    put(
        spec,
        "pods.persistentVolume.size",
        object.instance.storage.size.as_ref().map(|size| mebi(size, &["Mi", "Gi", "Ti"])),
    );
    put(spec, "pods.persistentVolume.storageClass", object.instance.storage.storage_class_name.clone());
    put(spec, "pods.scheduling", scheduling(object));
    put(spec, "replication.mode", replication(wish));
    put(spec, "configurations.observability.disableMetrics", wish.metrics().map(|wanted| !wanted));
    let Exposure { kind, annotations, ranges } = wish.exposure();
    put(spec, "postgresServices.primary.type", kind);
    put(spec, "postgresServices.primary.loadBalancerSourceRanges", ranges);
    put(spec, "metadata.annotations.primaryService", annotations);
    if beside::has_profile(wish) {
        put(spec, "sgInstanceProfile", wish.name);
    }
    if beside::has_config(wish) {
        put(spec, "configurations.sgPostgresConfig", wish.name);
    }
    let restarted = if beside::restarts(wish) { restart::done(wish) } else { restart::asked(wish) };
    if !restarted.is_null() {
        cluster["metadata"]["annotations"][restart::key()] = restarted;
    }
    Ok(cluster)
}

/// PgBouncer beside every server, or none; of an adopted one as it is, where nothing is said of it.
fn pooling(wish: &Wish<'_>) -> Result<Vec<(&'static str, Value)>, Refusal> {
    let Some((mode, instances)) = wish.poolers() else {
        let is_said = wish.object.spec.pooling.is_some() || !wish.is_adopted();
        return Ok(is_said.then(|| ("pods.disableConnectionPooling", true.into())).into_iter().collect());
    };
    if instances != 1 {
        return Err(refused(
            "spec.pooling.instances: StackGres runs PgBouncer beside each server, and that of the primary is the one that is \
             reached; leave it out",
        ));
    }
    let config = json!({"pgbouncer.ini": {"pgbouncer": {"pool_mode": mode}}});
    Ok(vec![("pods.disableConnectionPooling", false.into()), ("configurations.pooling.pgBouncer", config)])
}

fn is_stopped(wish: &Wish<'_>) -> bool {
    wish.object.spec.instance.state == Some(State::Stopped)
}

/// How many are to run; none where nobody says so.
pub(super) fn instances(wish: &Wish<'_>) -> Option<i64> {
    let stands = wish.is_adopted() && wish.live["spec"]["instances"] != 0;
    wish.object.spec.instance.instances.map(i64::from).or((!stands).then_some(1))
}

/// The backup that it began as. It cannot change once it is said.
fn begun(wish: &Wish<'_>) -> Value {
    let name = match wish.live.is_null() {
        true => &wish.begins["metadata"]["name"],
        false => &wish.live["spec"]["initialData"]["restore"]["fromBackup"]["name"],
    };
    wish.object.copied().map(|_| name.clone()).unwrap_or_default()
}

/// The major of what runs, else of what is to run.
pub(super) fn major(wish: &Wish<'_>) -> String {
    if let Ok(Some(origin)) = wish.origin() {
        return origin.major;
    }
    let known = [at(wish.live, "status.postgresVersion"), &wish.object.spec.instance.version];
    let known = known.into_iter().find(|version| !version.is_empty()).unwrap_or(MAJORS[0]);
    known.split('.').next().unwrap_or_default().to_owned()
}

/// The version: what runs is kept where it fits.
fn version(wish: &Wish<'_>, origin: Option<&Origin<'_>>) -> Result<Value, Refusal> {
    let (wanted, said) = (wish.object.spec.instance.version.as_str(), at(wish.live, "spec.postgres.version"));
    let running = match at(wish.live, "status.postgresVersion") {
        "" => said,
        running => running,
    };
    if wish.live.is_null() {
        let usual = origin.map_or(MAJORS[0], |origin| &origin.major);
        let version = if wanted.is_empty() { usual } else { wanted };
        let is_known = MAJORS.contains(&version.split('.').next().unwrap_or_default());
        let unknown = || {
            Refusal::new("UnsupportedVersion", format!("spec.version: StackGres has no PostgreSQL {version}"))
        };
        return if is_known { Ok(version.into()) } else { Err(unknown()) };
    }
    let fits = running.strip_prefix(wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    if wanted.is_empty() || fits {
        // An adopted cluster keeps who said it.
        return Ok(if wish.is_adopted() { Value::Null } else { said.into() });
    }
    if wanted.split('.').next() != running.split('.').next() {
        return Err(refused(format!(
            "spec.version: StackGres goes from {running} to another major version by an SGDbOps of op majorVersionUpgrade; make one for SGCluster {}",
            wish.name
        )));
    }
    Ok(wanted.into())
}

/// Encryption, which is on where nobody says otherwise.
fn ssl(spec: &PostgreSQLSpec) -> Result<Value, Refusal> {
    let Some(tls) = &spec.instance.tls else { return Ok(Value::Null) };
    match tls.mode {
        Some(TlsMode::Disabled) => return Ok(json!({"enabled": false})),
        Some(TlsMode::Required) => {
            return Err(refused(
                "spec.tls.mode: StackGres takes plain connections, too; use Optional, and let clients ask for encryption",
            ));
        }
        _ => {}
    }
    check_issuer(tls)?;
    let mut ssl = json!({"enabled": true});
    if let Some(secret) = &tls.certificate_secret_ref {
        ssl["certificateSecretKeySelector"] = json!({"name": secret.name, "key": "tls.crt"});
        ssl["privateKeySecretKeySelector"] = json!({"name": secret.name, "key": "tls.key"});
    }
    Ok(ssl)
}

/// What is to be installed: with everything that is, or is where it is copied from, which some database may need.
fn extensions(wish: &Wish<'_>) -> Value {
    let listed = wish.object.spec.databases.iter().flat_map(|database| &database.extensions);
    let listed: Vec<_> = listed.filter(|extension| extension.name != BUILT_IN).collect();
    let mut wanted = wish.before()["spec"]["postgres"]["extensions"].as_array().cloned().unwrap_or_default();
    if listed.is_empty() && (wish.is_adopted() || wanted.is_empty()) {
        return Value::Null;
    }
    for extension in listed {
        let place = wanted.iter().position(|known| known["name"] == extension.name.as_str());
        let place = place.unwrap_or_else(|| {
            wanted.push(json!({"name": extension.name}));
            wanted.len() - 1
        });
        if !extension.version.is_empty() {
            wanted[place]["version"] = extension.version.as_str().into();
        }
    }
    wanted.into()
}

fn scheduling(spec: &PostgreSQLSpec) -> Value {
    let Some(scheduling) = &spec.instance.scheduling else { return Value::Null };
    let tree = json::to_tree(scheduling);
    let mut found = Value::Null;
    for name in ["nodeSelector", "tolerations", "topologySpreadConstraints", "priorityClassName"] {
        put(&mut found, name, tree[name].clone());
    }
    for name in ["nodeAffinity", "podAffinity", "podAntiAffinity"] {
        put(&mut found, name, tree["affinity"][name].clone());
    }
    found
}

fn replication(wish: &Wish<'_>) -> Value {
    match wish.object.spec.replication.as_ref().and_then(|replication| replication.mode.as_ref()) {
        None => Value::Null,
        Some(ReplicationMode::Synchronous) => "sync".into(),
        Some(_) => "async".into(),
    }
}

/// A size in one of these units, or in as many Mi as have room for it.
pub(super) fn mebi(size: &Quantity, units: &[&str]) -> String {
    let text = size.to_string();
    if units.iter().any(|unit| text.ends_with(unit)) {
        return text;
    }
    format!("{}Mi", size.to_bytes().unwrap_or_default().div_ceil(MEBI))
}

/// What a change of a field does, and what the field is called in ours.
pub(super) fn disturbs(field: &str, wish: &Wish<'_>) -> (String, Effect) {
    let now = wish.live["spec"]["instances"].as_i64().unwrap_or_default();
    let (ours, effect) = match field {
        "instances" if is_stopped(wish) => ("spec.state", Effect::Downtime),
        "instances" if now == 0 => ("spec.state", Effect::Nothing),
        "instances" if instances(wish).is_some_and(|wanted| wanted < now) => {
            ("spec.instances", Effect::Restart)
        }
        "instances" => ("spec.instances", Effect::Nothing),
        "postgres.version" => ("spec.version", Effect::Restart),
        "postgres.ssl" => ("spec.tls", Effect::Restart),
        "postgres.extensions" => ("spec.databases", Effect::Restart),
        "pods.persistentVolume" => ("spec.storage.size", Effect::Nothing),
        "pods.scheduling" => ("spec.scheduling", Effect::Restart),
        "pods.disableConnectionPooling" => ("spec.pooling", Effect::Restart),
        "configurations.pooling" => ("spec.pooling", Effect::Reload),
        "replication.mode" => ("spec.replication.mode", Effect::Reload),
        "postgresServices.primary" => ("spec.network", Effect::Nothing),
        "metadata.annotations" => ("spec.network.annotations", Effect::Nothing),
        "sgInstanceProfile" => ("spec.resources", Effect::Restart),
        "configurations.sgPostgresConfig" => ("spec.parameters", Effect::Restart),
        "configurations.observability" => ("spec.observability.metrics", Effect::Restart),
        _ => ("spec.parametersRef", Effect::Restart),
    };
    (ours.to_owned(), effect)
}
