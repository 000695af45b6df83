//! Notices servers that die, or come up, without us.
//!
//! Servers are not our children, least of all those that were there before us: the kernel is asked about each once a
//! second, and the server itself every ten seconds, or every second while it is down. How full they are is measured, too.

use super::gauge::{self, Band};
use super::process;
use super::server::Server;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::sync::broadcast;
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// How often the kernel is asked.
const TICK: Duration = Duration::from_secs(1);
/// Every how many ticks the servers are asked.
const ASK_EVERY: u64 = 10;
/// How long a server may take to answer.
const ANSWER: Duration = Duration::from_secs(2);
/// How many changes wait for a slow listener before the oldest are forgotten.
const BACKLOG: usize = 1024;
/// `SSLRequest` of the PostgreSQL protocol: answered before any login, with one byte.
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];

/// The servers that are watched, and who is told about them.
#[derive(Debug)]
pub(super) struct Supervisor {
    watched: Mutex<HashMap<String, Watched>>,
    changes: broadcast::Sender<String>,
    sockets: PathBuf,
}

#[derive(Debug, Clone)]
struct Watched {
    servers: Vec<Target>,
    /// What listeners know: which servers are alive.
    known: Vec<bool>,
    /// How many bytes each may take, and what listeners know of how full they are.
    size: Option<u64>,
    band: Band,
    paused: bool,
}

#[derive(Debug, Clone)]
struct Target {
    data: PathBuf,
    port: u16,
}

/// While it lives, changes of one instance are our own doing and not told.
pub(super) struct Pause<'a> {
    supervisor: &'a Supervisor,
    uid: String,
}

impl Drop for Pause<'_> {
    fn drop(&mut self) {
        if let Some(watched) = self.supervisor.lock().get_mut(&self.uid) {
            watched.paused = false;
        }
    }
}

impl Supervisor {
    pub(super) fn new(sockets: PathBuf) -> Arc<Self> {
        let (changes, _) = broadcast::channel(BACKLOG);
        Arc::new(Self { watched: Mutex::default(), changes, sockets })
    }

    /// Watches until the task is aborted.
    pub(super) fn start(self: &Arc<Self>) -> JoinHandle<()> {
        let supervisor = Arc::clone(self);
        tokio::spawn(async move {
            tokio::join!(supervisor.look_on(), supervisor.measure_on());
        })
    }

    async fn look_on(&self) {
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        for tick in 1.. {
            ticks.tick().await;
            self.look(tick % ASK_EVERY == 0).await;
        }
    }

    async fn measure_on(&self) {
        loop {
            let began = Instant::now();
            self.measure().await;
            tokio::time::sleep(gauge::pause(began.elapsed())).await;
        }
    }

    /// The uids of instances that changed, from now on.
    pub(super) fn subscribe(&self) -> broadcast::Receiver<String> {
        self.changes.subscribe()
    }

    /// Watches an instance. When all of it should be `up`, a server that is not is a change; else what is there now is
    /// what listeners know, so that an instance that cannot be brought up is not told again and again.
    pub(super) fn watch<'a>(
        &self,
        uid: &str,
        up: bool,
        (size, band): (Option<u64>, Band),
        servers: impl Iterator<Item = Server<'a>>,
    ) {
        let target = |server: Server<'_>| Target { data: server.folder.data(), port: server.port };
        let servers: Vec<Target> = servers.map(target).collect();
        let known = servers.iter().map(|server| up || process::running(&server.data).is_some()).collect();
        let mut all = self.lock();
        let paused = all.get(uid).is_some_and(|watched| watched.paused);
        all.insert(uid.to_owned(), Watched { servers, known, size, band, paused });
    }

    /// Watches an instance no more.
    pub(super) fn forget(&self, uid: &str) {
        self.lock().remove(uid);
    }

    /// Tells nothing about an instance until the guard is dropped.
    pub(super) fn pause(&self, uid: &str) -> Pause<'_> {
        if let Some(watched) = self.lock().get_mut(uid) {
            watched.paused = true;
        }
        Pause { supervisor: self, uid: uid.to_owned() }
    }

    /// What is watched and not changed by us now.
    fn watched(&self) -> Vec<(String, Watched)> {
        let all = self.lock();
        let left_alone = all.iter().filter(|(_, watched)| !watched.paused);
        left_alone.map(|(uid, watched)| (uid.clone(), watched.clone())).collect()
    }

    async fn look(&self, ask: bool) {
        for (uid, watched) in self.watched() {
            let mut alive = Vec::with_capacity(watched.servers.len());
            for (server, known) in watched.servers.iter().zip(&watched.known) {
                // One that was down counts as up only once it answers.
                let ask = ask || !known;
                let runs = process::running(&server.data).is_some();
                alive.push(runs && (!ask || answers(&self.sockets, server.port).await));
            }
            if alive != watched.known && self.learn(&uid, &watched, alive) {
                // An error only says that nobody listens.
                let _ = self.changes.send(uid);
            }
        }
    }

    /// Looks how full the instances are.
    async fn measure(&self) {
        for (uid, watched) in self.watched().into_iter().filter(|(_, watched)| watched.size.is_some()) {
            let taken =
                gauge::largest(watched.servers.iter().map(|server| server.data.clone()).collect()).await;
            let band = watched.band.after(taken, watched.size);
            let mut all = self.lock();
            let same =
                |now: &&mut Watched| !now.paused && (now.size, now.band) == (watched.size, watched.band);
            if let Some(now) = all.get_mut(&uid).filter(same).filter(|now| now.band != band) {
                now.band = band;
                // An error only says that nobody listens.
                let _ = self.changes.send(uid);
            }
        }
    }

    /// Remembers what was seen; false when the instance was changed, or is being changed, by us meanwhile.
    fn learn(&self, uid: &str, seen: &Watched, alive: Vec<bool>) -> bool {
        match self.lock().get_mut(uid) {
            Some(watched) if !watched.paused && watched.known == seen.known => {
                tracing::info!(uid, ?alive, "servers of an instance went down or came up");
                watched.known = alive;
                true
            }
            _ => false,
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Watched>> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a server answers before any login. It does not log that the connection then ends.
pub(super) async fn answers(sockets: &Path, port: u16) -> bool {
    let ask = async {
        let mut stream = UnixStream::connect(sockets.join(format!(".s.PGSQL.{port}"))).await?;
        stream.write_all(&SSL_REQUEST).await?;
        stream.read_u8().await
    };
    matches!(tokio::time::timeout(ANSWER, ask).await, Ok(Ok(_)))
}
