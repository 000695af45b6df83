//! Real PostgreSQL servers on this machine, from Debian's packages.
//!
//! The contract:
//! - [`LocalPostgres::ensure`] brings one instance to what is wanted and may be repeated: what is as wanted already is not
//!   touched. It is keyed by uid; calls for one uid wait for each other.
//! - A server is restarted only for a parameter that needs it, a new port, or a restart that was asked for.
//! - Servers outlive this process. Opening the data root again finds them running and leaves them alone.
//! - What was made is never answered by a new one: data that is not where it was is missed, and said so.
//! - Nothing drops data but [`LocalPostgres::remove`], and with [`RemovePolicy::Retain`] that neither.
//! - Servers listen on 127.0.0.1 and on sockets below the data root; every login takes a password.
//! - Passwords and private keys are kept in files of mode 0600 (0640 where the server's user must read) and never logged.
//!
//! - A wish that is refused changes nothing: what was accepted before is kept running, and told truthfully. Stopping and
//!   removing work whatever else is wrong.
//!
//! A primary that dies is started again; a standby takes its place when it is lost for good.

mod account;
mod adoption;
mod ambush;
mod config;
mod databases;
mod desired;
mod discard;
mod error;
mod extensions;
mod file;
mod gauge;
mod glimpse;
mod hold;
mod install;
mod instance;
mod inventory;
mod kept;
mod layout;
mod machine;
mod manager;
mod observe;
mod observed;
mod ownership;
mod parameters;
mod plan;
mod port;
mod process;
mod promotion;
mod raise;
mod replicas;
mod rights;
mod roles;
mod server;
mod sessions;
mod shutdown;
mod single;
mod sql;
mod standby;
mod state;
mod stray;
mod supervisor;
mod tls;
mod trial;
mod validation;
mod wish;

pub use super::postgresql::Secret;
pub use adoption::Key;
pub use desired::{
    Amounts, Attribute, Certificate, Database, Desired, Extension, Resources, Tls, TlsMode, User,
};
pub use discard::{Discarding, discard};
pub use error::Error;
pub use kept::{Kept, Look, Standing, kept, look};
pub use observed::{Credentials, Endpoint, Observed};
pub use server::ShutdownMode;

use account::Account;
use futures_util::Stream;
use hold::Groups;
use install::Installs;
use instance::{Host, Instance, halt};
use layout::Layout;
use port::Ports;
use state::State;
use std::collections::{BTreeSet, HashMap};
use std::fs::File;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use supervisor::Supervisor;
use tokio::sync::broadcast::error::RecvError;
use tokio::task::JoinHandle;

/// How PostgreSQL is found and run.
#[derive(Debug, Clone)]
pub struct Options {
    /// The user servers run as when we are root.
    pub user: String,
    /// Where the packages put `<major>/bin`.
    pub packages: PathBuf,
    /// The ports servers may listen on.
    pub ports: RangeInclusive<u16>,
    /// Where control groups are mounted.
    pub control_groups: PathBuf,
    /// How long one call makes copies of a primary; one is made in any case.
    pub copying: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            user: "postgres".to_owned(),
            packages: "/usr/lib/postgresql".into(),
            ports: 15432..=16431,
            control_groups: "/sys/fs/cgroup".into(),
            copying: Duration::from_secs(20),
        }
    }
}

/// What remains of a removed instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RemovePolicy {
    /// Nothing.
    Delete,
    /// Its data and passwords; its servers are stopped. `ensure` with the same uid takes it up again, `adopt` another one.
    Retain,
    /// The same of one that was ever ready. Nothing of another one, which nobody can have written to.
    RetainReady,
    /// All of it, as its object is gone and nobody said what is to become of it.
    Orphan,
}

/// The PostgreSQL instances below one data root.
#[derive(Debug)]
pub struct LocalPostgres {
    host: Host,
    supervisor: Arc<Supervisor>,
    watching: JoinHandle<()>,
    turns: Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>,
    _lock: File,
}

impl Drop for LocalPostgres {
    fn drop(&mut self) {
        self.watching.abort();
    }
}

impl LocalPostgres {
    /// Opens a data root, or makes one, and watches over the servers that are there.
    pub async fn open(root: PathBuf, options: Options) -> Result<Arc<Self>, Error> {
        let account = Account::resolve(&options.user)?;
        let (layout, lock) = Layout::open(&root, &account)?;
        let installs = Installs::discover(options.packages, &account).await;
        let supervisor = Supervisor::new(layout.sockets().to_owned());
        let (ports, groups) = (Ports::new(options.ports), Groups::at(options.control_groups));
        let copying = options.copying;
        let host = Host { account, layout, installs, ports, groups, copying };
        for uid in host.layout.uids()? {
            if let Err(error) = take_up(&host, &supervisor, &uid).await {
                tracing::error!(uid, %error, "an instance cannot be taken up; it is left as it is");
            }
        }
        let watching = supervisor.start();
        Ok(Arc::new(Self { host, supervisor, watching, turns: Mutex::default(), _lock: lock }))
    }

    /// Looks again which versions are installed.
    pub async fn refresh(&self) {
        self.host.installs.refresh(&self.host.account).await;
    }

    /// The installed versions, such as `15.18`, oldest first.
    pub fn versions(&self) -> Vec<String> {
        self.host.installs.all().into_iter().map(|install| install.version).collect()
    }

    /// The modules that every installed version can load at its start.
    pub fn libraries(&self) -> Vec<String> {
        let installed = self.host.installs.all();
        let mut common = installed.first().map(|install| install.libraries()).unwrap_or_default();
        common.retain(|name| installed.iter().all(|install| install.has_module(name)));
        common
    }

    /// The extensions whose packages are installed for a major version.
    pub fn available_extensions(&self, major: u32) -> BTreeSet<String> {
        let installs = self.host.installs.all();
        installs
            .iter()
            .find(|install| install.major == major)
            .map(|install| install.extensions())
            .unwrap_or_default()
    }

    /// Brings an instance to what is wanted, and says what it then is. Where that is refused ([`Error::is_refusal`]),
    /// what was accepted before is brought up all the same.
    pub async fn ensure(&self, desired: &Desired) -> Result<Observed, Error> {
        validation::check_uid(&desired.uid)?;
        let turn = self.turn(&desired.uid);
        let _turn = turn.lock().await;
        let (mut instance, refused) = match Instance::open(&self.host, desired).await {
            Err(error) if desired.stopped => {
                self.supervisor.forget(&desired.uid);
                halt(&self.host.layout.instance(&desired.uid), 1, ShutdownMode::Fast).await?;
                return Err(error);
            }
            opened => opened?,
        };
        let _pause = self.supervisor.pause(&desired.uid);
        let converged = instance.converge().await;
        if desired.stopped {
            self.supervisor.forget(&desired.uid);
        } else {
            watch(&self.supervisor, &instance, converged.is_ok());
        }
        match (refused, converged) {
            (None, converged) => converged?,
            (Some(refused), converged) => {
                if let Err(error) = converged {
                    tracing::warn!(uid = %desired.uid, %error, "what was accepted before cannot be brought up");
                }
                return Err(refused);
            }
        }
        Ok(instance.observe().await)
    }

    /// The same for an instance that was made before. Where it is gone, nothing new is put in its place.
    pub async fn keep(&self, desired: &Desired) -> Result<Observed, Error> {
        validation::check_uid(&desired.uid)?;
        let folder = self.host.layout.instance(&desired.uid);
        if folder.state().exists() {
            return self.ensure(desired).await;
        }
        let turn = self.turn(&desired.uid);
        let _turn = turn.lock().await;
        if desired.stopped {
            self.supervisor.forget(&desired.uid);
            halt(&folder, 1, ShutdownMode::Fast).await?;
        }
        Err(self.taken_up(&desired.uid).unwrap_or_else(|| folder.missing()))
    }

    /// Says what an instance is, changing nothing.
    pub async fn observe(&self, uid: &str) -> Result<Observed, Error> {
        validation::check_uid(uid)?;
        Ok(Instance::reopen(&self.host, uid).await?.observe().await)
    }

    /// Stops an instance, and deletes its data when told so. An instance that is not there is removed already.
    pub async fn remove(&self, uid: &str, policy: RemovePolicy) -> Result<(), Error> {
        validation::check_uid(uid)?;
        let turn = self.turn(uid);
        let _turn = turn.lock().await;
        self.supervisor.forget(uid);
        let mut instance = match Instance::reopen(&self.host, uid).await {
            Ok(instance) => instance,
            Err(error) => return self.remove_unknown(uid, policy, &error).await,
        };
        instance.stop(ShutdownMode::Fast).await?;
        let count = instance.state.ports.len() as u32;
        self.host.groups.forget(uid, (0..count).map(|index| instance.state.place(index)));
        let retained = match policy {
            RemovePolicy::Delete => false,
            RemovePolicy::Retain | RemovePolicy::Orphan => true,
            RemovePolicy::RetainReady => instance.state.created,
        };
        if retained {
            instance.state.keep(policy == RemovePolicy::Orphan);
            self.host.hold_ports(&instance.folder, &instance.state);
            return instance.save();
        }
        for server in instance.folder.servers(0) {
            layout::remove_tree(&server.path).await?;
        }
        layout::remove_tree(&instance.folder.path).await?;
        instance.state.ports.iter().for_each(|port| self.host.ports.release(*port));
        self.turns.lock().unwrap_or_else(PoisonError::into_inner).remove(uid);
        Ok(())
    }

    /// Removes what cannot be taken up: it was never written down, or cannot be read.
    async fn remove_unknown(&self, uid: &str, policy: RemovePolicy, error: &Error) -> Result<(), Error> {
        let folder = self.host.layout.instance(uid);
        halt(&folder, 1, ShutdownMode::Fast).await?;
        if !folder.path.exists() {
            return Ok(());
        }
        tracing::warn!(uid, %error, ?policy, "an instance is removed as it is found");
        match policy {
            RemovePolicy::Delete => layout::remove_tree(&folder.path).await,
            // Whether it was ever ready is not to be seen.
            RemovePolicy::Retain | RemovePolicy::RetainReady | RemovePolicy::Orphan => Ok(()),
        }
    }

    /// The uids of instances whose servers died or came up without us, from now on. A listener that falls far behind
    /// misses some: look at every instance now and then as well.
    pub fn changes(&self) -> impl Stream<Item = String> + Send + 'static {
        futures_util::stream::unfold(self.supervisor.subscribe(), async |mut receiver| {
            loop {
                match receiver.recv().await {
                    Ok(uid) => return Some((uid, receiver)),
                    Err(RecvError::Lagged(missed)) => {
                        tracing::warn!(missed, "changes of instances were missed")
                    }
                    Err(RecvError::Closed) => return None,
                }
            }
        })
    }

    fn turn(&self, uid: &str) -> Arc<tokio::sync::Mutex<()>> {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(turns.entry(uid.to_owned()).or_default())
    }
}

/// Watches over an instance that was there before us.
async fn take_up(host: &Host, supervisor: &Supervisor, uid: &str) -> Result<(), Error> {
    let state = State::read(&host.layout.instance(uid).state())?;
    host.hold_ports(&host.layout.instance(uid), &state);
    if !state.desired.stopped && !state.retained {
        watch(supervisor, &Instance::reopen(host, uid).await?, true);
    }
    Ok(())
}

fn watch(supervisor: &Supervisor, instance: &Instance<'_>, up: bool) {
    let count = instance.state.ports.len() as u32;
    let room = (instance.state.desired.size, instance.state.band);
    supervisor.watch(&instance.state.desired.uid, up, room, (0..count).map(|index| instance.server(index)));
}

#[cfg(test)]
mod tests;
