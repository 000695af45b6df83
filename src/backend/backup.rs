//! The backup that is made of an object before its deletion, where the deletion policy is Snapshot.

use super::Reference;
use std::fmt;

/// How far a backup is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BackupPhase {
    /// There is nothing of the object that could be backed up, such as of one that was never up.
    Nothing,
    /// It is being made, or waits for what it needs.
    #[default]
    Running,
    /// It was not made. Another one is tried after a while.
    Failed,
    /// It was made, and stays when the object goes.
    Succeeded,
}

/// A backup, as it is now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Backup {
    /// Where it is, or will be.
    pub reference: Reference,
    /// How far it is.
    pub phase: BackupPhase,
    /// Why, for a person: one sentence without a secret; it may be empty.
    pub message: String,
}

impl Backup {
    /// That there is nothing to back up.
    pub fn nothing() -> Self {
        Backup { phase: BackupPhase::Nothing, ..Backup::default() }
    }
}

/// Where it is, as a person would look for it.
impl fmt::Display for Backup {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Reference { group, kind, namespace, name } = &self.reference;
        let slash = if namespace.is_empty() { "" } else { "/" };
        write!(out, "{kind} {namespace}{slash}{name} ({group})")
    }
}
