//! What is applied: a StatefulSet, and what stands beside it.

use super::{
    CONFIGURATION, CONTROLLER_NAME, INSTANCE, LEASES, MANAGER, PORT, SUPERUSER, config, encryption, images,
    manager_secret, objects, read_only, read_write,
};
use crate::backend::operator::{Dialect, Found, Installed, Parameters, Role, Wish, count};
use crate::backend::plan::RESTART_FIELD;
use crate::backend::postgresql::offer;
use crate::backend::{
    Change, Class, Effect, Endpoint, Error, Observed, Offer, Phase, Refusal, Role as EndpointRole,
};
use crate::cluster::{CONFIG_MAPS, Resource, SERVICES};
use databases_api::shared::{Access, State};
use serde_json::{Value, json};

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
    "PostgreSQLTLS",
    "PostgreSQLTLSCustomCertificate",
    "PostgreSQLUserAttributes",
    "PostgreSQLUsers",
];

impl Dialect for StatefulSets {
    const NAME: &'static str = "Kubernetes";
    const CONTROLLER_NAME: &'static str = CONTROLLER_NAME;
    const MAIN: Resource =
        Resource { group: "apps", version: "v1", kind: "StatefulSet", plural: "statefulsets" };
    const BESIDE: &'static [Resource] = &[
        LEASES,
        CONFIG_MAPS,
        SERVICES,
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
        // Which libraries an image has, nobody says.
        Ok(Offer { refused, ..offer(versions, FEATURES.iter().copied()) })
    }

    /// Those of the object, and last who manages the server, as its superuser.
    fn roles(&self, wish: &Wish<'_>) -> Vec<Role> {
        let mut roles = wish.roles();
        let asked = wish.object.spec.superuser_access == Some(Access::Enabled);
        if asked && !roles.iter().any(|role| role.name == SUPERUSER) {
            roles.push(wish.role(SUPERUSER, wish.first_database()));
        }
        let (secret, manager) = (manager_secret(wish.name), wish.role(MANAGER, "postgres"));
        roles.push(Role { secret, is_superuser: true, ..manager });
        roles
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
        let change = |field: &str, effect, message: &str| Change {
            fields: vec![field.into()],
            effect,
            message: message.into(),
        };
        let takes_over = "the primary is one of the servers that go: another one takes over first";
        let takes_over = objects::outlives_its_primary(wish)
            .then(|| change("spec.instances", Effect::Switchover, takes_over));
        let files = config::files(wish);
        if configuration(wish.live) == files.digest {
            return takes_over.into_iter().collect();
        }
        let changed = files.differ(wish);
        let access = "PostgreSQL reads again who may connect, and how connections are encrypted";
        let settings = "PostgreSQL reads its configuration again, and is restarted where that is not enough";
        let access = changed.access.then(|| change("spec.tls.mode", Effect::Reload, access));
        let settings = changed.settings.then(|| change("spec.parameters", restart(wish), settings));
        access.into_iter().chain(settings).chain(takes_over).collect()
    }

    /// What the objects tell; what the servers tell is added to it.
    fn pods(&self, name: &str) -> String {
        format!("{INSTANCE}={name}")
    }

    fn seen(&self, found: &Found<'_>) -> Observed {
        let (wish, status) = (found.wish, &found.wish.live["status"]);
        let endpoint = |role, service: String| Endpoint::new(role, found.host(&service), PORT);
        let mut endpoints = vec![endpoint(EndpointRole::ReadWrite, read_write(wish.name))];
        if objects::instances(wish) > 1 {
            endpoints.push(endpoint(EndpointRole::ReadOnly, read_only(wish.name)));
        }
        Observed {
            instances: count(&wish.live["spec"]["replicas"]),
            ready_instances: count(&status["readyReplicas"]),
            endpoints,
            ..found.observed(Phase::Creating, "no server runs yet".into())
        }
    }

    fn disturbs(&self, field: &str, wish: &Wish<'_>) -> (String, Effect) {
        let spec = &wish.object.spec.instance;
        let restart = restart(wish);
        let (ours, effect) = match field {
            "replicas" if spec.state == Some(State::Stopped) => ("spec.state", Effect::Downtime),
            "replicas" if wish.live["spec"]["replicas"] == 0 => ("spec.state", Effect::Nothing),
            "replicas" if wish.live["spec"]["replicas"].as_i64() > Some(objects::replicas(wish)) => {
                ("spec.instances", Effect::Restart)
            }
            "replicas" => ("spec.instances", Effect::Nothing),
            "template.metadata" => (RESTART_FIELD, restart),
            "template.spec" if encryption::is_new(wish) => ("spec.tls.mode", restart),
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
