//! Databases that begin as a copy of another one of the same operator. Which one it is, and that it is Ready, the controller
//! says; here its main object is read, for as long as there is none of the copy's.
//!
//! A copy that is made out of a backup is made out of one that was begun after it was asked for, so that everything that was
//! committed before is in it. Whose backup it is says its label, so that whoever was cut off goes on with the same one.

use super::backup::{Purpose, again, due};
use super::dialect::{Dialect, Wish};
use super::{Operator, at, trouble};
use crate::backend::{BackupPhase, Error, Observed, Phase, Refusal, Resolved};
use crate::cluster::{Place, Resource};
use databases_api::instance::Instance;
use databases_api::postgresql::PostgreSQL;
use databases_api::shared::DATA_SOURCE_REF;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Where a copy has the data from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cloning {
    /// The primary of what it copies.
    Primary,
    /// A backup that is made for it of what it copies, and deleted once the copy is there.
    Backup,
    /// A repository into which a backup is made for it; that is a backup like any other of what it copies.
    Repository,
    /// The same, where a backup is no object, and is asked for on the main object of what is copied.
    Asked,
}

/// What a new main object is made a copy of.
pub struct Origin<'a> {
    /// The main object.
    pub main: &'a Value,
    /// The major version that runs there, which a copy has, too.
    pub major: String,
}

impl Wish<'_> {
    /// What a new main object is made a copy of; none where it is no copy, or there is a main object already.
    pub fn origin(&self) -> Result<Option<Origin<'_>>, Refusal> {
        if self.object.copied().is_none() || !self.live.is_null() {
            return Ok(None);
        }
        let refused = |why: &str| Refusal::new("InvalidParameters", format!("{DATA_SOURCE_REF}: {why}"));
        let copied = copied(self.object, self.references)
            .ok_or_else(|| refused("the PostgreSQL that it names cannot be copied now"))?;
        if self.source.is_null() {
            return Err(refused("the operator has nothing of the PostgreSQL that it names"));
        }
        let major = major(at(&copied, "status.version")).to_owned();
        let wished = &self.object.spec.instance.version;
        if !wished.is_empty() && self::major(wished) != major {
            let message =
                format!("spec.version: a copy of PostgreSQL {major} is of that version; set {major}");
            return Err(Refusal::new("UnsupportedVersion", message));
        }
        Ok(Some(Origin { main: self.source, major }))
    }

    /// What is there of the main object, else that of what a new one is made a copy of.
    pub fn before(&self) -> &Value {
        if self.live.is_null() { self.source } else { self.live }
    }

    /// The owners and users of what it begins as a copy of, as long as the copy is not made: their logins are copied, too.
    pub fn copied_roles(&self) -> BTreeSet<String> {
        let copied = copied(self.object, self.references).unwrap_or_default();
        let all = |list: &str, name: &str| -> Vec<String> {
            let items = copied["spec"][list].as_array().into_iter().flatten();
            items.map(|item| at(item, name).to_owned()).collect()
        };
        all("databases", "owner").into_iter().chain(all("users", "name")).collect()
    }
}

impl<D: Dialect> Operator<D> {
    /// The main object of what an object begins as a copy of; null where there is none.
    pub(super) async fn source(&self, object: &PostgreSQL, references: &[Resolved]) -> Result<Value, Error> {
        let copied = copied(object, references).unwrap_or_default();
        let (made, namespace) = (&copied["status"]["backendRef"], object.metadata.namespace.as_str());
        let name = at(made, "name");
        if name.is_empty() || at(made, "kind") != D::MAIN.kind || at(made, "namespace") != namespace {
            return Ok(Value::Null);
        }
        let found = self.cluster.look(Place { resource: &D::MAIN, namespace, name }).await;
        Ok(found.map_err(|error| trouble::<D>(&error))?.unwrap_or_default())
    }

    /// The kind of the backups that copies are made out of; none where they are made otherwise.
    pub(super) fn backup_to_copy() -> Option<&'static Resource> {
        let by_backup = matches!(D::CLONES, Some(Cloning::Backup | Cloning::Repository));
        const { &D::BACKUPS }.as_ref().filter(|_| by_backup)
    }

    /// How what is copied is backed up for that; or what it lacks. Whether its backups go with it is of no account.
    fn source_backup(&self, main: &Value) -> Result<Value, Refusal> {
        let name = at(main, "metadata.name");
        let plain = json!({"metadata": {"name": name}, "spec": main["spec"]});
        self.dialect.backup(&plain).map_err(|why| unsaved::<D>(main, &why))
    }

    /// Whether copies are made of what has this in its spec, where that takes a backup.
    pub(super) fn copies_out_of_backups(&self, spec: &Value, backs_up: bool) -> bool {
        match D::CLONES {
            Some(Cloning::Asked) => self.dialect.asked(&json!({"spec": spec})).is_ok(),
            _ => backs_up && Self::backup_to_copy().is_some(),
        }
    }

    /// Refuses a copy of what cannot be backed up for it.
    pub(super) fn check_copied(&self, wish: &Wish<'_>) -> Result<(), Refusal> {
        let Some(Origin { main, .. }) = wish.origin()? else { return Ok(()) };
        match D::CLONES {
            Some(Cloning::Asked) => {
                self.dialect.asked(main).map(drop).map_err(|why| unsaved::<D>(main, &why))
            }
            Some(Cloning::Backup | Cloning::Repository) => self.source_backup(main).map(drop),
            Some(Cloning::Primary) | None => Ok(()),
        }
    }

    /// The complete backup that an object that is not there yet is made a copy out of; null where there is none.
    pub(super) async fn begins(&self, object: &PostgreSQL) -> Result<Value, Error> {
        let Some(kind) = Self::backup_to_copy().filter(|_| object.copied().is_some()) else {
            return Ok(Value::Null);
        };
        let made = self.backups(kind, object, Purpose::Copy).await?;
        let is_complete = |backup: &Value| self.dialect.backed_up(backup).phase == BackupPhase::Succeeded;
        Ok(made.into_iter().map(|(_, backup)| backup).find(is_complete).unwrap_or_default())
    }

    /// Has what is copied backed up, and says how far that is; none where nothing has to be, or it is done.
    pub(super) async fn back_up_source(&self, wish: &Wish<'_>) -> Result<Option<Observed>, Error> {
        let rejected = |refusal: Refusal| Error::rejected(&refusal.reason, refusal.message);
        let origin = wish.origin().map_err(rejected)?.filter(|_| wish.begins.is_null());
        let Some(Origin { main, .. }) = origin else { return Ok(None) };
        let (called, how_far) = match Self::backup_to_copy() {
            Some(kind) => {
                let spec = self.source_backup(main).map_err(rejected)?;
                let attempts = self.attempts(kind, wish.object, Purpose::Copy).await?;
                let backup = self.advance(kind, wish.object, Purpose::Copy, &attempts, spec).await?;
                (backup.to_string(), backup.message)
            }
            None if D::CLONES == Some(Cloning::Asked) => match self.ask_source(wish, main).await? {
                Some(told) => told,
                None => return Ok(None),
            },
            None => return Ok(None),
        };
        let (kind, name) = (D::MAIN.kind, at(main, "metadata.name"));
        let message = format!("{kind} {name} is backed up to be copied, by {called}: {how_far}");
        Ok(Some(Observed { phase: Phase::Creating, message, ..Observed::default() }))
    }

    /// Asks for a backup on the main object of what is copied, and says what it is called and how far it is; none where it was
    /// made. Whatever was begun after the copy was asked for will do, so that two copies do not ask in turn.
    async fn ask_source(&self, wish: &Wish<'_>, main: &Value) -> Result<Option<(String, String)>, Error> {
        let asked = self.dialect.asked(main).unwrap_or_default();
        let (prefix, created) = (Purpose::Copy.prefix(wish.object), wish.object.metadata.creation_timestamp);
        let number = |id: &str| id.strip_prefix(&prefix)?.parse::<u32>().ok();
        let mut next = 1;
        if let Some(asked) = asked {
            let (own, began) = (number(&asked.id), asked.began.parse::<Timestamp>().ok());
            let is_later =
                began.zip(created).is_some_and(|(began, created)| began.as_second() > created.seconds());
            let became = asked.became;
            match became.phase {
                BackupPhase::Succeeded if own.is_some() || is_later => return Ok(None),
                BackupPhase::Running => return Ok(Some((asked.id, became.message))),
                BackupPhase::Failed if let Some(failed) = own => {
                    let due = due(became.ended.parse().unwrap_or(Timestamp::UNIX_EPOCH), failed as usize);
                    if Timestamp::now() < due {
                        return Ok(Some((asked.id, again(&became.message, due))));
                    }
                    next = failed + 1;
                }
                _ => {}
            }
        }
        let id = format!("{prefix}{next}");
        self.change(main, &self.dialect.ask(main, &id)).await?;
        Ok(Some((id, format!("{} has not begun yet", D::NAME))))
    }

    /// Deletes the backups that were made for a copy alone.
    pub(super) async fn forget_backups(&self, object: &PostgreSQL) -> Result<(), Error> {
        let is_its_own = D::CLONES == Some(Cloning::Backup) && object.copied().is_some();
        let Some(kind) = Self::backup_to_copy().filter(|_| is_its_own) else { return Ok(()) };
        for (_, backup) in self.backups(kind, object, Purpose::Copy).await? {
            self.delete(&backup).await?;
        }
        Ok(())
    }
}

/// Why what has no backups is not copied.
fn unsaved<D: Dialect>(main: &Value, why: &str) -> Refusal {
    let (kind, name) = (D::MAIN.kind, at(main, "metadata.name"));
    let message = format!(
        "{DATA_SOURCE_REF}: a copy is made out of a backup, and {kind} {name} {why}; say that in the ConfigMap that \
         spec.parametersRef of its class names"
    );
    Refusal::new("InvalidParameters", message)
}

/// The PostgreSQL that an object begins as a copy of, where the controller gave it to us.
fn copied(object: &PostgreSQL, references: &[Resolved]) -> Option<Value> {
    let named = object.copied()?;
    let found = references.iter().find(|one| one.path == named.path && one.kind == named.kind)?;
    serde_json::from_str(&found.object).ok()
}

/// The major of a version.
fn major(version: &str) -> &str {
    version.split('.').next().unwrap_or_default()
}
