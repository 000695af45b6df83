//! What an instance is seen to be, changing nothing.

use super::config::server_name;
use super::desired::{Attribute, TlsMode, User};
use super::error::Error;
use super::instance::Instance;
use super::observed::{Credentials, Endpoint, Observed};
use super::replicas;
use super::sql::MAINTENANCE;
use super::state::State;
use super::supervisor;
use crate::backend::Phase;
use std::collections::{BTreeSet, HashSet};

const LOOPBACK: &str = "127.0.0.1";

/// What the primary itself says.
struct Primary {
    version: String,
    streaming: BTreeSet<u32>,
}

impl Instance<'_> {
    /// Looks at the instance.
    pub(super) async fn observe(&self) -> Observed {
        let state = &self.state;
        let taken = self.taken().await;
        let asked = self.ask_primary().await;
        let (reason, message) = self.judge(asked.as_ref().err());
        let ready = reason == Phase::Available;
        let replicas = match &asked {
            Ok(primary) => primary.streaming.clone(),
            Err(_) => self.answering_replicas().await,
        };
        let read_only = replicas.first().and_then(|index| self.endpoint(*index));
        Observed {
            ready,
            reason,
            message,
            primary: server_name(state, 0),
            version: asked.map_or_else(|_| self.install.version.clone(), |primary| primary.version),
            instances: self.made(),
            ready_instances: u32::from(ready) + replicas.len() as u32,
            read_write: self.endpoint(0).unwrap_or(Endpoint { host: LOOPBACK.to_owned(), port: 0 }),
            read_only,
            credentials: credentials(state),
            superuser: state.desired.superuser_access.then(|| superuser(state)),
            ca: self.ca(),
            tls_required: state.desired.tls.mode == TlsMode::Required,
            pending: self.pending.map(str::to_owned),
            restarted_at: state.restarted_at.clone(),
            storage_bytes: taken,
            shortage: state.band.shortage(taken, state.desired.size),
        }
    }

    async fn ask_primary(&self) -> Result<Primary, Error> {
        let Some(running) = self.server(0).running() else {
            return Err(Error::UnknownInstance(self.state.desired.uid.clone()));
        };
        let session = self.access(running.port).connect(MAINTENANCE).await?;
        let version = session.text("read the version", "SHOW server_version").await?.unwrap_or_default();
        let version = version.split_whitespace().next().unwrap_or_default().to_owned();
        let streaming = replicas::streaming(&session, self.state.desired.instances).await?;
        Ok(Primary { version, streaming })
    }

    /// How many servers have data.
    fn made(&self) -> u32 {
        let all = 0..self.state.ports.len() as u32;
        all.filter(|index| self.server(*index).folder.is_initialised()).count() as u32
    }

    /// The replicas that answer, where no primary can say which stream from it.
    async fn answering_replicas(&self) -> BTreeSet<u32> {
        let mut answering = BTreeSet::new();
        for index in 1..self.state.ports.len() as u32 {
            if let Some(running) = self.server(index).running()
                && supervisor::answers(self.host.layout.sockets(), running.port).await
            {
                answering.insert(index);
            }
        }
        answering
    }

    /// Why it is, or is not, ready.
    fn judge(&self, trouble: Option<&Error>) -> (Phase, String) {
        let primary = server_name(&self.state, 0);
        let running = self.server(0).running().is_some();
        match trouble {
            _ if self.state.retained => {
                (Phase::Stopped, "The instance was removed and its data kept.".to_owned())
            }
            _ if self.state.desired.stopped && !running => {
                (Phase::Stopped, "All servers are stopped.".to_owned())
            }
            _ if self.state.resting && !running => {
                let message = "The servers were stopped with the program that looks after them.";
                (Phase::Stopped, message.to_owned())
            }
            _ if !self.state.created => (Phase::Creating, "The instance is being created.".to_owned()),
            _ if !self.server(0).folder.is_initialised() => {
                let data = self.server(0).folder.data();
                (Phase::Failing, format!("The data directory {} is missing; put it back.", data.display()))
            }
            None => match &self.state.takeover {
                Some(takeover) => {
                    (Phase::Available, format!("Server {primary} accepts connections; {takeover}."))
                }
                None => (Phase::Available, format!("Server {primary} accepts connections.")),
            },
            Some(_) if !running => (Phase::NoPrimary, format!("Server {primary} does not run.")),
            Some(error) => (Phase::Failing, format!("Server {primary} runs, but: {error}.")),
        }
    }

    fn endpoint(&self, index: u32) -> Option<Endpoint> {
        let port = *self.state.ports.get(index as usize)?;
        Some(Endpoint { host: LOOPBACK.to_owned(), port })
    }

    fn ca(&self) -> Option<String> {
        (self.state.desired.tls.mode != TlsMode::Disabled).then(|| self.certificate()?.ca).flatten()
    }
}

/// The logins of owners, then of users; each once, with the first database that is theirs. Who has none of them opens
/// `postgres`, as everyone may.
fn credentials(state: &State) -> Vec<Credentials> {
    let desired = &state.desired;
    let first = desired.databases.first().map(|database| database.name.clone()).unwrap_or_default();
    let owners = desired.databases.iter().map(|database| (&database.owner, database.name.clone()));
    let home = |user: &User| match user.databases.first() {
        Some(database) => database.clone(),
        None if user.attributes.contains(&Attribute::Superuser) => first.clone(),
        None => "postgres".to_owned(),
    };
    let users = desired.users.iter().map(|user| (&user.name, home(user)));
    let mut seen = HashSet::new();
    let login = |(role, database): (&String, String)| {
        let password = state.logins.get(role)?.password.clone();
        seen.insert(role.clone()).then(|| Credentials { username: role.clone(), password, database })
    };
    owners.chain(users).filter_map(login).collect()
}

fn superuser(state: &State) -> Credentials {
    let password = state.superuser.password.clone();
    Credentials { username: "postgres".to_owned(), password, database: "postgres".to_owned() }
}
