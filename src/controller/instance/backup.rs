//! The backup that a deletion makes first, where the deletion policy is Snapshot.
//!
//! Once it succeeded, that is written to the object before anything is removed: a deletion that is cut off after that goes on
//! without asking for the backup again, which a person may have moved by then.

use super::super::patience::{LONG, within};
use super::super::runtime::Outcome;
use super::Database;
use super::conditions::{self, BACKED_UP};
use super::reconcile::{Error, Reconciler};
use crate::backend::{Answers, BackupPhase, Error as BackendError, Request};
use apimachinery::meta::is_true;
use databases_api::instance::{Instance, is_backed_up_first};
use std::time::Duration;

/// A backup that is not made yet is looked at again so soon.
const AGAIN: Duration = Duration::from_secs(5);

/// Whether an object waits for its backup before it is removed.
pub(super) fn waits_for_backup(object: &dyn Instance) -> bool {
    let made = object.status().backend_ref.is_some();
    made && is_backed_up_first(object) && !is_true(&object.status().conditions, BACKED_UP)
}

impl<K: Database> Reconciler<K> {
    /// Has the backend make the backup of an object, and says how far it is; none where there is nothing to back up. The policy
    /// may have become another one meanwhile, so what comes next is for the next look.
    pub(super) async fn back_up(
        &self,
        request: &Request<K>,
        backend: &dyn Answers<K>,
    ) -> Result<Option<Outcome>, Error> {
        let made = within(LONG, backend, "BackUp", backend.back_up(request)).await;
        let backup = made.map_err(|error| without_it(error.plausible()))?.plausible();
        if backup.phase == BackupPhase::Nothing {
            return Ok(None);
        }
        self.set_status(&request.object, |object| conditions::backed_up(object, &backup)).await?;
        let is_made = backup.phase == BackupPhase::Succeeded;
        Ok(Some(Outcome::Again(if is_made { Duration::ZERO } else { AGAIN })))
    }
}

/// A failure with what can be done about it.
fn without_it(error: BackendError) -> BackendError {
    let message = format!("{}; {}", error.message, conditions::WITHOUT_BACKUP);
    BackendError { message, ..error }
}
