//! What a backend says, before it reaches a status: a backend may be anybody's program, and what it cannot mean would be
//! refused by validation for ever, or taken at its word by applications.

use super::{Backup, BackupPhase, Code, Endpoint, Error, Observed, Offer, Phase, Refusal, Warning};
use apimachinery::meta::LONGEST_MESSAGE;
use apimachinery::validation::is_reason;
use std::collections::BTreeSet;

/// The longest reason of an event, and the longest message.
const EVENT: (usize, usize) = (128, 1024);

impl Refusal {
    /// With a reason that conditions may have, and a message.
    #[must_use]
    pub fn plausible(self) -> Self {
        let reason = if is_reason(&self.reason) { self.reason } else { "BackendRejected".to_owned() };
        Refusal { reason, message: message(self.message) }
    }
}

impl Error {
    /// With a reason that conditions may have, and a message.
    #[must_use]
    pub fn plausible(self) -> Self {
        let reason = match self.code {
            Code::InvalidArgument if !is_reason(&self.reason) => "BackendRejected".to_owned(),
            _ => self.reason,
        };
        Error { code: self.code, reason, message: message(self.message) }
    }
}

impl Warning {
    /// With a reason and a message that events may have.
    #[must_use]
    pub fn plausible(self) -> Self {
        let (longest, room) = EVENT;
        let is_usable = is_reason(&self.reason) && self.reason.len() <= longest;
        let reason = if is_usable { self.reason } else { "BackendWarns".to_owned() };
        let mut message = message(self.message);
        message.truncate(message.floor_char_boundary(room));
        Warning { reason, message, ..self }
    }
}

impl Offer {
    /// With each name once and in order, and without empty ones; versions stay in theirs, the default first, and so do resources.
    #[must_use]
    pub fn plausible(mut self) -> Self {
        for names in [&mut self.features, &mut self.libraries] {
            names.retain(|name| !name.is_empty());
            names.sort_unstable();
            names.dedup();
        }
        for engine in &mut self.engines {
            let mut seen = BTreeSet::new();
            engine.versions.retain(|version| !version.is_empty() && seen.insert(version.clone()));
        }
        self.engines.retain(|engine| !engine.kind.is_empty());
        let mut seen = BTreeSet::new();
        self.resources.retain(|resource| !resource.name.is_empty() && seen.insert(resource.name.clone()));
        self.refused = self.refused.map(Refusal::plausible);
        self
    }
}

impl Observed {
    /// Whoever is available can be reached, and no more servers serve than there are.
    #[must_use]
    pub fn plausible(mut self) -> Self {
        self.endpoints.retain(|endpoint| !endpoint.host.is_empty() && endpoint.port > 0);
        self.instances = self.instances.max(0);
        self.ready_instances = self.ready_instances.clamp(0, self.instances);
        self.message = message(self.message);
        self.pending = self.pending.map(message);
        self.refused = self.refused.map(Refusal::plausible);
        self.shortage = self.shortage.map(Refusal::plausible);
        let written = self.endpoints.iter().any(Endpoint::is_main);
        if self.is_ready() && !written {
            self.phase = Phase::Failing;
            self.message =
                "the backend says that the database is available, but not where it is written to".into();
        }
        self
    }
}

impl Backup {
    /// One that was made is somewhere, and one that failed says why.
    #[must_use]
    pub fn plausible(mut self) -> Self {
        let Backup { reference, phase, .. } = &self;
        if *phase == BackupPhase::Succeeded && (reference.kind.is_empty() || reference.name.is_empty()) {
            self.phase = BackupPhase::Failed;
            self.message = "the backend says that it made a backup, but not where that is".into();
        }
        if self.phase == BackupPhase::Failed || !self.message.is_empty() {
            self.message = message(self.message);
        }
        self
    }
}

fn message(text: String) -> String {
    match text.floor_char_boundary(LONGEST_MESSAGE) {
        _ if text.trim().is_empty() => "the backend does not say why".to_owned(),
        end => text[..end].to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::{OfferedResource, Reference, Role, Scope};

    #[test]
    fn a_refusal_always_has_a_reason_that_conditions_may_have() {
        for reason in ["", "no word", "Ends:", "1st", "Ümlaut"] {
            let refusal = Refusal::new(reason, "").plausible();
            assert_eq!(
                refusal,
                Refusal::new("BackendRejected", "the backend does not say why"),
                "{reason:?}"
            );
            assert_eq!(Error::rejected(reason, "no").plausible().reason, "BackendRejected");
        }
        assert_eq!(Refusal::new("InvalidParameters", "no").plausible().reason, "InvalidParameters");
        let long = Refusal::new("Long", "ä".repeat(LONGEST_MESSAGE)).plausible();
        assert_eq!(long.message.len(), LONGEST_MESSAGE);
    }

    #[test]
    fn who_cannot_be_reached_is_not_available() {
        let endpoint = |role, port| Endpoint::new(role, "h", port);
        let seen = |endpoints| {
            let phase = Phase::Available;
            Observed { phase, endpoints, instances: 1, ready_instances: 3, ..Observed::default() }.plausible()
        };
        let reached = seen(vec![endpoint(Role::ReadWrite, 1), endpoint(Role::ReadOnly, 0)]);
        assert_eq!(
            (reached.phase, reached.ready_instances, reached.endpoints.len()),
            (Phase::Available, 1, 1)
        );
        let outside = Endpoint { scope: Scope::External, ..endpoint(Role::ReadWrite, 1) };
        let read_only = endpoint(Role::ReadOnly, 1);
        for endpoints in [vec![], vec![read_only], vec![endpoint(Role::ReadWrite, 0)], vec![outside]] {
            assert_eq!(seen(endpoints).phase, Phase::Failing);
        }
    }

    #[test]
    fn a_backup_that_is_nowhere_was_not_made() {
        let made = Backup { phase: BackupPhase::Succeeded, ..Backup::default() };
        let told = made.clone().plausible();
        assert_eq!(told.phase, BackupPhase::Failed);
        assert!(told.message.ends_with("but not where that is"), "{told:?}");
        let reference = Reference { kind: "Backup".into(), name: "shop".into(), ..Reference::default() };
        let somewhere = Backup { reference, ..made };
        assert_eq!(somewhere.clone().plausible(), somewhere);
        let failed = Backup { phase: BackupPhase::Failed, ..somewhere };
        assert_eq!(failed.plausible().message, "the backend does not say why");
    }

    #[test]
    fn an_offer_names_everything_once() {
        let names = |list: &[&str]| list.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let engine =
            crate::backend::Engine { versions: names(&["17", "", "16", "17"]), ..Default::default() };
        let named = crate::backend::Engine { kind: "PostgreSQL".into(), ..engine.clone() };
        let features = names(&["b", "a", "b", ""]);
        let resource = |name: &str| OfferedResource { name: name.into(), ..OfferedResource::default() };
        let resources = ["memory", "", "cpu", "memory"].map(resource).into();
        let engines = vec![engine, named];
        let offer = Offer { engines, features, resources, ..Offer::default() }.plausible();
        assert_eq!(offer.resources, [resource("memory"), resource("cpu")]);
        assert_eq!(offer.features, ["a", "b"]);
        assert_eq!((offer.engines.len(), &offer.engines[0].versions), (1, &names(&["17", "16"])));
    }
}
