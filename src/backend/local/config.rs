//! The configuration of one server, rendered from what is wanted and nothing else.
//!
//! A server is started with these files by name, and reads no other; one that does is started anew.
//! Everything is summed up in one digest, which the configuration itself carries as `databases_standard.digest`: asking a
//! running server for it tells whether it has loaded these files.

use super::account::{Account, Readers};
use super::desired::{Certificate, Desired, TlsMode};
use super::error::Error;
use super::file;
use super::gauge::Band;
use super::layout::ServerFolder;
use super::parameters::{line, permitted};
use super::sql::{MANAGER, SUPERUSER, streaming_options};
use super::standby::{self, Floor};
use super::state::State;
use sha2::{Digest, Sha256};
use std::path::Path;

/// The setting that carries the digest.
pub(super) const DIGEST_SETTING: &str = "databases_standard.digest";
/// What a server is configured by: who may connect is in a second file, and a third maps no name of the system.
pub(super) const SETTINGS_FILE: &str = "server.conf";
pub(super) const HBA_FILE: &str = "pg_hba.conf";
pub(super) const IDENT_FILE: &str = "pg_ident.conf";
/// What a data directory is made with: databases keep their language, whatever is configured.
const LOCALE: &str = "C.UTF-8";
/// The role replicas stream with.
pub(super) const REPLICATION_ROLE: &str = "databases_standby";
/// Whatever clients do, there are connections left for us.
pub(super) const RESERVED: (&str, &str) = ("superuser_reserved_connections", "3");
/// Replication connections and slots. Changing their number takes a restart, so few instances share one number, which
/// leaves room for backups and logical subscribers, and only many take another.
const SENDERS: u32 = 20;
const FEW_INSTANCES: u32 = 10;
const SENDERS_FOR_MANY: u32 = 120;

/// What the configuration of one server is rendered from.
pub(super) struct Config<'a> {
    pub(super) state: &'a State,
    pub(super) folder: &'a ServerFolder,
    pub(super) sockets: &'a Path,
    /// 0 is the primary.
    pub(super) index: u32,
    /// The certificate to serve, when TLS is on.
    pub(super) certificate: Option<&'a Certificate>,
    /// The least that it needs of what its primary has; empty for the primary.
    pub(super) floor: &'a Floor,
}

/// The rendered configuration.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Rendered {
    pub(super) digest: String,
    files: Vec<(&'static str, String)>,
}

/// The name of a server, as in `status.primary`.
pub(super) fn server_name(state: &State, index: u32) -> String {
    format!("{}-{}", state.desired.name, state.place(index) + 1)
}

/// The name of a replica's replication slot and of its connection to the primary.
pub(super) fn slot_name(index: u32) -> String {
    format!("server_{index}")
}

/// The replication connections of so many instances.
pub(super) fn senders(instances: u32) -> u32 {
    if instances <= FEW_INSTANCES { SENDERS } else { SENDERS_FOR_MANY }
}

/// What the log and temporary files take of a size, by default: a small database has PostgreSQL's own defaults in proportion. A
/// replica that stays away longer than the log is kept for it is copied anew.
fn within(size: u64) -> [(&'static str, String); 4] {
    const MEGABYTE: u64 = 1 << 20;
    let log = (size / MEGABYTE / 8).clamp(32, 1024);
    [
        ("max_wal_size", format!("{log}MB")),
        ("min_wal_size", format!("{}MB", log.min(80))),
        ("max_slot_wal_keep_size", format!("{}MB", (size / MEGABYTE / 4).clamp(32, i32::MAX as u64))),
        ("temp_file_limit", format!("{}kB", (size >> 10).min(i32::MAX as u64))),
    ]
}

/// What a server runs with where its parameters say nothing.
pub(super) fn defaults(desired: &Desired) -> Vec<(&'static str, String)> {
    let senders = senders(desired.instances).to_string();
    let mut defaults = vec![
        ("shared_buffers", "32MB".to_owned()),
        ("max_wal_senders", senders.clone()),
        ("max_replication_slots", senders),
        ("lc_messages", LOCALE.to_owned()),
        ("lc_monetary", LOCALE.to_owned()),
        ("lc_numeric", LOCALE.to_owned()),
        ("lc_time", LOCALE.to_owned()),
        ("default_text_search_config", "pg_catalog.english".to_owned()),
        ("log_timezone", "UTC".to_owned()),
        ("timezone", "UTC".to_owned()),
    ];
    defaults.extend(desired.size.into_iter().flat_map(within));
    defaults
}

impl Config<'_> {
    /// Renders every file.
    pub(super) fn render(&self) -> Rendered {
        let mut files = vec![(HBA_FILE, self.access()), (IDENT_FILE, String::new())];
        if let Some(certificate) = self.certificate {
            files.push(("server.crt", certificate.chain.clone()));
            files.push(("server.key", certificate.key.expose().to_owned()));
        }
        let settings = self.settings();
        let mut hash = Sha256::new();
        for text in files.iter().map(|(_, text)| text).chain([&settings]) {
            hash.update(text.len().to_le_bytes());
            hash.update(text);
        }
        let digest: String = hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        files.push((SETTINGS_FILE, settings + &line(DIGEST_SETTING, &digest)));
        Rendered { digest, files }
    }

    /// `server.conf`: defaults, then what the caller set, then what only we set.
    fn settings(&self) -> String {
        let mut text = "# Written by databases-apiserver, which replaces this file.\n".to_owned();
        text +=
            &defaults(&self.state.desired).iter().map(|(name, value)| line(name, value)).collect::<String>();
        let parameters = permitted(self.state.effective_parameters());
        text += &parameters.iter().map(|(name, value)| line(name, value)).collect::<String>();
        text += &self.raised();
        text + &self.fixed().iter().map(|(name, value)| line(name, value)).collect::<String>()
    }

    /// What is wanted of the settings that standbys are sensitive to.
    pub(super) fn wanted(&self) -> Floor {
        standby::wanted(self.state.effective_parameters(), &defaults(&self.state.desired))
    }

    /// What a standby needs more of than is wanted.
    fn raised(&self) -> String {
        let wanted = self.wanted();
        let short =
            self.floor.iter().filter(|(name, least)| wanted.get(*name).is_some_and(|wanted| wanted < least));
        short.map(|(name, least)| line(name, &least.to_string())).collect()
    }

    fn fixed(&self) -> Vec<(&'static str, String)> {
        let path = |file| self.folder.conf(file).display().to_string();
        let port = self.state.ports.get(self.index as usize).copied().unwrap_or_default();
        let mut fixed = vec![
            ("listen_addresses", "127.0.0.1".to_owned()),
            ("port", port.to_string()),
            ("unix_socket_directories", self.sockets.display().to_string()),
            ("unix_socket_permissions", "0700".to_owned()),
            ("cluster_name", server_name(self.state, self.index)),
            ("hba_file", path(HBA_FILE)),
            ("password_encryption", "scram-sha-256".to_owned()),
            ("wal_level", "replica".to_owned()),
            ("hot_standby", "on".to_owned()),
            (RESERVED.0, RESERVED.1.to_owned()),
            ("ssl", if self.certificate.is_some() { "on" } else { "off" }.to_owned()),
        ];
        if self.certificate.is_some() {
            fixed.push(("ssl_cert_file", path("server.crt")));
            fixed.push(("ssl_key_file", path("server.key")));
        }
        if self.state.band >= Band::Full {
            fixed.push(("default_transaction_read_only", "on".to_owned()));
        }
        if self.index > 0 {
            fixed.push(("primary_conninfo", self.primary_connection()));
            fixed.push(("primary_slot_name", slot_name(self.index)));
        } else if self.state.desired.synchronous && self.state.desired.instances > 1 {
            fixed.push(("synchronous_standby_names", "ANY 1 (*)".to_owned()));
        }
        fixed
    }

    /// How a replica reaches its primary: over the socket, so that TLS and TCP rules do not matter.
    fn primary_connection(&self) -> String {
        let quote = |value: &str| format!("'{}'", value.replace('\\', "\\\\").replace('\'', "\\'"));
        let port = self.state.ports.first().copied().unwrap_or_default();
        format!(
            "host={} port={port} user={REPLICATION_ROLE} password={} application_name={} options={}",
            quote(&self.sockets.display().to_string()),
            quote(self.state.replication.password.expose()),
            slot_name(self.index),
            quote(streaming_options(self.state.major)),
        )
    }

    /// `pg_hba.conf`: passwords everywhere; the socket is for us and for replicas, and the managing role for it alone.
    fn access(&self) -> String {
        let desired = &self.state.desired;
        let kind = if desired.tls.mode == TlsMode::Required { "hostssl" } else { "host" };
        let superuser = if desired.superuser_access { "scram-sha-256" } else { "reject" };
        let mut text = format!(
            "# Written by databases-apiserver, which replaces this file.\n\
             local all {MANAGER} scram-sha-256\n\
             local all {SUPERUSER} scram-sha-256\n\
             local replication {REPLICATION_ROLE} scram-sha-256\n"
        );
        for address in ["127.0.0.1/32", "::1/128"] {
            text += &format!(
                "host all,replication {MANAGER},{REPLICATION_ROLE} {address} reject\n\
                 {kind} all,replication {SUPERUSER} {address} {superuser}\n\
                 {kind} all,replication all {address} scram-sha-256\n"
            );
        }
        text
    }
}

impl Rendered {
    /// Writes the files that differ, and says whether any did.
    pub(super) fn write(&self, folder: &ServerFolder, account: &Account) -> Result<bool, Error> {
        let mut changed = false;
        for (name, text) in &self.files {
            let path = folder.conf(name);
            if file::read(&path).is_ok_and(|found| found == text.as_bytes()) {
                continue;
            }
            account.write(&path, text.as_bytes(), Readers::Server)?;
            changed = true;
        }
        Ok(changed)
    }
}
