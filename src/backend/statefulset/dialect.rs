//! What is applied: a StatefulSet, and what stands beside it.

use super::{
    CONFIGURATION, CONTROLLER_NAME, LEASES, MANAGER, PORT, SUPERUSER, config, images, manager_secret,
    objects, read_only, read_write,
};
use crate::backend::operator::{Dialect, Found, Installed, Parameters, Role, Wish, kubernetes_name};
use crate::backend::{
    Change, Class, Effect, Endpoint, Engine, Error, Observed, Offer, Phase, Refusal, Role as EndpointRole,
};
use crate::cluster::Resource;
use databases_api::postgresql::UserAttribute;
use databases_api::shared::{Access, State};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// What Kubernetes itself understands.
pub(super) struct StatefulSets;

/// What is offered beyond the core.
const FEATURES: &[&str] = &[
    "PostgreSQL",
    "PostgreSQLAdoption",
    "PostgreSQLExtensions",
    "PostgreSQLMultipleDatabases",
    "PostgreSQLParameters",
    "PostgreSQLReadOnlyEndpoint",
    "PostgreSQLReplicas",
    "PostgreSQLRestart",
    "PostgreSQLScheduling",
    "PostgreSQLStop",
    "PostgreSQLStorageClass",
    "PostgreSQLStorageExpansion",
    "PostgreSQLSuperuserAccess",
    "PostgreSQLSynchronousReplication",
    "PostgreSQLUsers",
];

impl Dialect for StatefulSets {
    const NAME: &'static str = "Kubernetes";
    const CONTROLLER_NAME: &'static str = CONTROLLER_NAME;
    const MAIN: Resource =
        Resource { group: "apps", version: "v1", kind: "StatefulSet", plural: "statefulsets" };
    const BESIDE: &'static [Resource] = &[
        LEASES,
        Resource { group: "", version: "v1", kind: "ConfigMap", plural: "configmaps" },
        Resource { group: "", version: "v1", kind: "Service", plural: "services" },
        Resource {
            group: "networking.k8s.io",
            version: "v1",
            kind: "NetworkPolicy",
            plural: "networkpolicies",
        },
        Resource {
            group: "policy",
            version: "v1",
            kind: "PodDisruptionBudget",
            plural: "poddisruptionbudgets",
        },
    ];
    const LONGEST_NAME: usize = 50;
    const CLASS_PARAMETERS: &'static [Parameters] =
        &[Parameters { group: "", version: "v1", kind: "ConfigMap" }];
    const DATA_IS_APART: bool = true;

    fn offer(&self, class: &Class, _: &Installed) -> Result<Offer, Error> {
        let images = images::of(class)?;
        let refused = images
            .is_empty()
            .then(|| Refusal::new("InvalidParameters", "the ConfigMap of this class names no image"));
        let versions = images.iter().map(|(major, _)| major.to_string()).collect();
        let engine = Engine { kind: "PostgreSQL".into(), flavor: "PostgreSQL".into(), versions };
        let features = FEATURES.iter().map(|name| (*name).to_owned()).collect();
        // Which libraries an image has, nobody says.
        Ok(Offer { engines: vec![engine], features, libraries: Vec::new(), refused })
    }

    /// Those of the object, and last who manages the server, as its superuser.
    fn roles(&self, wish: &Wish<'_>) -> Vec<Role> {
        let spec = &wish.object.spec;
        let first = spec.databases.first().map_or("postgres", |database| &database.name);
        let role = |name: &str, database: &str| Role {
            name: name.to_owned(),
            database: database.to_owned(),
            secret: kubernetes_name(wish.name, "role", name),
            is_ours: true,
            is_superuser: false,
        };
        let owners = spec.databases.iter().map(|database| role(&database.owner, &database.name));
        let logs_in =
            |user: &&databases_api::postgresql::User| !user.attributes.contains(&UserAttribute::NoLogin);
        let users = spec.users.iter().filter(logs_in);
        let users = users.map(|user| role(&user.name, user.databases.first().map_or(first, String::as_str)));
        let superuser = (spec.superuser_access == Some(Access::Enabled)).then(|| role(SUPERUSER, first));
        let mut seen = BTreeSet::new();
        let named = owners.chain(users).chain(superuser).filter(|role| seen.insert(role.name.clone()));
        let manager =
            Role { secret: manager_secret(wish.name), is_superuser: true, ..role(MANAGER, "postgres") };
        named.chain([manager]).collect()
    }

    fn authority(&self, _: &Wish<'_>) -> Option<(String, &'static str)> {
        None
    }

    fn wanted(&self, wish: &Wish<'_>) -> Result<Vec<Value>, Refusal> {
        objects::wanted(wish)
    }

    fn state(&self, wish: &Wish<'_>) -> Option<Value> {
        let (wanted, live) = (objects::replicas(wish), wish.live["spec"]["replicas"].as_i64()?);
        ((wanted == 0) != (live == 0)).then(|| json!({"spec": {"replicas": wanted}}))
    }

    /// What PostgreSQL can read while it runs is not known before it has read it.
    fn upcoming(&self, wish: &Wish<'_>) -> Vec<Change> {
        let is_new = configuration(wish.live) != config::files(wish).digest;
        let message =
            "PostgreSQL reads its configuration again, and is restarted where that is not enough".into();
        let change = Change { fields: vec!["spec.parameters".into()], effect: restart(wish), message };
        is_new.then_some(change).into_iter().collect()
    }

    /// What the objects tell; what the servers tell is added to it.
    fn seen(&self, found: &Found<'_>) -> Observed {
        let (wish, status) = (found.wish, &found.wish.live["status"]);
        let endpoint = |role, service: String| Endpoint { role, host: found.host(&service), port: PORT };
        let mut endpoints = vec![endpoint(EndpointRole::ReadWrite, read_write(wish.name))];
        if objects::instances(wish) > 1 {
            endpoints.push(endpoint(EndpointRole::ReadOnly, read_only(wish.name)));
        }
        let replicas = wish.live["spec"]["replicas"].as_i64().unwrap_or_default();
        Observed {
            phase: Phase::Creating,
            message: "no server runs yet".into(),
            instances: i32::try_from(replicas).unwrap_or_default(),
            ready_instances: status["readyReplicas"]
                .as_i64()
                .and_then(|n| i32::try_from(n).ok())
                .unwrap_or_default(),
            endpoints,
            logins: found.logins.clone(),
            superuser: found.superuser.clone(),
            ..Observed::default()
        }
    }

    fn disturbs(&self, field: &str, wish: &Wish<'_>) -> (String, Effect) {
        let spec = &wish.object.spec.instance;
        let restart = restart(wish);
        let (ours, effect) = match field {
            "replicas" if spec.state == Some(State::Stopped) => ("spec.state", Effect::Downtime),
            "replicas" if wish.live["spec"]["replicas"] == 0 => ("spec.state", Effect::Nothing),
            "replicas" if wish.live["spec"]["replicas"].as_i64() > Some(objects::replicas(wish)) => {
                ("spec.instances", Effect::Switchover)
            }
            "replicas" => ("spec.instances", Effect::Nothing),
            "template.metadata" => ("metadata.annotations[kubectl.kubernetes.io/restartedAt]", restart),
            "template.spec" => ("spec.resources, spec.scheduling, spec.version", restart),
            _ => ("spec.parametersRef", restart),
        };
        (ours.to_owned(), effect)
    }
}

/// A restart of all servers: of several, the primary's turn comes, too, and another one takes over.
fn restart(wish: &Wish<'_>) -> Effect {
    if objects::instances(wish) > 1 { Effect::Switchover } else { Effect::Restart }
}

/// Whether a StatefulSet tells of how it is now.
pub(super) fn is_observed(live: &Value) -> bool {
    live["status"]["observedGeneration"] == live["metadata"]["generation"]
}

/// What Kubernetes has still to do about a StatefulSet.
pub(super) fn pending(live: &Value) -> Option<String> {
    let (status, wanted) = (&live["status"], live["spec"]["replicas"].as_i64());
    let are = |name: &str| status[name].as_i64().unwrap_or_default();
    let wanted = wanted.unwrap_or_default();
    match () {
        () if !is_observed(live) => Some("Kubernetes has not taken up the change yet".into()),
        () if status["currentRevision"] != status["updateRevision"] => {
            Some("the servers are started anew, one after the other".into())
        }
        () if are("readyReplicas") != wanted => {
            Some(format!("{} of {wanted} servers are up", are("readyReplicas")))
        }
        () => None,
    }
}

/// How many servers a StatefulSet is to have.
pub(super) fn replicas(live: &Value) -> usize {
    live["spec"]["replicas"].as_u64().and_then(|replicas| replicas.try_into().ok()).unwrap_or_default()
}

/// The configuration that is wanted.
pub(super) fn configuration(live: &Value) -> &str {
    live["metadata"]["annotations"][CONFIGURATION].as_str().unwrap_or_default()
}
