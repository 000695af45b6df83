//! Streaming replicas: one replication slot each, made by copying the primary, made anew when they are beyond repair.

use super::config::slot_name;
use super::error::Error;
use super::instance::Instance;
use super::server::ShutdownMode;
use super::sql::{Access, Session, column, literal};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::time::Instant;

/// How long replicas may take to stream after they accept connections.
const STREAMING: Duration = Duration::from_secs(10);
/// How often a condition is looked at.
const POLL: Duration = Duration::from_millis(50);

const SLOTS: &str = "SELECT slot_name::text AS name, coalesce(wal_status = 'lost', false) AS lost \
                     FROM pg_replication_slots";
const STREAMS: &str = "SELECT application_name AS name FROM pg_stat_replication WHERE state = 'streaming'";

/// The indexes of the replicas that stream.
pub(super) async fn streaming(session: &Session, count: u32) -> Result<BTreeSet<u32>, Error> {
    let rows = session.rows("read replication", STREAMS).await?;
    let names: BTreeSet<String> = rows.iter().map(|row| column(row, "name")).collect::<Result<_, _>>()?;
    Ok((1..count).filter(|index| names.contains(&slot_name(*index))).collect())
}

/// Waits until a replica has replayed everything the primary has written by now.
pub(super) async fn wait_replayed(primary: &Session, replica: &Session) -> Result<(), Error> {
    let what = "compare the replica with its primary";
    let target = primary.text(what, "SELECT pg_current_wal_flush_lsn()::text").await?.unwrap_or_default();
    let query = format!("SELECT (pg_last_wal_replay_lsn() >= {}::pg_lsn)::text", literal(&target));
    let deadline = Instant::now() + STREAMING;
    while replica.text(what, &query).await?.as_deref() == Some("false") {
        if Instant::now() > deadline {
            return Err(Error::Timeout("the replay of the primary's log by a replica".to_owned()));
        }
        tokio::time::sleep(POLL).await;
    }
    Ok(())
}

impl Instance<'_> {
    /// Makes and repairs the replicas, then waits a while for all to stream. Where copies take long, only some are made: who
    /// asks has other wishes meanwhile, and the next call makes the others.
    pub(super) async fn converge_replicas(
        &mut self,
        session: &Session,
        primary: &Access,
    ) -> Result<(), Error> {
        let count = self.state.desired.instances;
        let mut slots = BTreeMap::new();
        for row in session.rows("read replication slots", SLOTS).await? {
            slots.insert(column::<String>(&row, "name")?, column::<bool>(&row, "lost")?);
        }
        let (begun, mut copied) = (Instant::now(), false);
        for index in 1..count {
            let usable = slots.get(&slot_name(index)) == Some(&false);
            let is_missing = !usable || !self.server(index).folder.is_initialised();
            if is_missing && copied && begun.elapsed() >= self.host.copying {
                return Ok(());
            }
            self.converge_replica(session, primary, index, usable).await?;
            copied |= is_missing;
        }
        let deadline = Instant::now() + STREAMING;
        while count > 1
            && streaming(session, count).await?.len() + 1 < count as usize
            && Instant::now() < deadline
        {
            tokio::time::sleep(POLL).await;
        }
        Ok(())
    }

    async fn converge_replica(
        &mut self,
        session: &Session,
        primary: &Access,
        index: u32,
        usable: bool,
    ) -> Result<(), Error> {
        if !usable {
            self.server(index).stop(ShutdownMode::Fast).await?;
            self.renew_slot(session, index).await?;
        }
        if !usable || !self.server(index).folder.is_initialised() {
            return self.copy_primary(primary, index).await;
        }
        self.wait_lowered(session, index).await?;
        match self.raise(index).await {
            Err(Error::StartFailed { server, log }) => {
                tracing::warn!(server, log, "a replica does not start; it is copied from its primary again");
                return self.copy_primary(primary, index).await;
            }
            raised => raised?,
        }
        if self.can_follow(session, index).await? {
            return Ok(());
        }
        tracing::warn!(server = %self.server(index).name, "a replica cannot follow its primary; it is copied again");
        self.server(index).stop(ShutdownMode::Fast).await?;
        self.renew_slot(session, index).await?;
        self.copy_primary(primary, index).await
    }

    async fn copy_primary(&mut self, primary: &Access, index: u32) -> Result<(), Error> {
        let password = self.state.replication.password.clone();
        self.server(index).copy(primary.port, &password, &slot_name(index)).await?;
        self.raise(index).await
    }

    async fn renew_slot(&self, session: &Session, index: u32) -> Result<(), Error> {
        drop_slot(session, index).await?;
        let statement =
            format!("SELECT pg_create_physical_replication_slot({}, true)", literal(&slot_name(index)));
        session.run("create a replication slot", &statement).await
    }

    /// Removes the replicas beyond the wanted number.
    pub(super) async fn remove_surplus(&mut self, session: &Session) -> Result<(), Error> {
        while self.state.ports.len() > self.state.desired.instances as usize {
            let index = self.state.ports.len() as u32 - 1;
            let server = self.server(index);
            server.stop(ShutdownMode::Fast).await?;
            drop_slot(session, index).await?;
            super::layout::remove_tree(&server.folder.path).await?;
            self.host.groups.forget(&self.state.desired.uid, std::iter::once(self.state.place(index)));
            if let Some(port) = self.state.ports.pop() {
                self.host.ports.release(port);
            }
            self.state.settle();
            self.save()?;
        }
        Ok(())
    }
}

/// Drops a replica's slot once the primary noticed that the replica is gone.
async fn drop_slot(session: &Session, index: u32) -> Result<(), Error> {
    let name = literal(&slot_name(index));
    let active = format!("SELECT active::text FROM pg_replication_slots WHERE slot_name = {name}");
    let deadline = Instant::now() + STREAMING;
    while session.text("read a replication slot", &active).await?.as_deref() == Some("true") {
        if Instant::now() > deadline {
            return Err(Error::Timeout(format!("the release of replication slot {}", slot_name(index))));
        }
        tokio::time::sleep(POLL).await;
    }
    let statement = format!(
        "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = {name}"
    );
    session.run("drop a replication slot", &statement).await
}
