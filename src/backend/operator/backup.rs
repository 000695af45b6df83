//! The backup that an operator makes before a main object is deleted: an object of its own kind, which nothing of ours deletes;
//! and the one that a copy is made out of, which is begun the same way.
//!
//! Which backups there were is read off the cluster, by our label and their names, so that whoever was cut off goes on. After one
//! that failed the next is made later each time, or at once where somebody deletes those that failed.

use super::dialect::{Dialect, Installed, Wish};
use super::{Operator, UID_LABEL, at, names, parameters, trouble};
use crate::backend::postgresql::was_made;
use crate::backend::{Backup, BackupPhase, Class, Code, Error, Phase, Reference, Refusal, Request};
use crate::cluster::{Place, Resource};
use databases_api::instance::is_backed_up_first;
use databases_api::postgresql::PostgreSQL;
use databases_api::shared::State;
use jiff::{SignedDuration, Timestamp, Unit};
use serde_json::{Value, json};

/// The longest beginning of the name of a backup; operators put words of their own behind it.
const LONGEST_NAME: usize = 36;
/// So many seconds after the first backup failed the next one is made, and after every other at most.
const FIRST: i64 = 60;
const LAST: i64 = 3600;

/// What an operator tells of a backup.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Became {
    /// How far it is.
    pub phase: BackupPhase,
    /// The operator's words.
    pub message: String,
    /// When it ended; empty where that is not told.
    pub ended: String,
}

impl Became {
    /// From what the operator calls the phase and the failure of a backup.
    pub fn new(operator: &str, phase: BackupPhase, [said, failure]: [&str; 2], ended: &str) -> Self {
        let message = match (phase, said, failure) {
            (BackupPhase::Succeeded, ..) => String::new(),
            (_, "", _) => format!("{operator} has not begun yet"),
            (_, said, "") => format!("{operator} says: {said}"),
            (_, said, failure) => format!("{operator} says: {said}: {failure}"),
        };
        Became { phase, message, ended: ended.to_owned() }
    }
}

/// A backup that was asked for on a main object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// What it is called.
    pub id: String,
    /// When it began; empty where that is not told.
    pub began: String,
    /// How far it is.
    pub became: Became,
}

/// What a backup is made for: its name says it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Purpose {
    /// To outlive a database that is deleted.
    Deletion,
    /// To make a copy out of.
    Copy,
}

impl Purpose {
    /// What the names of an object's backups for it begin with.
    pub(super) fn prefix(self, object: &PostgreSQL) -> String {
        let word = match self {
            Purpose::Deletion => "final",
            Purpose::Copy => "copy",
        };
        format!("{}-{word}-", names::implementation(object, LONGEST_NAME))
    }
}

/// A backup that was begun.
pub(super) struct Attempt {
    number: u32,
    ended: Timestamp,
    backup: Backup,
}

impl<D: Dialect> Operator<D> {
    /// Whether backups can be made of objects that have this in their spec.
    pub(super) fn backs_up(&self, installed: &Installed, spec: &Value) -> bool {
        let is_served = D::BACKUPS.is_some_and(|kind| installed.serves(&kind));
        is_served && self.dialect.backup(&json!({"spec": spec})).is_ok()
    }

    /// Refuses an object that asks for a backup before its deletion, and takes away what that needs.
    pub(super) fn check_backups(&self, wish: &Wish<'_>, main: &Value) -> Result<(), Refusal> {
        if D::BACKUPS.is_none() || !is_backed_up_first(wish.object) {
            return Ok(());
        }
        let together = json!({
            "metadata": wish.live["metadata"],
            "spec": parameters::together(wish.live["spec"].clone(), main["spec"].clone()),
        });
        self.dialect.backup(&together).map(drop).map_err(|why| {
            let message =
                format!("spec.deletionPolicy: Snapshot makes no backup of a {} that {why}", D::MAIN.kind);
            Refusal::new("InvalidParameters", message)
        })
    }

    /// Makes the backup of an object, as far as that goes now.
    pub(super) async fn make_backup(&self, request: &Request<PostgreSQL>) -> Result<Backup, Error> {
        let Some(kind) = &D::BACKUPS else {
            return Err(failed(format!("{} makes no backups that outlive a database", D::NAME)));
        };
        let object = &request.object;
        let attempts = self.attempts(kind, object, Purpose::Deletion).await?;
        if let Some(backup) = under_way(&attempts) {
            return Ok(backup);
        }
        let live = self.find(object, &request.references).await?;
        let (main, name) = (D::MAIN.kind, &live.name);
        if !live.is_there() && was_made(object) {
            return Err(failed(format!("{main} {name} is gone, and nothing of it is left to back up")));
        }
        let class = request.class.clone().unwrap_or_default();
        let wish = live.wish(object, &class, &request.references);
        if !wish.is_bound() {
            return Ok(Backup::nothing());
        }
        if live.is_ending() && !was_made(object) {
            return Ok(Backup::nothing());
        }
        if live.is_ending() {
            return Err(failed(format!(
                "{main} {name} is being deleted by somebody, and cannot be backed up"
            )));
        }
        let spec = self.dialect.backup(wish.live).map_err(|why| failed(format!("{main} {name} {why}")))?;
        let Some(waits_for) = self.waking(&wish, &class).await? else { return Ok(Backup::nothing()) };
        if !waits_for.is_empty() {
            let reference = reference(&wanted(kind, object, Purpose::Deletion, &attempts, spec));
            let message = format!("it waits for the database: {waits_for}");
            return Ok(Backup { reference, phase: BackupPhase::Running, message });
        }
        self.advance(kind, object, Purpose::Deletion, &attempts, spec).await
    }

    /// The backup that is there or is being made; else the next one is begun, once it is time for that.
    pub(super) async fn advance(
        &self,
        kind: &Resource,
        object: &PostgreSQL,
        purpose: Purpose,
        attempts: &[Attempt],
        spec: Value,
    ) -> Result<Backup, Error> {
        if let Some(backup) = under_way(attempts) {
            return Ok(backup);
        }
        if let Some(failed) = attempts.last()
            && let due = due(failed.ended, attempts.len())
            && Timestamp::now() < due
        {
            let message =
                format!("{}, or at once where this one is deleted", again(&failed.backup.message, due));
            return Ok(Backup { message, ..failed.backup.clone() });
        }
        self.begin(kind, &wanted(kind, object, purpose, attempts, spec)).await
    }

    /// What is waited for before a backup can be made: a database that is stopped is started. None where it never was up.
    async fn waking(&self, wish: &Wish<'_>, class: &Class) -> Result<Option<String>, Error> {
        let mut object = wish.object.clone();
        let is_asleep = object.spec.instance.state.replace(State::Running) == Some(State::Stopped);
        let awake = Wish { object: &object, class, ..*wish };
        let patch = self.dialect.state(&awake).filter(|_| is_asleep);
        if let Some(patch) = &patch {
            self.change(wish.live, patch).await?;
        }
        let seen = self.see_outside(&awake).await?;
        Ok(match seen.phase {
            Phase::Creating if !was_made(wish.object) && !wish.is_adopted() => None,
            Phase::Available if patch.is_none() => Some(String::new()),
            _ if seen.message.is_empty() => Some(seen.phase.as_str().to_owned()),
            _ => Some(seen.message),
        })
    }

    /// Begins a backup, unless it was begun.
    async fn begin(&self, kind: &Resource, wanted: &Value) -> Result<Backup, Error> {
        let (namespace, name) = (at(wanted, "metadata.namespace"), at(wanted, "metadata.name"));
        let made = self.cluster.make(Place { resource: kind, namespace, name }, wanted).await;
        let made = made.map_err(|error| match error.is_refusal() {
            true => failed(format!("{} refuses the backup: {}", D::NAME, error.said())),
            false => trouble::<D>(&error),
        })?;
        Ok(self.attempt(&made, 0).backup)
    }

    /// The backups that were begun for an object, in their order.
    pub(super) async fn attempts(
        &self,
        kind: &Resource,
        object: &PostgreSQL,
        purpose: Purpose,
    ) -> Result<Vec<Attempt>, Error> {
        let numbered = self.backups(kind, object, purpose).await?;
        let mut attempts: Vec<Attempt> =
            numbered.iter().map(|(number, backup)| self.attempt(backup, *number)).collect();
        attempts.sort_unstable_by_key(|attempt| attempt.number);
        Ok(attempts)
    }

    /// The same as the operator has them, each with its number.
    pub(super) async fn backups(
        &self,
        kind: &Resource,
        object: &PostgreSQL,
        purpose: Purpose,
    ) -> Result<Vec<(u32, Value)>, Error> {
        let (meta, prefix) = (&object.metadata, purpose.prefix(object));
        let found = self.cluster.labelled(kind, &meta.namespace, UID_LABEL, &meta.uid).await;
        let found = found.map_err(|error| trouble::<D>(&error))?;
        let number = |backup: &Value| at(backup, "metadata.name").strip_prefix(&prefix)?.parse().ok();
        Ok(found.into_iter().filter_map(|backup| Some((number(&backup)?, backup))).collect())
    }

    fn attempt(&self, backup: &Value, number: u32) -> Attempt {
        let Became { phase, message, ended } = self.dialect.backed_up(backup);
        let begun = at(backup, "metadata.creationTimestamp").parse().unwrap_or(Timestamp::UNIX_EPOCH);
        let backup = Backup { reference: reference(backup), phase, message };
        Attempt { number, ended: ended.parse().unwrap_or(begun), backup }
    }
}

/// What is said of a backup that failed.
pub(super) fn again(message: &str, due: Timestamp) -> String {
    format!("{message}; another one is made at {due}")
}

/// When the next backup is made, after so many that failed.
pub(super) fn due(ended: Timestamp, failed: usize) -> Timestamp {
    let doubled = u32::try_from(failed.saturating_sub(1)).ok().and_then(|times| FIRST.checked_shl(times));
    let wait = doubled.filter(|wait| *wait > 0).unwrap_or(LAST).min(LAST);
    let due = ended.saturating_add(SignedDuration::from_secs(wait)).unwrap_or(Timestamp::MAX);
    due.round(Unit::Second).unwrap_or(due)
}

/// The backup that was made, or is being made.
fn under_way(attempts: &[Attempt]) -> Option<Backup> {
    let of = |phase| attempts.iter().find(|attempt| attempt.backup.phase == phase);
    let found = of(BackupPhase::Succeeded).or_else(|| of(BackupPhase::Running));
    found.map(|attempt| attempt.backup.clone())
}

/// The next backup.
fn wanted(
    kind: &Resource,
    object: &PostgreSQL,
    purpose: Purpose,
    attempts: &[Attempt],
    spec: Value,
) -> Value {
    let number = attempts.iter().map(|attempt| attempt.number).max().unwrap_or_default() + 1;
    json!({
        "apiVersion": kind.api_version(),
        "kind": kind.kind,
        "metadata": {
            "name": format!("{}{number}", purpose.prefix(object)),
            "namespace": object.metadata.namespace,
            "labels": names::labels(object),
        },
        "spec": spec,
    })
}

fn reference(backup: &Value) -> Reference {
    let group = at(backup, "apiVersion").split('/').next().unwrap_or_default().to_owned();
    let text = |path| at(backup, path).to_owned();
    Reference {
        group,
        kind: text("kind"),
        namespace: text("metadata.namespace"),
        name: text("metadata.name"),
    }
}

fn failed(message: String) -> Error {
    Error::retried(Code::FailedPrecondition, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_backup_is_made_later_each_time_and_within_an_hour() {
        let ended: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let waits = |failed| due(ended, failed).duration_since(ended).as_secs();
        assert_eq!([1, 2, 3, 6, 7, 60, 64, 1000].map(waits), [60, 120, 240, 1920, 3600, 3600, 3600, 3600]);
    }
}
