//! Values of parameters, judged before they are applied.
//!
//! An operator writes what it is told into a server's files. What PostgreSQL does not take of them when it reads them again
//! stands in its log alone, and everything looks as it was asked for. So the server that runs is asked what it would take: once
//! for each change, as the owner of the first database. Where it cannot be asked, it is asked again a while later.

use super::Operator;
use super::dialect::{Dialect, Wish};
use crate::backend::postgresql::{SETTINGS, Setting, hash, was_made};
use crate::backend::tenant::{self, Server};
use crate::backend::{Error, Refusal};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long a server that could not be asked is left alone.
const PAUSE: Duration = Duration::from_secs(60);

/// What was said of objects, by uid.
#[derive(Default)]
pub(super) struct Verdicts(Mutex<HashMap<String, Verdict>>);

#[derive(Clone)]
struct Verdict {
    /// What it is about.
    about: String,
    refusal: Option<Refusal>,
    /// Until when it counts; none where it counts until something changes.
    until: Option<Instant>,
}

impl Verdicts {
    fn known(&self, uid: &str, about: &str) -> Option<Verdict> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(uid).cloned()?;
        let counts = known.about == about && known.until.is_none_or(|until| Instant::now() < until);
        counts.then_some(known)
    }

    fn keep(&self, uid: &str, verdict: Verdict) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(uid.to_owned(), verdict);
    }

    /// Of an object that goes.
    pub(super) fn forget(&self, uid: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(uid);
    }
}

impl<D: Dialect> Operator<D> {
    /// What of an object's parameters its server would not take.
    pub(super) async fn judged(&self, wish: &Wish<'_>) -> Result<Option<Refusal>, Error> {
        let object = wish.object;
        let (uid, parameters) = (&object.metadata.uid, &object.spec.instance.parameters);
        if parameters.is_empty() || !was_made(object) {
            return Ok(None);
        }
        let about = hash(&format!("{} {parameters:?}", object.status.instance.version), 32);
        if let Some(known) = self.verdicts.known(uid, &about) {
            return Ok(known.refusal);
        }
        let seen = self.see_outside(wish).await?;
        let owner = seen.logins.first().cloned();
        let database = owner.as_ref().map(|owner| owner.database.clone()).unwrap_or_default();
        let reached = owner.and_then(|owner| self.server(&seen, "the binding Secret".into(), owner));
        let Some(server) = reached else { return Ok(None) };
        let server = Server { database, superuser: false, ..server };
        let (refusal, until) = match settings(&server).await {
            Ok(settings) => (refusal(&settings, parameters), None),
            Err(error) => {
                tracing::debug!(object = object.metadata.name, %error, "parameters are not judged");
                (None, Some(Instant::now() + PAUSE))
            }
        };
        self.verdicts.keep(uid, Verdict { about, refusal: refusal.clone(), until });
        Ok(refusal)
    }
}

async fn settings(server: &Server) -> Result<Vec<Setting>, tenant::Error> {
    let session = server.connect().await?;
    let [found] = session.look("look at its settings", [SETTINGS.to_owned()]).await?;
    Ok(found.iter().map(Setting::read).collect())
}

fn refusal(settings: &[Setting], parameters: &BTreeMap<String, String>) -> Option<Refusal> {
    parameters.iter().find_map(|(name, value)| {
        let setting = settings.iter().find(|setting| setting.name == *name)?;
        let why = setting.refusal(value)?;
        let message = format!("spec.parameters[{name}]: PostgreSQL does not take {value:?}: {why}");
        Some(Refusal::new("InvalidParameters", message))
    })
}
