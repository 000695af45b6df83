//! How full an instance is: what its largest server takes of the size that was asked for.
//!
//! | taken | band | what follows |
//! |---|---|---|
//! | from 90 % on | `Low` | it is told |
//! | from 100 % on | `Full` | transactions are read-only, unless a client says otherwise: that is how somebody makes room |
//! | from 110 % on | `Frozen` | the primary runs as a standby of nobody: it takes no write, whoever makes it, and serves reads |
//!
//! It is measured every two seconds, or, where that takes long, so seldom that it takes no more than a fiftieth of the time. So
//! much can be written beyond a band before that is noticed. A band is left once 5 % less are taken. Temporary files do not
//! count, each process's are bounded; nor do tablespaces, which lie elsewhere.

use super::error::Error;
use super::instance::Instance;
use super::server::{ShutdownMode, disk_usage};
use super::sql::MAINTENANCE;
use crate::backend::Refusal;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::time::Duration;

/// How often it is measured at most, and how much of the time is spent on that at most: one part of so many.
const OFTEN: Duration = Duration::from_secs(2);
const SHARE: u32 = 50;
/// Where each band begins, in percent, and how much less is taken when it is left.
const BANDS: [(u64, Band); 3] = [(90, Band::Low), (100, Band::Full), (110, Band::Frozen)];
const SLACK: u64 = 5;

/// How full an instance is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum Band {
    #[default]
    Ample,
    Low,
    Full,
    Frozen,
}

impl Band {
    /// The band after this one, now that so much is taken of a size.
    pub(super) fn after(self, taken: u64, size: Option<u64>) -> Band {
        let Some(percent) = percent(taken, size) else { return Band::Ample };
        let at = |percent| {
            let begun = BANDS.iter().rev().find(|(begin, _)| *begin <= percent);
            begun.map_or(Band::Ample, |(_, band)| *band)
        };
        at(percent).max(self.min(at(percent + SLACK)))
    }

    /// What a person is told of it.
    pub(super) fn shortage(self, taken: u64, size: Option<u64>) -> Option<Refusal> {
        let taken = format!("{} % of spec.storage.size is taken", percent(taken, size)?);
        let (reason, message) = match self {
            Band::Ample => return None,
            Band::Low => (
                "NotGrowable",
                format!("{taken}; from 100 % on writes are refused: raise spec.storage.size, or make room"),
            ),
            Band::Full => (
                "StorageFull",
                format!(
                    "{taken}, so transactions are read-only until it is less than 95 %: raise spec.storage.size, or delete in \
                     a transaction that begins with BEGIN READ WRITE, and VACUUM FULL"
                ),
            ),
            Band::Frozen => {
                ("StorageFull", format!("{taken}, so nothing can be written at all: raise spec.storage.size"))
            }
        };
        Some(Refusal::new(reason, message))
    }
}

fn percent(taken: u64, size: Option<u64>) -> Option<u64> {
    let size = size.filter(|size| *size > 0)?;
    u64::try_from(u128::from(taken) * 100 / u128::from(size)).ok()
}

/// How long to wait before it is measured again, where that took so long.
pub(super) fn pause(took: Duration) -> Duration {
    OFTEN.max(took.saturating_mul(SHARE))
}

/// How many bytes the largest of these data directories takes.
pub(super) async fn largest(folders: Vec<PathBuf>) -> u64 {
    let largest = move || folders.iter().map(|folder| disk_usage(folder)).max().unwrap_or(0);
    tokio::task::spawn_blocking(largest).await.unwrap_or(0)
}

impl Instance<'_> {
    /// How many bytes the largest server takes.
    pub(super) async fn taken(&self) -> u64 {
        let servers = 0..self.state.ports.len() as u32;
        largest(servers.map(|index| self.server(index).folder.data()).collect()).await
    }

    /// Takes notice of how full the instance is.
    pub(super) async fn gauge(&mut self) -> Result<(), Error> {
        let (before, size) = (self.state.band, self.state.desired.size);
        let mut band = before.after(self.taken().await, size);
        if band >= Band::Full && before != Band::Frozen && self.trim().await {
            band = before.after(self.taken().await, size);
        }
        if band != before {
            tracing::info!(instance = %self.state.desired.uid, ?before, ?band, "the room that is left changed");
        }
        self.state.band = band;
        self.save()
    }

    /// What the log does not need any more is given back by a checkpoint.
    async fn trim(&self) -> bool {
        let Some(running) = self.server(0).running() else { return false };
        let trim = async || {
            let session = self.access(running.port).connect(MAINTENANCE).await?;
            session.run("write a checkpoint", "CHECKPOINT").await
        };
        trim().await.inspect_err(|error| tracing::warn!(%error, "the log cannot be trimmed")).is_ok()
    }

    /// Makes the primary start as one that takes no writes, or as one that does.
    pub(super) async fn freeze_or_thaw(&self) -> Result<(), Error> {
        let (server, wanted) = (self.server(0), self.state.band == Band::Frozen);
        if !server.folder.is_initialised() || server.folder.is_frozen() == wanted {
            return Ok(());
        }
        server.stop(ShutdownMode::Fast).await?;
        let signal = server.folder.standby_signal();
        match wanted {
            true => self.host.account.touch(&signal),
            false => std::fs::remove_file(&signal).map_err(Error::io("remove", &signal)),
        }
    }

    /// Nothing is changed in a database that takes no writes.
    pub(super) async fn check_frozen(&self) -> Result<(), Error> {
        if self.state.band < Band::Frozen {
            return Ok(());
        }
        let shortage = self.state.band.shortage(self.taken().await, self.state.desired.size);
        Err(Error::Frozen(shortage.map(|shortage| shortage.message).unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_band_is_left_later_than_it_is_come_to() {
        for (before, taken, after) in [
            (Band::Ample, 89, Band::Ample),
            (Band::Ample, 90, Band::Low),
            (Band::Low, 86, Band::Low),
            (Band::Low, 84, Band::Ample),
            (Band::Low, 100, Band::Full),
            (Band::Full, 95, Band::Full),
            (Band::Full, 94, Band::Low),
            (Band::Full, 20, Band::Ample),
            (Band::Ample, 300, Band::Frozen),
            (Band::Frozen, 106, Band::Frozen),
            (Band::Frozen, 104, Band::Full),
        ] {
            assert_eq!(before.after(taken, Some(100)), after, "{before:?} {taken}");
            assert_eq!(before.after(taken, None), Band::Ample, "no size is held");
            assert_eq!(after.shortage(taken, Some(100)).is_none(), after == Band::Ample);
        }
        assert_eq!(Band::Ample.after(u64::MAX, Some(u64::MAX)), Band::Full);
    }

    #[test]
    fn measuring_takes_little_of_the_time() {
        assert_eq!(pause(Duration::from_millis(3)), OFTEN);
        assert_eq!(pause(Duration::from_secs(1)), Duration::from_secs(50));
    }
}
