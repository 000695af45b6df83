//! The way into a server that is managed, and what is done when it is barred.
//!
//! Servers are managed by a role of our own, over the local socket alone. A superuser can take that role away, or what it
//! needs. It is put right as the superuser that the data directory was made with; where that one is barred as well, the
//! server is stopped and the role put right in single-user mode.

use super::error::Error;
use super::instance::Instance;
use super::process::Postmaster;
use super::server::ShutdownMode;
use super::sql::{Access, MAINTENANCE, MANAGER, SUPERUSER, Session, literal};
use crate::backend::postgresql::Login;
use nix::sys::signal::{Signal, kill};
use std::time::Duration;
use tokio::time::Instant;

/// A database that every data directory has.
const TEMPLATE: &str = "template1";
/// How long a server may take to read its configuration again.
const RELOAD: Duration = Duration::from_secs(10);
/// How often a condition is looked at.
const POLL: Duration = Duration::from_millis(10);
/// Codes of errors that say that a role or a database, as it is, keeps us out.
const BARRED: [&str; 5] = ["28000", "28P01", "42501", "3D000", "55000"];
/// The code of an error that says that there are too many connections: of the role, which can be put right, or of all.
const CROWDED: &str = "53300";

impl Instance<'_> {
    /// Where the server that listens on `port` is managed. A data directory of an earlier release has no role of ours yet.
    pub(super) fn access(&self, port: u16) -> Access {
        let state = &self.state;
        let (role, login) = match &state.manager {
            Some(manager) => (MANAGER, manager),
            None => (SUPERUSER, &state.superuser),
        };
        self.access_as(port, role, login)
    }

    /// A session on a running server, after what keeps us out was put right. None when the server was stopped for that.
    pub(super) async fn enter(&self, index: u32, running: Postmaster) -> Result<Option<Session>, Error> {
        let overridden = self.server(index).clear_overrides()?;
        if overridden {
            // A server that is gone by now is started anew, without what was set.
            let _ = kill(running.pid, Signal::SIGHUP);
        }
        let barred = match self.access(running.port).connect(MAINTENANCE).await {
            Ok(session) if overridden => return reload(&session).await.map(|()| Some(session)),
            Ok(session) => return Ok(Some(session)),
            Err(error) => error,
        };
        let Some(manager) =
            self.state.manager.as_ref().filter(|_| index == 0 && (is_barred(&barred) || is_crowded(&barred)))
        else {
            return Err(barred);
        };
        tracing::warn!(instance = %self.state.desired.uid, error = %barred, "the managing role is put right");
        let superuser = &self.state.superuser;
        for (role, login, database) in [
            (SUPERUSER, superuser, MAINTENANCE),
            (SUPERUSER, superuser, TEMPLATE),
            (MANAGER, manager, TEMPLATE),
        ] {
            match self.access_as(running.port, role, login).connect(database).await {
                Ok(session) => return repair(&session, manager).await.map(|()| Some(session)),
                Err(error) if is_barred(&error) => {}
                Err(error) if is_crowded(&error) => return Err(Error::Crowded),
                Err(error) => return Err(error),
            }
        }
        let server = self.server(0);
        tracing::warn!(server = %server.name, "stopping to put the managing role right in single-user mode");
        server.stop(ShutdownMode::Fast).await?;
        server.run_single(&server.folder.data(), &statements(manager)).await?;
        Ok(None)
    }

    fn access_as(&self, port: u16, role: &'static str, login: &Login) -> Access {
        Access {
            sockets: self.host.layout.sockets().to_owned(),
            port,
            major: self.state.major,
            role,
            password: login.password.clone(),
        }
    }
}

/// What makes the managing role, or puts it right. The first fails where there is such a role, which does no harm.
pub(super) fn statements(manager: &Login) -> Vec<String> {
    let verifier = literal(manager.verifier.expose());
    let alter = format!(
        "ALTER ROLE {MANAGER} WITH SUPERUSER CREATEDB CREATEROLE REPLICATION BYPASSRLS INHERIT LOGIN \
         CONNECTION LIMIT -1 VALID UNTIL 'infinity' PASSWORD {verifier}"
    );
    vec![format!("CREATE ROLE {MANAGER}"), alter]
}

/// Puts right, as another superuser, what the managing role needs.
async fn repair(session: &Session, manager: &Login) -> Result<(), Error> {
    let what = "put the managing role right";
    let missing =
        format!("SELECT 'x'::text WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{MANAGER}')");
    let missing = session.text(what, &missing).await?.is_some();
    for statement in statements(manager).iter().skip(usize::from(!missing)) {
        session.run(what, statement).await?;
    }
    let open = format!("SELECT datallowconn::text FROM pg_database WHERE datname = '{MAINTENANCE}'");
    match session.text(what, &open).await?.as_deref() {
        Some("true") => Ok(()),
        Some(_) => {
            session.run(what, &format!("ALTER DATABASE {MAINTENANCE} WITH ALLOW_CONNECTIONS true")).await
        }
        None => session.run(what, &format!("CREATE DATABASE {MAINTENANCE} TEMPLATE template0")).await,
    }
}

/// Makes the server read its configuration, and waits until it has.
pub(super) async fn reload(session: &Session) -> Result<(), Error> {
    let what = "reload the configuration";
    let loaded = "SELECT pg_conf_load_time()::text";
    let before = session.text(what, loaded).await?;
    session.run(what, "SELECT pg_reload_conf()").await?;
    let deadline = Instant::now() + RELOAD;
    while session.text(what, loaded).await? == before {
        if Instant::now() > deadline {
            return Err(Error::Timeout("the reload of the configuration".to_owned()));
        }
        tokio::time::sleep(POLL).await;
    }
    Ok(())
}

fn is_crowded(error: &Error) -> bool {
    matches!(error, Error::Sql { code, .. } if code == CROWDED)
}

fn is_barred(error: &Error) -> bool {
    matches!(error, Error::Sql { code, .. } if BARRED.contains(&code.as_str()))
}
