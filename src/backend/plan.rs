//! What a change of an object will disturb, said beforehand.

/// What a plan calls a restart that is asked for.
pub(in crate::backend) const RESTART_FIELD: &str = "metadata.annotations[kubectl.kubernetes.io/restartedAt]";

/// What bringing an object to its spec will disturb. Nothing listed is nothing disturbed.
///
/// It never promises less than what happens; it may say `Restart` of a value that the server turns out to have already.
/// Sessions that end because their user is taken away, or loses a right, are what was asked for and not listed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// One entry for each field, or for fields that act together.
    pub changes: Vec<Change>,
}

/// What one change does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// The fields, by their path, such as `spec.parameters[max_connections]`.
    pub fields: Vec<String>,
    /// What it does.
    pub effect: Effect,
    /// The same for a person.
    pub message: String,
}

/// What a change does to those who are connected, the least first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// Nobody notices.
    #[default]
    Nothing,
    /// Servers read their configuration again; connections stay.
    Reload,
    /// Servers are restarted; connections end and can be made again at once.
    Restart,
    /// Another server becomes the primary.
    Switchover,
    /// An endpoint is not served until something else changes, or for long.
    Downtime,
    /// The data is copied to where it is served from then on.
    Rebuild,
    /// It is not done.
    Refused,
}

impl Plan {
    /// Adds what one field does.
    pub fn add(&mut self, field: impl Into<String>, effect: Effect, message: impl Into<String>) {
        self.changes.push(Change { fields: vec![field.into()], effect, message: message.into() });
    }

    /// The most that anything in it does.
    pub fn effect(&self) -> Effect {
        self.changes.iter().map(|change| change.effect).max().unwrap_or_default()
    }
}
