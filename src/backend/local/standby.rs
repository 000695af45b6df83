//! What a standby needs so that it can replay its primary's log.
//!
//! A standby must not have less of some settings than its primary had when it wrote what is replayed: replay pauses, and
//! ends with the next start. The control file of each data directory says what that is, so a standby is configured with
//! the most of what is wanted, what its primary runs with, and what it has replayed itself. It can then be restarted at any
//! time; it gets less once it has replayed that the primary has less.

use super::error::Error;
use super::instance::Instance;
use super::replicas;
use super::server::Server;
use super::sql::{MAINTENANCE, Session, literal};
use super::state::Parameters;
use std::collections::BTreeMap;

/// The settings, how `pg_controldata` calls them, and what PostgreSQL takes when nothing is said.
const SENSITIVE: [(&str, &str, u64); 5] = [
    ("max_connections", "max_connections setting:", 100),
    ("max_locks_per_transaction", "max_locks_per_xact setting:", 64),
    ("max_prepared_transactions", "max_prepared_xacts setting:", 0),
    ("max_wal_senders", "max_wal_senders setting:", 10),
    ("max_worker_processes", "max_worker_processes setting:", 8),
];

/// The least that a standby needs, by setting.
pub(super) type Floor = BTreeMap<&'static str, u64>;

/// What `parameters` give of the settings, over the defaults of this backend.
pub(super) fn wanted(parameters: &Parameters, defaults: &[(&'static str, String)]) -> Floor {
    let default = |name: &str| defaults.iter().find(|(known, _)| *known == name).map(|(_, value)| value);
    let value = |name: &str| parameters.get(name).or_else(|| default(name)).and_then(|text| integer(text));
    SENSITIVE.iter().map(|(name, _, boot)| (*name, value(name).unwrap_or(*boot))).collect()
}

/// A whole number as PostgreSQL reads it: decimal, `0x` hexadecimal, `0` octal, or rounded from a fraction.
fn integer(text: &str) -> Option<u64> {
    let text = text.trim();
    match (text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")), text.strip_prefix('0')) {
        (Some(digits), _) => u64::from_str_radix(digits, 16).ok(),
        (None, Some(digits)) if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) => {
            u64::from_str_radix(digits, 8).ok()
        }
        _ => text.parse().ok().or_else(|| {
            text.parse::<f64>().ok().filter(|value| *value >= 0.0).map(|value| value.round() as u64)
        }),
    }
}

/// What `pg_controldata` prints of the settings.
fn recorded(printed: &str) -> Floor {
    let value = |label: &str| printed.lines().find_map(|line| line.strip_prefix(label)?.trim().parse().ok());
    SENSITIVE.iter().filter_map(|(name, label, _)| Some((*name, value(label)?))).collect()
}

fn most(mut left: Floor, right: Floor) -> Floor {
    for (name, value) in right {
        let entry = left.entry(name).or_default();
        *entry = value.max(*entry);
    }
    left
}

/// Whether some setting is greater in `left`.
fn exceeds(left: &Floor, right: &Floor) -> bool {
    left.iter().any(|(name, value)| right.get(name).is_some_and(|other| value > other))
}

impl Server<'_> {
    /// What the data directory was last written, or replayed, with; nothing where that cannot be read.
    async fn recorded(&self) -> Floor {
        let data = self.folder.data();
        let mut command = self.account.command(&self.install.program("pg_controldata"), &data);
        match self.account.run(command.arg("-D").arg(&data)).await {
            Ok(printed) => recorded(&printed),
            Err(error) => {
                tracing::warn!(server = %self.name, %error, "a control file cannot be read");
                Floor::new()
            }
        }
    }
}

impl Instance<'_> {
    /// The least that the n-th server needs; nothing for a primary that takes writes.
    pub(super) async fn floor(&self, index: u32) -> Floor {
        if index == 0 && !self.server(0).folder.is_frozen() || !self.server(index).folder.is_initialised() {
            return Floor::new();
        }
        most(self.server(0).recorded().await, self.server(index).recorded().await)
    }

    /// Before the primary gets more of the settings, its standbys do.
    pub(super) async fn lift_standbys(&mut self) -> Result<(), Error> {
        let running: Vec<u32> = (1..self.state.desired.instances)
            .filter(|index| self.server(*index).running().is_some())
            .collect();
        if running.is_empty() || self.server(0).running().is_none() {
            return Ok(());
        }
        if exceeds(&self.wanted(), &self.server(0).recorded().await) {
            for index in running {
                self.raise(index).await?;
            }
        }
        Ok(())
    }

    /// After the primary got less of the settings, a standby can have less once it has replayed that.
    pub(super) async fn wait_lowered(&self, primary: &Session, index: u32) -> Result<(), Error> {
        let server = self.server(index);
        let Some(running) = server.running() else { return Ok(()) };
        if !exceeds(&server.recorded().await, &self.server(0).recorded().await) {
            return Ok(());
        }
        let replica = self.access(running.port).connect(MAINTENANCE).await?;
        match replicas::wait_replayed(primary, &replica).await {
            Err(Error::Timeout(_)) => Ok(()),
            replayed => replayed,
        }
    }

    /// Whether a standby that runs is still a copy that its primary has the log for.
    pub(super) async fn can_follow(&self, primary: &Session, index: u32) -> Result<bool, Error> {
        let what = "compare the replica with its primary";
        let Some(running) = self.server(index).running() else { return Ok(true) };
        let replica = self.access(running.port).connect(MAINTENANCE).await?;
        let position = "SELECT CASE WHEN pg_is_in_recovery() THEN \
                        greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())::text END";
        let Some(position) = replica.text(what, position).await? else { return Ok(false) };
        if replicas::streaming(primary, index + 1).await?.contains(&index) {
            return Ok(true);
        }
        let (at, slot) = (literal(&position), literal(&super::config::slot_name(index)));
        let gone = format!(
            "SELECT ({at}::pg_lsn > pg_current_wal_flush_lsn() OR EXISTS (SELECT FROM pg_replication_slots \
             WHERE slot_name = {slot} AND restart_lsn > {at}::pg_lsn) AND NOT EXISTS (SELECT FROM pg_ls_waldir() \
             WHERE name = pg_walfile_name({at}::pg_lsn)))::text"
        );
        Ok(primary.text(what, &gone).await?.as_deref() == Some("false"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_postgresql_reads_them() {
        for (text, value) in
            [("100", 100), (" 7 ", 7), ("0x64", 100), ("010", 8), ("0", 0), ("99.6", 100), ("1e2", 100)]
        {
            assert_eq!(integer(text), Some(value), "{text}");
        }
        assert_eq!((integer("many"), integer("-1"), integer("09")), (None, None, None));
    }

    #[test]
    fn the_control_file_says_what_was_written_with() {
        let printed = "wal_level setting:                    replica\nmax_connections setting:              60\n\
                       max_prepared_xacts setting:           0\n";
        assert_eq!(
            recorded(printed),
            Floor::from([("max_connections", 60), ("max_prepared_transactions", 0)])
        );
    }

    #[test]
    fn what_is_not_set_has_a_default() {
        let parameters = Parameters::from([("max_connections".to_owned(), "0x40".to_owned())]);
        let floor = wanted(&parameters, &[("max_wal_senders", "20".to_owned())]);
        assert_eq!((floor["max_connections"], floor["max_wal_senders"]), (64, 20));
        assert_eq!(floor["max_locks_per_transaction"], 64);
    }
}
