//! The status of an object, from what its backend saw.

use super::binding;
use crate::backend::{Observed, Reference, Refusal};
use apimachinery::meta::{ConditionStatus, condition, set_condition};
use apimachinery::quantity::Quantity;
use databases_api::databaseclass::{DatabaseClass, UnsupportedFieldPolicy};
use databases_api::features;
use databases_api::postgresql::PostgreSQL;
use databases_api::shared::{BackendRef, Endpoint, SecretRef, StorageStatus, UnsupportedField, UserSecret};

/// Where an object is on its way, when its backend has nothing to show yet.
pub(super) enum Progress {
    /// It is about to be made.
    Creating,
    /// The backend cannot now.
    Unavailable(String),
    /// The backend will not.
    Rejected { reason: &'static str, message: String },
}

/// Sets conditions of one object at its present generation.
struct Conditions<'a>(&'a mut PostgreSQL);

impl Conditions<'_> {
    fn set(&mut self, kind: &str, status: ConditionStatus, reason: &str, message: &str) {
        let generation = self.0.metadata.generation;
        set_condition(&mut self.0.status.conditions, kind, status, reason, message, generation);
    }

    fn accepted(&mut self) {
        self.set("Accepted", ConditionStatus::True, "Accepted", "");
        self.set("ResolvedRefs", ConditionStatus::True, "ResolvedRefs", "");
        self.0.status.observed_generation = self.0.metadata.generation;
    }

    /// The backend will not do what is wanted; what it does instead is for others to say.
    fn refused(&mut self, reason: &str, message: &str) {
        self.set("Accepted", ConditionStatus::False, reason, message);
        self.set("Programmed", ConditionStatus::False, "BackendRejected", message);
        self.set("Progressing", ConditionStatus::False, "Stalled", message);
        self.0.status.observed_generation = self.0.metadata.generation;
    }
}

/// Fields that a class only warns of; a class that refuses them needs no condition.
pub(super) fn supported(object: &mut PostgreSQL, class: &DatabaseClass) {
    object.status.unsupported_fields.clear();
    if class.spec.unsupported_field_policy != Some(UnsupportedFieldPolicy::Warn) {
        object.status.conditions.retain(|condition| condition.kind != "FullySupported");
        return;
    }
    let offered = |feature: &str| class.status.supported_features.iter().any(|known| known.name == feature);
    let unsupported = features::required(object, None).into_iter().filter(|used| !offered(&used.feature));
    object.status.unsupported_fields =
        unsupported.map(|used| UnsupportedField { path: used.path, feature: used.feature }).collect();
    let paths: Vec<&str> = object.status.unsupported_fields.iter().map(|field| field.path.as_str()).collect();
    let message = paths.join(", ");
    let (status, reason) = match message.is_empty() {
        true => (ConditionStatus::True, "AllFieldsSupported"),
        false => (ConditionStatus::False, "UnsupportedFields"),
    };
    Conditions(object).set("FullySupported", status, reason, &message);
}

/// The class is missing, or there is none yet.
pub(super) fn not_accepted(object: &mut PostgreSQL, reason: &str, message: &str) {
    let status = if reason == "Pending" { ConditionStatus::Unknown } else { ConditionStatus::False };
    object.status.observed_generation = object.metadata.generation;
    let mut conditions = Conditions(object);
    conditions.set("Accepted", status, reason, message);
    conditions.set("Ready", ConditionStatus::False, "Pending", message);
}

/// Says something of an object whose class is not its backend's any more, or not there: whatever else holds, it is not
/// accepted by its class.
pub(super) fn under(object: &mut PostgreSQL, lost: Option<&Refusal>, tell: impl FnOnce(&mut PostgreSQL)) {
    let before = condition(&object.status.conditions, "Accepted").cloned();
    tell(object);
    let Some(Refusal { reason, message }) = lost else { return };
    let mut conditions = object.status.conditions.iter_mut();
    if let (Some(before), Some(told)) = (before, conditions.find(|condition| condition.kind == "Accepted")) {
        *told = before;
    }
    Conditions(object).set("Accepted", ConditionStatus::False, reason, message);
}

/// The database is being removed: nobody connects to it any more.
pub(super) fn terminating(object: &mut PostgreSQL, message: &str) {
    let status = &mut object.status;
    status.endpoints.clear();
    (status.instances, status.ready_instances) = (0, 0);
    status.primary.clear();
    let mut conditions = Conditions(object);
    conditions.set("Ready", ConditionStatus::False, "Terminating", message);
    conditions.set("InstancesReady", ConditionStatus::False, "Degraded", message);
    conditions.set("Progressing", ConditionStatus::True, "Terminating", message);
}

/// What can be said before the backend has anything to show, or when it refuses.
pub(super) fn progress(object: &mut PostgreSQL, progress: &Progress) {
    let mut conditions = Conditions(object);
    match progress {
        Progress::Creating => {
            conditions.accepted();
            let message = "the database is being created";
            conditions.set("Programmed", ConditionStatus::False, "Pending", message);
            conditions.set("Progressing", ConditionStatus::True, "Provisioning", message);
            conditions.set("Ready", ConditionStatus::False, "Creating", message);
        }
        Progress::Unavailable(message) => {
            conditions.accepted();
            conditions.set("Programmed", ConditionStatus::False, "BackendUnavailable", message);
            conditions.set("Ready", ConditionStatus::False, "Failing", message);
        }
        Progress::Rejected { reason, message } => {
            conditions.refused(reason, message);
            // What ran before the refused change runs on: Ready is left to whoever sees it.
            if conditions.0.status.endpoints.is_empty() {
                conditions.set("Ready", ConditionStatus::False, "Failing", message);
            }
        }
    }
}

/// What the backend saw; `trouble` is why the credentials could not be published.
pub(super) fn observed(object: &mut PostgreSQL, observed: &Observed, trouble: Option<&str>) {
    facts(object, observed, trouble.is_none());
    if let Some(refusal) = &observed.refused {
        Conditions(object).refused(refusal.reason, &refusal.message);
        readiness(object, observed, trouble);
        return;
    }
    let stopped = observed.reason == "Stopped";
    let mut conditions = Conditions(object);
    conditions.accepted();
    conditions.set("Programmed", ConditionStatus::True, "Programmed", "");
    let Readiness { ready, complete, counted, message } = readiness(object, observed, trouble);
    let mut conditions = Conditions(object);
    match (ready && complete) || stopped {
        true => conditions.set("Progressing", ConditionStatus::False, "Idle", ""),
        false if ready => conditions.set("Progressing", ConditionStatus::True, "Scaling", &counted),
        false => conditions.set("Progressing", ConditionStatus::True, "Provisioning", &message),
    }
}

/// What the backend sees of a database whose newest change it refused: that one runs on as it was.
pub(super) fn runs_on(object: &mut PostgreSQL, observed: &Observed) {
    facts(object, observed, true);
    readiness(object, observed, None);
}

/// What was said of readiness.
struct Readiness {
    ready: bool,
    complete: bool,
    counted: String,
    message: String,
}

fn readiness(object: &mut PostgreSQL, observed: &Observed, trouble: Option<&str>) -> Readiness {
    let ready = observed.ready && trouble.is_none();
    let (reason, message) = match trouble {
        Some(trouble) => ("Failing", trouble),
        None => (observed.reason.as_str(), observed.message.as_str()),
    };
    let wanted = object.spec.instance.instances.unwrap_or(1);
    let complete = observed.ready_instances >= wanted;
    let counted = format!("{} of {wanted} instances are ready", observed.ready_instances);
    let status = if ready { ConditionStatus::True } else { ConditionStatus::False };
    let mut conditions = Conditions(object);
    conditions.set("Ready", status, reason, if ready { "" } else { message });
    match (complete, observed.reason == "Stopped") {
        (true, _) => conditions.set("InstancesReady", ConditionStatus::True, "AllReady", ""),
        (false, true) => conditions.set("InstancesReady", ConditionStatus::False, "Scaling", "stopped"),
        (false, false) => conditions.set("InstancesReady", ConditionStatus::False, "Degraded", &counted),
    }
    Readiness { ready, complete, counted, message: message.to_owned() }
}

fn facts(object: &mut PostgreSQL, observed: &Observed, published: bool) {
    let endpoints = observed.endpoints.iter().map(|endpoint| Endpoint {
        role: endpoint.role.into(),
        host: endpoint.host.clone(),
        port: i32::from(endpoint.port),
        scope: "Cluster".into(),
    });
    let name = &object.metadata.name;
    let users = observed.logins.iter().skip(1).map(|login| UserSecret {
        user: login.username.clone(),
        name: binding::user_name(object, &login.username),
    });
    let user_secrets = users.collect();
    let superuser = observed.superuser.as_ref().map(|_| SecretRef { name: binding::superuser_name(object) });
    let binding = SecretRef { name: binding::binding_name(object) };
    let selector = format!("databases.standard.k8s.io/instance={name}");
    let status = &mut object.status;
    status.endpoints = endpoints.collect();
    status.version.clone_from(&observed.version);
    status.flavor = "PostgreSQL".into();
    status.instances = observed.instances;
    status.ready_instances = observed.ready_instances;
    status.primary.clone_from(&observed.primary);
    status.selector = selector;
    if published && !observed.logins.is_empty() {
        status.binding = Some(binding);
        status.user_secrets = user_secrets;
        status.superuser_secret_ref = superuser;
    }
    // No volume of its own: the instance has what was asked for, which the file system does not enforce.
    if let Some(size) = &object.spec.instance.storage.size {
        status.storage = Some(StorageStatus { size: Some(Quantity::clone(size)) });
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
