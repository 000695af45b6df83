//! The care for an object: what the servers say is added to what the objects of the cluster tell, and what is due is done.

use super::encryption::{self, Encryption};
use super::tend::Set;
use super::{SUPERUSER, StatefulSetPostgreSQL, dialect, server, volumes};
use crate::backend::operator::at;
use crate::backend::postgresql::was_made;
use crate::backend::{Error, Login, Observed, Phase, Refusal, Request, tenant};
use databases_api::postgresql::PostgreSQL;
use databases_api::shared::Access;
use serde_json::Value;

impl StatefulSetPostgreSQL {
    /// Adds how connections are encrypted; the digest of the certificate that servers are to have, where they are to have a
    /// certain one. What cannot be done about it keeps nobody from serving.
    async fn encrypt(
        &self,
        request: &Request<PostgreSQL>,
        live: &Value,
        seen: &mut Observed,
        acts: bool,
    ) -> Option<String> {
        let encryption = Encryption::told(live);
        seen.tls_required = encryption == Encryption::Required;
        if encryption == Encryption::Absent {
            return None;
        }
        let certificate = self.certificate(request, at(live, "metadata.name"));
        let served = match acts {
            true => certificate.keep().await.map(Some),
            false => certificate.served().await,
        };
        let served = served.unwrap_or_else(|error| {
            seen.pending = Some(error.to_string());
            None
        });
        if !encryption.is_on() {
            return Some(String::new());
        }
        seen.certificates = served.as_ref().and_then(|served| served.authority.clone());
        served.map(|served| served.digest)
    }

    /// Adds what the servers say to what the objects tell, and where `acts` does what is due.
    pub(super) async fn tend(
        &self,
        request: &Request<PostgreSQL>,
        seen: Observed,
        acts: bool,
    ) -> Result<Observed, Error> {
        let Some(live) = self.live(request).await? else { return Ok(seen) };
        let (mut seen, manager) = shared(&request.object, seen);
        seen.pending = dialect::pending(&live).or_else(|| encryption::pending(&request.object, &live));
        let certificate = self.encrypt(request, &live, &mut seen, acts).await;
        let Some(manager) = manager else { return Ok(seen) };
        let mut set = Set::look(&self.cluster, &request.object, &live, &manager.password).await?;
        let acts = acts && dialect::replicas(&live) > 0;
        // What was accepted before is looked after, and nothing is done towards what is refused.
        let brings = acts && seen.refused.is_none();
        let mut nobody = None;
        if acts {
            nobody = set.elect().await?;
            set.label().await?;
            let (pending, invalid) = set.configure(certificate.as_deref()).await?;
            let is_new = set.is_new.then(|| "the first server is ready".to_owned());
            let pending = set.hand_over(brings).await?.or(pending);
            seen.pending = seen.pending.or(pending).or(is_new).or_else(|| set.left_behind());
            let invalid = invalid.map(|message| Refusal::new("InvalidParameters", message));
            seen.refused = seen.refused.or(invalid);
        }
        if brings {
            let (pending, refused) = volumes::grow(&set).await?;
            (seen.pending, seen.refused) = (seen.pending.or(pending), seen.refused.or(refused));
        }
        let standing = set.standing(nobody);
        (seen.phase, seen.message) = (standing.phase, standing.message);
        let primary = set.primary().and_then(|server| Some((&server.pod, server.primary()?)));
        let Some((primary, facts)) = primary else { return Ok(seen) };
        (seen.primary, seen.storage_bytes) = (primary.name.clone(), Some(facts.bytes));
        let Some(server) = set.managed(primary) else { return Ok(seen) };
        if brings && let Err(error) = server::share(&server, seen.superuser.as_ref()).await {
            seen.pending = Some(error.to_string());
        }
        Ok(inside(&request.object, &server, seen, brings).await)
    }
}

/// Brings in line what is in a server, or only looks; an object has a version once that was done.
async fn inside(object: &PostgreSQL, server: &tenant::Server, seen: Observed, acts: bool) -> Observed {
    let names = tenant::Names::alone(object);
    let done = match acts {
        true => tenant::ensure(object, &names, server, &seen.logins)
            .await
            .map(|inside| (inside.facts.version, inside.found.is_nothing(), inside.refused)),
        false => {
            tenant::look(&names, server).await.map(|(facts, found)| (facts.version, found.is_nothing(), None))
        }
    };
    let made = was_made(object);
    match done {
        Ok((version, false, refused)) => {
            Observed { version, refused: seen.refused.clone().or(refused), ..seen }
        }
        Ok((_, true, refused)) => {
            let message = "the server runs, and its databases are not there yet".into();
            let refused = seen.refused.clone().or(refused);
            Observed { phase: Phase::Creating, message, refused, logins: Vec::new(), ..seen }
        }
        Err(error) => match (made, error.refusal()) {
            (true, Some(refused)) => Observed { refused: Some(refused), ..seen },
            (true, None) => Observed { pending: Some(error.to_string()), ..seen },
            (false, refused) => {
                let message = error.to_string();
                Observed { phase: Phase::Creating, message, refused, logins: Vec::new(), ..seen }
            }
        },
    }
}

/// The login that servers are managed with is nobody's; the superuser's is told where that was asked for.
fn shared(object: &PostgreSQL, mut seen: Observed) -> (Observed, Option<Login>) {
    let manager = seen.superuser.take();
    if object.spec.superuser_access == Some(Access::Enabled)
        && let Some(index) = seen.logins.iter().position(|login| login.username == SUPERUSER)
    {
        seen.superuser = Some(seen.logins.remove(index));
    }
    (seen, manager)
}
