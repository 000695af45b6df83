//! The conditions of an object, from what its backend saw.
//!
//! `Ready` is for applications, and kstatus (Flux, Argo CD, Helm, cli-utils) reads the object from it:
//!
//! | the object | conditions | kstatus |
//! |---|---|---|
//! | nobody looked at it yet | `Ready` Unknown, from its creation | `InProgress` |
//! | serves as asked | `Ready` True | `Current` |
//! | serves, and is being changed | `Ready` True, `Reconciling` True | `InProgress` |
//! | does not serve | `Ready` False | `InProgress` |
//! | served when its backend, which is away, was there last | `Ready` True for 40 s, then Unknown; `Programmed` False | `InProgress` |
//! | asks for what is refused | `Stalled` True; `Ready` about the generation that was accepted last | `Failed` |
//! | stopped on purpose | `Stopped` True and no `Ready`: it neither serves nor fails to | `Current` |
//! | is being removed | `Ready` and `Programmed` False, in the end `Accepted`, too | `Terminating` |
//!
//! `Stalled`, `Reconciling`, `Stopped` and `StorageLow` are there only while they are True, `BackedUp` only while an object goes
//! that is backed up first.

mod setter;
mod under_way;

use self::setter::Conditions;
pub(super) use self::under_way::{RESTARTING, changing, restarting};
use super::facts::facts;
use crate::backend::{Backup, BackupPhase, Disposal, Observed, Phase, Refusal, Scope};
use crate::cluster::Error as ClusterError;
use crate::controller::references::is_unresolved;
use apimachinery::meta::{ConditionStatus, condition, is_true};
use apimachinery::time::Time;
use databases_api::instance::Instance;
use databases_api::shared::State;

/// The reason where the backend cannot do what the spec asks for, or is not there.
pub(super) const UNAVAILABLE: &str = "BackendUnavailable";
/// The reason where the host cluster does not let us do what the care for a database needs, such as writing its Secrets.
pub(super) const CUT_OFF: &str = "ClusterUnavailable";
/// The reason where nobody knows whether the database serves.
const UNREACHABLE: &str = "Unreachable";
/// So many seconds what was seen last holds, when there is no backend to look: one that is started anew makes no database fail.
const HOLDS: i64 = 40;

/// Whether the backup is made that the deletion policy asks for; only of an object that is being deleted.
pub(super) const BACKED_UP: &str = "BackedUp";
/// The reason where it was not.
pub(super) const BACKUP_FAILED: &str = "BackupFailed";
/// What can be done about a backup that is not made.
pub(super) const WITHOUT_BACKUP: &str =
    "to end the deletion without a backup, set spec.deletionPolicy to Delete, or to Retain to keep the data";

/// The reason where a Secret that is not ours is in the way.
pub(super) const SECRET_CONFLICT: &str = "SecretConflict";

/// Whether an object waits for a Secret that is in its way.
pub(super) fn has_conflict(object: &dyn Instance) -> bool {
    object.status().conditions.iter().any(|condition| condition.reason == SECRET_CONFLICT)
}

/// Where an object is on its way, when its backend has nothing to show yet.
pub(super) enum Progress {
    /// It is about to be made.
    Creating,
    /// The backend will not.
    Rejected(Refusal),
}

/// Whether the class honours every field, of an object whose unsupported fields are known.
pub(super) fn full_support(object: &mut dyn Instance) {
    let fields = &object.status().unsupported_fields;
    let paths: Vec<&str> = fields.iter().map(|field| field.path.as_str()).collect();
    let (status, reason, message) = match paths.is_empty() {
        true => (ConditionStatus::True, "AllFieldsSupported", "the class honours every field".to_owned()),
        false => (
            ConditionStatus::False,
            "UnsupportedFields",
            format!("the class does not honour {}", paths.join(", ")),
        ),
    };
    Conditions(object).set("FullySupported", status, reason, &message);
}

/// Whether the storage gets short, while it does.
pub(super) fn storage_low(object: &mut dyn Instance, shortage: Option<&Refusal>) {
    let mut conditions = Conditions(object);
    match shortage {
        Some(Refusal { reason, message }) => {
            conditions.set("StorageLow", ConditionStatus::True, reason, message)
        }
        None => conditions.unset("StorageLow"),
    }
}

/// The class is missing, or there is none yet.
pub(super) fn not_accepted(object: &mut dyn Instance, reason: &str, message: &str) {
    let pending = reason == "Pending";
    let status = if pending { ConditionStatus::Unknown } else { ConditionStatus::False };
    object.status_mut().observed_generation = object.meta().generation;
    let mut conditions = Conditions(object);
    conditions.set("Accepted", status.clone(), reason, message);
    conditions.unresolved(reason, message);
    conditions.set("Ready", status, "Pending", message);
}

/// Says something of an object whose class is not its backend's any more, or not there, or that refers to what is not there:
/// whatever else holds, it is not accepted.
pub(super) fn under(object: &mut dyn Instance, lost: Option<&Refusal>, tell: impl FnOnce(&mut dyn Instance)) {
    let before = condition(&object.status().conditions, "Accepted").cloned();
    tell(object);
    let Some(Refusal { reason, message }) = lost else { return };
    let mut conditions = object.status_mut().conditions.iter_mut();
    if let (Some(before), Some(told)) = (before, conditions.find(|condition| condition.kind == "Accepted")) {
        *told = before;
    }
    let programmed = is_true(&object.status().conditions, "Programmed");
    let mut conditions = Conditions(object);
    conditions.set("Accepted", ConditionStatus::False, reason, message);
    conditions.unresolved(reason, message);
    // The backend has done what it was asked, and that was less than spec asks for.
    if programmed && is_unresolved(reason) {
        conditions.set("Programmed", ConditionStatus::False, reason, message);
        conditions.progressing("Pending", message);
    }
}

/// The database is being removed: nobody connects to it any more, and nothing that spec asks for is done.
pub(super) fn terminating(object: &mut dyn Instance, message: &str) {
    let status = object.status_mut();
    status.endpoints.clear();
    (status.instances, status.ready_instances) = (0, 0);
    status.primary.clear();
    let mut conditions = Conditions(object);
    conditions.set("Ready", ConditionStatus::False, "Terminating", message);
    conditions.set("InstancesReady", ConditionStatus::False, "Degraded", message);
    conditions.set("Programmed", ConditionStatus::False, "Terminating", message);
    conditions.unset("Stopped");
    conditions.unset("StorageLow");
    conditions.progressing("Terminating", message);
}

/// The database is done with, and the object is there only because of others' finalizers.
pub(super) fn held(object: &mut dyn Instance, disposal: Disposal) {
    let status = object.status();
    let became = match disposal {
        _ if status.backend_ref.is_none() => "there is no database",
        Disposal::Delete => "the database is removed",
        Disposal::Retain if status.version.is_empty() => "the database is let go",
        Disposal::Retain => "the database is let go, and its data is kept",
    };
    let holders = object.meta().finalizers.join(", ");
    let stays = "this object stays until whoever put its finalizers there takes them off";
    let (message, was_made) = (format!("{became}; {stays}: {holders}"), status.backend_ref.is_some());
    terminating(object, &message);
    let mut conditions = Conditions(object);
    conditions.set("Programmed", ConditionStatus::False, "Deleted", &message);
    if was_made {
        conditions.set("Accepted", ConditionStatus::False, "Deleted", &message);
    }
}

/// The database is backed up before it is removed, and that far it is.
pub(super) fn backed_up(object: &mut dyn Instance, backup: &Backup) {
    let Backup { phase, message: why, .. } = backup;
    let colon = if why.is_empty() { "" } else { ": " };
    let (status, reason, message) = match phase {
        BackupPhase::Succeeded => {
            (ConditionStatus::True, "BackupSucceeded", format!("the backup is {backup}{colon}{why}"))
        }
        BackupPhase::Failed => {
            let message = format!("{backup} failed{colon}{why}; {WITHOUT_BACKUP}");
            (ConditionStatus::False, BACKUP_FAILED, message)
        }
        BackupPhase::Nothing | BackupPhase::Running => {
            (ConditionStatus::False, "BackupRunning", format!("{backup} is being made{colon}{why}"))
        }
    };
    let before = if *phase == BackupPhase::Succeeded { "" } else { " once it is backed up" };
    terminating(object, &format!("the database is being removed{before}: {message}"));
    Conditions(object).set(BACKED_UP, status, reason, &message);
}

/// No backup is waited for any more.
pub(super) fn without_backup(object: &mut dyn Instance) {
    let conditions = &mut object.status_mut().conditions;
    conditions.retain(|condition| condition.kind != BACKED_UP || condition.status == ConditionStatus::True);
}

/// What can be said before the backend has anything to show, or when it refuses.
pub(super) fn progress(object: &mut dyn Instance, progress: &Progress) {
    let mut conditions = Conditions(object);
    match progress {
        Progress::Creating => {
            conditions.accepted();
            let message = "the database is being created";
            conditions.set("Programmed", ConditionStatus::False, "Pending", message);
            conditions.progressing("Provisioning", message);
            conditions.set("Ready", ConditionStatus::False, "Creating", message);
        }
        Progress::Rejected(Refusal { reason, message }) => {
            conditions.refused(reason, message);
            // What was accepted before runs on: Ready is left to whoever sees it.
            if conditions.0.status().endpoints.is_empty() || conditions.accepted_last() == 0 {
                conditions.set_about(0, "Ready", ConditionStatus::False, reason, message);
            }
        }
    }
}

/// The backend cannot now. What it sees all the same serves, is stopped, or fails for that reason.
pub(super) fn unavailable(object: &mut dyn Instance, message: &str, seen: Option<&Observed>) {
    let mut conditions = Conditions(object);
    let about = conditions.ready_about();
    conditions.accepted();
    conditions.set("Programmed", ConditionStatus::False, UNAVAILABLE, message);
    conditions.progressing("Provisioning", message);
    let Some(seen) = seen else {
        conditions.unset("Stopped");
        return conditions.set_about(about, "Ready", ConditionStatus::False, "Failing", message);
    };
    facts(object, seen, false);
    readiness(object, seen, about, (!seen.is_ready()).then(|| ("Failing", message.to_owned())));
}

/// Nobody can look: the backend is not there, or the cluster keeps us from it, as the reason says. What runs is not its process:
/// what was seen last holds for a while, and then nobody knows.
pub(super) fn unreached(object: &mut dyn Instance, reason: &str, message: &str, now: Time) {
    let known = &object.status().conditions;
    let away = condition(known, "Programmed").filter(|programmed| programmed.reason == reason);
    let long = away.is_some_and(|away| now.seconds() - away.last_transition_time.seconds() >= HOLDS);
    let stopped = is_true(known, "Stopped");
    let ready = condition(known, "Ready").map(|ready| (ready.status.clone(), ready.reason == UNREACHABLE));
    let mut conditions = Conditions(object);
    let about = conditions.ready_about();
    conditions.accepted();
    conditions.set("Programmed", ConditionStatus::False, reason, message);
    conditions.progressing("Provisioning", message);
    match ready {
        None if stopped => {}
        Some((ConditionStatus::True, _)) if !long => {}
        Some((ConditionStatus::True, _) | (_, true)) => {
            conditions.set_about(about, "Ready", ConditionStatus::Unknown, UNREACHABLE, message);
        }
        _ => conditions.set_about(about, "Ready", ConditionStatus::False, "Failing", message),
    }
}

/// What the backend saw; `trouble` is why the credentials could not be published.
pub(super) fn observed(object: &mut dyn Instance, observed: &Observed, trouble: Option<&ClusterError>) {
    // An application that has its Secret is served, whether anybody can look after the Secret or not.
    let bound = object.status().binding.is_some() && leads_there(object, observed);
    let felt = trouble.filter(|error| error.is_conflict() || !bound).map(told);
    facts(object, observed, trouble.is_none());
    if let Some(Refusal { reason, message }) = &observed.refused {
        let about = Conditions(object).accepted_last();
        Conditions(object).refused(reason, message);
        let unfulfilled = (about == 0).then(|| (reason.as_str(), message.clone()));
        readiness(object, observed, about, unfulfilled.or(felt));
        return;
    }
    let about = object.meta().generation;
    let (missing, pending) = (counted(object, observed), observed.pending.clone());
    readiness(object, observed, about, felt);
    let stopped = is_true(&object.status().conditions, "Stopped");
    let ready = is_true(&object.status().conditions, "Ready");
    let mut conditions = Conditions(object);
    conditions.accepted();
    match trouble.map(|error| (error.is_conflict(), error.to_string())) {
        Some((true, message)) => {
            conditions.set("Programmed", ConditionStatus::False, SECRET_CONFLICT, &message);
            conditions.stalled(SECRET_CONFLICT, &message);
            return;
        }
        Some((false, message)) => {
            conditions.set("Programmed", ConditionStatus::False, CUT_OFF, &message);
            conditions.progressing("Provisioning", &message);
            return;
        }
        None => {}
    }
    let all = "the backend has everything that spec asks for";
    match missing.as_ref().filter(|_| !stopped).or(pending.as_ref()) {
        Some(why) => conditions.set("Programmed", ConditionStatus::False, "Pending", why),
        None => conditions.set("Programmed", ConditionStatus::True, "Programmed", all),
    }
    match (missing.filter(|_| !stopped), pending) {
        (Some(missing), _) if ready => conditions.progressing("Scaling", &missing),
        (_, Some(pending)) if ready || stopped => conditions.progressing("Provisioning", &pending),
        _ if ready || stopped => conditions.idle(),
        _ => conditions.progressing("Provisioning", &observed.message),
    }
}

/// Whether the addresses that were published are still those of the database.
fn leads_there(object: &dyn Instance, observed: &Observed) -> bool {
    // Secrets name no others.
    let published = object.status().endpoints.iter().filter(|known| known.scope == Scope::Cluster.as_str());
    let published = published.map(|known| (known.role.as_str(), known.host.as_str(), known.port));
    let now = observed.endpoints.iter().filter(|now| now.scope == Scope::Cluster);
    published.eq(now.map(|now| (now.role.as_str(), now.host.as_str(), i32::from(now.port))))
}

/// A reason and a message of `Ready`.
fn told(error: &ClusterError) -> (&'static str, String) {
    (if error.is_conflict() { SECRET_CONFLICT } else { "Failing" }, error.to_string())
}

/// What the backend sees of a database that nobody changes now: it is as ready as it is, for the generation it was.
pub(super) fn runs_on(object: &mut dyn Instance, observed: &Observed) {
    facts(object, observed, false);
    let about = Conditions(object).ready_about();
    readiness(object, observed, about, None);
}

/// Why servers are missing.
fn counted(object: &dyn Instance, observed: &Observed) -> Option<String> {
    let wanted = object.spec().instances.unwrap_or(1);
    let missing = observed.ready_instances < wanted;
    missing.then(|| format!("{} of {wanted} instances are ready", observed.ready_instances))
}

/// Says of what generation the database is ready, or why it is not, and how many of its servers are.
fn readiness(object: &mut dyn Instance, observed: &Observed, about: i64, trouble: Option<(&str, String)>) {
    let on_purpose = object.spec().state == Some(State::Stopped) && observed.phase == Phase::Stopped;
    let counted = counted(object, observed);
    let phase = observed.phase.as_str();
    let mut conditions = Conditions(object);
    let mut set = |kind: &str, status, reason: &str, message: &str| {
        conditions.set_about(about, kind, status, reason, message);
    };
    match counted {
        _ if on_purpose => set("InstancesReady", ConditionStatus::False, "Stopped", &observed.message),
        None => set("InstancesReady", ConditionStatus::True, "AllReady", "every instance serves"),
        Some(counted) => set("InstancesReady", ConditionStatus::False, "Degraded", &counted),
    }
    match trouble {
        _ if on_purpose => {
            set("Stopped", ConditionStatus::True, "Stopped", "spec.state is Stopped; the data is kept");
            conditions.unset("Ready");
            return;
        }
        Some((reason, message)) => set("Ready", ConditionStatus::False, reason, &message),
        None if observed.is_ready() => set("Ready", ConditionStatus::True, phase, &observed.message),
        None => set("Ready", ConditionStatus::False, phase, &observed.message),
    }
    conditions.unset("Stopped");
}

#[cfg(test)]
mod tests;
