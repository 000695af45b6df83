//! What an operator leaves to SQL: extensions and users, and databases with their owners where it makes none of them itself.
//!
//! They are brought in line by the superuser that the operator made, once the server takes writes, as on any other server
//! ([`tenant`]). The object was made when they are there, and not before. The superuser that is given out is one of those roles,
//! and never who manages the server.

use super::Operator;
use super::dialect::{Administration, Dialect, Wish};
use crate::backend::postgresql::{Secret, was_made};
use crate::backend::tenant::{self, Facts, Found, Inside, Names, Server, SslMode};
use crate::backend::{Error, Login, Observed, Phase};
use databases_api::postgresql::PostgreSQL;
use std::ops::ControlFlow;

/// The database that whoever manages a server connects to.
const DATABASE: &str = "postgres";

impl<D: Dialect> Operator<D> {
    /// Brings them in line.
    pub(super) async fn bring_inside(&self, wish: &Wish<'_>, seen: Observed) -> Result<Observed, Error> {
        let (server, seen) = match self.reach(wish, seen).await? {
            ControlFlow::Continue(reached) => reached,
            ControlFlow::Break(seen) => return Ok(seen),
        };
        let names = self.names(wish);
        let published: Vec<Login> = seen.logins.iter().chain(&seen.superuser).cloned().collect();
        Ok(match tenant::ensure(wish.object, &names, &server, &published).await {
            Ok(Inside { facts, found, refused, .. }) => Observed { refused, ..inside(seen, &facts, &found) },
            Err(error) => self.without(wish, seen, &error),
        })
    }

    /// What is there of them, changing nothing.
    pub(super) async fn look_inside(&self, wish: &Wish<'_>, seen: Observed) -> Result<Observed, Error> {
        let (server, seen) = match self.reach(wish, seen).await? {
            ControlFlow::Continue(reached) => reached,
            ControlFlow::Break(seen) => return Ok(seen),
        };
        Ok(match tenant::look(&self.names(wish), &server).await {
            Ok((facts, found)) => inside(seen, &facts, &found),
            Err(error) => self.without(wish, seen, &error),
        })
    }

    fn names(&self, wish: &Wish<'_>) -> Names {
        match self.dialect.administration(wish) {
            Some(administration) => administration.names(wish.object),
            None => Names::alone(wish.object),
        }
    }

    /// Where the server cannot be asked, or will not do it.
    fn without(&self, wish: &Wish<'_>, seen: Observed, error: &tenant::Error) -> Observed {
        let (message, refused) = (error.to_string(), error.refusal());
        if !was_made(wish.object) {
            return Observed { phase: Phase::Creating, message, refused, logins: Vec::new(), ..seen };
        }
        let tells_health = self.dialect.administration(wish).is_some_and(|known| known.tells_health);
        match error {
            // What serves goes on as it is.
            _ if refused.is_some() => Observed { refused, ..seen },
            tenant::Error::Missing(_) => Observed { phase: Phase::Failing, message, ..seen },
            tenant::Error::Unreachable { .. } if tells_health => {
                Observed { phase: Phase::NoPrimary, message, ..seen }
            }
            _ => Observed { pending: Some(message), ..seen },
        }
    }

    /// The server, where SQL is needed and it takes writes; else all there is to tell.
    async fn reach(
        &self,
        wish: &Wish<'_>,
        mut seen: Observed,
    ) -> Result<ControlFlow<Observed, (Server, Observed)>, Error> {
        let Some(administration) = self.dialect.administration(wish) else {
            return Ok(ControlFlow::Break(seen));
        };
        let manager = self.manager(wish, &administration).await?;
        // Once it has a version, it was made.
        if !was_made(wish.object) {
            seen.version.clear();
        }
        // Whoever keeps the owners' passwords has to have made them.
        if seen.phase != Phase::Available || administration.gives && seen.logins.is_empty() {
            return Ok(ControlFlow::Break(seen));
        }
        let secret = format!("Secret {}/{}", wish.object.metadata.namespace, administration.secret);
        let server = manager.and_then(|manager| self.server(&seen, secret.clone(), manager));
        Ok(match server {
            Some(server) => ControlFlow::Continue((server, seen)),
            None => {
                let missing = tenant::Error::Awaited(format!("{} has not made {secret} yet", D::NAME));
                ControlFlow::Break(self.without(wish, seen, &missing))
            }
        })
    }

    pub(super) fn server(&self, seen: &Observed, secret: String, manager: Login) -> Option<Server> {
        let endpoint = seen.endpoints.iter().find(|endpoint| endpoint.is_main())?;
        let (host, port) = (self.reached)(&endpoint.host, endpoint.port);
        let mode = if seen.certificates.is_some() { SslMode::VerifyCa } else { SslMode::Prefer };
        Some(Server {
            secret,
            host,
            port,
            username: manager.username,
            password: Secret::new(manager.password),
            database: DATABASE.to_owned(),
            mode,
            authorities: seen.certificates.clone(),
            superuser: true,
        })
    }
}

impl Administration {
    /// What things are called on the server.
    pub(super) fn names(&self, object: &PostgreSQL) -> Names {
        let names = if self.gives { Names::given(object) } else { Names::alone(object) };
        names.with_superuser()
    }
}

/// With what is on the server.
fn inside(seen: Observed, facts: &Facts, found: &Found) -> Observed {
    let closed = found.our_databases().find(|(_, database)| !database.open);
    let seen = Observed { version: facts.version.clone(), storage_bytes: Some(found.bytes()), ..seen };
    match closed {
        _ if found.is_nothing() => {
            let message = "the server runs, and its databases are not there yet".into();
            Observed { phase: Phase::Creating, message, logins: Vec::new(), version: String::new(), ..seen }
        }
        Some((name, _)) => {
            let message = format!("database {name} takes no connections");
            Observed { phase: Phase::Failing, message, ..seen }
        }
        None => seen,
    }
}
