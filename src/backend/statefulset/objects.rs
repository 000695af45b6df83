//! The objects of the cluster that a database is made of.

use super::config::{self, Files, USER};
use super::lease::Record;
use super::pods::ordinal;
use super::{
    CONFIGURATION, INSTANCE, LEASES, PORT, PRIMARY, REPLICA, ROLE, certificate, headless, images, lease,
    manager_secret, read_only, read_write,
};
use crate::backend::Refusal;
use crate::backend::operator::{Wish, at, check_issuer};
use crate::backend::tenant;
use apimachinery::wire::json::to_tree;
use databases_api::shared::{RESTARTED_AT, State};
use serde_json::{Map, Value, json};

/// Where the volumes are in a pod, by the variables that the script knows them by.
const FOLDERS: [(&str, &str, &str); 4] = [
    ("DATA", "data", "/var/lib/databases"),
    ("CONFIG", "config", "/etc/databases"),
    ("SECRETS", "secrets", "/etc/databases-secrets"),
    ("RUN", "run", "/run/databases"),
];
/// How long PostgreSQL has to write everything down before it is killed.
const GRACE_SECONDS: u32 = 300;

/// All of them, the StatefulSet first.
pub(super) fn wanted(wish: &Wish<'_>) -> Result<Vec<Value>, Refusal> {
    let checked = tenant::check(wish.object, &tenant::Names::alone(wish.object));
    checked.map_err(|error| Refusal::new("BackendRejected", error.to_string()))?;
    wish.object.spec.instance.tls.as_ref().map_or(Ok(()), check_issuer)?;
    certificate::check(wish.references)?;
    let (files, name) = (config::files(wish), wish.name);
    let mut objects = vec![
        stateful_set(wish, &files)?,
        json!({"apiVersion": LEASES.api_version(), "kind": LEASES.kind, "metadata": {"name": name}}),
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": files.data}),
        service(
            &headless(name),
            json!({
                "clusterIP": "None", "publishNotReadyAddresses": true, "selector": pods(name),
            }),
        ),
        service(&read_write(name), json!({"selector": {INSTANCE: name, ROLE: PRIMARY}})),
        network_policy(name),
        disruption_budget(name),
    ];
    if instances(wish) > 1 {
        objects.push(service(&read_only(name), json!({"selector": {INSTANCE: name, ROLE: REPLICA}})));
    }
    Ok(objects)
}

/// How many servers there are when it is not stopped.
pub(super) fn instances(wish: &Wish<'_>) -> i64 {
    let live = wish.live["spec"]["replicas"].as_i64().filter(|live| wish.is_adopted() && *live > 0);
    wish.object.spec.instance.instances.map(i64::from).or(live).unwrap_or(1)
}

/// How many there are to be. The primary is none of those that go: another one takes over first.
pub(super) fn replicas(wish: &Wish<'_>) -> i64 {
    match wish.object.spec.instance.state {
        Some(State::Stopped) => 0,
        _ => instances(wish).max(up_to_the_primary(wish)),
    }
}

/// Whether the primary is one of the servers that are to go.
pub(super) fn outlives_its_primary(wish: &Wish<'_>) -> bool {
    replicas(wish) > instances(wish)
}

/// How many servers there have to be for the primary to be one of them.
fn up_to_the_primary(wish: &Wish<'_>) -> i64 {
    match lease::beside(wish) {
        Some(lease) => {
            let place = ordinal(&Record::read(lease).pod);
            place.and_then(|place| i64::try_from(place + 1).ok()).unwrap_or_default()
        }
        // Of what is being adopted the record is not ours yet.
        None if wish.is_adopted() => wish.live["spec"]["replicas"].as_i64().unwrap_or_default(),
        None => 0,
    }
}

fn pods(name: &str) -> Value {
    json!({INSTANCE: name})
}

fn service(name: &str, mut spec: Value) -> Value {
    spec["ports"] = json!([{"name": "postgresql", "port": PORT, "protocol": "TCP"}]);
    json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec})
}

/// PostgreSQL's port is open to everybody, and no other is.
fn network_policy(name: &str) -> Value {
    json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": name},
        "spec": {
            "podSelector": {"matchLabels": pods(name)},
            "policyTypes": ["Ingress"],
            "ingress": [{"ports": [{"port": PORT, "protocol": "TCP"}]}],
        },
    })
}

/// Whoever drains nodes takes one server at a time; a single one moves, too.
fn disruption_budget(name: &str) -> Value {
    json!({
        "apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": name},
        "spec": {"maxUnavailable": 1, "selector": {"matchLabels": pods(name)}},
    })
}

fn stateful_set(wish: &Wish<'_>, files: &Files) -> Result<Value, Refusal> {
    let name = wish.name;
    let mut annotations = Map::new();
    if let Some(at) = wish.object.metadata.annotations.get(RESTARTED_AT) {
        annotations.insert(RESTARTED_AT.into(), at.as_str().into());
    }
    let mut set = json!({
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": name, "annotations": {CONFIGURATION: files.digest}},
        "spec": {
            "replicas": replicas(wish),
            "serviceName": headless(name),
            // A server waits for no other to be stopped or started: who serves is not decided by order.
            "podManagementPolicy": "Parallel",
            "selector": {"matchLabels": pods(name)},
            "template": {
                "metadata": {"labels": pods(name), "annotations": annotations},
                "spec": pod(wish)?,
            },
            "volumeClaimTemplates": [claim(wish)],
        },
    });
    files.encryption.annotate(&mut set);
    files.encryption.equip(&mut set["spec"]["template"]["spec"], name);
    Ok(set)
}

/// What the first volume was made with stays: it cannot be changed in the template. A volume grows by itself.
fn claim(wish: &Wish<'_>) -> Value {
    let live = &wish.live["spec"]["volumeClaimTemplates"][0]["spec"];
    let storage = &wish.object.spec.instance.storage;
    let size = match at(live, "resources.requests.storage") {
        "" => storage.size.as_ref().map(ToString::to_string).unwrap_or_default(),
        live => live.to_owned(),
    };
    let mut spec = json!({"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}});
    let class = match live.is_null() {
        true => storage.storage_class_name.as_deref(),
        false => live["storageClassName"].as_str(),
    };
    if let Some(class) = class {
        spec["storageClassName"] = class.into();
    }
    json!({"metadata": {"name": "data"}, "spec": spec})
}

fn pod(wish: &Wish<'_>) -> Result<Value, Refusal> {
    let (name, spec) = (wish.name, &wish.object.spec.instance);
    let (major, image) = image(wish)?;
    let mut container = json!({
        "name": "postgresql",
        "image": image,
        "command": ["sh", "/etc/databases/start"],
        "env": environment(name, &major),
        "ports": [{"name": "postgresql", "containerPort": PORT, "protocol": "TCP"}],
        "readinessProbe": {
            "exec": {"command": ["sh", "/etc/databases/ready"]},
            "periodSeconds": 5, "timeoutSeconds": 5, "failureThreshold": 3,
        },
        "securityContext": {
            "allowPrivilegeEscalation": false,
            "readOnlyRootFilesystem": true,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": mounts(),
    });
    if let Some(resources) = &spec.resources {
        container["resources"] = to_tree(resources);
    }
    let mut pod = json!({
        "automountServiceAccountToken": false,
        "enableServiceLinks": false,
        "terminationGracePeriodSeconds": GRACE_SECONDS,
        "securityContext": {
            "runAsNonRoot": true, "runAsUser": USER, "runAsGroup": USER,
            "fsGroup": USER, "fsGroupChangePolicy": "OnRootMismatch",
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [container],
        "volumes": [
            {"name": "config", "configMap": {"name": name}},
            {"name": "secrets", "secret": {"secretName": manager_secret(name), "defaultMode": 0o440}},
            {"name": "run", "emptyDir": {}},
            {"name": "tmp", "emptyDir": {}},
            {"name": "shm", "emptyDir": {"medium": "Memory"}},
        ],
    });
    if let Some(scheduling) = &spec.scheduling {
        for (field, value) in to_tree(scheduling).as_object().into_iter().flatten() {
            pod[field] = value.clone();
        }
    }
    Ok(pod)
}

fn environment(name: &str, major: &str) -> Value {
    let of_pod =
        |name: &str, path: &str| json!({"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}});
    let plain = |name: &str, value: &str| json!({"name": name, "value": value});
    let folders = FOLDERS.iter().map(|(variable, _, folder)| plain(variable, folder));
    let known = [
        of_pod("POD_NAME", "metadata.name"),
        of_pod("POD_UID", "metadata.uid"),
        of_pod("POD_IPS", "status.podIPs"),
        plain("MAJOR", major),
        plain("PRIMARY", &read_write(name)),
        plain("PORT", &PORT.to_string()),
        // For a person who looks around.
        plain("PGPASSFILE", "/run/databases/passfile"),
    ];
    known.into_iter().chain(folders).collect()
}

fn mounts() -> Value {
    let whole = |name: &str, path: &str| json!({"name": name, "mountPath": path});
    let part = |key: &str, path: &str| json!({"name": "config", "mountPath": path, "subPath": key, "readOnly": true});
    let folders = FOLDERS.iter().map(|(_, volume, folder)| whole(volume, folder));
    let more = [
        whole("tmp", "/tmp"),
        whole("shm", "/dev/shm"),
        part("passwd", "/etc/passwd"),
        part("group", "/etc/group"),
    ];
    folders.chain(more).collect()
}

/// The major version and its image. What runs keeps its image, whatever the class says by now.
fn image(wish: &Wish<'_>) -> Result<(String, String), Refusal> {
    let container = &wish.live["spec"]["template"]["spec"]["containers"][0];
    let environment = container["env"].as_array().map_or(&[][..], Vec::as_slice);
    let runs = environment.iter().find(|one| one["name"] == "MAJOR").map(|one| at(one, "value"));
    let wanted = &wish.object.spec.instance.version;
    if let Some(runs) = runs {
        return match wanted.is_empty() || wanted == runs {
            true => Ok((runs.to_owned(), at(container, "image").to_owned())),
            false => {
                let message = format!("spec.version: the data is of PostgreSQL {runs}, and stays of that");
                Err(Refusal::new("UnsupportedVersion", message))
            }
        };
    }
    let known = images::of(wish.class).map_err(|error| Refusal::new("InvalidParameters", error.message))?;
    let found = match wanted.is_empty() {
        true => known.first(),
        false => known.iter().find(|(major, _)| major.to_string() == *wanted),
    };
    let (major, image) = found.ok_or_else(|| {
        Refusal::new(
            "UnsupportedVersion",
            format!("spec.version: the class has no image of PostgreSQL {wanted}"),
        )
    })?;
    Ok((major.to_string(), image.clone()))
}
