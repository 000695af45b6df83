//! A standby takes the place of a primary that is lost for good: its data directory is missing or is none, or PostgreSQL does not
//! start on it, [`FAILURES`] looks one after the other.
//!
//! What still runs on that data is stopped first; the data is set aside, and nothing ever starts on it again: the place where it
//! was gets a copy of the new primary, as do the other standbys. The standby that has most of the log is taken. Its place is
//! changed by one write of the state; that it then starts as a primary, on the address of the one before, is what any start does.
//!
//! Where a commit waits for a replica, some standby has everything that was acknowledged, and only all of them together tell
//! which one: while one cannot be asked, none is taken. Else what no standby had received is lost, and told.

use super::config::server_name;
use super::error::Error;
use super::instance::Instance;
use super::server::ShutdownMode;
use super::sql::MAINTENANCE;
use std::time::Duration;
use tokio::time::Instant;

/// So many looks in a row PostgreSQL may fail to start on the primary's data.
const FAILURES: u32 = 5;
/// How long a standby may take to replay what it has, and how often it is asked.
const REPLAY: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(200);
/// The position in the log that a standby has, as a number and as text; nothing of one that is no standby. What it received is
/// known only while it streams, or since.
const POSITION: &str = "SELECT (p - '0/0'::pg_lsn)::text || ' ' || p::text || CASE WHEN received IS NULL THEN '' ELSE ' ' END \
     FROM (SELECT greatest(received, pg_last_wal_replay_lsn()) AS p, received \
     FROM (SELECT pg_last_wal_receive_lsn() AS received) r) q WHERE pg_is_in_recovery()";

/// A position in the log.
type Position = (u128, String);

impl Instance<'_> {
    /// Whether the primary is lost, and why.
    fn is_lost(&self) -> Option<String> {
        let server = self.server(0);
        match () {
            () if !self.state.created => None,
            () if !server.folder.is_initialised() => {
                Some(format!("{} is missing or no data directory", server.folder.data().display()))
            }
            () if self.state.failures >= FAILURES => Some(format!("it did not start {FAILURES} times")),
            () => None,
        }
    }

    /// Puts a standby in the place of a primary that is lost. Without a standby nothing is done: the data may be put back.
    pub(super) async fn replace_lost_primary(&mut self) -> Result<(), Error> {
        let Some(why) = self.is_lost().filter(|_| self.state.ports.len() > 1) else { return Ok(()) };
        let lost = server_name(&self.state, 0);
        self.server(0).stop(ShutdownMode::Immediate).await?;
        let (index, at) = self.most_advanced(&lost, &why).await?;
        self.server(0).folder.set_aside()?;
        self.state.exchange(index);
        self.state.failures = 0;
        let synchronous = self.state.desired.synchronous;
        let lacks = match synchronous {
            true => "it has every commit that was acknowledged",
            false => "commits that no replica had received by then are lost",
        };
        let message = format!("it took over from {lost} ({why}) at {at} of its log: {lacks}");
        let primary = server_name(&self.state, 0);
        tracing::error!(instance = %self.state.desired.uid, primary, takeover = message, "a standby took over");
        self.state.takeover = Some(message);
        self.save()
    }

    /// The standby that has most of the log.
    async fn most_advanced(&mut self, lost: &str, why: &str) -> Result<(u32, String), Error> {
        let (mut best, mut silent): (Option<(Position, u32)>, Vec<String>) = (None, Vec::new());
        for index in 1..self.state.ports.len() as u32 {
            match self.position(index).await {
                Ok(position) if best.as_ref().is_none_or(|(other, _)| position > *other) => {
                    best = Some((position, index));
                }
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(server = %self.server(index).name, %error, "a standby cannot be asked what it has");
                    silent.push(server_name(&self.state, index));
                }
            }
        }
        let names = silent.join(", ");
        let message = match best {
            Some(((_, at), index)) if silent.is_empty() || !self.state.desired.synchronous => {
                return Ok((index, at));
            }
            Some(_) => format!(
                "{lost} is lost ({why}), and {names}, which cannot be asked, may have commits that the other standbys lack: put \
                 its data back, or set spec.replication.mode to Asynchronous, and another one takes over without them"
            ),
            None => format!("{lost} is lost ({why}), and so is {names}: put the data of one of them back"),
        };
        Err(Error::NoStandby(message))
    }

    /// What a standby has of the log, once it has replayed what it received before it was started.
    async fn position(&mut self, index: u32) -> Result<Position, Error> {
        if !self.server(index).folder.is_initialised() {
            return Err(Error::DataMissing { path: self.server(index).folder.data() });
        }
        if self.server(index).running().is_none() {
            self.raise(index).await?;
        }
        let session = self.access(self.server(index).port).connect(MAINTENANCE).await?;
        let (deadline, mut before) = (Instant::now() + REPLAY, None);
        while Instant::now() < deadline {
            let found = session.text("read a standby's position", POSITION).await?;
            let Some(found) = found else { break };
            let mut parts = found.split(' ');
            let number = parts.next().and_then(|number| number.parse().ok()).unwrap_or_default();
            let position = (number, parts.next().unwrap_or_default().to_owned());
            if parts.next().is_some() || before.as_ref() == Some(&position) {
                return Ok(position);
            }
            before = Some(position);
            tokio::time::sleep(POLL).await;
        }
        Err(Error::Timeout(format!("the replay of its log by server {}", self.server(index).name)))
    }

    /// Starts the primary, and counts how often that fails in a row.
    pub(super) async fn raise_primary(&mut self) -> Result<(), Error> {
        let raised = self.raise(0).await;
        let failures = match &raised {
            Err(Error::StartFailed { .. }) => self.state.failures.saturating_add(1),
            Ok(()) => 0,
            Err(_) => self.state.failures,
        };
        if failures != self.state.failures {
            self.state.failures = failures;
            self.save()?;
        }
        raised
    }
}
