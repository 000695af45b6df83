//! The end of an object: what it has is dropped, or left where it is.
//!
//! Who finds nothing to drop has to know why. That all of it was dropped before is success: a removal may be cut off between its last
//! statement and its answer. That it never was on the server that is asked is a Secret that names another server now, and everything
//! would stay behind on the old one without a word. The server cannot tell the two apart once the roles are gone, as nothing is to
//! stay there that remembers them; so it is told by what is known of the removal:
//!
//! - One that this process saw begin, and that has found nothing so far, has dropped nothing.
//! - One that began before this process did may have dropped all. It counts as ended, unless the object says that its last attempt
//!   found nothing either.
//!
//! What this does not see is a Secret that came to name another server while a removal was held up by something else, where that
//! lasted over a restart of this process, or kept it from being asked before.

use super::named::named;
use crate::backend::postgresql::was_made;
use crate::backend::tenant::{self, Error, Found, Names, Server};
use crate::backend::{Error as BackendError, Request};
use apimachinery::meta::condition;
use databases_api::postgresql::PostgreSQL;
use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How the message begins by which an attempt that found nothing is known again.
const NOTHING: &str = "nothing of this object is on PostgreSQL at";

/// The removals that this process saw begin.
#[derive(Default)]
pub(super) struct Removals {
    /// The uids of those that have found nothing to drop so far.
    untouched: Mutex<HashSet<String>>,
}

impl Removals {
    /// It stays whether that can be said there or not: a server that is gone keeps no object.
    pub(super) async fn keep(&self, request: &Request<PostgreSQL>) {
        let uid = &request.object.metadata.uid;
        self.untouched().remove(uid);
        if let Err(error) = say_kept(request).await {
            tracing::warn!(uid, %error, "that its databases are kept could not be said on the server");
        }
    }

    pub(super) async fn delete(&self, request: &Request<PostgreSQL>) -> Result<(), BackendError> {
        let object = &request.object;
        if was_made(object) && !has_begun(object) {
            self.untouched().insert(object.metadata.uid.clone());
        }
        match named(request) {
            // Nothing was ever made.
            Err(Error::Wish(_)) => Ok(()),
            Err(error) => Err(or_retain(error)),
            Ok(servers) => self.drop_all(object, &servers).await.map_err(or_retain),
        }
    }

    /// Where two servers are named, it is on one of them: an object that goes does not say any more on which.
    async fn drop_all(&self, object: &PostgreSQL, servers: &[Server]) -> Result<(), Error> {
        for server in servers {
            let session = server.connect().await?;
            let found = Found::read(&session, &Names::of(object), &[]).await?;
            if found.has_roles() {
                self.untouched().remove(&object.metadata.uid);
                return tenant::drop_all(server, &session, &found).await;
            }
        }
        let Some(server) = servers.first() else { return Ok(()) };
        if was_made(object) && (self.untouched().contains(&object.metadata.uid) || found_nothing(object)) {
            return Err(Error::Missing(format!(
                "{NOTHING} {}, and its databases were made: let {} name the server that has them",
                server.place(),
                server.secret
            )));
        }
        Ok(())
    }

    fn untouched(&self) -> MutexGuard<'_, HashSet<String>> {
        self.untouched.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn say_kept(request: &Request<PostgreSQL>) -> Result<(), Error> {
    let object = &request.object;
    for server in named(request)? {
        tenant::keep(&server.connect().await?, &Names::of(object), object).await?;
    }
    Ok(())
}

/// Whether there was an attempt before: its beginning is written to the object.
fn has_begun(object: &PostgreSQL) -> bool {
    let ready = condition(&object.status.instance.conditions, "Ready");
    ready.is_some_and(|ready| ready.reason == "Terminating")
}

/// Whether the object says that the last attempt found nothing.
fn found_nothing(object: &PostgreSQL) -> bool {
    let ready = condition(&object.status.instance.conditions, "Ready");
    has_begun(object) && ready.is_some_and(|ready| ready.message.contains(NOTHING))
}

/// Whoever cannot be asked keeps nobody: a person may leave everything where it is.
fn or_retain(error: Error) -> BackendError {
    let BackendError { code, message, .. } = error.into();
    let message = format!("{message}; or set spec.deletionPolicy to Retain, and what is there is left alone");
    BackendError::retried(code, message)
}
