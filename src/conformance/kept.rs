//! What a test had kept on purpose, and how it goes in the end: an object with `deletionPolicy: Delete` takes it up, as anybody
//! can do it whose class takes up kept data.

use super::database::Database;
use super::failure::{Failure, Verdict};
use super::seen::Seen;
use super::suite::Suite;
use databases_api::GROUP;
use kube::api::PostParams;
use serde_json::{Value, json};

/// The data of a database that is kept when that goes.
#[derive(Clone)]
pub(super) struct Kept {
    pub(super) database: Database,
    /// The Secret that stays with it.
    pub(super) secret: String,
    /// What `spec.adoptRef` names it by.
    pub(super) reference: Value,
}

impl Kept {
    /// A class that has no object of its own for a database keeps it by its binding Secret.
    pub(super) fn of(database: &Database, seen: &Seen, secret: &str) -> Kept {
        let part = |name: &str| seen.text(&format!("/status/backendRef/{name}"));
        let reference = match part("group").ends_with(GROUP) {
            true => json!({"kind": "Secret", "name": secret}),
            false => json!({"group": part("group"), "kind": part("kind"), "name": part("name")}),
        };
        Kept { database: database.clone(), secret: secret.to_owned(), reference }
    }
}

impl Suite {
    /// Takes up what was kept, and removes it; nothing where another object took it along.
    pub(super) async fn end(&self, kept: &Kept) -> Verdict {
        let Kept { database, secret, reference } = kept;
        if !database.has_secret(secret).await? {
            return Ok(());
        }
        if !self.class.claims("Adoption") {
            return Err(Failure::new("the class takes up no kept data: delete it where the class keeps it"));
        }
        let heir = self.manifest(&database.name, &json!({"adoptRef": reference}));
        let heir = serde_json::from_value(heir).map_err(|error| Failure::new(error.to_string()))?;
        database.api.create(&PostParams::default(), &heir).await?;
        let taken_up = database.current().await.map(drop);
        let removed = database.removed().await;
        taken_up.and(removed)
    }
}
